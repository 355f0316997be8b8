/**
 * The full-text index: sealed blocks, and an open table of what no block has yet. The open table is in memory alone and is
 * brought up to the marks before each search; when enough is marked it becomes a block. What was deleted or edited is
 * written out of the blocks as soon as the node hears of it. All of that goes on behind what people wait for.
 */
import { codeOf } from '#base/errors.ts'
import type { Instant, PostId } from '#base/ids.ts'
import type { MessageRecord } from '#model/view.ts'
import { openBlock, packBlock, rowsOf, type Block, type Row } from '#search/block.ts'
import {
  BLOCK_MESSAGES_MAX,
  BLOCK_MESSAGES_MIN,
  NEW_MESSAGES_LOOK,
  RECORDS_AT_ONCE,
} from '#search/limits.ts'
import { openTable } from '#search/table.ts'
import { key, within } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import {
  markedId,
  markForSearch,
  searchedText,
  searchKey,
  searchRange,
  type MarkRecord,
} from '#sync/search-marks.ts'
import type { AppContext } from './context.ts'
import type { NodeEvent } from './node.ts'
import { openFresh, rowFrom, standing } from './search-fresh.ts'

/** A part of the index to look into. */
export interface Source {
  /** Nothing in it was written later. */
  readonly newestAt: Instant
  /** Undefined when it has gone meanwhile. Whoever opens it closes it. */
  readonly open: () => Promise<Block | undefined>
}

/** The index of one node. */
export interface SearchIndex extends AsyncDisposable {
  /** All parts, those with the newest messages first. */
  readonly sources: () => Promise<readonly Source[]>
  /** Whether every message is in one of them. */
  readonly isWhole: () => Promise<boolean>
  /** Told of everything that doors are told. */
  readonly heard: (event: NodeEvent) => void
  /** Resolves once all work that is due has been done, or could not be done. */
  readonly settled: () => Promise<void>
}

/** How large blocks are. */
export interface BlockSizes {
  readonly max: number
  readonly min: number
}

const SIZES: BlockSizes = { max: BLOCK_MESSAGES_MAX, min: BLOCK_MESSAGES_MIN }

/** A block that is on disk. */
interface BlockNote {
  readonly number: number
  readonly count: number
  readonly newestAt: Instant
}

const VIEW = within('view/post/')

/** The index, which begins at once with the work that is due. */
export function openSearchIndex(
  context: AppContext,
  signal: AbortSignal,
  sizes = SIZES,
): SearchIndex {
  const fresh = openFresh(context, sizes.max)
  let isDue = false
  let news = 0
  let working: Promise<void> | undefined
  const work = async (): Promise<void> => {
    while (isDue && !signal.aborted) {
      isDue = false
      try {
        await goThroughView(context, signal)
        await writeOut(context, signal, sizes)
        while (!signal.aborted && (await sealOne(context, sizes)));
      } catch (error) {
        const code = codeOf(error) ?? 'unknown'
        if (code !== 'STOPPING' && !signal.aborted) context.sync.log.warn('search.behind', { code })
      }
    }
    working = undefined
  }
  const begin = (): void => {
    isDue = true
    working ??= Promise.resolve().then(work)
  }
  const settled = async (): Promise<void> => {
    for (let now = working; now !== undefined; now = working) await now
  }
  begin()
  return {
    sources: async () => {
      const open = await fresh.block()
      const noted = (await notesOf(context)).toSorted((a, b) => b.newestAt - a.newestAt)
      const sealed = noted.map(({ number, newestAt }) => ({
        newestAt,
        open: () => blockAt(context, number),
      }))
      return [{ newestAt: Infinity, open: async () => open }, ...sealed]
    },
    isWhole: async () => {
      const isWhole = await isUpToDate(context, sizes)
      if (!isWhole) begin() // damage is met while somebody looks, and nobody else says so
      return isWhole
    },
    heard: ({ kind }) => {
      if (kind === 'posted') news += 1
      if (news < NEW_MESSAGES_LOOK && kind !== 'edited' && kind !== 'deleted') return
      news = 0
      begin()
    },
    settled,
    [Symbol.asyncDispose]: async () => {
      await settled()
      await fresh[Symbol.asyncDispose]()
    },
  }
}

async function isUpToDate({ sync }: AppContext, { max }: BlockSizes): Promise<boolean> {
  const { read } = sync.replica
  const marks = await read.list({ ...searchRange.marks, limit: max + 1 })
  return marks.length <= max && (await read.get(searchKey.anew)) === undefined
}

async function notesOf({ sync }: AppContext): Promise<readonly BlockNote[]> {
  return unpack<BlockNote[]>(await sync.replica.read.get(searchKey.blocks)) ?? []
}

async function blockAt({ sync }: AppContext, number: number): Promise<Block | undefined> {
  const bytes = await sync.replica.read.get(searchKey.block(number))
  return bytes && openBlock(bytes)
}

/** The index was damaged: what is left of it goes, and every message is marked. */
async function goThroughView({ sync }: AppContext, signal: AbortSignal): Promise<void> {
  const { replica } = sync
  while (!signal.aborted) {
    const after = unpack<string>(await replica.read.get(searchKey.anew))
    if (after === undefined) return
    await replica.commit((tx) => (after === '' ? dropBlock(tx) : markPage(tx, after)))
  }
}

/** Drops one block, or goes on to the view when there is none. */
async function dropBlock(tx: Tx): Promise<void> {
  const [block] = await tx.list({ ...searchRange.blocks, limit: 1 })
  if (block !== undefined) return tx.delete(block[0])
  tx.put(searchKey.blocks, pack([]))
  tx.put(searchKey.anew, pack(VIEW.from))
}

