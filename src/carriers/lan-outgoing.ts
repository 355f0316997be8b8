/**
 * The parcels on their way to one peer: which piece goes next, and which parcels wait for an answer.
 *
 * The most urgent lane that has something goes first, whatever was begun in another. In each lane no more parcels
 * await an answer than the peer has promised to hold (IN_FLIGHT_MAX). Parcels outlive a session that another
 * one replaces: `restart` sends again whatever has no answer; to take a parcel twice is harmless.
 */
import { must } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import { IN_FLIGHT_MAX } from '#base/limits.ts'
import { LANES, type Lane } from '#model/precedence.ts'
import type { Handover, Parcel } from '#ports/carrier.ts'
import { PIECE_BYTES_MAX, type LanMessage, type ParcelName } from './lan-message.ts'
import type { Allowance } from './lan-pace.ts'

/** Everything this node has to hand over to one peer. */
export interface Outgoing {
  /**
   * Resolves once the peer has custody.
   * @throws EdgeError CARRIER_UNREACHABLE when given back or `signal` aborts, INPUT_INVALID when the peer refuses it,
   *   TOO_MANY_REQUESTS when WAITING_PARCELS_MAX wait
   */
  readonly add: (parcel: Parcel, signal: AbortSignal) => Promise<Handover>
  /** The next piece to send, within what is allowed, or undefined when there is nothing to send now. */
  readonly next: (allowance?: Allowance) => LanMessage | undefined
  /** The peer's answer. False when no parcel of that name awaits one. */
  readonly answered: (name: ParcelName, answer: 'custody' | 'refused') => boolean
  /** Whether the peer owes an answer. */
  readonly isAwaiting: () => boolean
  /** All that has no answer is to be sent again, from its first byte. */
  readonly restart: () => void
  /** The contact ended: every parcel is given back. */
  readonly giveBack: () => void
}

/** Parcels that may wait for one peer; the node itself keeps no more than a few dozen on their way. */
export const WAITING_PARCELS_MAX = 1_024

/** Somebody who waits for the answer. The same parcel may be handed in twice; it travels once. */
interface Waiter {
  readonly settle: (outcome: 'custody' | EdgeError) => void
}

interface Job {
  readonly parcel: Parcel
  /** Empty when nobody waits for the answer any more. */
  readonly waiters: Set<Waiter>
  bytesSent: number
}

const UNLIMITED: Allowance = { isFlashOnly: false, pieceBytes: PIECE_BYTES_MAX }

interface LaneJobs {
  waiting: Job[]
  begun: Job | undefined
  /** Sent to the last byte and not answered, by number, oldest first. */
  readonly unanswered: Map<number, Job>
}

/** Nothing on its way to `peer` yet. */
export function openOutgoing(peer: string): Outgoing {
  const lanes = new Map<Lane, LaneJobs>(
    LANES.map((lane) => [lane, { waiting: [], begun: undefined, unanswered: new Map() }]),
  )
  const all = (): LaneJobs[] => [...lanes.values()]
  return {
    add: async (parcel, signal) => {
      const waiting = all().reduce((sum, lane) => sum + lane.waiting.length, 0)
      if (waiting >= WAITING_PARCELS_MAX)
        throw new EdgeError('TOO_MANY_REQUESTS', { peer, waiting })
      if (signal.aborted) throw unreachable(peer)
      const lane = laneOf(lanes, parcel.lane)
      const job = jobOf(lane, parcel)
      return answerTo(job, signal, () => {
        forget(lane, job)
        return unreachable(peer)
      })
    },
    next: ({ isFlashOnly, pieceBytes } = UNLIMITED) => {
      for (const lane of isFlashOnly ? [laneOf(lanes, 'flash')] : all()) {
        const message = nextOf(lane, pieceBytes)
        if (message !== undefined) return message
      }
      return undefined
    },
    answered: (name, answer) => {
      const lane = laneOf(lanes, name.lane)
      const job = lane.unanswered.get(name.number)
      if (job === undefined) return false
      lane.unanswered.delete(name.number)
      settle(job, answer === 'custody' ? 'custody' : refusedByPeer(peer, name))
      return true
    },
    isAwaiting: () => all().some((lane) => lane.begun !== undefined || lane.unanswered.size > 0),
    restart: () => all().forEach(restart),
    giveBack: () => {
      for (const job of all().flatMap(clear)) settle(job, unreachable(peer))
    },
  }
}

