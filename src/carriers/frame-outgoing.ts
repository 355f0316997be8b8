/**
 * What goes out by frames to one peer: which envelopes, or pieces of them, the next frame carries, and which wait for an answer.
 *
 * Every frame is put together when it leaves, the most urgent first: flash overtakes in the middle of a large envelope, and a
 * frame that did not get through is put together anew. A parcel that is given back and handed in again goes on where it was.
 */
import { equalBytes, hexFromBytes } from '#base/bytes.ts'
import type { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import {
  FRAME_WINDOW,
  wholeBytes,
  type FrameAcks,
  type FrameGap,
  type FrameItem,
} from '#codec/frame.ts'
import { laneNumber, type Lane } from '#model/precedence.ts'
import type { Handover, Parcel } from '#ports/carrier.ts'
import { distance } from './frame-incoming.ts'
import { fillWith, isAllIn, itemOf, type Part } from './frame-packing.ts'
import { withoutRange, withRange, type Range } from './frame-ranges.ts'

/** What the next frame could carry. */
export interface Load {
  readonly items: readonly FrameItem[]
  /** Nothing is left to be sent behind it. */
  readonly isLast: boolean
  /** It has left. */
  readonly sent: (nowMs: number) => void
}

/** The outgoing half of a line of frames. */
export interface FrameOutgoing {
  /**
   * Resolves once the peer has it on disk.
   * @throws EdgeError CARRIER_UNREACHABLE when given back or `signal` aborts
   */
  readonly add: (parcel: Parcel, signal: AbortSignal) => Promise<Handover>
  /** What fits into so many bytes; undefined when there is nothing to be sent. */
  readonly load: (bytesMax: number) => Load | undefined
  /** The lane of the most urgent that is to be sent. */
  readonly urgency: () => Lane | undefined
  /** What the peer says of a stream. `unlessSinceMs`: what has left later may not have come yet. */
  readonly answered: (acks: FrameAcks, unlessSinceMs: number) => void
  /** When the last of what the peer has not answered left; undefined when it owes nothing. */
  readonly unansweredSinceMs: () => number | undefined
  /** What the peer has not answered is to be sent again where that takes no more than this. */
  readonly repeat: (bytesMax: number) => void
  readonly stream: () => { readonly tag: number; readonly isFresh: boolean }
  /** The contact ended: whoever waits is told so. */
  readonly giveBack: () => void
}

interface Job {
  readonly parcel: Parcel
  /** Nothing when it is given up: only its number has to be settled. */
  bytes: Uint8Array
  readonly waiters: Set<(outcome: Handover | EdgeError) => void>
  number: number | undefined
  /** What is to be sent. */
  left: readonly Range[]
  sentAtMs: number
  /** Bytes of it that were to be sent again. */
  repeatedBytes: number
}

const ALL: readonly FrameGap[] = [{ from: 0, length: 0 }]
/** Numbers that only flash may take. */
const FLASH_NUMBERS = 8
/** So many numbers under way, and those that nobody waits for are given up. */
const CROWDED = 28
/** So many times its bytes a parcel is repeated whenever that is asked for; then as seldom as patience would: nothing proves who asks. */
const REPEATS_MAX = 8
/** Parcels of which it is remembered that they were answered, for when they are handed in again. */
const REMEMBERED_MAX = 64

/** All of it. */
interface Way {
  readonly jobs: Job[]
  /** Names of what was answered lately, oldest first. */
  readonly remembered: Set<string>
  readonly newTag: () => number
  readonly unreachable: () => EdgeError
  tag: number
  isFresh: boolean
  /** Number of the next envelope that is begun. */
  next: number
}

/** Nothing on its way. `newTag` draws a number for a new stream, `unreachable` says why nobody hears. */
export function openFrameOutgoing(
  newTag: () => number,
  unreachable: () => EdgeError,
): FrameOutgoing {
  const jobs: Job[] = []
  const fresh = { tag: newTag(), isFresh: true, next: 0 }
  const way: Way = { jobs, remembered: new Set(), newTag, unreachable, ...fresh }
  return {
    stream: () => ({ tag: way.tag, isFresh: way.isFresh }),
    add: (parcel, signal) => add(way, parcel, signal),
    urgency: () => waitingIn(way).find((job) => mayBegin(way, job))?.parcel.lane,
    load: (bytesMax) => load(way, bytesMax),
    answered: (acks, unlessSinceMs) => {
      if (acks.tag !== way.tag) return
      if (acks.isKnown) answered(way, acks, unlessSinceMs)
      else beginAnew(way, unlessSinceMs)
    },
    unansweredSinceMs: () => {
      const sent = jobs.filter((job) => isSilent(job) && job.waiters.size > 0)
      return sent.length === 0 ? undefined : Math.max(...sent.map(({ sentAtMs }) => sentAtMs))
    },
    repeat: (bytesMax) => {
      const silent = jobs.filter(isSilent)
      const sizes = silent.map(({ bytes }) => wholeBytes(bytes.length) + bytes.length)
      if (sizes.reduce((sum, size) => sum + size, 0) > bytesMax) return
      for (const job of silent) job.left = allOf(job.bytes)
    },
    giveBack: () => {
      const waiters = jobs.flatMap((job) => [...job.waiters])
      for (const job of jobs) job.waiters.clear()
      for (const job of jobs.filter(({ number }) => number === undefined)) drop(way, job)
      for (const waiter of waiters) waiter(unreachable())
    },
  }
}

async function add(way: Way, parcel: Parcel, signal: AbortSignal): Promise<Handover> {
  const { jobs, remembered, unreachable } = way
  if (signal.aborted) throw unreachable()
  if (remembered.has(nameOf(parcel))) return 'custody'
  const same = jobs.find(({ bytes }) => equalBytes(bytes, parcel.bytes))
  const job = same ?? newJob(parcel)
  if (same === undefined) jobs.push(job)
  return answerTo(job, signal, () => {
    if (job.number === undefined && job.waiters.size === 0) drop(way, job)
    return unreachable()
  })
}

function load(way: Way, bytesMax: number): Load | undefined {
  if (way.next - lowestOf(way) > CROWDED) way.jobs.filter(isOrphan).forEach(giveUp)
  const parts: Part<Job>[] = []
  for (const job of waitingIn(way)) {
    if (!mayBegin(way, job)) continue
    job.number ??= way.next++
    if (!fillWith(parts, { job, number: job.number }, bytesMax)) break
  }
  if (parts.length === 0) return undefined
  const sent = (nowMs: number): void => {
    for (const { job, from, to } of parts) {
      job.left = to === 0 ? [] : withoutRange(job.left, { from, to })
      job.sentAtMs = nowMs
    }
  }
  return { items: parts.map(itemOf), isLast: isAllIn(parts, waitingIn(way)), sent }
}

/** The peer knows nothing of this stream: whatever somebody waits for goes in another one. */
function beginAnew(way: Way, unlessSinceMs: number): void {
  const waited = way.jobs.filter(({ waiters, number }) => waiters.size > 0 && number !== undefined)
  if (!waited.every((job) => mayRepeat(job, unlessSinceMs))) return
  for (const job of waited) job.repeatedBytes += job.bytes.length
  Object.assign(way, { tag: way.newTag(), isFresh: true, next: 0 })
  way.remembered.clear()
  for (const job of way.jobs.filter(({ waiters }) => waiters.size === 0)) drop(way, job)
  for (const job of way.jobs) {
    job.number = undefined
    job.left = allOf(job.bytes)
  }
}

function answered(
  way: Way,
  acks: FrameAcks & { readonly isKnown: true },
  unlessSinceMs: number,
): void {
  const first = lowestOf(way)
  const base = first + distance(first, acks.base)
  // An answer from before the last one, or to what was never sent.
  if (base < first || base > way.next) return
  way.isFresh = false
  const settled = new Set(acks.settled.map((one) => base + one))
  const isSettled = (number: number): boolean => number < base || settled.has(number)
  for (const job of way.jobs.filter(({ number }) => number !== undefined && isSettled(number)))
    settle(way, job)
  const holes = new Map(acks.holes.map(({ number, gaps }) => [base + distance(base, number), gaps]))
  const newest = Math.max(base - 1, ...settled, ...holes.keys())
  for (const job of way.jobs) {
    const gaps = holes.get(job.number ?? -1)
    const isOld = (job.number ?? newest) < newest || job.sentAtMs < unlessSinceMs
    const lacking = gaps ?? (isOld && isSilent(job) ? ALL : [])
    if (lacking.length === 0 || !mayRepeat(job, unlessSinceMs)) continue
    for (const gap of lacking) lacks(job, gap)
  }
}

/** Whether a part that has left may be sent again. */
function mayRepeat({ bytes, repeatedBytes, sentAtMs }: Job, unlessSinceMs: number): boolean {
  return repeatedBytes < REPEATS_MAX * bytes.length || sentAtMs < unlessSinceMs
}

/** A part of it has not come. */
function lacks(job: Job, { from, length }: FrameGap): void {
  const { length: total } = job.bytes
  const to = length === 0 ? total : Math.min(total, from + length)
  const before = lengthOf(job.left)
  job.left = withRange(job.left, { from, to })
  job.repeatedBytes += lengthOf(job.left) - before
}

function lengthOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}

