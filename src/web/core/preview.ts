/** What a draft would cost by each way that it could take: the node's word, one line for each kind of way. */
import { fields, list, number, text } from './wire.ts'

/** One kind of way. */
export interface PreviewedWay {
  readonly carrier: string
  readonly isUp: boolean
  /** Undefined where it costs nothing. */
  readonly price:
    | {
        readonly bytes: number
        readonly ms: number
        readonly money: number
        readonly currency: string
      }
    | undefined
  /** The budget has room for it in the window at hand. */
  readonly fits: boolean
  /** When it could leave; undefined when nobody can say. */
  readonly at: number | undefined
}

/** All ways, those that could take it soonest first, of each carrier the best. */
export function waysFrom(value: unknown): readonly PreviewedWay[] {
  const ways = list(value)
    .map(wayFrom)
    .toSorted((a, b) => (a.at ?? Infinity) - (b.at ?? Infinity))
  const seen = new Set<string>()
  return ways.filter(({ carrier }) => {
    const isFirst = !seen.has(carrier)
    seen.add(carrier)
    return isFirst
  })
}

/** Whether there is anything to choose by: where nothing is billed nobody needs to look. */
export function isBilled(ways: readonly PreviewedWay[]): boolean {
  return ways.some(({ price }) => price !== undefined)
}

function wayFrom(value: unknown): PreviewedWay {
  const one = fields(value)
  const price = one.price === undefined ? undefined : fields(one.price)
  return {
    carrier: text(one.carrier),
    isUp: one.isUp === true,
    price: price && {
      bytes: number(price.bytes),
      ms: 1_000 * number(price.seconds),
      money: number(price.money),
      currency: text(one.currency),
    },
    fits: one.fits === true,
    at: one.at === undefined ? undefined : number(one.at),
  }
}
