/**
 * Where this node stands in the post office's stream: the one thing the carrier keeps on disk.
 *
 * The cursor is the number up to which everything was accepted here. Marks are messages known to stand at certain
 * numbers: by them we notice a stream that was wiped, or that lost its newest part in a power loss.
 */
import { bytesFromText, textFromBytes } from '#base/bytes.ts'

/** A message known to stand at `seq`. */
export interface Mark {
  readonly seq: number
  readonly subject: string
  /** When the server stored it, in the server's words; unknown where only an acknowledgement told us of it. */
  readonly storedAt?: string
}

/** The carrier's state on disk. */
export interface Place {
  /** All up to this number is accepted; 0 for nothing. */
  readonly cursor: number
  /** Oldest first, the newest last. */
  readonly marks: readonly Mark[]
  /** Ids of servers that had the stream as the marks say. A server takes a new id when it restarts. */
  readonly servers: readonly string[]
  /** Fingerprints of the envelopes accepted last, to know them again when they come a second time. */
  readonly accepted: readonly string[]
  /** The node has yet to hear that the post office may have forgotten. */
  readonly mayHaveForgotten: boolean
  /** When the stream was made, in the server's words; known to the node that makes it. */
  readonly streamMadeAt?: string
}

/** Older marks worth keeping. */
const MARKS_MAX = 8
/** Numbers between two kept marks: together they reach back further than a server leaves unsynced (4f). */
const MARK_DISTANCE = 100

/** Nothing seen yet. */
export const NOWHERE: Place = {
  cursor: 0,
  marks: [],
  servers: [],
  accepted: [],
  mayHaveForgotten: false,
}

/** The key under which the place in this workspace's stream is kept. */
export function placeKey(keyPrefix: string, workspace: string): string {
  return `${keyPrefix}place/${workspace}`
}

/** The bytes on disk: JSON, as it is small and an operator may want to read it. */
export function bytesFromPlace(place: Place): Uint8Array {
  return bytesFromText(JSON.stringify({ version: 1, ...place }))
}

/** The place in these bytes, or undefined when they are none: then all is fetched and offered again. */
export function placeFromBytes(bytes: Uint8Array): Place | undefined {
  const value = parse(textFromBytes(bytes))
  if (!isRecord(value) || value.version !== 1 || !isSeq(value.cursor)) return undefined
  const marks = listOf(value.marks, isMark)
  const servers = listOf(value.servers, isText)
  const accepted = listOf(value.accepted, isText)
  if (marks === undefined || servers === undefined || accepted === undefined) return undefined
  const mayHaveForgotten = value.mayHaveForgotten === true
  const place = { cursor: value.cursor, marks, servers, accepted, mayHaveForgotten }
  return isText(value.streamMadeAt) ? { ...place, streamMadeAt: value.streamMadeAt } : place
}

/** `marks` with a newer one; a few older ones stay, far enough apart. */
export function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  const newest = marks.at(-1)
  if (newest === undefined) return [mark]
  if (mark.seq < newest.seq) return marks
  if (mark.seq === newest.seq)
    return newest.storedAt === undefined ? [...marks.slice(0, -1), mark] : marks
  const before = marks.at(-2)
  const isFar = before === undefined || newest.seq - before.seq >= MARK_DISTANCE
  return [...(isFar ? marks : marks.slice(0, -1)), mark].slice(-MARKS_MAX)
}

type JsonRecord = Readonly<Record<string, unknown>>

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function isMark(value: unknown): value is Mark {
  if (!isRecord(value) || !isSeq(value.seq) || !isText(value.subject)) return false
  return value.storedAt === undefined || isText(value.storedAt)
}

function listOf<T>(value: unknown, isItem: (item: unknown) => item is T): readonly T[] | undefined {
  return Array.isArray(value) && value.every(isItem) ? value : undefined
}
