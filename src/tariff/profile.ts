/**
 * A link profile: what is known of a kind of link before anything was measured on it, and what it costs. Files of these stand in
 * `edge-config/links`. Pure.
 */
import type { Tariff, Used } from './tariff.ts'

/** A kind of link. */
export interface LinkProfile {
  readonly about: string
  readonly upBps: number
  readonly downBps: number
  readonly roundTripMs: number
  readonly overhead: Overhead
  /** Three letters (ISO 4217). */
  readonly currency: string
  readonly tariff: Tariff
  /** When it is open, as minutes of a day in UTC; always unless given. `to` may lie before `from`: over midnight. */
  readonly opens?: { readonly fromMinute: number; readonly toMinute: number } | undefined
  /** Whether the line stands, or is dialled when there is something for it, filled, and closed. */
  readonly line: 'stands' | 'on demand'
  /** A line on demand is closed when nothing moved for so long. */
  readonly idleMs: number
}

/** Bytes beside those of parcels, both ways, with all headers: measured, see README.md in `edge-config`. */
export interface Overhead {
  /** Of a connect. */
  readonly connectBytes: number
  /** Round trips until a connect stands. */
  readonly connectRoundTrips: number
  /** Of each parcel with its answer. */
  readonly parcelBytes: number
  /** Of each packet that a parcel takes beyond its first: headers and acknowledgements. */
  readonly packetBytes: number
  /** How much of a parcel a packet takes. */
  readonly packetPayloadBytes: number
  /** Of all bytes on their way, how many of a hundred come up: the rest are answers. */
  readonly upPercent: number
}

/** Bytes of frames around an envelope in short burst data (`codec/frame.ts`): a message holds several, or a piece of one. */
const FRAME_BYTES = 3

const MEGABYTE_BITS = 8_000_000

/** What a parcel of so many bytes uses, with its answer, as the operator counts. */
export function parcelUse({ tariff, overhead, upBps, downBps }: LinkProfile, bytes: number): Used {
  if (tariff.shape === 'messages') {
    const messages = Math.max(1, Math.ceil((bytes + FRAME_BYTES) / overhead.packetPayloadBytes))
    const total = bytes + FRAME_BYTES * messages
    const { stepBytes, leastBytes } = tariff
    const last = total - (messages - 1) * overhead.packetPayloadBytes
    const step = (part: number): number =>
      Math.max(leastBytes, Math.ceil(part / stepBytes) * stepBytes)
    const billed = (messages - 1) * step(overhead.packetPayloadBytes) + step(last)
    return { bytes: billed, ms: Math.ceil((total * 8_000) / upBps) }
  }
  const more = Math.ceil(bytes / overhead.packetPayloadBytes) - 1
  const beside = overhead.parcelBytes + Math.max(0, more) * overhead.packetBytes
  const up = bytes + (beside * overhead.upPercent) / 100
  const down = beside - (beside * overhead.upPercent) / 100
  return { bytes: bytes + beside, ms: Math.ceil((up * 8_000) / upBps + (down * 8_000) / downBps) }
}

/** What parcels take that are packed into messages one after the other; undefined where none are. */
export function packedUse(profile: LinkProfile, parcels: readonly number[]): Used | undefined {
  if (profile.tariff.shape !== 'messages' || parcels.length === 0) return undefined
  const sum = parcels.reduce((all, bytes) => all + bytes, 0)
  return parcelUse(profile, sum + (parcels.length - 1) * FRAME_BYTES)
}

/** What it takes until a line stands. */
export function connectUse({ overhead, roundTripMs, upBps, downBps }: LinkProfile): Used {
  const { connectBytes, connectRoundTrips } = overhead
  const ms = (connectBytes * 4_000) / upBps + (connectBytes * 4_000) / downBps
  return { bytes: connectBytes, ms: Math.ceil(ms + connectRoundTrips * roundTripMs) }
}

/** What a megabyte that comes costs when the line is full, in the currency; what a session costs at least is not in it. */
export function megabytePrice({ tariff, downBps }: LinkProfile): number {
  switch (tariff.shape) {
    case 'flat':
      return 0
    case 'minutes':
      return (tariff.pricePerMinute * MEGABYTE_BITS) / downBps / 60
    case 'bytes':
    case 'messages':
      return tariff.pricePerMegabyte
  }
}

/** Both together. */
export function added(one: Used, other: Used): Used {
  return { bytes: one.bytes + other.bytes, ms: one.ms + other.ms }
}
