/** What one check of `holdfast doctor` found. */
import { explain } from './explain.ts'

/** `warn`: served worse than it could be. `fail`: the node cannot work. */
type State = 'ok' | 'warn' | 'fail'

/** One line of the report. */
export interface Finding {
  readonly check: string
  readonly state: State
  /** What was found; for `warn` and `fail` also what to do. */
  readonly text: string
}

/** All is well with `check`. */
export function ok(check: string, text: string): Finding {
  return { check, state: 'ok', text }
}

/** Worse than it could be. */
export function warn(check: string, text: string): Finding {
  return { check, state: 'warn', text }
}

/** The node cannot work. */
export function fail(check: string, text: string): Finding {
  return { check, state: 'fail', text }
}

/** The error that ended a check is what it found: a report has to go on to its end. */
export function failed(check: string): (error: unknown) => Finding {
  return (error) => fail(check, explain(error, false))
}
