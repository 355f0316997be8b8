/**
 * Questions and answers on one line, and the one watchdog.
 *
 * Everything that expects an answer carries the reply subject `r.<node>.<token>`; one subscription hears them all.
 * While something is unanswered, and only then, a timer runs. An overdue answer costs one ping: a pong means that
 * only the answer was lost, nothing means that the line is dead, and it is dropped. An idle line costs no byte.
 */
import { EdgeError } from '#base/errors.ts'
import type { NatsOptions, NatsPorts } from './nats-options.ts'
import type { Line, LineMessage } from './nats-line.ts'
import { nodeToken } from './nats-subject.ts'
import { firstPace, patienceMs, paceAfter, type Pace } from './nats-window.ts'

/** One question. */
export interface Question {
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

/** Numbers of questions, one after the other over all lines of one carrier. */
export type Tokens = () => string

interface Open {
  readonly question: Question
  readonly sentAt: number
  /** When the latest part of its answer came. */
  heardAt: number
  readonly answeredBefore: number
  readonly underWay: number
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
/** An answer that stays away while other bytes come in gets this many times the patience. */
const PATIENCE_ON_A_BUSY_LINE = 4
/** PUB, subjects and TLS around each message. */
const OVERHEAD_BYTES = 110
const TOKENS = 36 ** 4

/**
 * Tokens start anywhere: the kernel may still deliver a question of a process that died, and its answer must not be
 * taken for the answer to one of ours.
 */
export function openTokens(start: number): Tokens {
  let next = start % TOKENS
  return () => {
    next = (next + 1) % TOKENS
    return next.toString(36)
  }
}

/** Starts to listen for answers on `line`, and to watch over it. */
export function openExchange(parts: ExchangeParts): Exchange {
  const { line, tokens, options, ports } = parts
  const { clock } = ports
  const open = new Map<string, Open>()
  const prefix = `r.${nodeToken(options)}.`
  const watch = { pace: firstPace(line.dialMs), underWay: 0, answered: 0, bell: bell() }

  const onAnswer = (message: LineMessage): void => {
    const token = message.subject.slice(prefix.length)
    const asked = open.get(token)
    if (asked === undefined) return
    asked.heardAt = clock.monotonicMs()
    if (asked.question.isLast?.(message) === false) return
    close(token, asked)
    if (asked.question.isParcel === true) learn(asked)
    asked.settle(message)
  }
  const close = (token: string, asked: Open): void => {
    open.delete(token)
    watch.underWay -= sizeOf(asked.question)
  }
  const learn = (asked: Open): void => {
    watch.answered += sizeOf(asked.question)
    watch.pace = paceAfter(watch.pace, {
      tookMs: asked.heardAt - asked.sentAt,
      answeredBytes: watch.answered - asked.answeredBefore,
      underWayBytes: asked.underWay,
    })
  }
  const overdue = (afterMs: number): void => {
    const now = clock.monotonicMs()
    for (const [token, asked] of open)
      if (now - asked.heardAt >= afterMs) {
        close(token, asked)
        asked.settle(undefined)
      }
  }
  const ended = (): void => {
    for (const asked of open.values()) asked.fail(lineEnded(options.name))
    open.clear()
  }

  line.listen(`${prefix}*`, onAnswer)
  line.over.addEventListener('abort', ended, { once: true })
  const probe = (): Promise<boolean> => isAlive(parts, patience())
  const patience = (): number =>
    patienceMs(watch.pace, watch.underWay, leastMs(options))
  void watchOver({ ...parts, open, overdue, patience, probe, waitForWork: () => watch.bell.heard })

  return {
    line,
    pace: () => watch.pace,
    probe: async () => void (await probe()),
    ask: (question) => {
      if (line.over.aborted) return Promise.reject(lineEnded(options.name))
      const { promise, resolve, reject } = Promise.withResolvers<LineMessage | undefined>()
      const token = tokens()
      const sentAt = clock.monotonicMs()
      watch.underWay += sizeOf(question)
      open.set(token, {
        question,
        sentAt,
        heardAt: sentAt,
        answeredBefore: watch.answered,
        underWay: watch.underWay,
        settle: resolve,
        fail: reject,
      })
      line.publish(question.subject, question.bytes, prefix + token)
      watch.bell.ring()
      watch.bell = bell()
      return promise
    },
  }
}

/** Bytes a message takes on the line, about. */
export function bytesOnLine(bytes: Uint8Array): number {
  return bytes.length + OVERHEAD_BYTES
}

function leastMs(options: ExchangeParts['options']): number {
  return options.patienceMs ?? PATIENCE_MS_LEAST
}

function sizeOf({ bytes }: Question): number {
  return bytesOnLine(bytes)
}

function lineEnded(name: string): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { carrier: name, reason: 'the connection ended' })
}

