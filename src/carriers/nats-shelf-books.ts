/**
 * How far each file was fetched from the stream of pieces: up to a number in that stream, for each file by its token. Kept on disk for
 * the files that were asked for last, with the print of the piece at that number, by which a stream made anew is noticed. A lost place
 * only means that pieces come again, which is harmless.
 */
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import { fingerprint } from './nats-books.ts'
import { openKeeper } from './nats-keeper.ts'
import type { NatsOptions, NatsPorts } from './nats-options.ts'

/** How far a file was read. */
export interface Reading {
  /** All of the file up to this number is settled; 0 for nothing. */
  seq: number
  /** Of the piece that stands there. */
  print: string
}

/** The books of the stream of pieces. */
export interface ShelfBooks {
  /** Of this file, which becomes the one asked for last. */
  readonly reading: (token: string) => Reading
  /** The file is read from its beginning: what was under way moves nothing any more. */
  readonly anew: (token: string) => Reading
  /** All files are read from their beginning. */
  readonly forget: () => void
  /** A piece is on its way from here: never to be delivered here. */
  readonly sending: (bytes: Uint8Array) => void
  /** Whether a piece left from here lately. */
  readonly hasSent: (bytes: Uint8Array) => boolean
  readonly save: () => Promise<void>
}

/** Files and how far they were read, the one asked for longest ago first. */
export type Readings = readonly (readonly [token: string, seq: number, print: string])[]

/** So many files are kept on disk, and while the node runs so many: as many as may be wanted at once. */
const KEPT_MAX = 64
const FILES_MAX = 1_024
/** So many of our own pieces are known again where nothing says who wrote them. */
const SENT_MAX = 512

/** The books as they were kept. */
export async function openShelfBooks(
  { name: carrier, keyPrefix, workspace }: Pick<NatsOptions, 'name' | 'keyPrefix' | 'workspace'>,
  ports: Pick<NatsPorts, 'store' | 'log'>,
): Promise<ShelfBooks> {
  const key = `${keyPrefix}files/${workspace}`
  const stored = await ports.store.get(key)
  const kept = stored === undefined ? [] : readingsFromBytes(stored)
  if (kept === undefined) ports.log.warn('nats.place-unreadable', { carrier })
  const readings = new Map<string, Reading>(
    kept?.map(([token, seq, print]) => [token, { seq, print }]),
  )
  const sent = new Set<string>()
  const put = (token: string, reading: Reading): Reading => {
    readings.delete(token)
    readings.set(token, reading)
    keepLast(readings, FILES_MAX)
    return reading
  }
  const keeper = openKeeper({
    key,
    carrier,
    ports,
    value: () =>
      bytesFromReadings([...readings].map(([token, { seq, print }]) => [token, seq, print])),
  })
  keeper.isKept(stored ?? bytesFromReadings([]))
  return {
    reading: (token) => put(token, readings.get(token) ?? { seq: 0, print: '' }),
    anew: (token) => put(token, { seq: 0, print: '' }),
    forget: () => readings.clear(),
    sending: (bytes) => {
      sent.add(fingerprint(bytes))
      keepLast(sent, SENT_MAX)
    },
    hasSent: (bytes) => sent.has(fingerprint(bytes)),
    save: keeper.save,
  }
}

/** The bytes on disk: JSON, as it is small and an operator may want to read it. What was never found is left out. */
export function bytesFromReadings(readings: Readings): Uint8Array {
  const files = readings.filter(([, seq]) => seq > 0).slice(-KEPT_MAX)
  return bytesFromText(JSON.stringify({ version: 1, files }))
}

/** What stands in these bytes, or undefined when they are none of ours. */
export function readingsFromBytes(bytes: Uint8Array): Readings | undefined {
  const value = parsed(textFromBytes(bytes))
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1)
    return undefined
  if (!('files' in value) || !Array.isArray(value.files)) return undefined
  return value.files.every(isReading) ? value.files.slice(-KEPT_MAX) : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isReading(value: unknown): value is Readings[number] {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [token, seq, print]: readonly unknown[] = value
  const isSeq = typeof seq === 'number' && Number.isSafeInteger(seq) && seq > 0
  return isSeq && typeof token === 'string' && typeof print === 'string'
}

/** Drops the oldest of a map or set. */
export function keepLast<T>(
  all: {
    readonly size: number
    readonly keys: () => Iterable<T>
    readonly delete: (key: T) => boolean
  },
  max: number,
): void {
  for (const oldest of all.keys()) {
    if (all.size <= max) return
    all.delete(oldest)
  }
}
