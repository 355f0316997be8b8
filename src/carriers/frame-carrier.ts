/**
 * A carrier over links that carry frames: satellite bursts, radio. How frames travel is the business of a port, one for each
 * peer; everything else is here.
 */
import { EdgeError } from '#base/errors.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import type { Lane } from '#model/precedence.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Store } from '#ports/store.ts'
import { openArrivalQueue } from './arrival-queue.ts'
import { openContactQueue } from './contact-queue.ts'
import { openFrameLine, type FrameLine, type FramePatience } from './frame-line.ts'

/** How frames get to one peer and back. */
export interface FramePort {
  readonly peer: PeerId
  /** Largest frame that goes there. */
  readonly bytesMax: number
  /** Moves frames until `signal` aborts, and says when there is a way. */
  readonly run: (line: FrameLine, signal: AbortSignal) => Promise<void>
}

/** What a carrier of frames is like. */
export interface FrameCarrierOptions {
  readonly name: string
  /** Before its keys in the store. */
  readonly keyPrefix: string
  readonly receiptDelayMs: number
  readonly patience: FramePatience
  /** See `Carrier.lanes`. */
  readonly lanes?: readonly Lane[]
  /** See `Carrier.isMetered`. */
  readonly isMetered?: boolean
  readonly ends: readonly FramePort[]
}

/** The parts of the node the carrier uses. */
export interface FrameCarrierPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly store: Store
}

const WAITING_MAX = { arrivalsMax: 256, bytesMax: 4_000_000 }
/** One seal and one signature for as much as three frames carry; nothing urgent waits for more than one frame. */
const PARCEL_FRAMES = 3
/** Answers take long; so many frames may be under way or wait here. */
const UNDER_WAY_FRAMES = 24

/**
 * Opens the carrier; its ports begin to run. The store must outlive it.
 * @throws EdgeError STORE_BROKEN
 */
export async function openFrameCarrier(
  options: FrameCarrierOptions,
  ports: FrameCarrierPorts,
): Promise<Carrier> {
  const { name, patience, ends } = options
  const contacts = openContactQueue()
  const arrivals = openArrivalQueue(WAITING_MAX)
  const stop = new AbortController()
  const lines = await Promise.all(
    ends.map(async (port) => {
      const key = `${options.keyPrefix}settled/${port.peer}`
      const saved = await ports.store.get(key)
      const { peer } = port
      const line = openFrameLine(
        { carrier: name, peer, patience, key, saved },
        { ...ports, contacts, arrivals, stop: stop.signal },
      )
      return { port, line }
    }),
  )
  const running = lines.map(({ port, line }) => port.run(line, stop.signal))
  const endOf = (peer: PeerId) => lines.find(({ port }) => port.peer === peer)
  return {
    name,
    envelopeBytesMax: ENVELOPE_BYTES_MAX,
    receiptDelayMs: options.receiptDelayMs,
    ...(options.lanes && { lanes: options.lanes }),
    ...(options.isMetered === true && { isMetered: true }),
    room: (peer) => {
      const bytes = endOf(peer)?.port.bytesMax ?? 0
      return { parcelBytes: PARCEL_FRAMES * bytes, underWayBytes: UNDER_WAY_FRAMES * bytes }
    },
    contacts: contacts.contacts,
    arrivals: arrivals.arrivals,
    send: async (peer, parcel, signal) => {
      const { length } = parcel.bytes
      if (length > ENVELOPE_BYTES_MAX)
        throw new EdgeError('ENVELOPE_TOO_LARGE', { bytes: length, bytesMax: ENVELOPE_BYTES_MAX })
      const line = endOf(peer)?.line
      if (line === undefined || stop.signal.aborted)
        throw new EdgeError('CARRIER_UNREACHABLE', { carrier: name, peer })
      return line.send(parcel, signal)
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      for (const { line } of lines) line.end()
      arrivals.close()
      await Promise.all(running)
      contacts.close()
    },
  }
}
