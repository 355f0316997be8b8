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
  /** Resolves with the first event of this name that is wanted, logged already or later. */
  readonly when: (event: string, isWanted?: (facts: Facts) => boolean) => Promise<LoggedEvent>
}

/** An empty log. */
export function collectingLog(): CollectingLog {
  const events: LoggedEvent[] = []
  let change = Promise.withResolvers<void>()
  const collect =
    (level: keyof Log): Log['info'] =>
    (event, facts = {}) => {
      events.push({ level, event, facts })
      change.resolve()
      change = Promise.withResolvers()
    }
  return {
    events,
    named: (event) => events.filter((each) => each.event === event),
    when: async (event, isWanted = () => true) => {
      for (;;) {
        const found = events.find((each) => each.event === event && isWanted(each.facts))
        if (found !== undefined) return found
        // oxlint-disable-next-line no-await-in-loop -- until it has come
        await change.promise
      }
    },
    error: collect('error'),
    warn: collect('warn'),
    info: collect('info'),
    debug: collect('debug'),
  }
}
