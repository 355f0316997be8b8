/**
 * A line of frames to one peer: both halves, and when something is to be said though there is nothing to send.
 *
 * What came is told with the next frame that goes anyway. A frame with nothing else goes only when the peer has asked and
 * nothing else came up for a while, or when the peer has not answered for long: then it is asked.
 */
import { EdgeError } from '#base/errors.ts'
import { decodeFrame, encodeFrame, FRAME_TAGS, headBytes } from '#codec/frame.ts'
import type { Lane } from '#model/precedence.ts'
import type { Arrival, Handover, Parcel, PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { ArrivalQueue } from './arrival-queue.ts'
import type { ContactQueue } from './contact-queue.ts'
import { openFrameIncoming, type FrameIncoming, type Received } from './frame-incoming.ts'
import { openFrameOutgoing, type FrameOutgoing } from './frame-outgoing.ts'

/** How patient a line is. */
export interface FramePatience {
  /** Who is asked what came waits so long for other traffic to answer with. */
  readonly answerAfterMs: number
  /** What was not answered for so long is asked about, then after twice that, and so on. */
  readonly repeatAfterMs: number
  readonly repeatAfterMsMax: number
  /** For links that lose frames, and whose answers cost nothing: the last frame of several asks, and who asks says it all again. */
  readonly asksAtOnce: boolean
}

/** A frame to be sent now. */
export interface OutgoingFrame {
  readonly bytes: Uint8Array
  /** It has left: what it carried is not sent again unless it is found to be lost. */
  readonly sent: () => void
}

/** What moves frames uses this. */
export interface FrameLine {
  readonly peer: PeerId
  /** There is a way; nothing happens when that was known. */
  readonly begin: () => void
  /** There is none. */
  readonly end: () => void
  readonly isUp: () => boolean
  /** How urgent the next frame is; undefined when there is nothing to be sent. */
  readonly urgency: () => Lane | undefined
  /** The next frame, put together now. */
  readonly next: (bytesMax: number) => OutgoingFrame | undefined
  /** A frame that came in. Resolves once there is room for more; false when it is no frame. */
  readonly take: (bytes: Uint8Array) => Promise<boolean>
  /** Resolves when something may have changed since `urgency` was asked for, after `ms` at the latest, or when `signal` aborts. */
  readonly changed: (ms: number, signal: AbortSignal) => Promise<void>
}

/** A line as its carrier sees it. */
export interface OpenLine extends FrameLine {
  readonly send: (parcel: Parcel, signal: AbortSignal) => Promise<Handover>
}

/** What a line works with. */
export interface LinePorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly contacts: ContactQueue
  readonly arrivals: ArrivalQueue
  /** Aborts when the carrier is closed. */
  readonly stop: AbortSignal
}

/** Which line. */
export interface LineOptions {
  readonly carrier: string
  readonly peer: PeerId
  readonly patience: FramePatience
  /** Where the store keeps what was settled. */
  readonly key: string
  /** What it kept. */
  readonly saved: Uint8Array | undefined
}

const DOUBLINGS_MAX = 16
/** Reasons of the node to refuse what may never have been the peer's, as frames prove nothing, or what there may be room for later. */
const NOT_FOR_GOOD: ReadonlySet<string> = new Set(['malformed', 'not authentic', 'too many wait'])

/** All of it. */
interface State {
  readonly options: LineOptions
  readonly ports: LinePorts
  readonly outgoing: FrameOutgoing
  readonly incoming: FrameIncoming
  isUp: boolean
  /** Changes with whatever is to be told. */
  news: number
  told: number
  askedAtMs: number | undefined
  questions: number
  questionAtMs: number
  /** When `urgency` was last asked for: what was due by then has been seen. */
  lookedAtMs: number
  bell: PromiseWithResolvers<void>
}

/** A line without contact. */
export function openFrameLine(options: LineOptions, ports: LinePorts): OpenLine {
  const { carrier, peer, saved } = options
  const unreachable = (): EdgeError => new EdgeError('CARRIER_UNREACHABLE', { carrier, peer })
  const state: State = {
    options,
    ports,
    outgoing: openFrameOutgoing(() => newTag(ports.random), unreachable),
    incoming: openFrameIncoming(saved),
    isUp: false,
    news: 0,
    told: 0,
    askedAtMs: undefined,
    questions: 0,
    questionAtMs: 0,
    lookedAtMs: 0,
    bell: Promise.withResolvers<void>(),
  }
  const { outgoing } = state
  return {
    peer,
    isUp: () => state.isUp,
    begin: () => begin(state),
    end: () => {
      if (!state.isUp) return
      state.isUp = false
      ports.contacts.end(peer)
      outgoing.giveBack()
      ring(state)
    },
    send: async (parcel, signal) => {
      if (!state.isUp) throw unreachable()
      const answer = outgoing.add(parcel, signal)
      ring(state)
      return answer
    },
    urgency: () => {
      state.lookedAtMs = ports.clock.monotonicMs()
      const dueAtMs = Math.min(answerAtMs(state), questionAtMs(state))
      return outgoing.urgency() ?? (dueAtMs <= state.lookedAtMs ? 'routine' : undefined)
    },
    next: (bytesMax) => next(state, bytesMax),
    take: (bytes) => take(state, bytes),
    changed: (ms, signal) => changed(state, ms, signal),
  }
}

