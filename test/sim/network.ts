/**
 * What simulated carriers have in common: a place where they stand, faults that befall them, and one side's view of
 * a contact. A contact ends for its two sides at different times; what was under way then is lost without a word.
 */
import { EdgeError } from '#base/errors.ts'
import type { NodeId } from '#base/ids.ts'
import type { Arrival, Contact, Handover, Parcel, PeerId } from '#ports/carrier.ts'
import type { Chance } from './chance.ts'
import type { Conduit } from './conduit.ts'
import { openLine, type Cargo, type LineShape } from './lines.ts'
import type { Life, Timeline } from './timeline.ts'
import type { Marks, Trace } from './trace.ts'

/** What may go wrong under way; drawn anew for every parcel. */
export interface NetworkFaults {
  /** Probability that a parcel is delivered a second time. */
  readonly duplicates: () => number
  /** Probability that a parcel takes a long way round and is overtaken by others. */
  readonly strays: () => number
  /** What one direction between two places is like, by their names; undefined for one that is fat. */
  readonly lineOf: (from: string, to: string) => LineShape | undefined
  /** How long what has come to a place lies there before anybody looks at it, in milliseconds. */
  readonly lagMs: (place: string) => number
  /** Planted, to prove the checkers: answers `custody` before the peer has anything, and may lose it then. */
  readonly custodyLie: () => 'none' | 'early' | 'early and lost'
  /** Planted: the saved cursor is this many parcels ahead of what was accepted. 0 for an honest post office. */
  readonly cursorAhead: number
  /** Planted: nobody is told that the post office may have forgotten. */
  readonly hidesForgetting: boolean
  /** Planted, and harmless: a second copy comes under another number. */
  readonly renumbers: boolean
}

/** No faults at all. */
export const NO_NETWORK_FAULTS: NetworkFaults = {
  duplicates: () => 0,
  strays: () => 0,
  lineOf: () => undefined,
  lagMs: () => 0,
  custodyLie: () => 'none',
  cursorAhead: 0,
  hidesForgetting: false,
  renumbers: false,
}

/** The world around the carriers. */
export interface NetworkWorld {
  readonly timeline: Timeline
  readonly chance: Chance
  readonly faults: NetworkFaults
  readonly marks: Marks
  readonly trace: Trace
  /** In words, for the trace. */
  readonly nameOf: (node: NodeId) => string
  /** Something is under way. */
  readonly onTraffic: () => void
  /** A carrier has answered for a parcel, and its sender is told now. */
  readonly onAnswered: (from: NodeId, answer: Answer) => void
}

/** What a sender was told. */
export interface Answer {
  readonly carrier: string
  readonly bytes: Uint8Array
  readonly handover: Handover
}

/** One node's end of a carrier, for one life. */
export interface Endpoint {
  readonly node: NodeId
  readonly life: Life
  readonly contacts: Conduit<Contact>
  readonly arrivals: Conduit<Arrival>
}

/** A contact as one side knows it. */
export interface Side {
  readonly isUp: () => boolean
  /** This side notices that the contact is over: it is told, and every send under way fails. */
  readonly drop: () => void
  /** Registers a send; `transmit` puts it on the way and is given how to answer. */
  readonly send: (
    sending: Sending,
    transmit: (answer: (outcome: Outcome) => void) => void,
  ) => Promise<Handover>
}

/** A parcel on its way and the patience of its sender. */
export interface Sending {
  readonly parcel: Parcel
  readonly signal: AbortSignal
}

/** What became of a parcel, as told to its sender. */
export type Outcome = Handover | EdgeError

/** Largest envelope that the simulated carriers take. */
export const SIM_ENVELOPE_BYTES_MAX = 60_000

/** Begins a contact for one side and tells it so. */
export function openSide(
  world: NetworkWorld,
  carrier: string,
  { endpoint, contact }: { readonly endpoint: Endpoint; readonly contact: Contact },
): Side {
  const pending = new Set<(error: EdgeError) => void>()
  let isUp = true
  const note = (event: string): void =>
    world.trace.note(world.nameOf(endpoint.node), event, {
      carrier,
      peer: short(contact.peer, world),
    })
  note(contact.mayHaveForgotten ? 'contact begins, forgetful' : 'contact begins')
  endpoint.contacts.put(contact)
  return {
    isUp: () => isUp && endpoint.life.isAlive(),
    drop: () => {
      if (!isUp) return
      isUp = false
      note('contact ends')
      endpoint.contacts.put({ ...contact, isUp: false, mayHaveForgotten: false })
      for (const fail of pending) fail(unreachable(contact.peer))
    },
    send: ({ parcel, signal }, transmit) =>
      new Promise((resolve, reject) => {
        const finish = (outcome: Outcome): void => {
          if (!pending.delete(fail)) return
          signal.removeEventListener('abort', abort)
          if (!endpoint.life.isAlive()) return
          if (outcome instanceof EdgeError) return reject(outcome)
          world.onAnswered(endpoint.node, { carrier, bytes: parcel.bytes, handover: outcome })
          resolve(outcome)
        }
        const fail = (error: EdgeError): void => finish(error)
        const abort = (): void => finish(unreachable(contact.peer))
        pending.add(fail)
        if (signal.aborted || !isUp) return abort()
        signal.addEventListener('abort', abort, { once: true })
        if (parcel.bytes.length > SIM_ENVELOPE_BYTES_MAX)
          return finish(new EdgeError('ENVELOPE_TOO_LARGE', { bytes: parcel.bytes.length }))
        world.onTraffic()
        transmit(finish)
      }),
  }
}

/** One direction of one contact: puts bytes on the way, and calls `arrive` when they are there. */
export type Road = (cargo: Cargo, arrive: () => void) => void

/** Length of an answer to a parcel, in bytes. */
export const ANSWER: Cargo = { bytes: 40, lane: 'flash' }

/** The way from one place to another, for one contact. */
export function openRoad(world: NetworkWorld, from: string, to: string): Road {
  const { timeline, marks, faults } = world
  const shape = faults.lineOf(from, to)
  if (shape === undefined) return (_, arrive) => void timeline.after(transitMs(world), arrive)
  const line = openLine(timeline, shape)
  return (cargo, arrive) => {
    marks.count('line.carried')
    line.carry(cargo, () => void timeline.after(strayMs(world), arrive))
  }
}

/** Bytes that have come to a place are looked at there, now or later. */
export function lookLater(world: NetworkWorld, place: string, look: () => void): void {
  const lagMs = world.faults.lagMs(place)
  if (lagMs === 0) return look()
  world.marks.count('network.lagged')
  world.timeline.after(lagMs, look)
}

/** How long a parcel is under way where bytes cost no time, in milliseconds. */
function transitMs(world: NetworkWorld): number {
  return strayMs(world) || world.chance.between(5, 900)
}

/** How much longer the way round is that some parcels take, in milliseconds. */
function strayMs({ chance, faults, marks }: NetworkWorld): number {
  if (!chance.happens(faults.strays())) return 0
  marks.count('network.strayed')
  return chance.between(2_000, 40_000)
}

/** The error of a contact that is over. */
export function unreachable(peer: PeerId): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { peer })
}

function short(peer: PeerId, world: NetworkWorld): string {
  return peer.startsWith('post:') ? peer : world.nameOf(peer as NodeId)
}
