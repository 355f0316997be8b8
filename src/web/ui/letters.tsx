/** By which letter messages go (PACE): which stands and why, what proves each, one by hand, and drills. For operators. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import {
  rulesFrom,
  type CarrierState,
  type Letter,
  type PacedCarrier,
  type PacedLetter,
  type PacedRule,
  type Why,
} from '#web/core/pace.ts'
import { valueOf } from '#web/state/loading.ts'
import type { Key } from '#web/words/en.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { carrierName } from './delivery-words.ts'
import { valueIn } from './form.ts'
import { Icon } from './icons.tsx'
import { toldOutcome } from './outcome.ts'

const EVERY_MS = 10_000
const AT = '/api/holdfast/v1/pace'

const WHY_WORDS: Readonly<Record<Why, Key>> = {
  first: 'pace.why.first',
  held: 'pace.why.held',
  'by hand': 'pace.why.hand',
  doubtful: 'pace.why.doubtful',
  down: 'pace.why.down',
  slow: 'pace.why.slow',
  'no budget': 'pace.why.budget',
  closed: 'pace.why.closed',
  queue: 'pace.why.queue',
  'not here': 'pace.why.absent',
}

const LETTER_WORDS: Readonly<Record<Letter, Key>> = {
  P: 'pace.letter.P',
  A: 'pace.letter.A',
  C: 'pace.letter.C',
  E: 'pace.letter.E',
}

const STATE_WORDS: Readonly<Record<CarrierState, Key>> = {
  up: 'pace.up',
  ready: 'pace.ready',
  down: 'pace.down',
  absent: 'pace.absent',
}

/** A card for each rule; nothing where there is none, and for who is no operator. */
export function Letters(): VNode | null {
  const app = useApp()
  const isOperator = app.store.me.value?.isAdministrator === true
  const [rules, setRules] = useState<readonly PacedRule[]>([])
  const load = async (): Promise<void> => setRules(rulesFrom(valueOf(await app.ask('GET', AT))))
  useEffect(() => {
    if (!isOperator) return undefined
    void load()
    const timer = setInterval(() => void load(), EVERY_MS)
    return () => clearInterval(timer)
  }, [app, isOperator])
  if (rules.length === 0) return null
  return (
    <>
      {rules.map((rule) => (
        <RuleCard key={rule.name} rule={rule} onChange={() => void load()} />
      ))}
    </>
  )
}

function RuleCard(props: { readonly rule: PacedRule; readonly onChange: () => void }): VNode {
  const { rule, onChange } = props
  const { name, channels, letter, why, since, letters, returnsAt } = rule
  const app = useApp()
  const drill = async (one: Letter | undefined): Promise<void> => {
    const body = { rule: name, ...(one && { letter: one }) }
    toldOutcome(await app.ask('POST', `${AT}/drill`, body), say('pace.drilling'))
    onChange()
  }
  const now = Date.now()
  return (
    <section class="card letters">
      <h2>
        {say('pace.title')} <span dir="auto">{name}</span>
      </h2>
      {channels.length > 0 && (
        <p class="quiet">
          <bdi>{channels.join(', ')}</bdi>
        </p>
      )}
      <p>
        <strong>{say('pace.stands', { letter: say(LETTER_WORDS[letter]) })}</strong>{' '}
        {say(WHY_WORDS[why])}{' '}
        <span class="quiet">{say('pace.since', { time: times().moment(since, now) })}</span>
      </p>
      {rule.isByHand && <HandLine rule={rule} />}
      {returnsAt > 0 && (
        <p class="quiet">{say('pace.returns', { time: times().moment(returnsAt, now) })}</p>
      )}
      <ol class="lines">
        {letters.map((one) => (
          <LetterLine key={one.letter} one={one} onDrill={() => void drill(one.letter)} />
        ))}
      </ol>
      <ByHand rule={rule} onChange={onChange} />
    </section>
  )
}

function HandLine({ rule: { until, reason } }: { readonly rule: PacedRule }): VNode {
  return (
    <p class="warning with-icon">
      <Icon name="warning" />
      <span>
        <span dir="auto">{reason}</span>{' '}
        {until > 0 && say('pace.until', { time: times().moment(until, Date.now()) })}
      </span>
    </p>
  )
}

function LetterLine(props: { readonly one: PacedLetter; readonly onDrill: () => void }): VNode {
  const { letter, isCurrent, fault, carriers } = props.one
  return (
    <li aria-current={isCurrent ? 'true' : undefined}>
      <strong class="letter">{letter}</strong>
      <span>{say(LETTER_WORDS[letter])}</span>
      {isCurrent && <span class="tag">{say('pace.current')}</span>}
      {fault !== undefined && <span class="tag danger">{say(WHY_WORDS[fault])}</span>}
      {carriers.map((carrier) => (
        <span key={carrier.name} class="quiet">
          <span dir="auto">{carrierName(carrier.name)}</span>: {say(STATE_WORDS[carrier.state])} ·{' '}
          {proofOf(carrier)}
        </span>
      ))}
      {carriers.some(({ canDrill }) => canDrill) && (
        <button
          type="button"
          class="button small"
          disabled={carriers.some(({ isDrilling }) => isDrilling)}
          aria-label={`${say('pace.drill')} ${letter}`}
          onClick={props.onDrill}
        >
          {say('pace.drill')}
        </button>
      )}
    </li>
  )
}

function proofOf({ provedAt, isStale, isDrilling, hasFailed, isDrill }: PacedCarrier): string {
  if (isDrilling) return say('pace.drilling')
  if (provedAt === 0) return say(hasFailed ? 'pace.failed' : 'pace.never')
  const time = times().ago(provedAt, Date.now())
  if (isStale) return say('pace.stale', { time })
  return say(isDrill ? 'pace.proved' : 'pace.worked', { time })
}

function ByHand(props: { readonly rule: PacedRule; readonly onChange: () => void }): VNode {
  const { rule, onChange } = props
  const app = useApp()
  const set = async (form: HTMLFormElement): Promise<void> => {
    const letter = valueIn(form, 'letter')
    const minutes = Number(valueIn(form, 'minutes'))
    const body = {
      ...(letter !== '' && { letter }),
      ...(letter !== '' && minutes > 0 && { minutes }),
      reason: valueIn(form, 'reason').trim(),
    }
    if (!toldOutcome(await app.ask('PUT', `${AT}/${rule.name}`, body), say('pace.set'))) return
    form.reset()
    onChange()
  }
  return (
    <details>
      <summary>{say('pace.byHand')}</summary>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void set(event.currentTarget)
        }}
      >
        <label class="field">
          <span>{say('pace.which')}</span>
          <select name="letter">
            <option value="">{say('pace.auto')}</option>
            {rule.letters.map(({ letter }) => (
              <option key={letter} value={letter}>
                {letter} · {say(LETTER_WORDS[letter])}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{say('pace.minutes')}</span>
          <input name="minutes" type="number" min={1} max={43_200} inputMode="numeric" />
        </label>
        <label class="field">
          <span>{say('pace.reason')}</span>
          <input name="reason" required maxLength={200} dir="auto" />
        </label>
        <button type="submit" class="button primary">
          {say('pace.do')}
        </button>
      </form>
    </details>
  )
}