function laneOf(lanes: ReadonlyMap<Lane, LaneJobs>, name: Lane): LaneJobs {
  return must(lanes.get(name), 'every lane has its list')
}

/** The job of this parcel: one that is under way and still waited for, or a new one at the end of its lane. */
function jobOf(lane: LaneJobs, parcel: Parcel): Job {
  const underWay = [lane.begun, ...lane.waiting, lane.unanswered.get(parcel.number)]
  const same = underWay.find((job) => job?.parcel.number === parcel.number && job.waiters.size > 0)
  if (same !== undefined) return same
  const job: Job = { parcel, waiters: new Set(), bytesSent: 0 }
  lane.waiting.push(job)
  return job
}

/** Waits for the answer to `job`. When `signal` aborts, `onAbort` tidies up and gives the error. */
function answerTo(job: Job, signal: AbortSignal, onAbort: () => EdgeError): Promise<Handover> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      job.waiters.delete(waiter)
      reject(onAbort())
    }
    const waiter: Waiter = {
      settle: (outcome) => {
        signal.removeEventListener('abort', abort)
        if (outcome === 'custody') resolve(outcome)
        else reject(outcome)
      },
    }
    signal.addEventListener('abort', abort, { once: true })
    job.waiters.add(waiter)
  })
}

function settle(job: Job, outcome: 'custody' | EdgeError): void {
  for (const waiter of job.waiters) waiter.settle(outcome)
  job.waiters.clear()
}

/** Nobody waits for `job` any more: what is not sent stays here; what is sent keeps its place until it is answered. */
function forget(lane: LaneJobs, job: Job): void {
  if (job.waiters.size > 0) return
  lane.waiting = lane.waiting.filter((other) => other !== job)
  if (lane.begun === job) lane.begun = undefined
}

function nextOf(lane: LaneJobs, pieceBytes: number): LanMessage | undefined {
  if (lane.begun !== undefined) return pieceOf(lane, lane.begun, pieceBytes)
  const isFull = lane.unanswered.size >= IN_FLIGHT_MAX
  const at = lane.waiting.findIndex(({ parcel }) => !isFull || lane.unanswered.has(parcel.number))
  const [job] = at < 0 ? [] : lane.waiting.splice(at, 1)
  if (job === undefined) return undefined
  lane.begun = job
  return pieceOf(lane, job, pieceBytes)
}

/** Cuts the next piece of `job` and takes it for sent. */
function pieceOf(lane: LaneJobs, job: Job, pieceBytes: number): LanMessage {
  const { parcel, bytesSent } = job
  const bytes = parcel.bytes.subarray(bytesSent, bytesSent + pieceBytes)
  job.bytesSent += bytes.length
  if (job.bytesSent === parcel.bytes.length) {
    lane.begun = undefined
    lane.unanswered.set(parcel.number, job)
  }
  if (bytesSent > 0) return { kind: 'more', lane: parcel.lane, bytes }
  const { number } = parcel
  return { kind: 'first', lane: parcel.lane, number, total: parcel.bytes.length, bytes }
}

function restart(lane: LaneJobs): void {
  const jobs = clear(lane)
  for (const job of jobs) job.bytesSent = 0
  lane.waiting = jobs
}

/** Empties the lane and gives the parcels that somebody still waits for, oldest first. */
function clear(lane: LaneJobs): Job[] {
  const begun = lane.begun === undefined ? [] : [lane.begun]
  const jobs = [...lane.unanswered.values(), ...begun, ...lane.waiting]
  lane.unanswered.clear()
  lane.begun = undefined
  lane.waiting = []
  return jobs.filter((job) => job.waiters.size > 0)
}

function refusedByPeer(peer: string, { lane, number }: ParcelName): EdgeError {
  return new EdgeError('INPUT_INVALID', { reason: 'refused by peer', peer, lane, number })
}

/** The contact with `peer` is over, or the caller gave up first. */
export function unreachable(peer: string): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { carrier: 'lan', peer })
}
