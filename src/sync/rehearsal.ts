/**
 * A rehearsal: what would leave by a carrier now, cut, sealed and booked as it would be, in a commit of which nothing is kept. So what is
 * foretold are the very bytes, as long as nothing changes meanwhile. What the other end will say cannot be foretold.
 */
import type { ChannelId, Instant } from '#base/ids.ts'
import { channelOfDocument } from '#model/document-id.ts'
import type { Lane } from '#model/precedence.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import { added, connectUse, parcelUse } from '#tariff/profile.ts'
import type { Bill, Used } from '#tariff/tariff.ts'
import { opensNext } from '#tariff/windows.ts'
import { nextParcel } from './contact.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import type { Cut } from './cut.ts'
import { handedOver } from './handover.ts'
import { range } from './keys.ts'
import { leftParcels } from './left-parcels.ts'
import { changesIn, queueSizesIn } from './queue.ts'
import type { Tx } from './replica.ts'
import { plainRoom } from './service.ts'
import { reserve, spentIn, type MeteredCarrier } from './spending.ts'

/** One parcel that would leave. */
export interface RehearsedParcel {
  readonly lane: Lane
  /** Undefined for what is about no channel, such as the directory. */
  readonly channel: ChannelId | undefined
  readonly changes: number
  /** Sealed. */
  readonly bytes: number
}

/** What would leave by one carrier, in its order. */
export interface Rehearsal {
  readonly carrier: string
  readonly peer: PeerId
  readonly parcels: readonly RehearsedParcel[]
  /** More would leave than was looked at. */
  readonly isCutShort: boolean
  /** What the operator would count and bill of it, a connect included. */
  readonly bill: Bill
  /** From the dial, or the first parcel, to the last answer. */
  readonly used: Used
  /** Changes that wait all the same, by lane number. */
  readonly waiting: readonly number[]
  /** When the link is open: now, unless it is closed. */
  readonly opensAt: Instant
  /** When the next window of the budget begins, where something waits for that. */
  readonly until: Instant | undefined
}

/** Most parcels that are looked at: the node does nothing else meanwhile. */
const REHEARSED_PARCELS_MAX = 400

/** A carrier with terms, and to whom it goes. */
export interface Way {
  readonly carrier: Carrier & MeteredCarrier
  readonly peer: PeerId
}

/** Rehearses a contact that begins now, or when the link opens. `before` may write something first, of which nothing is kept either. */
export function rehearse(
  context: SyncContext,
  { carrier, peer }: Way,
  before?: (tx: Tx) => Promise<void>,
): Promise<Rehearsal> {
  return context.replica.commit(async (tx) => {
    tx.undo()
    await before?.(tx)
    const opensAt = opensNext(carrier.terms.profile.opens, context.now())
    const start = (await spentIn(tx, context, carrier)).spent
    await reserve(tx, context, { carrier, use: await opening(tx, { carrier, peer }) })
    const run = await leave(tx, context, { carrier, peer })
    const end = (await spentIn(tx, context, carrier)).spent
    return {
      carrier: carrier.name,
      peer,
      ...run,
      bill: {
        bytes: end.bytes - start.bytes,
        ms: end.ms - start.ms,
        micros: end.micros - start.micros,
      },
      waiting: await queueSizesIn(tx, peer),
      opensAt,
    }
  })
}

/** A line that stands costs no connect. */
async function opening(tx: Tx, { carrier, peer }: Way) {
  const { profile } = carrier.terms
  const isOnDemand = profile.line === 'on demand' && profile.tariff.shape !== 'messages'
  const [known] = await tx.list({ ...range.has(peer), limit: 1 })
  const used = isOnDemand || known === undefined ? connectUse(profile) : NO_USE
  return { used, isNewSession: isOnDemand, isDone: true } as const
}

const NO_USE: Used = { bytes: 0, ms: 0 }

type Run = Pick<Rehearsal, 'parcels' | 'isCutShort' | 'used' | 'until'>

async function leave(tx: Tx, context: SyncContext, { carrier, peer }: Way): Promise<Run> {
  const { profile } = carrier.terms
  const parcels: RehearsedParcel[] = []
  const isOnDemand = profile.line === 'on demand'
  let used = isOnDemand ? connectUse(profile) : NO_USE
  let until: Instant | undefined
  const state = stateFor({ carrier, peer })
  // What an earlier contact left goes again as it is; to a node that tells what it has, it is cut anew.
  const isStale = isNode(peer) && state.isMetered !== true
  const left = [...(await leftParcels(tx, state, isStale))]
  let last: Cut | undefined
  while (parcels.length < REHEARSED_PARCELS_MAX) {
    const room = plainRoom(carrier.room?.(peer), last)
    const cut = left.shift() ?? (await nextParcel(tx, context, { ...state, room })).cut
    if (cut === undefined) break
    const use = parcelUse(profile, cut.parcel.bytes.length)
    const { lane } = cut.parcel
    const allowed = await reserve(tx, context, { carrier, use: { used: use, lane } })
    if (!allowed.ok) {
      until = allowed.until
      break
    }
    last = cut
    used = added(used, use)
    parcels.push(rehearsed(cut))
    await handedOver(tx, context, { state, cut })
  }
  const endMs = parcels.length === 0 ? 0 : profile.roundTripMs + (isOnDemand ? profile.idleMs : 0)
  if (isOnDemand)
    await reserve(tx, context, { carrier, use: { used: { bytes: 0, ms: endMs }, isDone: true } })
  const isCutShort = parcels.length >= REHEARSED_PARCELS_MAX
  return { parcels, isCutShort, used: { ...used, ms: used.ms + endMs }, until }
}

function stateFor({ carrier, peer }: Way): ContactState {
  const { name, receiptDelayMs, lanes, isMetered = false } = carrier
  const manner = { receiptDelayMs, isMetered, ...(lanes && { lanes }) }
  const fresh = { left: [], flying: new Set<Cut>(), wanted: new Map(), refused: new Set<never>() }
  return { peer, carrier: name, ...manner, ...fresh }
}

function rehearsed({ parcel, record }: Cut): RehearsedParcel {
  const { document } = record
  return {
    lane: parcel.lane,
    channel: document && channelOfDocument(document),
    changes: changesIn(record),
    bytes: parcel.bytes.length,
  }
}