function settle(way: Way, job: Job): void {
  const { remembered } = way
  drop(way, job)
  if (job.bytes.length === 0) return
  remembered.add(nameOf(job.parcel))
  const [oldest] = remembered
  if (remembered.size > REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest)
  for (const waiter of job.waiters) waiter('custody')
}

function drop({ jobs }: Way, job: Job): void {
  jobs.splice(jobs.indexOf(job), 1)
}

/** What is to be sent, the most urgent first. */
function waitingIn({ jobs }: Way): readonly Job[] {
  return jobs
    .filter(
      ({ left, waiters, bytes }) => left.length > 0 && (waiters.size > 0 || bytes.length === 0),
    )
    .toSorted((a, b) => laneNumber(a.parcel.lane) - laneNumber(b.parcel.lane))
}

/** The lowest number that is not settled. */
function lowestOf({ jobs, next }: Way): number {
  return jobs.reduce((least, { number = least }) => Math.min(least, number), next)
}

function mayBegin(way: Way, { parcel, number }: Job): boolean {
  const spare = parcel.lane === 'flash' ? 0 : FLASH_NUMBERS
  return number !== undefined || way.next - lowestOf(way) < FRAME_WINDOW - spare
}

/** All of it has left, and nobody has said that it came. */
function isSilent({ number, left }: Job): boolean {
  return number !== undefined && left.length === 0
}

