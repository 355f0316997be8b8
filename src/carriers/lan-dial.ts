/**
 * Keeps trying one address until there is contact, and again when it ends.
 *
 * The delay doubles from 1 s up to `backOffMaxMs`, less a random part of up to a half, so that a fleet that
 * lost its hub does not come back all at once. An address with TLS is tried without, when nobody answers: the session
 * proves and seals itself. While the peer that lives at the address is in contact, by
 * whichever session, nobody dials it.
 */
import type { NodeId } from '#base/ids.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { SessionEnd } from './lan-session.ts'

/** What came of one try. `peer` is known when somebody of ours answered. */
export interface DialEnd {
  readonly peer: NodeId | undefined
  readonly reason: SessionEnd
}

/** How to dial one address. */
export interface DialTask {
  readonly url: string
  readonly backOffMaxMs: number
  /** Gives up after so many failures in a row; never unless given. */
  readonly failuresMax?: number
  /** Dials once; resolves when that has failed, or its session has ended. */
  readonly dial: (url: string) => Promise<DialEnd>
  /** Resolves when there is no contact with `peer`, at once if there is none now. */
  readonly contactOver: (peer: NodeId) => Promise<void>
}

/** The effects of a dialler. */
export interface DialPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** First delay after a failure, in milliseconds. */
export const BACK_OFF_MIN_MS = 1_000
/** A session that lasted at least this long, in milliseconds, shows that the address is good. */
const GOOD_SESSION_MS = 10_000

/** Dials until `signal` aborts, or it is given up. */
export async function keepDialling(
  task: DialTask,
  ports: DialPorts,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0
  let known: string | undefined
  while (!signal.aborted) {
    const startedAt = ports.clock.monotonicMs()
    const { url, end } = await dialEither(task, known)
    const { peer, reason } = end
    known = peer === undefined ? undefined : url
    if (peer !== undefined) await task.contactOver(peer)
    if (signal.aborted) return
    const lastedMs = ports.clock.monotonicMs() - startedAt
    failures = peer !== undefined && lastedMs >= GOOD_SESSION_MS ? 0 : failures + 1
    report({ peer: task.url, reason, attempt: failures }, ports.log)
    if (failures >= (task.failuresMax ?? Infinity)) return
    await ports.clock.sleep(backOffMs(failures, task.backOffMaxMs, ports.random), signal)
  }
}

/** By TLS first, or by the way that led to somebody last time; by the other when nobody answers. */
async function dialEither(
  { url, dial }: DialTask,
  known: string | undefined,
): Promise<{ readonly url: string; readonly end: DialEnd }> {
  const plain = url.replace(/^wss:/, 'ws:')
  const ways = known === plain ? [plain, url] : [url, plain]
  const [first = url, second = url] = ways
  const end = await dial(first)
  const isOver = end.peer !== undefined || end.reason !== 'unreachable' || second === first
  return isOver ? { url: first, end } : { url: second, end: await dial(second) }
}

/** Delay before the next try, in milliseconds: between half and all of what the failures in a row ask for. */
export function backOffMs(failures: number, maxMs: number, random: Random): number {
  const doubled = BACK_OFF_MIN_MS * 2 ** Math.min(Math.max(failures - 1, 0), 20)
  const [chance = 0] = random.bytes(1)
  return Math.round(Math.min(doubled, maxMs) * (1 - chance / 512))
}

/** Once when it begins to fail, and now and then: a kit may dial its hub for weeks. */
function report(facts: { peer: string; reason: SessionEnd; attempt: number }, log: Log): void {
  if (facts.attempt <= 1 || facts.attempt % 100 === 0) log.info('lan.dial-failed', facts)
  else log.debug('lan.dial-failed', facts)
}
