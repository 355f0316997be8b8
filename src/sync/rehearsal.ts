/**
 * A rehearsal: what would leave by a carrier now, cut, sealed and booked as it would be, in a commit of which nothing is kept. So what is
 * foretold are the very bytes, as long as nothing changes meanwhile. What the other end will say cannot be foretold.
 */
import type { ChannelId, Instant } from '#base/ids.ts'
import { channelOfDocument } from '#model/document-id.ts'
import type { Lane } from '#model/precedence.ts'
import type { Carrier, LineRehearsal, PeerId } from '#ports/carrier.ts'
import { connectUse, packedUse, parcelUse, type LinkProfile } from '#tariff/profile.ts'
import type { Bill, Used } from '#tariff/tariff.ts'
import { opensNext } from '#tariff/windows.ts'
import { nextParcel } from './contact.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import type { Cut } from './cut.ts'
import { handedOver } from './handover.ts'
import { range } from './keys.ts'
import { leftParcels } from './left-parcels.ts'
import { changesIn, queueSizes } from './queue.ts'
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
  /** They are in contact: what is numbered is on its way and booked already. */
  readonly isUp?: boolean
  /** From when on, and for how long, it may be used; now, and for any time, unless given. */
  readonly window?: { readonly startsAt: Instant; readonly ms: number } | undefined
}

/** Rehearses a contact that begins now or with its window, or when the link opens. `before` may write something first, of which nothing is kept either. */
export function rehearse(
  known: SyncContext,
  way: Way,
  before?: (tx: Tx) => Promise<void>,
): Promise<Rehearsal> {
  const { carrier, peer, window } = way
  const startsAt = Math.max(known.now(), window?.startsAt ?? 0)
  const opensAt = opensNext(carrier.terms.profile.opens, startsAt)
  const leftMs = window === undefined ? Infinity : startsAt + window.ms - opensAt
  // Budgets, and what waits for its time, are as they will be then.
  const context = opensAt > known.now() ? { ...known, now: () => opensAt } : known
  return known.replica.commit(async (tx) => {
    tx.undo()
    await before?.(tx)
    const start = (await spentIn(tx, context, carrier)).spent
    await reserve(tx, context, { carrier, use: await opening(tx, { carrier, peer }) })
    const run = await leave(tx, context, { ...way, leftMs })
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
      waiting: await queueSizes(tx, context, peer),
      opensAt,
    }
  })
}

/** A line that stands costs no connect. */
async function opening(tx: Tx, { carrier, peer }: Way) {
  const { profile } = carrier.terms
  const isOnDemand = isDialled(profile)
  const [known] = await tx.list({ ...range.has(peer), limit: 1 })
  const used = isOnDemand || known === undefined ? connectUse(profile) : NO_USE
  return { used, isNewSession: isOnDemand, isDone: true } as const
}

const NO_USE: Used = { bytes: 0, ms: 0 }

type Run = Pick<Rehearsal, 'parcels' | 'isCutShort' | 'used' | 'until'>

async function leave(
  tx: Tx,
  context: SyncContext,
  way: Way & { readonly leftMs: number },
): Promise<Run> {
  const { carrier, peer } = way
  const { profile } = carrier.terms
  const { leftMs } = way
  const run: Leaving = { parcels: [], sizes: [], used: NO_USE, until: undefined, isFull: false }
  const isOnDemand = isDialled(profile)
  if (isOnDemand) run.used = connectUse(profile)
  const line = carrier.rehearse?.(profile)
  const state = stateFor({ carrier, peer })
  const left = await leftBefore(tx, context, { way, state })
  let last: Cut | undefined
  while (run.parcels.length < REHEARSED_PARCELS_MAX && run.until === undefined && !run.isFull) {
    const room = plainRoom(line?.room() ?? carrier.room?.(peer), last)
    const cut = left.shift() ?? (await nextParcel(tx, context, { ...state, room })).cut
    if (cut === undefined) break
    if (cut.plainBytes !== undefined) last = cut
    if (await book(tx, context, { carrier, cut, line, run, leftMs }))
      await handedOver(tx, context, { state, cut })
  }
  const restMs = await rest(tx, context, { carrier, run, isPaced: line !== undefined })
  const isCutShort = run.parcels.length >= REHEARSED_PARCELS_MAX
  const used = { ...run.used, ms: run.used.ms + restMs }
  return { parcels: run.parcels, isCutShort, used, until: run.until }
}

