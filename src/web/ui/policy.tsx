/** The policy, for whoever runs the kit: levels, which channels need one and who has one, rules beside them, and what they come to. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import {
  levelsIn,
  policyFrom,
  POSITION_RULES,
  withLevel,
  type Attributes,
  type Policy,
  type PolicyRule,
} from '#web/core/policy.ts'
import { fields, text } from '#web/core/wire.ts'
import { valueOf } from '#web/state/loading.ts'
import type { Key } from '#web/words/en.ts'
import { say } from '#web/words/words.ts'
import { tell, useApp } from './context.ts'
import { valueIn } from './form.ts'
import { MayThey } from './may-they.tsx'
import { reasonOf, toldOutcome } from './outcome.ts'

const AT = '/api/holdfast/v1/policy'

type Change = (method: 'PUT' | 'DELETE', path: string, body?: object) => Promise<boolean>

/** The page. */
export function PolicyPage(): VNode {
  const app = useApp()
  const [policy, setPolicy] = useState<Policy>()
  const [refusal, setRefusal] = useState<string>()
  const load = async (): Promise<void> => {
    const answer = await app.ask('GET', AT)
    if (answer.kind === 'ok') setPolicy(policyFrom(answer.value))
    else setRefusal(reasonOf(answer))
  }
  useEffect(() => void load(), [app])
  if (policy === undefined) return <Unread refusal={refusal} onAgain={() => void load()} />
  const change: Change = async (method, path, body) => {
    const answer = await app.ask(method, AT + path, body)
    const isDone = toldOutcome(answer, say('policy.saved'))
    // What was refused is drawn as it stands.
    setPolicy(isDone ? policyFrom(valueOf(answer)) : { ...policy })
    return isDone
  }
  const { channels, people } = app.store
  const named = [...channels.value.values()].filter(({ type }) => type === 'O' || type === 'P')
  const lines = named.map(({ id, displayName }) => ({ id, name: displayName }))
  return (
    <>
      <div class="cards">
        <Levels policy={policy} change={change} />
        <Positions policy={policy} change={change} />
      </div>
      {policy.levels.length > 0 && (
        <div class="cards">
          <LevelCard
            {...{ title: 'policy.channels', attribute: 'classification', policy, change }}
            path="/channels"
            lines={lines}
            known={policy.channels}
          />
          <LevelCard
            {...{ title: 'policy.people', attribute: 'clearance', policy, change }}
            path="/people"
            lines={[...people.value.values()].map(({ id, name }) => ({ id, name }))}
            known={policy.people}
          />
        </div>
      )}
      <Rules policy={policy} change={change} />
      <MayThey />
    </>
  )
}

/** Not there yet, or not for whoever asks. */
function Unread(props: {
  readonly refusal: string | undefined
  readonly onAgain: () => void
}): VNode {
  if (props.refusal === undefined) return <section class="card" aria-busy="true" />
  return (
    <section class="card stack">
      <p role="status">{props.refusal}</p>
      <button type="button" class="button" onClick={props.onAgain}>
        {say('again')}
      </button>
    </section>
  )
}

interface CardProps {
  readonly policy: Policy
  readonly change: Change
}

function Levels({ policy, change }: CardProps): VNode {
  return (
    <form
      class="card stack"
      onSubmit={(event) => {
        event.preventDefault()
        void change('PUT', '/levels', levelsIn(valueIn(event.currentTarget, 'levels')))
      }}
    >
      <h2>{say('policy.levels')}</h2>
      <label class="field">
        <span>{say('policy.levelsAbout')}</span>
        <textarea name="levels" rows={4} dir="auto" defaultValue={policy.levels.join('\n')} />
      </label>
      <button type="submit" class="button">
        {say('save')}
      </button>
    </form>
  )
}

const POSITION_WORDS: Readonly<Record<string, Key>> = {
  strip: 'policy.strip',
  ask: 'policy.askFirst',
  keep: 'policy.keep',
}

