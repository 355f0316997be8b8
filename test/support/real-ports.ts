/** Real time and chance, a store in memory, and a log that a test can wait for. */
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Facts } from '#base/errors.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'

/** Time as it passes here. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
}

/** Chance of the system. */
export const realRandom: Random = { bytes: (length) => randomBytes(length) }

/** One logged event. */
export interface Logged {
  readonly event: string
  readonly facts: Facts
}

/** A log that keeps what it is told. */
export interface RecordingLog extends Log {
  readonly events: readonly Logged[]
  /** Resolves with the first event of this name, past or to come. */
  readonly heard: (event: string) => Promise<Logged>
}

/** An empty log. */
export function recordingLog(): RecordingLog {
  const events: Logged[] = []
  const waiting: { readonly event: string; readonly resolve: (logged: Logged) => void }[] = []
  const note = (event: string, facts: Facts = {}): void => {
    const logged = { event, facts }
    events.push(logged)
    waiting.filter((one) => one.event === event).forEach((one) => one.resolve(logged))
  }
  return {
    events,
    error: note,
    warn: note,
    info: note,
    debug: note,
    heard: (event) => {
      const past = events.find((logged) => logged.event === event)
      if (past !== undefined) return Promise.resolve(past)
      const { promise, resolve } = Promise.withResolvers<Logged>()
      waiting.push({ event, resolve })
      return promise
    },
  }
}