interface Watch extends ExchangeParts {
  readonly open: ReadonlyMap<string, Open>
  /** Gives up all answers that have been away for so long. */
  readonly overdue: (afterMs: number) => void
  readonly patience: () => number
  readonly probe: () => Promise<boolean>
  readonly waitForWork: () => AbortSignal
}

/** Sleeps while nothing is unanswered; else looks after the line until it ends. */
async function watchOver(watch: Watch): Promise<void> {
  const { line, ports, options } = watch
  let seen = { bytes: line.bytesRead(), atMs: ports.clock.monotonicMs() }
  while (!line.over.aborted) {
    if (watch.open.size === 0) {
      const work = AbortSignal.any([line.over, watch.waitForWork()])
      // oxlint-disable-next-line no-await-in-loop -- one thing after another, as long as the line lives
      await idle(work, { options, ports })
      if (work.aborted) continue
    }
    const now = ports.clock.monotonicMs()
    const bytes = line.bytesRead()
    if (bytes !== seen.bytes) seen = { bytes, atMs: now }
    const patience = watch.patience()
    watch.overdue(PATIENCE_ON_A_BUSY_LINE * patience)
    const oldest = Math.min(...watch.open.values().map(({ heardAt }) => heardAt))
    const leftMs = Math.max(seen.atMs, oldest) + patience - now
    if (watch.open.size > 0 && leftMs > 0) {
      // oxlint-disable-next-line no-await-in-loop -- one thing after another, as long as the line lives
      await ports.clock.sleep(Math.min(leftMs, leastMs(options)), line.over)
      continue
    }
    // oxlint-disable-next-line no-await-in-loop -- one thing after another, as long as the line lives
    if (await watch.probe()) watch.overdue(patience)
  }
}

/** Until there is work, or for as long as an idle line may go unasked. */
async function idle(
  work: AbortSignal,
  { options, ports }: Pick<ExchangeParts, 'options' | 'ports'>,
): Promise<void> {
  if (options.idleProbeMs !== undefined) return ports.clock.sleep(options.idleProbeMs, work)
  if (work.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  work.addEventListener('abort', () => resolve(), { once: true })
  await promise
}

/** One ping. Bytes of any kind are a sign of life as well: a pong may wait behind a large message. */
async function isAlive({ line, ports, options }: ExchangeParts, withinMs: number): Promise<boolean> {
  ports.log.debug('nats.probe', { carrier: options.name, waitMs: Math.round(withinMs) })
  const pong = line.ping()
  for (let before = line.bytesRead(); !line.over.aborted; before = line.bytesRead()) {
    const patience = new AbortController()
    const isAnswered = pong.then((answered) => {
      patience.abort()
      return answered
    })
    // oxlint-disable-next-line no-await-in-loop -- as long as bytes come in
    await ports.clock.sleep(withinMs, AbortSignal.any([line.over, patience.signal]))
    // oxlint-disable-next-line no-await-in-loop -- as long as bytes come in
    if (patience.signal.aborted) return isAnswered
    if (line.bytesRead() === before) break
  }
  if (!line.over.aborted) {
    ports.log.warn('nats.half-open', { carrier: options.name, silentMs: Math.round(withinMs) })
    line.drop()
  }
  return false
}

interface Bell {
  readonly heard: AbortSignal
  readonly ring: () => void
}

function bell(): Bell {
  const controller = new AbortController()
  return { heard: controller.signal, ring: () => controller.abort() }
}
