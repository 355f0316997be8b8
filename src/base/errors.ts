/** The one error class of the node, and everything that can go wrong with its world. */

/** HTTP status, and what the operator can do. A test keeps README.md#errors equal to this table. */
export const ERRORS = {
  CONFIG_INVALID: { status: 500, remedy: 'Correct the named key in the config file.' },
  CONFIG_MISSING: { status: 500, remedy: 'Run `holdfast init`, or name the file with --config.' },
  DATA_FOLDER_IN_USE: {
    status: 500,
    remedy: 'Stop the other Holdfast that uses this data folder.',
  },
  STORE_FULL: { status: 507, remedy: 'Free disk space; what was shown as saved is safe.' },
  STORE_BROKEN: {
    status: 500,
    remedy: 'Run `holdfast doctor`; restore the data folder from a backup.',
  },
  LOCKED: {
    status: 503,
    remedy: 'Run `holdfast unlock`, or open the page of the node and enter its passphrase.',
  },
  WIPED: {
    status: 410,
    remedy: 'Nothing can be brought back; remove the folder and run `holdfast join`.',
  },
  PORT_IN_USE: { status: 500, remedy: 'Choose another port with --port or in the config file.' },
  INPUT_INVALID: { status: 400, remedy: 'Correct the named field and send again.' },
  NOT_SIGNED_IN: { status: 401, remedy: 'Sign in again.' },
  CODE_WANTED: {
    status: 401,
    remedy: 'Enter the six digits that your authenticator shows now; each counts once.',
  },
  NOT_ALLOWED: { status: 403, remedy: 'Ask an administrator of the workspace.' },
  NOT_FOUND: { status: 404, remedy: 'Check the name or id; it may not have arrived here yet.' },
  ALREADY_EXISTS: { status: 400, remedy: 'Choose another name.' },
  TOO_LARGE: { status: 413, remedy: 'Shorten the message.' },
  TOO_MANY_REQUESTS: { status: 429, remedy: 'Wait a moment and try again.' },
  ALLOWANCE_SPENT: {
    status: 403,
    remedy:
      'Send it with a lower precedence, or wait. If it cannot wait, send it again and say why: `holdfast post --override REASON`.',
  },
  JOIN_REFUSED: { status: 403, remedy: 'Ask for a new join code and check the address.' },
  BUCKET_AWAY: { status: 503, remedy: 'Wait until the store for files can be reached again.' },
  CARRIER_UNREACHABLE: { status: 503, remedy: 'Wait for the next contact.' },
  ENVELOPE_TOO_LARGE: {
    status: 413,
    remedy: 'Raise the limit of the carrier or send less at once.',
  },
  STICK_FULL: {
    status: 507,
    remedy: 'Free space on the stick or take another one; what it did not take is kept.',
  },
  STOPPING: { status: 503, remedy: 'Wait until the node is up again and send again.' },
} as const

/** One of the codes of the table. */
export type ErrorCode = keyof typeof ERRORS

/** Plain values that explain an error. Never message text, never keys. */
export type Facts = Readonly<Record<string, string | number | boolean>>

/** A failed effect or a refused request: what was found, what was wanted, what to do. */
export class EdgeError extends Error {
  override readonly name = 'EdgeError'
  readonly code: ErrorCode
  readonly facts: Facts

  constructor(code: ErrorCode, facts: Facts, options?: ErrorOptions) {
    super(`${code} ${JSON.stringify(facts)}: ${ERRORS[code].remedy}`, options)
    this.code = code
    this.facts = facts
  }
}

/** The code of an `EdgeError`, or undefined for anything else. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof EdgeError ? error.code : undefined
}