async function markPage(tx: Tx, after: string): Promise<void> {
  const page = await tx.list({ ...VIEW, from: `${after}\0`, limit: RECORDS_AT_ONCE })
  for (const [, bytes] of page) {
    const message = unpack<MessageRecord>(bytes)
    if (message !== undefined) markForSearch(tx, message, { isAmended: false })
  }
  const last = page.at(-1)?.[0]
  if (last === undefined) tx.delete(searchKey.anew)
  else tx.put(searchKey.anew, pack(last))
}

/** Writes the blocks anew that have something which was edited or deleted. */
async function writeOut(
  context: AppContext,
  signal: AbortSignal,
  sizes: BlockSizes,
): Promise<void> {
  const { replica } = context.sync
  const amended = await amendedMarks(context)
  if (amended.length === 0) return
  const ids = new Set(amended.map(({ place }) => markedId(place)))
  for (const { number } of await notesOf(context)) {
    if (signal.aborted) return
    const bytes = await replica.read.get(searchKey.block(number))
    if (bytes === undefined) continue
    const rows = rowsOf(bytes)
    const left = rows.filter(({ id }) => !ids.has(id))
    if (left.length < rows.length) await writeAnew(context, left, { number, min: sizes.min })
  }
  await replica.commit(async (tx) => {
    for (const { place, mark, bytes } of amended) {
      if (!(await isStill(tx, place, bytes))) continue
      if (mark.print === 0) tx.delete(place)
      else tx.put(place, pack({ ...mark, isAmended: false } satisfies MarkRecord))
    }
  })
}

interface AmendedMark {
  readonly place: string
  readonly bytes: Uint8Array
  readonly mark: MarkRecord
}

async function amendedMarks({ sync }: AppContext): Promise<readonly AmendedMark[]> {
  const amended: AmendedMark[] = []
  let { from } = searchRange.marks
  for (;;) {
    const range = { ...searchRange.marks, from, limit: BLOCK_MESSAGES_MAX }
    const page = await sync.replica.read.list(range)
    for (const [place, bytes] of page) {
      const mark = unpack<MarkRecord>(bytes)
      if (mark?.isAmended === true) amended.push({ place, bytes, mark })
    }
    if (page.length < BLOCK_MESSAGES_MAX) return amended
    from = `${page.at(-1)?.[0]}\0`
  }
}

/** A block with only these rows left. One that has become small is dissolved: its messages wait for the next one. */
async function writeAnew(
  context: AppContext,
  left: readonly Row[],
  { number, min }: { readonly number: number; readonly min: number },
): Promise<void> {
  const isSmall = left.length < min
  const made = isSmall
    ? undefined
    : await makeBlock(
        context,
        left.map(({ id }) => id),
      )
  await context.sync.replica.commit(async (tx) => {
    const notes = unpack<BlockNote[]>(await tx.get(searchKey.blocks)) ?? []
    const others = notes.filter((note) => note.number !== number)
    if (made === undefined) {
      tx.delete(searchKey.block(number))
      for (const { id } of left) {
        const message = unpack<MessageRecord>(await tx.get(key.message(id)))
        if (message !== undefined) markForSearch(tx, message, { isAmended: false })
      }
      return tx.put(searchKey.blocks, pack(others))
    }
    tx.put(searchKey.block(number), made.bytes)
    tx.put(searchKey.blocks, pack([...others, { ...made.note, number }]))
  })
}

/** Makes a block of the oldest messages that wait for one. Whether there were enough. */
async function sealOne(context: AppContext, { max }: BlockSizes): Promise<boolean> {
  const { replica } = context.sync
  const oldest = await replica.read.list({ ...searchRange.marks, limit: max })
  if (oldest.length < max) return false
  // What was amended meanwhile is first written out of the blocks that have it.
  const marks = oldest.filter(([, bytes]) => unpack<MarkRecord>(bytes)?.isAmended === false)
  if (marks.length === 0) return false
  const ids = [...new Set(marks.map(([place]) => markedId(place)))]
  const made = await makeBlock(context, ids)
  await replica.commit(async (tx) => {
    const notes = unpack<BlockNote[]>(await tx.get(searchKey.blocks)) ?? []
    const number = Math.max(0, ...notes.map((note) => note.number)) + 1
    if (made.note.count > 0) {
      tx.put(searchKey.block(number), made.bytes)
      tx.put(searchKey.blocks, pack([...notes, { ...made.note, number }]))
    }
    for (const [place, bytes] of marks) if (await isStill(tx, place, bytes)) tx.delete(place)
  })
  return true
}

/** Whether a mark says what it said when it was read: what changed since then keeps its mark. */
async function isStill(tx: Tx, place: string, bytes: Uint8Array): Promise<boolean> {
  const now = await tx.get(place)
  return now !== undefined && Buffer.compare(now, bytes) === 0
}

async function makeBlock(
  context: AppContext,
  ids: readonly PostId[],
): Promise<{ readonly bytes: Uint8Array; readonly note: Omit<BlockNote, 'number'> }> {
  const table = openTable()
  try {
    const rows: Row[] = []
    for await (const message of standing(context, ids)) {
      table.add(rows.length, searchedText(message))
      rows.push(rowFrom(message))
    }
    const newestAt = rows.reduce((newest, { at }) => Math.max(newest, at), 0)
    return { bytes: packBlock(rows, table), note: { count: rows.length, newestAt } }
  } finally {
    table.close()
  }
}