/** After the last parcel its answer comes, and a line on demand stays for a while. That airtime is billed as well. */
async function rest(
  tx: Tx,
  context: SyncContext,
  of: { readonly carrier: MeteredCarrier; readonly run: Leaving; readonly isPaced: boolean },
): Promise<number> {
  const { carrier, run, isPaced } = of
  const { profile } = carrier.terms
  if (run.parcels.length === 0) return 0
  const idleMs = isDialled(profile) ? profile.idleMs : 0
  const use = { used: { bytes: 0, ms: idleMs }, isDone: true } as const
  if (idleMs > 0) await reserve(tx, context, { carrier, use })
  return idleMs + (isPaced ? 0 : profile.roundTripMs)
}

/** What an earlier contact left goes again as it is; to a node that tells what it has, it is cut anew. */
async function leftBefore(
  tx: Tx,
  context: SyncContext,
  { way, state }: { readonly way: Way; readonly state: ContactState },
): Promise<Cut[]> {
  const isUp = way.isUp === true
  const isStale = !isUp && isNode(way.peer) && state.isMetered !== true
  const left = [...(await leftParcels(tx, state, isStale))]
  if (!isUp) return left
  for (const cut of left) await handedOver(tx, context, { state, cut })
  return []
}

function isDialled({ line, tariff }: LinkProfile): boolean {
  return line === 'on demand' && tariff.shape !== 'messages'
}

/** What was played through so far. */
interface Leaving {
  readonly parcels: RehearsedParcel[]
  /** Sealed bytes of each. */
  readonly sizes: number[]
  used: Used
  until: Instant | undefined
  /** The next does not fit into the window. */
  isFull: boolean
}

/** Books a parcel as it would be used. False when the budget does not allow it, or the window is over before its answer. */
async function book(
  tx: Tx,
  context: SyncContext,
  at: {
    readonly carrier: MeteredCarrier
    readonly cut: Cut
    readonly line: LineRehearsal | undefined
    readonly run: Leaving
    readonly leftMs: number
  },
): Promise<boolean> {
  const { carrier, cut, line, run, leftMs } = at
  const { profile } = carrier.terms
  const { lane, bytes } = cut.parcel
  line?.send(bytes.length)
  const sizes = [...run.sizes, bytes.length]
  // Messages are packed: what several parcels take is less than the sum of each.
  const alone = parcelUse(profile, bytes.length)
  const packed = packedUse(profile, sizes)
  const next: Used = {
    bytes: packed === undefined ? run.used.bytes + alone.bytes : packed.bytes,
    ms: line === undefined ? run.used.ms + alone.ms : Math.max(run.used.ms, line.endMs()),
  }
  const answerMs = line === undefined ? profile.roundTripMs : 0
  if (next.ms + answerMs > leftMs) {
    run.isFull = true
    return false
  }
  const used = { bytes: next.bytes - run.used.bytes, ms: next.ms - run.used.ms }
  const allowed = await reserve(tx, context, { carrier, use: { used, lane } })
  if (!allowed.ok) {
    run.until = allowed.until
    return false
  }
  run.sizes.push(bytes.length)
  run.used = next
  run.parcels.push(rehearsed(cut))
  return true
}

function stateFor({ carrier, peer }: Way): ContactState {
  const { name, receiptDelayMs, lanes, isMetered = false } = carrier
  const manner = { receiptDelayMs, isMetered, ...(lanes && { lanes }) }
  const fresh = { left: [], flying: new Set<Cut>(), wanted: new Map(), refused: new Map() }
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
