/** A log that a test can read, and wait on. */
import type { Facts } from '#base/errors.ts'
import type { Log } from '#ports/log.ts'

/** One call of the log. */
interface LoggedEvent {
  readonly level: keyof Log
  readonly event: string
  readonly facts: Facts
}

/** What was logged so far. */
export interface CollectingLog extends Log {
  readonly events: readonly LoggedEvent[]
  /** The logged events of this name, oldest first. */
  readonly named: (event: string) => readonly LoggedEvent[]
  /** Resolves with the first event of this name, logged already or later. */
  readonly when: (event: string) => Promise<LoggedEvent>
}

/** An empty log. */
export function collectingLog(): CollectingLog {
  const events: LoggedEvent[] = []
  const waiting = new Map<string, PromiseWithResolvers<LoggedEvent>>()
  const collect =
    (level: keyof Log): Log['info'] =>
    (event, facts = {}) => {
      const logged = { level, event, facts }
      events.push(logged)
      waiting.get(event)?.resolve(logged)
    }
  return {
    events,
    named: (event) => events.filter((each) => each.event === event),
    when: async (event) => {
      const past = events.find((each) => each.event === event)
      if (past !== undefined) return past
      const future = waiting.get(event) ?? Promise.withResolvers<LoggedEvent>()
      waiting.set(event, future)
      return future.promise
    },
    error: collect('error'),
    warn: collect('warn'),
    info: collect('info'),
    debug: collect('debug'),
  }
}
