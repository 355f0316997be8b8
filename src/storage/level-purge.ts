/**
 * Makes LevelDB drop what was deleted or overwritten.
 *
 * Compacting a range is not enough: a value and its deletion that left memory together lie in one table of the
 * lowest level, and a table with nothing above it is not rewritten (measured 2026, LevelDB 1.20). So after a first
 * compaction has moved everything down, the live entries just outside the range are written again, unchanged.
 * Their new table spans the range, and the second compaction merges it, level by level, with every table below.
 */
import type { Range, Write } from '#ports/store.ts'
import type { BatchQueue } from './batch-queue.ts'
import type { TextToBytes } from './level-open.ts'
import type { LevelWriter } from './level-writer.ts'

/** Stand before and after all other keys where a range has no live neighbour. Hidden from readers. */
export const FIRST_KEY = ''
/** See `FIRST_KEY`. */
export const LAST_KEY = '\u{10ffff}'.repeat(8)

/**
 * Rewrites all tables of `range`. Writers wait only while its neighbours are touched.
 * @throws EdgeError STORE_FULL, STORE_BROKEN when the old tables may still be there
 */
export async function dropDeleted(
  writer: LevelWriter,
  queue: BatchQueue,
  range: Range,
): Promise<void> {
  let span = { from: range.from, to: range.to }
  const compact = (): Promise<void> => writer.read((db) => db.compactRange(span.from, span.to))
  const touch = async (): Promise<void> => {
    const writes = await writer.read((db) => neighbours(db, range))
    span = { from: writes[0].key, to: writes[1].key }
    await writer.write(writes)
  }

  await compact()
  await queue.alone(touch)
  await compact()
  // A compaction that fails says nothing, but the next write does.
  await queue.alone(touch)
}

/** The live entry before the range and the one after it, as the writes that change nothing. */
async function neighbours(db: TextToBytes, range: Range): Promise<readonly [Write, Write]> {
  const [before] = await db.iterator({ lt: range.from, reverse: true, limit: 1 }).all()
  const [after] = await db.iterator({ gte: range.to, limit: 1 }).all()
  const nothing = new Uint8Array()
  return [
    { key: before?.[0] ?? FIRST_KEY, value: before?.[1] ?? nothing },
    { key: after?.[0] ?? LAST_KEY, value: after?.[1] ?? nothing },
  ]
}
