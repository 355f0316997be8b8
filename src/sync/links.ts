/** The state of every carrier's peers, as shown to people. */
import type { Instant } from '#base/ids.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'

/** A carrier's peer, now. */
export interface LinkState {
  readonly carrier: string
  readonly peer: PeerId
  readonly isUp: boolean
  readonly since: Instant
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Bytes a second that were answered for lately, while something was on its way; 0 when not yet known. */
  readonly bytesPerSecond: number
  /** The rate of parcels that took more than their round trip, and when it was measured last; undefined when never. */
  readonly bulk: { readonly bytesPerSecond: number; readonly at: Instant } | undefined
  /** How long a small parcel took from leaving alone to its answer, lately; 0 when not yet known. */
  readonly roundTripMs: number
  /** Bytes on its way for each change, lately; 0 when not yet known. */
  readonly bytesPerChange: number
  /** Since when something is on its way without any answer; undefined when nothing is. */
  readonly unansweredSince: Instant | undefined
}

/** Which link. */
interface LinkName {
  readonly carrier: string
  readonly peer: PeerId
}

/** A parcel that is on its way. */
export interface Flight {
  /** The peer has answered. `changes`: how many it held. */
  readonly answered: (parcel: { readonly bytes: number; readonly changes: number }) => void
  /** No answer will come. */
  readonly ended: () => void
}

/** The links of a node; counts are since it started. */
export interface Links {
  readonly all: () => readonly LinkState[]
  readonly of: (link: LinkName) => LinkState | undefined
  readonly turned: (link: LinkName, isUp: boolean) => void
  readonly received: (link: LinkName, bytes: number) => void
  readonly launched: (link: LinkName) => Flight
}

/** A parcel this small takes a round trip and hardly more. */
const SMALL_BYTES = 2_000
/** How much time on its way counts for a rate: older measures fade, links change. */
const MEASURED_MS = 60_000
/** How much of a new measure goes into what fades. */
const SHARE = 0.3

/** What is measured of a link. */
interface Meter {
  underWay: number
  /** Since when something is under way that was not counted yet, by the monotonic clock. */
  markMs: number
  bytes: number
  busyMs: number
}

/** No links yet. */
export function openLinks(clock: Pick<Clock, 'now' | 'monotonicMs'>): Links {
  const links = new Map<string, LinkState>()
  const meters = new Map<string, Meter>()
  const change = (link: LinkName, by: (known: LinkState) => Partial<LinkState>): void => {
    const known = links.get(nameOf(link)) ?? { ...freshLink(link), since: clock.now() }
    links.set(nameOf(link), { ...known, ...by(known) })
  }
  const meterOf = (link: LinkName): Meter => {
    const fresh = { underWay: 0, markMs: 0, bytes: 0, busyMs: 0 }
    const meter = meters.get(nameOf(link)) ?? fresh
    meters.set(nameOf(link), meter)
    return meter
  }

  return {
    all: () => [...links.values()],
    of: (link) => links.get(nameOf(link)),
    turned: (link, isUp) =>
      change(link, () => ({ isUp, since: clock.now(), unansweredSince: undefined })),
    received: (link, bytes) =>
      change(link, (known) => ({ receivedBytes: known.receivedBytes + bytes })),
    launched: (link) => {
      const meter = meterOf(link)
      const startedMs = clock.monotonicMs()
      const isAlone = meter.underWay === 0
      if (isAlone) meter.markMs = startedMs
      meter.underWay += 1
      change(link, ({ unansweredSince = clock.now() }) => ({ unansweredSince }))
      return {
        answered: ({ bytes, changes }) => {
          const atMs = clock.monotonicMs()
          count(meter, bytes, atMs)
          const bytesPerSecond = (meter.bytes * 1_000) / Math.max(1, meter.busyMs)
          const isBulk = bytes > SMALL_BYTES || !isAlone
          change(link, (known) => ({
            sentBytes: known.sentBytes + bytes,
            bytesPerSecond,
            ...(isBulk ? { bulk: { bytesPerSecond, at: clock.now() } } : {}),
            ...(isAlone && bytes <= SMALL_BYTES
              ? { roundTripMs: blend(known.roundTripMs, Math.max(1, atMs - startedMs)) }
              : {}),
            ...(changes > 0
              ? { bytesPerChange: blend(known.bytesPerChange, bytes / changes) }
              : {}),
            unansweredSince: meter.underWay > 1 ? clock.now() : undefined,
          }))
        },
        ended: () => {
          meter.underWay -= 1
          if (meter.underWay === 0) change(link, () => ({ unansweredSince: undefined }))
        },
      }
    },
  }
}

function nameOf({ carrier, peer }: LinkName): string {
  return `${carrier} ${peer}`
}

function freshLink({ carrier, peer }: LinkName): Omit<LinkState, 'since'> {
  const counts = { sentBytes: 0, receivedBytes: 0, bytesPerSecond: 0, roundTripMs: 0 }
  const nothing = { bulk: undefined, unansweredSince: undefined }
  return { carrier, peer, isUp: false, ...counts, bytesPerChange: 0, ...nothing }
}

/** Counts bytes that were answered for, and the time since the last answer that something was on its way. */
function count(meter: Meter, bytes: number, atMs: number): void {
  meter.bytes += bytes
  meter.busyMs += Math.max(0, atMs - meter.markMs)
  meter.markMs = atMs
  if (meter.busyMs <= MEASURED_MS) return
  meter.bytes *= MEASURED_MS / meter.busyMs
  meter.busyMs = MEASURED_MS
}

function blend(known: number, measured: number): number {
  return known === 0 ? measured : known * (1 - SHARE) + measured * SHARE
}
