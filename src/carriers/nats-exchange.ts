/**
 * Questions and answers on one line. Everything that expects an answer carries the reply subject `r.<node>.<token>`,
 * and one subscription hears them all.
 */
import { bytesFromText } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import type { NatsOptions, NatsPorts } from './nats-options.ts'
import type { Line, LineMessage } from './nats-line.ts'
import { nodeToken } from './nats-subject.ts'
import { isAlive, watchOver, type Ward } from './nats-watch.ts'
import { firstPace, patienceMs, paceAfter, paceAfterAnswer, type Pace } from './nats-window.ts'

/** One question. */
interface Question {
  readonly subject: string
  readonly bytes: Uint8Array
  /** Hears each message of an answer of several and says whether it was the last. One is the last unless given. */
  readonly isLast?: (message: LineMessage) => boolean
  /** Its answer tells how fast the line is. */
  readonly isParcel?: boolean
}

/** The exchange on one line. */
export interface Exchange {
  readonly line: Line
  /**
   * The (last) answer, or undefined when it is overdue though the line lives: ask again.
   * @throws EdgeError CARRIER_UNREACHABLE when the line ends first
   */
  readonly ask: (question: Question) => Promise<LineMessage | undefined>
  /** What is known of the line's speed. */
  readonly pace: () => Pace
  /** Asks the line for life now; drops it when it is dead. */
  readonly probe: () => Promise<void>
}

/** Names of questions, over all lines of one carrier. */
export type Tokens = () => string

interface Open {
  readonly question: Question
  readonly sentAt: number
  /** When the latest part of its answer came. */
  heardAt: number
  readonly answeredBefore: number
  readonly underWayBytes: number
  readonly settle: (answer: LineMessage | undefined) => void
  readonly fail: (error: Error) => void
}

/** What the exchange on a line works with. */
export interface ExchangeParts {
  readonly line: Line
  readonly tokens: Tokens
  readonly options: Pick<NatsOptions, 'name' | 'nodeNumber' | 'patienceMs' | 'idleProbeMs'>
  readonly ports: Pick<NatsPorts, 'clock' | 'log'>
}

/** Answers overdue as measured from the latest sign of life (research/nats.md 4d). */
const PATIENCE_MS_LEAST = 4_000
/** PUB, subjects and TLS around each message. */
const OVERHEAD_BYTES = 110
/** Of 64 different ones: 30 bits. Each costs a byte in the question, its answer and for every receiver. */
const TOKEN_CHARACTERS = 5

/**
 * Tokens that nobody can tell from those before. Every node of the workspace sees the reply subject of what we publish,
 * and can have the server answer under any subject: under our next token it would be a forged acknowledgement. Nor may
 * the answer to a question of a process that died be taken for the answer to one of ours.
 */
export function openTokens(secret: Uint8Array): Tokens {
  let count = 0
  return () => {
    count += 1
    const print = Buffer.from(sha256(secret, bytesFromText(String(count))))
    return print.toString('base64url').slice(0, TOKEN_CHARACTERS)
  }
}

/** Starts to watch over `line`; listens for answers from the first question on. */
export function openExchange(parts: ExchangeParts): Exchange {
  const { line, options, ports } = parts
  const desk: Desk = {
    ...parts,
    open: new Map(),
    prefix: `r.${nodeToken(options)}.`,
    pace: firstPace(line.dialMs),
    underWayBytes: 0,
    answeredBytes: 0,
    isListening: false,
    next: new AbortController(),
  }
  const ward: Ward = {
    carrier: options.name,
    line,
    clock: ports.clock,
    log: ports.log,
    idleProbeMs: options.idleProbeMs,
    patienceMs: () =>
      patienceMs(desk.pace, desk.underWayBytes, options.patienceMs ?? PATIENCE_MS_LEAST),
    oldestAt: () => oldestAt(desk),
    giveUp: (afterMs) => giveUp(desk, afterMs),
    nextQuestion: () => desk.next.signal,
  }
  line.over.addEventListener('abort', () => onEnd(desk), { once: true })
  void watchOver(ward)
  return {
    line,
    pace: () => desk.pace,
    probe: async () => void (await isAlive(ward)),
    ask: (question) => ask(desk, question),
  }
}

interface Desk extends ExchangeParts {
  readonly open: Map<string, Open>
  readonly prefix: string
  pace: Pace
  underWayBytes: number
  /** Bytes of answered parcels so far. */
  answeredBytes: number
  isListening: boolean
  /** Aborted with the next question. */
  next: AbortController
}

function ask(desk: Desk, question: Question): Promise<LineMessage | undefined> {
  const { line, ports, tokens, options } = desk
  if (line.over.aborted) return Promise.reject(lineEnded(options.name))
  const { promise, resolve, reject } = Promise.withResolvers<LineMessage | undefined>()
  const token = tokens()
  const sentAt = ports.clock.monotonicMs()
  desk.underWayBytes += bytesOnLine(question.bytes)
  desk.open.set(token, {
    question,
    sentAt,
    heardAt: sentAt,
    answeredBefore: desk.answeredBytes,
    underWayBytes: desk.underWayBytes,
    settle: resolve,
    fail: reject,
  })
  // With the first question, so that it goes in the same packet.
  if (!desk.isListening) line.listen(`${desk.prefix}*`, (message) => onAnswer(desk, message))
  desk.isListening = true
  line.publish(question.subject, question.bytes, desk.prefix + token)
  desk.next.abort()
  desk.next = new AbortController()
  return promise
}

function onAnswer(desk: Desk, message: LineMessage): void {
  const token = message.subject.slice(desk.prefix.length)
  const asked = desk.open.get(token)
  if (asked === undefined) return
  asked.heardAt = desk.ports.clock.monotonicMs()
  if (asked.question.isLast?.(message) === false) return
  close(desk, token, asked)
  if (asked.question.isParcel === true) learn(desk, asked)
  else desk.pace = paceAfterAnswer(desk.pace, asked.heardAt - asked.sentAt)
  asked.settle(message)
}

function learn(desk: Desk, asked: Open): void {
  desk.answeredBytes += bytesOnLine(asked.question.bytes)
  desk.pace = paceAfter(desk.pace, {
    tookMs: asked.heardAt - asked.sentAt,
    answeredBytes: desk.answeredBytes - asked.answeredBefore,
    underWayBytes: asked.underWayBytes,
  })
}

function close(desk: Desk, token: string, asked: Open): void {
  desk.open.delete(token)
  desk.underWayBytes -= bytesOnLine(asked.question.bytes)
}

function giveUp(desk: Desk, afterMs: number): void {
  const now = desk.ports.clock.monotonicMs()
  for (const [token, asked] of desk.open)
    if (now - asked.heardAt >= afterMs) {
      close(desk, token, asked)
      asked.settle(undefined)
    }
}

function oldestAt({ open }: Desk): number | undefined {
  return open.size === 0 ? undefined : Math.min(...open.values().map(({ heardAt }) => heardAt))
}

function onEnd({ open, options }: Desk): void {
  for (const asked of open.values()) asked.fail(lineEnded(options.name))
  open.clear()
}

/** Bytes a message takes on the line, about. */
export function bytesOnLine(bytes: Uint8Array): number {
  return bytes.length + OVERHEAD_BYTES
}

function lineEnded(name: string): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { carrier: name, reason: 'the connection ended' })
}
