/**
 * Parcels on their way to the stream, most urgent first. The first leaves at once; what else is said in the same turn of the event loop,
 * and what waited for the window, goes together in as few messages as it takes.
 *
 * While the window is shut they wait here and not in a socket; flash ignores the window. A parcel has departed when
 * the stream says so, or when it refuses the subject as taken and what stands there is, byte for byte, ours.
 * What the stream refuses otherwise (full, absent) is kept and offered again with growing pauses: nothing is dropped.
 */
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
import { bytesInPack, hasEnvelope, packed, PACK_ENVELOPES_MAX } from './nats-pack.ts'
import type { Mark } from './nats-place.ts'
import { openStands, type Stand, type Stands } from './nats-stand.ts'
import { roomOn, waitMs, type UnderWay } from './nats-window.ts'

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
  /** Hears of each parcel before it leaves, and whether it is a piece of a file: those go to another stream. */
  readonly onSending: (bytes: Uint8Array, isPiece: boolean) => void
  /** Hears of each parcel that was stored now in the stream for all but pieces. */
  readonly onStored: (mark: Mark, bytes: Uint8Array) => void
  /** Hears that no stream took a parcel, or a piece. */
  readonly onNobody: (isPiece: boolean) => void
  /** Hears that nothing is waiting or under way any more. */
  readonly onIdle: () => void
}

interface Job {
  readonly parcel: Parcel
  stand: Stand
  readonly settle: PromiseWithResolvers<Handover>
  /** Line ended or caller gave up. */
  readonly over: AbortSignal
  tries: number
}

interface Desk extends SenderParts {
  /** By lane, first come first. */
  readonly waiting: ReadonlyMap<string, Job[]>
  readonly stands: Stands
  underWay: UnderWay
  jobs: number
  /** Something left in this turn: the rest of it goes together. */
  hasSpoken: boolean
  /** Time will have made room then: somebody sleeps until that. */
  isWaiting: boolean
}

/** Parcels that wait or are under way; the node itself has fewer (IN_FLIGHT_MAX). */
const JOBS_MAX = 1_024
/** Of a message of several, whatever the line is good for: what is urgent waits for no more. */
const PACK_BYTES_MAX = 4_096
const NO_STREAM_CODE = 503

/** Starts with nothing waiting. */
export function openSender(parts: SenderParts): Sender {
  const waiting = new Map(LANES.map((lane) => [lane as string, [] as Job[]]))
  const underWay = { bytes: 0, beganAtMs: 0, answeredAtMs: 0 }
  const { options, exchange, ports } = parts
  const stands = openStands(options, ports.clock)
  const idle = { jobs: 0, hasSpoken: false, isWaiting: false }
  const desk: Desk = { ...parts, waiting, stands, underWay, ...idle }
  return {
    send: async (parcel, signal) => {
      const over = AbortSignal.any([exchange.line.over, signal])
      if (over.aborted) throw unreachable(options)
      assertFits(parcel, exchange)
      if (desk.jobs >= JOBS_MAX) throw new EdgeError('TOO_MANY_REQUESTS', { queued: desk.jobs })
      const settle = Promise.withResolvers<Handover>()
      return carry(desk, { parcel, stand: stands.of(parcel), settle, over, tries: 0 })
    },
  }
}

/** From its place in the queue to its end, whatever that is. */
async function carry(desk: Desk, job: Job): Promise<Handover> {
  const onOver = (): void => job.settle.reject(unreachable(desk.options))
  job.over.addEventListener('abort', onOver)
  desk.jobs += 1
  desk.onSending(job.parcel.bytes, job.stand.isPiece)
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
  if (job.parcel.lane === 'flash' || !desk.hasSpoken) pump(desk)
}

/** What comes in this turn from now on waits for its end. */
function speak(desk: Desk): void {
  if (desk.hasSpoken) return
  desk.hasSpoken = true
  setImmediate(() => {
    desk.hasSpoken = false
    if (!desk.exchange.line.over.aborted) pump(desk)
  })
}

/** Sends what the window allows. */
function pump(desk: Desk): void {
  for (let next = nextJob(desk); next !== undefined; next = nextJob(desk)) {
    void publish(desk, [next, ...othersWith(desk, next)])
    speak(desk)
  }
}

