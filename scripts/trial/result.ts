/** How a trial ended: in words, and as one flat object. */
import type { Verdict } from './comparison.ts'

/** Everything that is told at the end. */
export interface Result {
  readonly messages: number
  readonly refused: number
  readonly verdict: Verdict
  readonly falseTicks: number
  /** Of those, words that went back. */
  readonly wentBack: number
  readonly checkedTicks: number
  /** Watched messages that never were stored everywhere in words. */
  readonly unsettled: number
  readonly cuts: number
  readonly kills: number
  readonly wipes: number
  readonly accidents: number
  readonly wireBytes: number
  readonly envelopeBytes: number
  readonly resent: number
  readonly seconds: number
  /** From the last answer to a client until everybody had everything. */
  readonly drainedSeconds: number
  readonly isDrained: boolean
}

/** Whether every promise was kept. */
export function isGood({ verdict, falseTicks, accidents }: Result): boolean {
  const { lost, doubled, orderDiffers } = verdict
  return lost + doubled + orderDiffers + falseTicks + accidents === 0
}

/** For scripts. Bytes are those since the first message. */
export function jsonOf(result: Result): object {
  const { verdict, messages, wireBytes } = result
  return {
    messages,
    lost: verdict.lost,
    doubled: verdict.doubled,
    false_ticks: result.falseTicks,
    order_differs: verdict.orderDiffers,
    ticks_checked: result.checkedTicks,
    ticks_back: result.wentBack,
    ticks_unsettled: result.unsettled,
    cuts: result.cuts,
    kills: result.kills,
    wipes: result.wipes,
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
  const { messages, verdict, cuts, kills, wipes, falseTicks } = result
  const storm = `${cuts} cuts, ${kills} kills${wipes === 0 ? '' : ` and ${wipes} wipe`}`
  if (isGood(result))
    return `All ${messages} messages are on every node exactly once, in one order, after ${storm}; ${result.checkedTicks} delivery words were checked, none was false.`
  const wrong = [
    amount(verdict.lost, 'lost'),
    amount(verdict.doubled, 'doubled'),
    amount(verdict.orderDiffers, 'in another order'),
    amount(falseTicks, 'falsely ticked'),
    amount(result.accidents, 'processes ended by themselves'),
  ].filter((part) => part !== '')
  return `After ${storm}, of ${messages} messages: ${wrong.join(', ')}.`
}

function amount(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}`
}
