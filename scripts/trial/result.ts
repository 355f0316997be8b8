/** How a trial ended: in words, and as one flat object. */
import type { Verdict } from './comparison.ts'
import type { FaultKind, Faults } from './faults.ts'
import type { LogReport } from './logs.ts'

/** Everything that is told at the end. */
export interface Result {
  readonly messages: number
  readonly threads: number
  readonly replies: number
  readonly refused: number
  readonly fullAnswers: number
  readonly verdict: Verdict
  readonly falseTicks: number
  /** Of those, words that went back. */
  readonly wentBack: number
  readonly checkedTicks: number
  readonly undoneTicks: number
  /** Watched messages that never were stored everywhere in words. */
  readonly unsettled: number
  readonly faults: Pick<Faults, 'count' | 'stickEnvelopes'>
  readonly accidents: number
  readonly logs: LogReport
  readonly wireBytes: number
  readonly envelopeBytes: number
  readonly resent: number
  readonly seconds: number
  /** From the last answer to a client until everybody had everything. */
  readonly drainedSeconds: number
  readonly isDrained: boolean
}

/** Whether every promise was kept. */
export function isGood({ verdict, falseTicks, unsettled, accidents, logs }: Result): boolean {
  const { lost, doubled, orderDiffers } = verdict
  const wrong = lost + doubled + orderDiffers + falseTicks + unsettled
  return wrong + accidents + logs.refusals + logs.errors === 0
}

/** For scripts. Bytes are those since the first message. */
export function jsonOf(result: Result): object {
  const { verdict, messages, wireBytes, faults } = result
  const { count } = faults
  return {
    messages,
    threads: result.threads,
    replies: result.replies,
    lost: verdict.lost,
    doubled: verdict.doubled,
    false_ticks: result.falseTicks,
    order_differs: verdict.orderDiffers,
    unseen_refusals: result.logs.refusals,
    log_errors: result.logs.errors,
    wants_refused: result.logs.wantsRefused,
    gone_with_disk: verdict.vanished,
    ticks_checked: result.checkedTicks,
    ticks_undone: result.undoneTicks,
    ticks_back: result.wentBack,
    ticks_unsettled: result.unsettled,
    cuts: count('cut') + count('silence'),
    silences: count('silence'),
    half_open: count('half-open'),
    kills: count('kill'),
    wipes: count('wipe'),
    office_restores: count('restore', 'office'),
    hub_restores: count('restore', 'hub'),
    kit_restores: count('restore', 'kit'),
    sticks: count('stick'),
    stick_envelopes: faults.stickEnvelopes(),
    full_disks: count('full disk'),
    full_answers: result.fullAnswers,
    crashes: result.accidents,
    refused: result.refused,
    resent_posts: result.resent,
    wire_b: wireBytes,
    wire_b_per_message: messages === 0 ? 0 : Math.round((wireBytes / messages) * 10) / 10,
    envelope_b: result.envelopeBytes,
    seconds: Math.round(result.seconds * 10) / 10,
    drained: result.isDrained,
    drained_s: Math.round(result.drainedSeconds * 10) / 10,
  }
}

/** For people: one closing line. */
export function closingLine(result: Result): string {
  const { messages, verdict, falseTicks } = result
  const storm = stormOf(result)
  const { vanished } = verdict
  const but =
    vanished === 0 ? '' : `, but ${vanished} that went with a disk before anybody had them`
  if (isGood(result))
    return `All ${messages} messages are on every node exactly once${but}, in one order, after ${storm}; ${result.checkedTicks} delivery words were checked, none was false.`
  const wrong = [
    amount(verdict.lost, 'lost'),
    amount(verdict.doubled, 'doubled'),
    amount(verdict.orderDiffers, 'in another order'),
    amount(falseTicks, 'falsely ticked'),
    amount(result.unsettled, 'everywhere without saying so'),
    amount(result.accidents, 'processes ended by themselves'),
    amount(result.logs.refusals, 'refusals that nobody was told'),
    amount(result.logs.errors, 'errors in the logs'),
  ].filter((part) => part !== '')
  return `After ${storm}, of ${messages} messages: ${wrong.join(', ')}.`
}

const WORDS: readonly (readonly [readonly FaultKind[], one: string, many: string])[] = [
  [['cut', 'silence'], 'cut', 'cuts'],
  [['half-open'], 'dead connection', 'dead connections'],
  [['kill'], 'kill', 'kills'],
  [['wipe'], 'wipe', 'wipes'],
  [['restore'], 'backup put back', 'backups put back'],
  [['stick'], 'stick', 'sticks'],
  [['full disk'], 'full disk', 'full disks'],
]

function stormOf({ faults }: Result): string {
  const parts = WORDS.flatMap(([kinds, one, many]) => {
    const count = kinds.reduce((sum, kind) => sum + faults.count(kind), 0)
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
  })
  return parts.length === 0 ? 'no fault at all' : parts.join(', ')
}

function amount(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}`
}