/** Takes out of its queue what goes in one message with a job: the next ones, of which none was tried before, and no piece of a file. */
function othersWith({ waiting, exchange }: Desk, first: Job): readonly Job[] {
  const { lane } = first.parcel
  const queue = waiting.get(lane) ?? []
  const most = Math.min(
    PACK_BYTES_MAX,
    roomOn(exchange.pace()).parcelBytes,
    exchange.line.payloadBytesMax - 1,
  )
  const others: Job[] = []
  let bytes = bytesInPack(first.parcel.bytes)
  if (lane === 'flash' || first.tries > 0 || first.stand.isPiece) return others
  for (let next = queue[0]; next?.tries === 0 && !next.stand.isPiece; next = queue[0]) {
    bytes += bytesInPack(next.parcel.bytes)
    if (bytes > most || others.length + 2 > PACK_ENVELOPES_MAX) break
    others.push(next)
    queue.shift()
  }
  return others
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

/** One try: one parcel, or several in one message, under the number of the first. */
async function publish(desk: Desk, jobs: readonly [Job, ...Job[]]): Promise<void> {
  const [{ stand, parcel }] = jobs
  const { clock } = desk.ports
  const { bytes: before, beganAtMs } = desk.underWay
  const bytes = jobs.length === 1 ? parcel.bytes : packed(jobs.map((job) => job.parcel.bytes))
  const size = bytesOnLine(bytes)
  desk.underWay = {
    ...desk.underWay,
    bytes: before + size,
    beganAtMs: before === 0 ? clock.monotonicMs() : beganAtMs,
  }
  for (const job of jobs) job.tries += 1
  if (jobs.length > 1) desk.onSending(bytes, false)
  try {
    const answer = await desk.exchange.ask({ subject: stand.subject, bytes, isParcel: true })
    desk.underWay = {
      ...desk.underWay,
      bytes: desk.underWay.bytes - size,
      answeredAtMs: clock.monotonicMs(),
    }
    pump(desk)
    const verdict = answer === undefined ? undefined : verdictOf(answer)
    if (verdict?.kind === 'stored') stored(desk, jobs, { seq: verdict.seq, bytes })
    else await notStored(desk, jobs, verdict)
  } catch (error) {
    for (const job of jobs) job.settle.reject(error)
  }
}

function stored(
  { onStored }: Desk,
  jobs: readonly [Job, ...Job[]],
  { seq, bytes }: { readonly seq: number; readonly bytes: Uint8Array },
): void {
  const { subject, isPiece } = jobs[0].stand
  for (const job of jobs) job.settle.resolve('departed')
  if (!isPiece) onStored({ seq, subject }, bytes)
}

/** What nobody answered is said once more as it was. What is refused together is offered alone. */
async function notStored(
  desk: Desk,
  jobs: readonly [Job, ...Job[]],
  verdict: Exclude<Verdict, { kind: 'stored' }> | undefined,
): Promise<unknown> {
  const [first] = jobs
  if (verdict?.kind === 'taken') return readBack(desk, jobs)
  if (verdict === undefined && first.tries > 1) return readBack(desk, jobs)
  if (verdict === undefined) return jobs.length > 1 ? publish(desk, jobs) : enqueue(desk, first)
  if (jobs.length > 1 && verdict.code === MESSAGE_TOO_LARGE)
    return jobs.map((job) => enqueue(desk, job))
  return Promise.all(jobs.map((job) => refused(desk, job, verdict)))
}

async function refused(desk: Desk, job: Job, { code, reason }: ApiError): Promise<unknown> {
  if (code === MESSAGE_TOO_LARGE)
    return job.settle.reject(tooLarge(job.parcel.bytes.length, reason))
  const { name: carrier } = desk.options
  desk.ports.log.warn('nats.refused', { carrier, code, reason, attempt: job.tries })
  if (code === NO_STREAM_CODE) nobody(desk, job)
  // Should a server word it otherwise, a taken subject is still found out.
  if (code === STORE_FAILED && job.tries > 1) return readBack(desk, [job])
  return again(desk, job)
}

/** A piece that was tried twice goes among all else. */
function nobody(desk: Desk, job: Job): void {
  desk.onNobody(job.stand.isPiece)
  if (!job.stand.isPiece || job.tries < 2) return
  desk.stands.filesAway()
  job.stand = desk.stands.of(job.parcel)
  desk.onSending(job.parcel.bytes, false)
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
async function readBack(desk: Desk, jobs: readonly [Job, ...Job[]]): Promise<unknown> {
  const { exchange, options, ports } = desk
  const [first] = jobs
  const { stream, subject: taken } = first.stand
  const subject = `$JS.API.DIRECT.GET.${stream}.${taken}`
  const finding = findingOf(await exchange.ask({ subject, bytes: new Uint8Array() }))
  if (finding.kind === 'nobody') nobody(desk, first)
  if (finding.kind !== 'found') return Promise.all(jobs.map((job) => again(desk, job)))
  const left = jobs.filter((job) => !hasEnvelope(finding.bytes, job.parcel.bytes))
  for (const job of jobs) if (!left.includes(job)) job.settle.resolve('departed')
  for (const job of left) if (job !== first) enqueue(desk, job)
  if (!left.includes(first)) return undefined
  const { lane, number } = first.parcel
  const facts = { carrier: options.name, subject: taken }
  ports.log.error('nats.subject-foreign', facts)
  return first.settle.reject(new EdgeError('ALREADY_EXISTS', { ...facts, lane, number }))
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
