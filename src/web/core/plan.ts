/** The node's word on links that are billed, as plain values to be drawn: budgets, and what would leave now. */
import { LANES, parseLane, type Lane } from '#model/precedence.ts'
import { fields, list, number, text } from './wire.ts'

/** One link that is billed. */
export interface Plan {
  readonly carrier: string
  readonly peer: string
  /** What the link is, as its profile is called, such as `certus-100`. */
  readonly link: string
  readonly currency: string
  readonly isUp: boolean
  /** When the link opens, where it is not open. */
  readonly opensAt: number
  /** How many of a hundred of its budget are spent; undefined without a budget. */
  readonly percent: number | undefined
  /** When its budget begins anew. */
  readonly endsAt: number
  /** How many of a hundred of the budget would leave now. */
  readonly leavesPercent: number
  /** Bytes that would leave now, by precedence. */
  readonly clears: Readonly<Record<Lane, number>>
  /** Changes that would leave now, and for how much. */
  readonly leaves: number
  readonly bytes: number
  readonly money: number
  /** Milliseconds that takes. */
  readonly ms: number
  /** Changes that wait all the same, by precedence; until when, where that is known. */
  readonly waits: Readonly<Record<Lane, number>>
  readonly until: number | undefined
  /** There is more than the node has looked at. */
  readonly isCutShort: boolean
}

/** All of them. */
export function plansFrom(value: unknown): readonly Plan[] {
  return list(value).map((each): Plan => {
    const one = fields(each)
    const price = fields(one.price)
    const budget = one.budget === undefined ? undefined : fields(one.budget)
    const waits = fields(one.waits)
    const clears = list(one.clears).map(fields)
    return {
      carrier: text(one.carrier),
      peer: text(one.peer),
      link: text(one.link),
      currency: text(one.currency),
      isUp: one.isUp === true,
      opensAt: number(one.opensAt),
      percent: budget && number(budget.percent),
      endsAt: budget === undefined ? 0 : number(budget.endsAt),
      leavesPercent: budget === undefined ? 0 : shareOf(price, budget),
      clears: byLane((lane) =>
        sum(
          clears.filter((part) => parseLane(part.lane) === lane).map(({ bytes }) => number(bytes)),
        ),
      ),
      leaves: sum(clears.map(({ changes }) => number(changes))),
      bytes: number(price.bytes),
      money: number(price.money),
      ms: 1_000 * number(one.seconds),
      waits: byLane((lane) => number(waits[lane])),
      until: one.until === undefined ? undefined : number(one.until),
      isCutShort: one.isCutShort === true,
    }
  })
}

/** Stretches of a bar that is a hundred long: what is spent, then what leaves by precedence; the rest is free. */
export function barOf(
  plan: Plan,
): readonly { readonly of: Lane | 'spent'; readonly percent: number }[] {
  const spent = Math.min(100, plan.percent ?? 0)
  const room = plan.percent === undefined ? 100 : Math.min(100 - spent, plan.leavesPercent)
  const all = sum(LANES.map((lane) => plan.clears[lane]))
  const lanes = LANES.map((lane) => ({
    of: lane,
    percent: all === 0 ? 0 : (room * plan.clears[lane]) / all,
  }))
  return [{ of: 'spent' as const, percent: spent }, ...lanes].filter(({ percent }) => percent > 0)
}

type Fields = Readonly<Record<string, unknown>>

/** By the unit that the budget runs out of first. */
function shareOf(price: Fields, { spent, left }: Fields): number {
  const shares = ['bytes', 'seconds', 'money'].map((unit) => {
    const rest = fields(left)[unit]
    const whole = number(fields(spent)[unit]) + number(rest)
    return rest === undefined || rest === null || whole <= 0 ? 0 : number(price[unit]) / whole
  })
  return 100 * Math.max(...shares)
}

function byLane(of: (lane: Lane) => number): Readonly<Record<Lane, number>> {
  return {
    flash: of('flash'),
    immediate: of('immediate'),
    priority: of('priority'),
    routine: of('routine'),
  }
}

function sum(parts: readonly number[]): number {
  return parts.reduce((all, one) => all + one, 0)
}
