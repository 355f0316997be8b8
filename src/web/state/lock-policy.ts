/** What the node's operator wants of locks and of forgetting on people's devices. */
import { fields, number } from '#web/core/wire.ts'

/** What the node's operator wants of locks. */
export interface LockPolicy {
  readonly isRequired: boolean
  readonly afterMs: number
  readonly triesMax: number
  /** A session that is ended elsewhere takes what was not sent yet, too. */
  readonly forgetsAll: boolean
  /** Files are looked at, and not downloaded. */
  readonly viewsOnly: boolean
}

/** Until a node has said otherwise. */
export const DEFAULT_POLICY: LockPolicy = {
  isRequired: false,
  afterMs: 300_000,
  triesMax: 10,
  forgetsAll: false,
  viewsOnly: false,
}

/** What `status` says of locks. */
export function policyFrom(status: unknown): LockPolicy {
  const rules = fields(fields(status).browser)
  return {
    isRequired: rules.lock === 'required',
    afterMs: number(rules.lockAfterMinutes) * 60_000 || DEFAULT_POLICY.afterMs,
    triesMax: number(rules.lockTriesMax) || DEFAULT_POLICY.triesMax,
    forgetsAll: rules.endedSessionForgets === 'everything',
    viewsOnly: rules.files === 'viewed',
  }
}
