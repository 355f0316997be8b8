/** What went wrong, in the JSON that Mattermost clients understand: id, message, detailed_error, request_id, status_code. */
import { EdgeError, ERRORS, type ErrorCode, type Facts } from '#base/errors.ts'

/** An error as Mattermost clients read it. */
export interface WireError {
  readonly id: string
  readonly message: string
  readonly detailed_error: string
  readonly request_id: string
  readonly status_code: number
}

/** `error` for the wire. Anything but an EdgeError says only that the fault is ours. */
export function wireErrorFrom(error: unknown, requestId: string): WireError {
  if (error instanceof EdgeError) return fromEdgeError(error, requestId)
  const asked = malformedRequest(error)
  if (asked !== undefined) return fromEdgeError(asked, requestId)
  return {
    id: 'holdfast.internal.app_error',
    message:
      'This node made a mistake. What was shown as saved is safe. Try again, then tell the operator.',
    detailed_error: '',
    request_id: requestId,
    status_code: 500,
  }
}

/** Ids that clients act upon: they ask for the digits. */
const KNOWN_IDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  CODE_WANTED: 'mfa.validate_token.authenticate.app_error',
}

function fromEdgeError(error: EdgeError, requestId: string): WireError {
  return {
    id: KNOWN_IDS[error.code] ?? `holdfast.${error.code.toLowerCase()}.app_error`,
    message: sentenceOf(error.code, error.facts),
    detailed_error: detailOf(error.facts),
    request_id: requestId,
    status_code: ERRORS[error.code].status,
  }
}

/** What fastify found wrong before a handler was asked: its errors carry a status below 500. */
function malformedRequest(error: unknown): EdgeError | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  const status = error.statusCode
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined
  const reason = 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
  if (status === 413) return new EdgeError('TOO_LARGE', { where: 'body', reason }, { cause: error })
  return new EdgeError('INPUT_INVALID', { where: 'request', reason }, { cause: error })
}

/** For people: what is wrong, then what to do. */
function sentenceOf(code: ErrorCode, facts: Facts): string {
  const { field, found, wanted } = facts
  const problem =
    field !== undefined && wanted !== undefined
      ? `${String(field)}: found ${String(found ?? 'something else')}, wanted ${String(wanted)}. `
      : ''
  return `${problem}${ERRORS[code].remedy}`
}

function detailOf(facts: Facts): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}
