/** What it takes to fetch the rest of a file: bytes, seconds, money. */
import type { PeerId } from '#ports/carrier.ts'
import type { LinkState } from '#sync/links.ts'
import { parcelUse, type LinkProfile } from '#tariff/profile.ts'
import { billOf } from '#tariff/tariff.ts'
import type { Terms } from '#tariff/terms.ts'
import type { FilePrice } from './file-types.ts'

/** What it would come by. */
export interface Ways {
  readonly links: readonly LinkState[]
  readonly terms?: ReadonlyMap<string, Terms> | undefined
  /** Who is giving it now. */
  readonly source: PeerId | undefined
}

const MILLION = 1_000_000

/**
 * By the link that brings it, if one does; otherwise by the best there is; while there is none, by the cheapest that is dialled when there
 * is something for it, or else by the cheapest line that may stand again. What comes here is taken to be as fast as what leaves, where only that was measured.
 */
export function priceOf(bytes: number, { links, terms, source }: Ways): FilePrice {
  const free = { money: 0, currency: undefined }
  if (bytes === 0) return { bytes, seconds: 0, ...free }
  const up = links.filter(({ isUp }) => isUp)
  const link =
    up.find(({ peer }) => peer === source) ??
    up.toSorted((a, b) => b.bytesPerSecond - a.bytesPerSecond)[0]
  if (link === undefined) return cheapest(bytes, [...(terms?.values() ?? [])])
  const rate = link.bytesPerSecond
  const seconds = rate === 0 ? undefined : Math.ceil(bytes / rate)
  const on = terms?.get(link.carrier)
  if (on === undefined) return { bytes, seconds, ...free }
  const billed = priceBy(bytes, on.profile)
  return { ...billed, seconds: seconds ?? billed.seconds }
}

function cheapest(bytes: number, terms: readonly Terms[]): FilePrice {
  const dialled = terms.filter(({ profile }) => profile.line === 'on demand')
  const prices = (dialled.length === 0 ? terms : dialled).map(({ profile }) =>
    priceBy(bytes, profile),
  )
  const [first] = prices.toSorted((a, b) => (a.money ?? 0) - (b.money ?? 0))
  return first ?? { bytes, seconds: undefined, money: undefined, currency: undefined }
}

/** As its profile says: what comes down here is what goes up there. */
function priceBy(bytes: number, profile: LinkProfile): FilePrice {
  const { upBps, downBps, tariff, currency } = profile
  const used = parcelUse({ ...profile, upBps: downBps, downBps: upBps }, bytes)
  const { micros } = billOf(tariff, used)
  return { bytes, seconds: Math.ceil(used.ms / 1_000), money: micros / MILLION, currency }
}