function newJob(parcel: Parcel): Job {
  const { bytes } = parcel
  const none = { number: undefined, left: allOf(bytes), sentAtMs: 0, repeatedBytes: 0 }
  return { parcel, bytes, waiters: new Set(), ...none }
}

/** Something with a number that nobody waits for. */
function isOrphan({ number, waiters, bytes }: Job): boolean {
  return number !== undefined && waiters.size === 0 && bytes.length > 0
}

/** Its number is settled by an envelope of no bytes: the stream can go on without it. */
function giveUp(job: Job): void {
  job.bytes = new Uint8Array(0)
  job.left = allOf(job.bytes)
}

function allOf({ length }: Uint8Array): readonly Range[] {
  return [{ from: 0, to: length }]
}

function nameOf({ lane, number, bytes }: Parcel): string {
  return `${lane}/${number}/${hexFromBytes(sha256(bytes))}`
}

/** Waits for the answer to `job`. When `signal` aborts, `onAbort` tidies up and gives the error. */
function answerTo(job: Job, signal: AbortSignal, onAbort: () => EdgeError): Promise<Handover> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      job.waiters.delete(waiter)
      reject(onAbort())
    }
    const waiter = (outcome: Handover | EdgeError): void => {
      signal.removeEventListener('abort', abort)
      if (typeof outcome === 'string') resolve(outcome)
      else reject(outcome)
    }
    signal.addEventListener('abort', abort, { once: true })
    job.waiters.add(waiter)
  })
}
