/** How a message is sent: its precedence, whether everybody is asked to confirm it, and whether it is shown once only. */
import type { VNode } from 'preact'
import { LANES, type Lane } from '#model/precedence.ts'
import { say, times } from '#web/words/words.ts'
import { Icon } from './icons.tsx'

/** What was chosen. */
export interface Way {
  readonly lane: Lane
  /** Why it cannot wait, beyond the allowance. */
  readonly override: string
  readonly wantsAck: boolean
  /** Shown once, for so many seconds; 0 for as ever. */
  readonly burnSeconds: number
}

/** As most messages go. */
export const PLAIN_WAY: Way = { lane: 'routine', override: '', wantsAck: false, burnSeconds: 0 }

interface WayProps {
  readonly way: Way
  readonly onChange: (change: Partial<Way>) => void
}

/** For how long a message may be shown once, in seconds; the first is what is proposed. */
const BURN_CHOICES = [30, 10, 120, 600] as const
/** What the picker says for a message that is shown once. */
const ONCE = 'once'

/** What goes with the choice, above the line where one writes. */
export function WayOptions({ way, onChange }: WayProps): VNode {
  return (
    <>
      {way.lane !== 'routine' && <LaneOptions way={way} onChange={onChange} />}
      {way.burnSeconds > 0 && <OnceOptions way={way} onChange={onChange} />}
    </>
  )
}

/** The choice. */
export function WayPicker({ way, onChange }: WayProps): VNode {
  return (
    <label class="lane-picker" data-lane={way.lane}>
      <span class="unseen">{say('composer.lane')}</span>
      <Icon name={way.burnSeconds > 0 ? 'flame' : 'bolt'} />
      <select
        value={way.lane}
        onChange={({ currentTarget }) => {
          const { value } = currentTarget
          if (value === ONCE) {
            currentTarget.value = way.lane
            onChange({ burnSeconds: BURN_CHOICES[0] })
          } else onChange({ lane: LANES.find((one) => one === value) ?? 'routine' })
        }}
      >
        {LANES.toReversed().map((lane) => (
          <option key={lane} value={lane}>
            {say(`lane.${lane}`)}
          </option>
        ))}
        <option value={ONCE}>{say('once.title')}</option>
      </select>
    </label>
  )
}

function OnceOptions({ way, onChange }: WayProps): VNode {
  return (
    <div class="lane-options">
      <p class="quiet">{say('once.explained')}</p>
      <div class="segments" role="group" aria-label={say('once.choose')}>
        {BURN_CHOICES.toSorted((a, b) => a - b).map((burnSeconds) => (
          <label key={burnSeconds}>
            <input
              type="radio"
              name="once"
              checked={way.burnSeconds === burnSeconds}
              onChange={() => onChange({ burnSeconds })}
            />
            <span>{times().span(burnSeconds * 1_000)}</span>
          </label>
        ))}
        <button type="button" class="text-button" onClick={() => onChange({ burnSeconds: 0 })}>
          {say('cancel')}
        </button>
      </div>
    </div>
  )
}

function LaneOptions({ way, onChange }: WayProps): VNode {
  const { lane } = way
  const isLimited = lane === 'flash' || lane === 'immediate'
  return (
    <div class="lane-options">
      <p>{say(`lane.${lane}.about` as const)}</p>
      {isLimited && (
        <input
          value={way.override}
          maxLength={200}
          dir="auto"
          placeholder={say('composer.reason')}
          aria-label={say('composer.reason')}
          onInput={({ currentTarget }) => onChange({ override: currentTarget.value })}
        />
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={way.wantsAck}
          onChange={({ currentTarget }) => onChange({ wantsAck: currentTarget.checked })}
        />
        <span>{say('ack.ask')}</span>
      </label>
    </div>
  )
}
