/**
 * How many urgent messages one person may send: precedence is worth something only while it is rare. Beyond the allowance a
 * message is refused unless its author says why it cannot wait; the reason stands with the message, the deed in the audit.
 * People write on one node only, so what that node has counted is all there is. Counted in running time: setting a clock
 * gives nobody more.
 */
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { OVERRIDE_REASON_CHARACTERS_MAX } from '#base/limits.ts'
import { actionNumber } from '#model/audit-words.ts'
import { laneNumber, type Lane } from '#model/precedence.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import type { AppContext } from './context.ts'
import type { Draft } from './conversation-types.ts'

/** What one person may send without saying why. */
export interface Allowance {
  /** Messages of these lanes within `withinMs`; 0 for none. Other lanes have no limit. */
  readonly flash: number
  readonly immediate: number
  readonly withinMs: number
}

/**
 * Counts a message in the commit that writes it. Gives the reason with which the allowance was overridden, where it was.
 * @throws EdgeError ALLOWANCE_SPENT, INPUT_INVALID for a reason that is none
 */
export async function spend(
  tx: Tx,
  context: AppContext,
  { person, lane, draft }: { person: UserId; lane: Lane; draft: Draft },
): Promise<{ readonly overrideReason: string } | undefined> {
  const { allowance, sync } = context
  if (allowance === undefined || (lane !== 'flash' && lane !== 'immediate')) return undefined
  const reason = draft.overrideReason === undefined ? undefined : checked(draft.overrideReason)
  const place = key.allowance(person, lane)
  const now = sync.time.nowMs()
  const known = unpack<readonly number[]>(await tx.get(place)) ?? []
  const lately = known.filter((at) => now - at < allowance.withinMs)
  const max = allowance[lane]
  const isSpent = lately.length >= max
  if (isSpent && reason === undefined) throw refusal(context, { person, lane, lately, allowance })
  sync.time.keep(tx)
  if (max > 0) tx.put(place, pack([...lately, now].slice(-max)))
  return isSpent && reason !== undefined ? { overrideReason: reason } : undefined
}

interface Spent {
  readonly person: UserId
  readonly lane: 'flash' | 'immediate'
  readonly lately: readonly number[]
  readonly allowance: Allowance
}

function refusal({ sync }: AppContext, { person, lane, lately, allowance }: Spent): EdgeError {
  const facts = { action: actionNumber('post'), lane: laneNumber(lane) }
  const reason = 'allowance spent'
  sync.audit.count({ deed: 'action refused', result: 'refused', by: person, facts, reason })
  const [oldest] = lately
  const waitMs =
    oldest === undefined ? {} : { waitMs: oldest + allowance.withinMs - sync.time.nowMs() }
  return new EdgeError('ALLOWANCE_SPENT', {
    field: 'precedence',
    found: `one ${lane} message more after ${lately.length} within ${inMinutes(allowance.withinMs)}`,
    wanted: `at most ${allowance[lane]}`,
    ...waitMs,
  })
}

function inMinutes(ms: number): string {
  return `${Math.ceil(ms / 60_000)} min`
}

function checked(reason: string): string {
  const isNothing = reason.trim() === ''
  if (!isNothing && reason.length <= OVERRIDE_REASON_CHARACTERS_MAX) return reason
  throw new EdgeError('INPUT_INVALID', {
    field: 'holdfast_override',
    found: isNothing ? 'nothing' : `${reason.length} characters`,
    wanted: `why it cannot wait, in 1 to ${OVERRIDE_REASON_CHARACTERS_MAX} characters`,
  })
}
