/** Who is in a channel, and taking somebody in. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { fields, list, text, type Channel, type Person } from '#web/core/wire.ts'
import { valueOf } from '#web/state/loading.ts'
import { say } from '#web/words/words.ts'
import { Avatar } from './avatar.tsx'
import { tell, useApp } from './context.ts'
import { Sheet } from './sheet.tsx'

/** The sheet. */
export function Members(props: { readonly channel: Channel; readonly onClose: () => void }): VNode {
  const { channel, onClose } = props
  const app = useApp()
  const [ids, setIds] = useState<readonly string[]>([])
  const path = `/api/v4/channels/${channel.id}/members`
  const load = async (): Promise<void> => {
    const members = list(valueOf(await app.ask('GET', `${path}?page=-1`)))
    setIds(members.map((one) => text(fields(one).user_id)))
  }
  useEffect(() => void load(), [channel.id])
  const add = async (userId: string): Promise<void> => {
    const answer = await app.ask('POST', path, { user_id: userId })
    if (answer.kind !== 'ok')
      tell((answer.kind === 'refused' && answer.reason) || say('failed.away'))
    await load()
  }
  const people = [...app.store.people.value.values()].toSorted((a, b) =>
    a.name.localeCompare(b.name),
  )
  const isRoom = channel.type === 'O' || channel.type === 'P'
  return (
    <Sheet title={say('members.title')} onClose={onClose}>
      <ul class="choices">
        {people
          .filter(({ id }) => ids.includes(id))
          .map((person) => (
            <li key={person.id} class="entry">
              <PersonLine person={person} />
            </li>
          ))}
      </ul>
      {isRoom && (
        <details>
          <summary>{say('members.add')}</summary>
          <ul class="choices">
            {people
              .filter(({ id }) => !ids.includes(id))
              .map((person) => (
                <li key={person.id}>
                  <button type="button" class="entry" onClick={() => void add(person.id)}>
                    <PersonLine person={person} />
                  </button>
                </li>
              ))}
          </ul>
        </details>
      )}
    </Sheet>
  )
}

/** A person in one line. */
export function PersonLine({ person }: { readonly person: Person }): VNode {
  return (
    <>
      <Avatar userId={person.id} isSmall />
      <span class="entry-name" dir="auto">
        {person.name}
      </span>
      <bdi class="quiet username" dir="ltr">
        @{person.username}
      </bdi>
    </>
  )
}
