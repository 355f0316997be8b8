/** Everybody of the workspace, and writing to one or to several. */
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { Person } from '#web/core/wire.ts'
import { say } from '#web/words/words.ts'
import { go, tell, useApp } from './context.ts'
import { PersonLine } from './members.tsx'
import { PlaceHead } from './place-head.tsx'

/** People in a group beside oneself: the node's limit is eight in all. */
const GROUP_MAX = 7

/** The place. */
export function PeoplePlace(): VNode {
  const { store, writing } = useApp()
  const [term, setTerm] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const wanted = term.trim().toLocaleLowerCase()
  const people = [...store.people.value.values()]
    .filter(({ id }) => id !== store.me.value?.id)
    .filter(({ name, username }) => `${name} ${username}`.toLocaleLowerCase().includes(wanted))
    .toSorted((a, b) => a.name.localeCompare(b.name))
  const open = async (ids: readonly string[]): Promise<void> => {
    const channelId = await writing.converse(ids)
    if (channelId === undefined) tell(say('failed.away'))
    else go({ kind: 'channel', channelId })
  }
  const toggle = (id: string): void => {
    const next = new Set(chosen)
    if (!next.delete(id) && next.size < GROUP_MAX) next.add(id)
    setChosen(next)
  }
  return (
    <div class="page">
      <PlaceHead title={say('people.title')} detail={say('people.about')} />
      <div class="page-body">
        <label class="field">
          <span class="unseen">{say('people.find')}</span>
          <input
            type="search"
            value={term}
            dir="auto"
            placeholder={say('people.find')}
            onInput={({ currentTarget }) => setTerm(currentTarget.value)}
          />
        </label>
        <PeopleChoice {...{ people, chosen, toggle }} onOpen={(id) => void open([id])} />
        {chosen.size > 0 && (
          <button type="button" class="button primary" onClick={() => void open([...chosen])}>
            {say('people.write', { n: chosen.size })}
          </button>
        )}
      </div>
    </div>
  )
}

function PeopleChoice(props: {
  readonly people: readonly Person[]
  readonly chosen: ReadonlySet<string>
  readonly toggle: (id: string) => void
  readonly onOpen: (id: string) => void
}): VNode {
  return (
    <ul class="choices card">
      {props.people.map((person) => (
        <li key={person.id} class="person">
          <input
            type="checkbox"
            checked={props.chosen.has(person.id)}
            aria-label={say('people.choose', { name: person.name })}
            onChange={() => props.toggle(person.id)}
          />
          <button type="button" class="entry" onClick={() => props.onOpen(person.id)}>
            <PersonLine person={person} />
          </button>
        </li>
      ))}
    </ul>
  )
}
