/** What JetStream answers, read at the door: acknowledgements of a publish, and messages fetched from a stream. */
import { textFromBytes } from '#base/bytes.ts'
import type { LineMessage } from './nats-line.ts'
import type { Mark } from './nats-place.ts'

/** What became of a published parcel. */
export type Verdict =
  | { readonly kind: 'stored'; readonly seq: number }
  /** Something stands under this subject already. */
  | { readonly kind: 'taken' }
  /** Not stored: the stream is full, absent or refuses. */
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string }

/** What a direct get found. */
export type Finding =
  | { readonly kind: 'found'; readonly mark: Mark; readonly bytes: Uint8Array }
  | { readonly kind: 'nothing' }
  /** No stream answers here, or not yet. */
  | { readonly kind: 'nobody' }

/** An error in a JetStream answer. `err_code` names it; the text is for people. */
export interface ApiError {
  readonly code: number
  readonly reason: string
}

/** JSStreamStoreFailedF: the stream would not keep it; only the text says why (servers 2.9.10 to 2.15.1). */
export const STORE_FAILED = 10_077
/** JSStreamMessageExceedsMaximumErr. */
export const MESSAGE_TOO_LARGE = 10_054
/** Code of our own for a server on which nobody listens to the subject. */
const NOBODY = 503

/** Reads the answer to a publish. */
export function verdictOf(answer: LineMessage): Verdict {
  if (answer.status !== 0) return { kind: 'refused', code: answer.status, reason: 'no stream' }
  const value = jsonOf(answer)
  const error = apiErrorOf(value)
  if (error !== undefined)
    return error.code === STORE_FAILED && error.reason.includes('per subject')
      ? { kind: 'taken' }
      : { kind: 'refused', ...error }
  const seq = value.seq
  return typeof seq === 'number' && Number.isSafeInteger(seq) && seq > 0
    ? { kind: 'stored', seq }
    : { kind: 'refused', code: 0, reason: 'an answer without a number' }
}

/** Reads the answer to a direct get; undefined is one that never came. */
export function findingOf(answer: LineMessage | undefined): Finding {
  if (answer === undefined || answer.status === NOBODY) return { kind: 'nobody' }
  const seq = Number(answer.header('Nats-Sequence'))
  const subject = answer.header('Nats-Subject')
  const storedAt = answer.header('Nats-Time-Stamp')
  const isPlace = Number.isSafeInteger(seq) && seq > 0
  if (answer.status !== 0 || !isPlace || subject === undefined) return { kind: 'nothing' }
  const mark: Mark = { seq, subject, ...(storedAt === undefined ? {} : { storedAt }) }
  return { kind: 'found', mark, bytes: answer.bytes }
}

/** The object in an answer; an empty one when there is none. */
export function jsonOf({ bytes }: LineMessage): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(textFromBytes(bytes))
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

/** The error in an answer, if it is one. */
export function apiErrorOf(value: Readonly<Record<string, unknown>>): ApiError | undefined {
  if (!isRecord(value.error)) return undefined
  const { code, err_code: errorCode, description } = value.error
  const number = errorCode ?? code
  return {
    code: typeof number === 'number' ? number : 0,
    reason: typeof description === 'string' ? description : 'no reason given',
  }
}

/** Whether `value` is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
