/** The node's word on links that are billed, as plain values to be drawn: budgets, and what would leave now. */
import { LANES } from '#model/precedence.ts'
import { fields, list, number, text } from './wire.ts'

/** One link that is billed. */
export interface Plan {
  readonly carrier: string
  readonly peer: string
  readonly currency: string
  /** How many of a hundred of its budget are spent; undefined without a budget. */
  readonly percent: number | undefined
  /** When its budget begins anew. */
  readonly endsAt: number
  /** Changes that would leave now, and for how much. */
  readonly leaves: number
  readonly bytes: number
  readonly money: number
  /** Milliseconds that takes. */
  readonly ms: number
  /** Changes that wait all the same; until when, where that is known. */
  readonly waits: number
  readonly until: number | undefined
}

/** All of them. */
export function plansFrom(value: unknown): readonly Plan[] {
  return list(value).map((each): Plan => {
    const one = fields(each)
    const price = fields(one.price)
    const budget = one.budget === undefined ? undefined : fields(one.budget)
    const waits = fields(one.waits)
    const clears = list(one.clears).map((part) => number(fields(part).changes))
    return {
      carrier: text(one.carrier),
      peer: text(one.peer),
      currency: text(one.currency),
      percent: budget && number(budget.percent),
      endsAt: budget === undefined ? 0 : number(budget.endsAt),
      leaves: clears.reduce((sum, changes) => sum + changes, 0),
      bytes: number(price.bytes),
      money: number(price.money),
      ms: 1_000 * number(one.seconds),
      waits: LANES.reduce((sum, lane) => sum + number(waits[lane]), 0),
      until: one.until === undefined ? undefined : number(one.until),
    }
  })
}
