/**
 * A link between two nodes in virtual time, as a trace has it: so many bits a second, one parcel after another, the most urgent first,
 * a delay, and outages, at each of which the contact ends and what was on its way is lost. How large parcels are is what real carriers
 * make of the rate that they measure.
 */
import { EdgeError } from '#base/errors.ts'
import type { NodeId } from '#base/ids.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import { openArrivalQueue, type ArrivalQueue } from '#carriers/arrival-queue.ts'
import { openContactQueue, type ContactQueue } from '#carriers/contact-queue.ts'
import { roomOn } from '#carriers/nats-window.ts'
import { laneNumber } from '#model/precedence.ts'
import type { Carrier, Handover, Parcel, PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { LinkTrace, Trace, TraceRow } from '../link/trace.ts'

/** Told of every parcel as its first byte leaves; `share` resolves with how much of it left before the link went. */
export type OnParcel = (parcel: Parcel, share: Promise<number>) => void

/** Two ends of a link. */
export interface TracedLink {
  readonly kit: Carrier
  readonly hub: Carrier
  /** Bytes that could have gone from the kit to the hub so far, while the link was there. */
  readonly capacity: () => number
  readonly isUp: () => boolean
  /** When it is another than now, in milliseconds. */
  readonly changesInMs: () => number
  /** Whether the kit's line has a parcel half way. */
  readonly isSending: () => boolean
}

interface Waiting {
  readonly parcel: Parcel
  readonly done: PromiseWithResolvers<Handover>
}

interface End {
  readonly peer: NodeId
  readonly contacts: ContactQueue
  readonly arrivals: ArrivalQueue
  readonly trace: Trace
  readonly waiting: Waiting[]
  readonly onParcel: OnParcel
  /** Bytes a second, as the last parcels took. */
  bytesPerSecond: number
  isBusy: boolean
}

const WAITING_MAX = { arrivalsMax: 256, bytesMax: 4_000_000 }
const RECEIPT_DELAY_MS = 10_000
/** How much of a new measure counts. */
const SHARE = 0.3
const SLOWEST_BYTES_PER_SECOND = 300

/** Opens the link; it lives until the signal aborts. */
export function openTracedLink(
  {
    clock,
    trace,
    signal,
  }: { readonly clock: Clock; readonly trace: LinkTrace; signal: AbortSignal },
  ends: { readonly kit: NodeId; readonly hub: NodeId; readonly onParcel: OnParcel },
): TracedLink {
  const startMs = clock.monotonicMs()
  const kit = endOf(ends.hub, trace.up, ends.onParcel)
  const hub = endOf(ends.kit, trace.down, () => undefined)
  let contact: AbortController | undefined
  let capacity = 0
  const elapsedMs = (): number => clock.monotonicMs() - startMs
  const nowIn = (end: End): TraceRow => rowAt(end.trace, elapsedMs())
  const send = async (from: End, to: End): Promise<void> => {
    if (from.isBusy || contact === undefined) return
    const next = from.waiting.toSorted(
      (a, b) => laneNumber(a.parcel.lane) - laneNumber(b.parcel.lane),
    )[0]
    if (next === undefined) return
    from.waiting.splice(from.waiting.indexOf(next), 1)
    from.isBusy = true
    const { signal: over } = contact
    const share = Promise.withResolvers<number>()
    from.onParcel(next.parcel, share.promise)
    const begunMs = clock.monotonicMs()
    let bitsLeft = next.parcel.bytes.length * 8
    while (bitsLeft > 0 && !over.aborted) {
      const bitsPerMs = usableBps(nowIn(from)) / 1_000
      const doneMs = Math.ceil(bitsLeft / Math.max(bitsPerMs, 0.001))
      const ms = Math.max(1, Math.min(changesInMs(from.trace, elapsedMs()), doneMs))
      await clock.sleep(ms, over)
      bitsLeft -= bitsPerMs * ms
    }
    from.isBusy = false
    share.resolve(1 - Math.max(0, bitsLeft) / (next.parcel.bytes.length * 8))
    if (over.aborted) next.done.reject(unreachable(from.peer))
    else {
      const seconds = Math.max(1, clock.monotonicMs() - begunMs) / 1_000
      const rate = next.parcel.bytes.length / seconds
      from.bytesPerSecond = from.bytesPerSecond * (1 - SHARE) + rate * SHARE
      void arrive({ from, to, next, over })
    }
    void send(from, to)
  }
  const arrive = async (way: {
    readonly from: End
    readonly to: End
    readonly next: Waiting
    readonly over: AbortSignal
  }): Promise<void> => {
    const { from, to, next, over } = way
    const { rttMs } = nowIn(from)
    await clock.sleep(rttMs / 2, over)
    if (over.aborted) return next.done.reject(unreachable(from.peer))
    const answer = async (isTaken: boolean): Promise<void> => {
      await clock.sleep(rttMs / 2, over)
      if (over.aborted) next.done.reject(unreachable(from.peer))
      else if (isTaken) next.done.resolve('custody')
      else next.done.reject(new EdgeError('INPUT_INVALID', { found: 'refused' }))
    }
    to.arrivals.push({
      peer: to.peer,
      bytes: next.parcel.bytes,
      lane: next.parcel.lane,
      bookmark: [],
      acceptCustody: () => void answer(true),
      refuse: () => void answer(false),
    })
  }
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      const isUp = nowIn(kit).isUp && nowIn(hub).isUp
      if (isUp && contact === undefined) {
        contact = new AbortController()
        for (const end of [kit, hub]) end.contacts.begin(end.peer, false)
      } else if (!isUp && contact !== undefined) {
        contact.abort()
        contact = undefined
        for (const end of [kit, hub]) {
          for (const { done } of end.waiting.splice(0)) done.reject(unreachable(end.peer))
          end.contacts.end(end.peer)
        }
      }
      const ms = Math.min(...[kit, hub].map(({ trace: one }) => changesInMs(one, elapsedMs())))
      if (isUp) capacity += (usableBps(nowIn(kit)) / 8_000) * ms
      await clock.sleep(Math.max(1, ms), signal)
    }
  }
  void watch()
  const carrier = (from: End, to: End): Carrier => ({
    name: 'traced',
    envelopeBytesMax: ENVELOPE_BYTES_MAX,
    receiptDelayMs: RECEIPT_DELAY_MS,
    room: () =>
      roomOn({ bytesPerSecond: from.bytesPerSecond, rttMs: nowIn(from).rttMs, samples: [] }),
    contacts: from.contacts.contacts,
    arrivals: from.arrivals.arrivals,
    send: async (peer, parcel) => {
      if (contact === undefined) throw unreachable(peer)
      const done = Promise.withResolvers<Handover>()
      from.waiting.push({ parcel, done })
      void send(from, to)
      return done.promise
    },
    [Symbol.asyncDispose]: async () => {
      from.contacts.close()
      from.arrivals.close()
    },
  })
  return {
    kit: carrier(kit, hub),
    hub: carrier(hub, kit),
    capacity: () => capacity,
    isUp: () => contact !== undefined,
    changesInMs: () => changesInMs(kit.trace, elapsedMs()),
    isSending: () => kit.isBusy,
  }
}