function newTag(random: Random): number {
  const [high = 0, low = 0] = random.bytes(2)
  return (high * 256 + low) % FRAME_TAGS
}

function ring(state: State): void {
  state.bell.resolve()
  state.bell = Promise.withResolvers()
}

function begin(state: State): void {
  if (state.isUp) return
  state.isUp = true
  state.ports.contacts.begin(state.options.peer, false)
  // What was not accepted in the last contact is offered again; it is still here.
  for (const received of state.incoming.unsettled()) void offer(state, received)
  ring(state)
}

/** When what came is to be told though nothing goes that way; Infinity for never. */
function answerAtMs({ askedAtMs, options }: State): number {
  return askedAtMs === undefined ? Infinity : askedAtMs + options.patience.answerAfterMs
}

/** When the peer is to be asked what came; Infinity for never. */
function questionAtMs({ outgoing, options: { patience }, ...state }: State): number {
  const sinceMs = outgoing.unansweredSinceMs()
  if (sinceMs === undefined) return Infinity
  const doubled = patience.repeatAfterMs * 2 ** Math.min(DOUBLINGS_MAX, state.questions)
  return Math.max(sinceMs, state.questionAtMs) + Math.min(doubled, patience.repeatAfterMsMax)
}

function next(state: State, bytesMax: number): OutgoingFrame | undefined {
  const { outgoing, incoming, ports, options, news } = state
  const { asksAtOnce } = options.patience
  const nowMs = ports.clock.monotonicMs()
  const isQuestion = questionAtMs(state) <= nowMs
  const isAnswer = answerAtMs(state) <= nowMs
  const isAsked = state.askedAtMs !== undefined
  const acks = isAsked || news !== state.told ? incoming.acks(isAsked, bytesMax) : undefined
  const room = bytesMax - headBytes(acks)
  if (isQuestion && asksAtOnce) outgoing.repeat(room)
  const load = outgoing.load(room)
  if (load === undefined && !isQuestion && !isAnswer) return undefined
  const isAnswerWanted = isQuestion || (asksAtOnce && load?.isLast === true)
  const items = load?.items ?? []
  const sent = (): void => {
    const sentAtMs = ports.clock.monotonicMs()
    load?.sent(sentAtMs)
    Object.assign(state, { told: news, askedAtMs: undefined })
    if (isQuestion) Object.assign(state, { questions: state.questions + 1, questionAtMs: sentAtMs })
  }
  return { bytes: encodeFrame({ ...outgoing.stream(), isAnswerWanted, acks, items }), sent }
}

async function take(state: State, bytes: Uint8Array): Promise<boolean> {
  const { outgoing, incoming, ports, options } = state
  const { carrier, peer, patience } = options
  const frame = decodeFrame(bytes)
  if (frame === undefined) {
    ports.log.warn('frame.malformed', { carrier, peer, bytes: bytes.length })
    return false
  }
  const nowMs = ports.clock.monotonicMs()
  if (frame.acks !== undefined) {
    outgoing.answered(frame.acks, nowMs - patience.repeatAfterMs)
    state.questions = 0
  }
  const received = incoming.take(frame)
  if (frame.items.length > 0) state.news += 1
  if (frame.isAnswerWanted) state.askedAtMs ??= nowMs
  ring(state)
  for (const one of received)
    // oxlint-disable-next-line no-await-in-loop -- one after another, as there is room
    await offer(state, one)
  return true
}

/** Gives an envelope to the node, once there is room. */
async function offer(state: State, received: Received): Promise<void> {
  const { peer, key } = state.options
  const { arrivals, stop } = state.ports
  const after = (end: () => void) => (): void => {
    end()
    state.news += 1
    ring(state)
  }
  const settle = after(received.settle)
  if (received.bytes.length === 0) return settle() // its sender has given it up
  const arrival: Arrival = {
    peer,
    bytes: received.bytes,
    get bookmark() {
      return [{ key, value: received.bookmark() }]
    },
    acceptCustody: settle,
    refuse: (reason = '') => (NOT_FOR_GOOD.has(reason) ? after(received.refuse)() : settle()),
  }
  while (!stop.aborted && !arrivals.push(arrival))
    // oxlint-disable-next-line no-await-in-loop -- until there is room
    await arrivals.calm(stop)
}

async function changed(state: State, ms: number, signal: AbortSignal): Promise<void> {
  const { clock } = state.ports
  const dueAt = [answerAtMs(state), questionAtMs(state)].filter((at) => at > state.lookedAtMs)
  const over = new AbortController()
  const waitMs = Math.max(0, Math.min(ms, ...dueAt.map((at) => at - clock.monotonicMs())))
  const slept = clock.sleep(waitMs, AbortSignal.any([signal, over.signal]))
  await Promise.race([state.bell.promise, slept])
  over.abort()
}
