/**
 * Whether a file can be had for less than by a carrier: who costs more is asked a little later, and not called at all while the same peer
 * is there for less. Where nothing cheaper is there, nobody waits.
 */
import type { Instant } from '#base/ids.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import { megabytePrice } from '#tariff/profile.ts'
import type { SyncContext } from './context.ts'
import type { FileDesk } from './file-desk.ts'
import { CHEAPER_BACK_MS } from './file-limits.ts'
import type { Links, LinkState } from './links.ts'

/** What a price is read from. */
type Side = Pick<Carrier, 'name' | 'terms' | 'line' | 'isMetered' | 'onQuiet'>

/** Tells the file desk which carriers cost less than another and are there. */
export function lookAtCosts(
  context: Pick<SyncContext, 'now'> & { readonly files: Pick<FileDesk, 'isCheaperThere'> },
  links: Pick<Links, 'all'>,
  carriers: readonly Side[],
): void {
  const startedAt = context.now()
  const isLately = (at: Instant): boolean => Math.abs(context.now() - at) < CHEAPER_BACK_MS
  const prices = new Map(carriers.map((one) => [one.name, priceOf(one)]))
  const isThere = (one: Side, peer: PeerId | undefined): boolean => {
    const isKnown = ({ carrier, peer: other }: LinkState): boolean =>
      carrier === one.name && (peer === undefined || peer === other)
    const known = links.all().filter(isKnown)
    if (known.some(({ isUp, since }) => isUp || isLately(since))) return true
    // Just after the start nobody was found yet.
    return peer === undefined && known.length === 0 && one.line === undefined && isLately(startedAt)
  }
  context.files.isCheaperThere = (name, peer) =>
    carriers.some(
      (one) =>
        one.onQuiet === undefined && priceOf(one) < (prices.get(name) ?? 0) && isThere(one, peer),
    )
}

/** Without terms a metered one costs nobody knows what. */
function priceOf({ terms, isMetered }: Side): number {
  if (terms !== undefined) return megabytePrice(terms.profile)
  return isMetered === true ? Infinity : 0
}
