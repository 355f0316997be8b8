/** What happened, as named events with plain facts. Never message text, file names, keys or tokens. */
import type { Facts } from '#base/errors.ts'

/** `error`: someone must act. `warn`: served worse than promised. `info`: state changed. `debug`: the rest. */
export interface Log {
  readonly error: (event: string, facts?: Facts) => void
  readonly warn: (event: string, facts?: Facts) => void
  readonly info: (event: string, facts?: Facts) => void
  readonly debug: (event: string, facts?: Facts) => void
}
