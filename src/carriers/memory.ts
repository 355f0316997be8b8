/** Carriers between nodes of one process, for tests and simple simulations. They obey the contract of all carriers. */
import { EdgeError } from '#base/errors.ts'
import type { NodeId } from '#base/ids.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import type { Arrival, Carrier, Handover, Parcel, PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import { openArrivalQueue, type ArrivalQueue } from './arrival-queue.ts'
import { openContactQueue, type ContactQueue } from './contact-queue.ts'

/** All nodes that can reach each other, each in contact with every other unless cut. */
export interface MemoryNetwork {
  /** Opens the carrier of one node; a node has at most one at a time. */
  readonly open: (node: NodeId) => Carrier
  /** Ends the contact between two nodes, and all that is under way between them. */
  readonly cut: (a: NodeId, b: NodeId) => void
  readonly heal: (a: NodeId, b: NodeId) => void
}

/** What a network of this kind is like. */
export interface MemoryNetworkOptions {
  readonly clock: Clock
  /** How long a parcel is on its way, in milliseconds; none unless given. */
  readonly delayMs?: number
}

interface Station {
  readonly node: NodeId
  readonly contacts: ContactQueue
  readonly arrivals: ArrivalQueue
  /** What ends each contact that is up now. */
  readonly endings: Map<NodeId, AbortController>
}

const WAITING_MAX = { arrivalsMax: 256, bytesMax: 4_000_000 }

/** A network without nodes. */
export function openMemoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  const stations = new Map<NodeId, Station>()
  const cuts = new Set<string>()

  const meet = (a: Station, b: Station): void => {
    if (a === b || cuts.has(pair(a.node, b.node)) || a.endings.has(b.node)) return
    const ending = new AbortController()
    a.endings.set(b.node, ending)
    b.endings.set(a.node, ending)
    a.contacts.begin(b.node, false)
    b.contacts.begin(a.node, false)
  }
  const part = (a: Station, b: Station): void => {
    a.endings.get(b.node)?.abort()
    a.endings.delete(b.node)
    b.endings.delete(a.node)
    a.contacts.end(b.node)
    b.contacts.end(a.node)
  }
  const both = (a: NodeId, b: NodeId, act: typeof meet): void => {
    const [first, second] = [stations.get(a), stations.get(b)]
    if (first !== undefined && second !== undefined) act(first, second)
  }

  return {
    open: (node) => {
      const station: Station = {
        node,
        contacts: openContactQueue(),
        arrivals: openArrivalQueue(WAITING_MAX),
        endings: new Map(),
      }
      stations.set(node, station)
      stations.forEach((other) => meet(station, other))
      const close = (): void => {
        if (stations.get(node) === station) stations.delete(node)
        stations.forEach((other) => station.endings.has(other.node) && part(station, other))
        station.contacts.close()
        station.arrivals.close()
      }
      return carrierOf(station, { options, stations, close })
    },
    cut: (a, b) => {
      cuts.add(pair(a, b))
      both(a, b, part)
    },
    heal: (a, b) => {
      cuts.delete(pair(a, b))
      both(a, b, meet)
    },
  }
}

interface Surroundings {
  readonly options: MemoryNetworkOptions
  readonly stations: ReadonlyMap<PeerId, Station>
  readonly close: () => void
}

function carrierOf(station: Station, around: Surroundings): Carrier {
  return {
    name: 'memory',
    envelopeBytesMax: ENVELOPE_BYTES_MAX,
    receiptDelayMs: 0,
    contacts: station.contacts.contacts,
    arrivals: station.arrivals.arrivals,
    send: async (peer, parcel, signal) => {
      if (parcel.bytes.length > ENVELOPE_BYTES_MAX)
        throw new EdgeError('ENVELOPE_TOO_LARGE', {
          bytes: parcel.bytes.length,
          bytesMax: ENVELOPE_BYTES_MAX,
        })
      const receiver = around.stations.get(peer)
      const ending = receiver && station.endings.get(receiver.node)
      if (receiver === undefined || ending === undefined) throw unreachable(peer)
      const over = AbortSignal.any([ending.signal, signal])
      const { clock, delayMs = 0 } = around.options
      if (delayMs > 0) await clock.sleep(delayMs, over)
      return handOver(parcel, { from: station.node, receiver, over })
    },
    [Symbol.asyncDispose]: async () => around.close(),
  }
}

interface Way {
  readonly from: NodeId
  readonly receiver: Station
  readonly over: AbortSignal
}

/** Resolves when the receiver has decided, rejects when the contact or the caller's patience ends first. */
async function handOver(parcel: Parcel, { from, receiver, over }: Way): Promise<Handover> {
  const answer = Promise.withResolvers<Handover>()
  const onOver = (): void => answer.reject(unreachable(receiver.node))
  const arrival: Arrival = {
    peer: from,
    bytes: parcel.bytes.slice(),
    lane: parcel.lane,
    bookmark: [],
    acceptCustody: () => answer.resolve('custody'),
    refuse: () => answer.resolve('departed'),
  }
  over.addEventListener('abort', onOver)
  try {
    while (!over.aborted && !receiver.arrivals.push(arrival))
      // oxlint-disable-next-line no-await-in-loop -- waits until the receiver has room
      await receiver.arrivals.calm(over)
    if (over.aborted) throw unreachable(receiver.node)
    return await answer.promise
  } finally {
    over.removeEventListener('abort', onOver)
  }
}

function pair(a: NodeId, b: NodeId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

function unreachable(peer: PeerId): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { carrier: 'memory', peer })
}
