/** Whether somebody may do something, and why not: what the node itself would decide now. */
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { fields, list, text } from '#web/core/wire.ts'
import { valueOf } from '#web/state/loading.ts'
import { say } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { dotted } from './file-row.tsx'
import { valueIn } from './form.ts'
import { Icon } from './icons.tsx'
import { toldOutcome } from './outcome.ts'

/** As rules name them. */
const ACTIONS = [
  'read channel',
  'post',
  'edit message',
  'delete message',
  'react',
  'mention channel',
  'join channel',
  'manage members',
] as const

interface Told {
  readonly ok: boolean
  /** What stands against it. */
  readonly against: readonly string[]
}

/** The card. */
export function MayThey(): VNode {
  const app = useApp()
  const [told, setTold] = useState<Told>()
  const { people, channels } = app.store
  const ask = async (form: HTMLFormElement): Promise<void> => {
    const [person, action, channel] = ['person', 'action', 'channel'].map((one) =>
      valueIn(form, one),
    )
    const body = { person, action, channel }
    const answer = await app.ask('POST', '/api/holdfast/v1/policy/explain', body)
    if (toldOutcome(answer)) setTold(toldFrom(valueOf(answer)))
  }
  return (
    <form
      class="card stack"
      onInput={() => setTold(undefined)}
      onSubmit={(event) => {
        event.preventDefault()
        void ask(event.currentTarget)
      }}
    >
      <h2>{say('policy.may')}</h2>
      <div class="cards">
        <Choice name="person" label={say('policy.who')}>
          {[...people.value.values()].map(({ id, name }) => ({ value: id, name }))}
        </Choice>
        <Choice name="action" label={say('policy.what')}>
          {ACTIONS.map((action) => ({ value: action, name: action }))}
        </Choice>
        <Choice name="channel" label={say('policy.where')}>
          {[...channels.value.values()]
            .filter(({ type }) => type === 'O' || type === 'P')
            .map(({ id, displayName }) => ({ value: id, name: displayName }))}
        </Choice>
      </div>
      <button type="submit" class="button">
        {say('policy.look')}
      </button>
      {told !== undefined && (
        <output class={told.ok ? 'with-icon' : 'with-icon warning'}>
          <Icon name={told.ok ? 'check' : 'warning'} />
          <span>
            {say(told.ok ? 'policy.yes' : 'policy.no')}{' '}
            <bdi lang="en">{told.against.join('; ')}</bdi>
          </span>
        </output>
      )}
    </form>
  )
}

function Choice(props: {
  readonly name: string
  readonly label: string
  readonly children: readonly { readonly value: string; readonly name: string }[]
}): VNode {
  return (
    <label class="field">
      <span>{props.label}</span>
      <select name={props.name} required>
        {props.children.map(({ value, name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

function toldFrom(value: unknown): Told {
  const { ok, checks } = fields(value)
  const failing = list(checks)
    .map(fields)
    .filter((one) => one.ok !== true)
  return {
    ok: ok === true,
    against: failing.map((one) =>
      dotted([text(one.rule), text(one.reason), text(one.needs)].map((part) => part || undefined)),
    ),
  }
}