function Positions({ policy, change }: CardProps): VNode {
  return (
    <section class="card stack">
      <h2>{say('policy.positions')}</h2>
      {POSITION_RULES.map((positions) => (
        <label key={positions} class="check">
          <input
            type="radio"
            name="positions"
            checked={policy.positions === positions}
            onChange={() => void change('PUT', '/positions', { positions })}
          />
          <span>{say(POSITION_WORDS[positions] ?? 'policy.askFirst')}</span>
        </label>
      ))}
    </section>
  )
}

interface LevelCardProps extends CardProps {
  readonly title: Key
  readonly path: string
  /** That holds the level. */
  readonly attribute: string
  readonly lines: readonly { readonly id: string; readonly name: string }[]
  readonly known: ReadonlyMap<string, Attributes>
}

/** A level for each of many. */
function LevelCard(props: LevelCardProps): VNode {
  const { policy, change, title, path, attribute, lines, known } = props
  return (
    <section class="card">
      <h2>{say(title)}</h2>
      <ul class="lines leveled">
        {lines.map(({ id, name }) => {
          const all = known.get(id)
          const level = text(all?.[attribute])
          const levels = policy.levels.includes(level) ? policy.levels : [...policy.levels, level]
          return (
            <li key={id}>
              <label>
                <bdi>{name}</bdi>
                <select
                  value={level}
                  onChange={({ currentTarget }) =>
                    void change(
                      'PUT',
                      `${path}/${id}`,
                      withLevel(all, attribute, currentTarget.value),
                    )
                  }
                >
                  <option value="">{say('policy.none')}</option>
                  {levels.filter(Boolean).map((one) => (
                    <option key={one} value={one}>
                      {one}
                    </option>
                  ))}
                </select>
              </label>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Rules({ policy, change }: CardProps): VNode {
  return (
    <section class="card stack">
      <h2>{say('policy.rules')}</h2>
      <p class="quiet">{say('policy.rulesAbout')}</p>
      {policy.rules.map((rule) => (
        <details key={rule.name}>
          <summary>
            <code dir="ltr">{rule.name}</code> <bdi class="quiet">{rule.note}</bdi>
          </summary>
          <RuleForm rule={rule} change={change} />
        </details>
      ))}
      <details>
        <summary>{say('policy.newRule')}</summary>
        <RuleForm change={change} />
      </details>
    </section>
  )
}

function RuleForm({
  rule,
  change,
}: {
  readonly rule?: PolicyRule
  readonly change: Change
}): VNode {
  const save = async (form: HTMLFormElement): Promise<void> => {
    const name = rule?.name ?? valueIn(form, 'name').trim()
    const content = parsed(valueIn(form, 'rule'))
    if (content === undefined) return tell(say('policy.noJson'))
    if ((await change('PUT', `/rules/${encodeURIComponent(name)}`, content)) && !rule) form.reset()
  }
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault()
        void save(event.currentTarget)
      }}
    >
      {rule === undefined && (
        <label class="field">
          <span>{say('policy.ruleName')}</span>
          <input
            name="name"
            required
            pattern="[a-z][a-zA-Z0-9\-]{0,31}"
            autocapitalize="none"
            dir="ltr"
          />
        </label>
      )}
      <label class="field">
        <span lang="en">JSON</span>
        <textarea
          name="rule"
          required
          rows={8}
          dir="ltr"
          spellcheck={false}
          defaultValue={rule?.content ?? EXAMPLE}
        />
      </label>
      <div class="actions">
        <button type="submit" class="button">
          {say('save')}
        </button>
        {rule !== undefined && (
          <button
            type="button"
            class="button"
            onClick={() => void change('DELETE', `/rules/${encodeURIComponent(rule.name)}`)}
          >
            {say('policy.remove')}
          </button>
        )}
      </div>
    </form>
  )
}

/** Undefined where it is no JSON; what is no rule the node refuses, and says what it wants. */
function parsed(typed: string): object | undefined {
  try {
    return fields(JSON.parse(typed))
  } catch {
    return undefined
  }
}

const EXAMPLE = JSON.stringify(
  {
    actions: ['post'],
    when: { attribute: 'channel.mission', in: ['north'] },
    require: { attribute: 'subject.mission', in: ['north'] },
  },
  undefined,
  2,
)