function endOf(peer: NodeId, trace: Trace, onParcel: OnParcel): End {
  return {
    peer,
    contacts: openContactQueue(),
    arrivals: openArrivalQueue(WAITING_MAX),
    trace,
    waiting: [],
    onParcel,
    bytesPerSecond: SLOWEST_BYTES_PER_SECOND,
    isBusy: false,
  }
}

/** After how many milliseconds a trace goes on with its next row. */
function changesInMs(trace: Trace, atMs: number): number {
  const row = rowAt(trace, atMs)
  const next = trace.rows[trace.rows.indexOf(row) + 1]?.atMs ?? trace.lengthMs
  return next - (atMs % trace.lengthMs)
}

/** What a trace, played over and over, is like at a moment. */
export function rowAt({ rows, lengthMs }: Trace, atMs: number): TraceRow {
  const at = atMs % lengthMs
  let [low, high] = [0, rows.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((rows[middle]?.atMs ?? 0) <= at) low = middle
    else high = middle
  }
  return rows[low] ?? { atMs: 0, isUp: false, rateBps: 0, rttMs: 0, loss: 0 }
}

/** What is lost is sent again. */
export function usableBps({ isUp, rateBps, loss }: TraceRow): number {
  return isUp ? rateBps * (1 - loss) : 0
}

function unreachable(peer: PeerId): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { carrier: 'traced', peer })
}
