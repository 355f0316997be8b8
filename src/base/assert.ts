/** What cannot be. If it is, the program is wrong and the node stops: a wrong node must not go on talking. */

/** Thrown by `assert`; nobody catches it but `main`. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
}

/** Stops the node unless `condition` holds. `what` states the rule that was broken. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new AssertionFailure(`must hold: ${what}`)
}

/** `value` itself, once known to be there. `what` says why it must be. */
export function must<T>(value: T | undefined | null, what: string): T {
  assert(value !== undefined && value !== null, what)
  return value
}
