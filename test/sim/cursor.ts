/** How far a node has come at the post office, as it keeps it on its own disk: nothing that was not accepted. */
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import type { NodeId } from '#base/ids.ts'
import type { Store, Write } from '#ports/store.ts'
import type { Item, Place, PostOffice, Start } from './post-office.ts'

/** What a node keeps on its disk. */
export interface Cursor {
  /** Everything up to here was accepted, and so were those of `beyond`. */
  readonly place: Place
  readonly beyond: readonly number[]
  /** The start that the node has taken notice of: it has begun a contact that told it. */
  readonly told: Start
}

const KEY = 'sim/cursor'

/** The cursor in the store; on the first visit ever, when nothing can have been forgotten, a new one. */
export async function loadCursor(store: Store, office: PostOffice): Promise<Cursor> {
  const bytes = await store.get(KEY)
  if (bytes !== undefined) return JSON.parse(textFromBytes(bytes)) as Cursor
  const cursor: Cursor = { place: office.resume(undefined), beyond: [], told: office.start() }
  await store.write([writeOf(cursor)]).catch(() => undefined)
  return cursor
}

/** The step of a batch that keeps a cursor. */
export function writeOf(cursor: Cursor): Write {
  return { key: KEY, value: bytesFromText(JSON.stringify(cursor)) }
}

/** The cursor once the parcel `sequence` is accepted too. */
export function withAccepted(
  cursor: Cursor,
  sequence: number,
  at: { readonly office: PostOffice; readonly reader: NodeId },
): Cursor {
  const beyond = new Set([...cursor.beyond, sequence])
  let reached = cursor.place.sequence
  for (;;) {
    const next = at.office.next(reached, at.reader)
    if (next === undefined || !beyond.delete(next.sequence)) break
    reached = next.sequence
  }
  const place = { ...cursor.place, sequence: reached }
  return { ...cursor, place, beyond: [...beyond].filter((one) => one > reached) }
}

/** A lie: `count` parcels more than were accepted. */
export function ahead(cursor: Cursor, count: number): Cursor {
  if (count === 0) return cursor
  return { ...cursor, place: { ...cursor.place, sequence: cursor.place.sequence + count } }
}

/** The first parcel that is neither accepted nor one of `offered`. */
export function nextFor(
  cursor: Cursor,
  offered: ReadonlySet<number>,
  at: { readonly office: PostOffice; readonly reader: NodeId },
): Item | undefined {
  const isTaken = ({ sequence }: Item): boolean =>
    offered.has(sequence) || cursor.beyond.includes(sequence)
  let item = at.office.next(cursor.place.sequence, at.reader)
  while (item !== undefined && isTaken(item)) item = at.office.next(item.sequence, at.reader)
  return item
}
