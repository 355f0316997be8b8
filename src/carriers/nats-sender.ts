/**
 * Parcels on their way to the stream, most urgent first.
 *
 * While the window is shut they wait here and not in a socket; flash ignores the window. A parcel has departed when
 * the stream says so, or when it refuses the subject as taken and what stands there is, byte for byte, ours.
 * What the stream refuses otherwise (full, absent) is kept and offered again with growing pauses: nothing is dropped.
 */
import { equalBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { LANES } from '#model/precedence.ts'
import type { Handover, Parcel } from '#ports/carrier.ts'
import {
  findingOf,
  MESSAGE_TOO_LARGE,
  STORE_FAILED,
  verdictOf,
  type ApiError,
  type Verdict,
} from './nats-answer.ts'
import { backOffMs } from './nats-back-off.ts'
import { bytesOnLine, type Exchange } from './nats-exchange.ts'
import type { NatsOptions, NatsPorts } from './nats-options.ts'
import type { Mark } from './nats-place.ts'
import { subjectOf } from './nats-subject.ts'
import { waitMs, type UnderWay } from './nats-window.ts'

/** Sends on one line; ends with it. */
export interface Sender {
  /**
   * @throws EdgeError CARRIER_UNREACHABLE when the line ends or `signal` aborts first, ENVELOPE_TOO_LARGE,
   * ALREADY_EXISTS when foreign bytes stand under the parcel's number: send it under another,
   * TOO_MANY_REQUESTS when too many wait
   */
  readonly send: (parcel: Parcel, signal: AbortSignal) => Promise<Handover>
}

/** What a sender works with. */
export interface SenderParts {
  readonly exchange: Exchange
  readonly options: NatsOptions
  readonly ports: Pick<NatsPorts, 'clock' | 'random' | 'log'>
  /** Hears of each parcel before it leaves. */
  readonly onSending: (bytes: Uint8Array) => void
  /** Hears of each parcel that was stored now. */
  readonly onStored: (mark: Mark, bytes: Uint8Array) => void
  /** Hears that no stream took a parcel. */
  readonly onNobody: () => void
  /** Hears that nothing is waiting or under way any more. */
  readonly onIdle: () => void
}

interface Job {
  readonly parcel: Parcel
  readonly subject: string
  readonly size: number
  readonly settle: PromiseWithResolvers<Handover>
  /** Line ended or caller gave up. */
  readonly over: AbortSignal
  tries: number
}

interface Desk extends SenderParts {
  /** By lane, first come first. */
  readonly waiting: ReadonlyMap<string, Job[]>
  underWay: UnderWay
  jobs: number
  /** Time will have made room then: somebody sleeps until that. */
  isWaiting: boolean
}

/** Parcels that wait or are under way; the node itself has fewer (IN_FLIGHT_MAX). */
const JOBS_MAX = 1_024
const NO_STREAM_CODE = 503

/** Starts with nothing waiting. */
export function openSender(parts: SenderParts): Sender {
  const waiting = new Map(LANES.map((lane) => [lane as string, [] as Job[]]))
  const underWay = { bytes: 0, beganAtMs: 0, answeredAtMs: 0 }
  const desk: Desk = { ...parts, waiting, underWay, jobs: 0, isWaiting: false }
  const { options, exchange } = parts
  return {
    send: async (parcel, signal) => {
      const over = AbortSignal.any([exchange.line.over, signal])
      if (over.aborted) throw unreachable(options)
      assertFits(parcel, exchange)
      if (desk.jobs >= JOBS_MAX) throw new EdgeError('TOO_MANY_REQUESTS', { queued: desk.jobs })
      const job: Job = {
        parcel,
        subject: subjectOf(options, parcel.lane, parcel.number),
        size: bytesOnLine(parcel.bytes),
        settle: Promise.withResolvers(),
        over,
        tries: 0,
      }
      return carry(desk, job)
    },
  }
}

/** From its place in the queue to its end, whatever that is. */
async function carry(desk: Desk, job: Job): Promise<Handover> {
  const onOver = (): void => job.settle.reject(unreachable(desk.options))
  job.over.addEventListener('abort', onOver)
  desk.jobs += 1
  desk.onSending(job.parcel.bytes)
  enqueue(desk, job)
  try {
    return await job.settle.promise
  } finally {
    job.over.removeEventListener('abort', onOver)
    const queue = desk.waiting.get(job.parcel.lane)
    const at = queue?.indexOf(job) ?? -1
    if (at >= 0) queue?.splice(at, 1)
    desk.jobs -= 1
    if (desk.jobs === 0) desk.onIdle()
  }
}

function enqueue(desk: Desk, job: Job): void {
  desk.waiting.get(job.parcel.lane)?.push(job)
  pump(desk)
}

/** Sends what the window allows. */
function pump(desk: Desk): void {
  for (let next = nextJob(desk); next !== undefined; next = nextJob(desk)) void publish(desk, next)
}

/** Takes the most urgent job that may leave now out of its queue. */
function nextJob(desk: Desk): Job | undefined {
  const queue = LANES.map((lane) => desk.waiting.get(lane)).find((jobs) => jobs?.length)
  const [job] = queue ?? []
  if (job === undefined) return undefined
  const ms = waitMs(desk.exchange.pace(), desk.underWay, desk.ports.clock.monotonicMs())
  if (ms > 0 && job.parcel.lane !== 'flash') {
    if (ms < Infinity && !desk.isWaiting) void pumpLater(desk, ms)
    return undefined
  }
  queue?.shift()
  return job
}

async function pumpLater(desk: Desk, ms: number): Promise<void> {
  const { over } = desk.exchange.line
  desk.isWaiting = true
  await desk.ports.clock.sleep(ms, over)
  desk.isWaiting = false
  if (!over.aborted) pump(desk)
}

/** One try. */
async function publish(desk: Desk, job: Job): Promise<void> {
  const { subject, parcel } = job
  const { clock } = desk.ports
  const { bytes, beganAtMs } = desk.underWay
  desk.underWay = {
    ...desk.underWay,
    bytes: bytes + job.size,
    beganAtMs: bytes === 0 ? clock.monotonicMs() : beganAtMs,
  }
  job.tries += 1
  try {
    const answer = await desk.exchange.ask({ subject, bytes: parcel.bytes, isParcel: true })
    desk.underWay = {
      ...desk.underWay,
      bytes: desk.underWay.bytes - job.size,
      answeredAtMs: clock.monotonicMs(),
    }
    pump(desk)
    if (answer !== undefined) await settle(desk, job, verdictOf(answer))
    else if (job.tries === 1) enqueue(desk, job)
    else await readBack(desk, job)
  } catch (error) {
    job.settle.reject(error)
  }
}

async function settle(desk: Desk, job: Job, verdict: Verdict): Promise<void> {
  switch (verdict.kind) {
    case 'stored':
      job.settle.resolve('departed')
      return desk.onStored({ seq: verdict.seq, subject: job.subject }, job.parcel.bytes)
    case 'taken':
      return readBack(desk, job)
    case 'refused':
      return refused(desk, job, verdict)
  }
}

async function refused(desk: Desk, job: Job, { code, reason }: ApiError): Promise<void> {
  if (code === MESSAGE_TOO_LARGE)
    return job.settle.reject(tooLarge(job.parcel.bytes.length, reason))
  const { name: carrier } = desk.options
  desk.ports.log.warn('nats.refused', { carrier, code, reason, attempt: job.tries })
  if (code === NO_STREAM_CODE) desk.onNobody()
  // Should a server word it otherwise, a taken subject is still found out.
  if (code === STORE_FAILED && job.tries > 1) return readBack(desk, job)
  return again(desk, job)
}

/** Offers it again after a pause, unless it is over by then. */
async function again(desk: Desk, job: Job): Promise<void> {
  const { clock, random } = desk.ports
  await clock.sleep(backOffMs(job.tries, desk.options.backOffMaxMs, random), job.over)
  if (!job.over.aborted) enqueue(desk, job)
}

/**
 * Something stands there: our own earlier try whose answer was lost, or a stranger's. Where there is no stream at all, nobody says
 * so to whoever publishes while other nodes listen.
 */
async function readBack(desk: Desk, job: Job): Promise<void> {
  const { exchange, options, ports } = desk
  const { workspace } = options
  const subject = `$JS.API.DIRECT.GET.${workspace}.${job.subject}`
  const finding = findingOf(await exchange.ask({ subject, bytes: new Uint8Array() }))
  if (finding.kind === 'nobody') desk.onNobody()
  if (finding.kind !== 'found') return again(desk, job)
  if (equalBytes(finding.bytes, job.parcel.bytes)) return job.settle.resolve('departed')
  const { lane, number } = job.parcel
  ports.log.error('nats.subject-foreign', { carrier: options.name, subject: job.subject })
  job.settle.reject(
    new EdgeError('ALREADY_EXISTS', { carrier: options.name, subject: job.subject, lane, number }),
  )
}

function assertFits({ bytes }: Parcel, { line }: Exchange): void {
  if (bytes.length <= line.payloadBytesMax) return
  throw tooLarge(bytes.length, `the server takes ${line.payloadBytesMax} bytes`)
}

function tooLarge(bytes: number, reason: string): EdgeError {
  return new EdgeError('ENVELOPE_TOO_LARGE', { bytes, reason })
}

function unreachable({ name }: NatsOptions): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { carrier: name })
}
