/** The open part of the index: messages that no block has yet, in memory, as the marks on the disk name them. */
import type { PostId } from '#base/ids.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Block, Row } from '#search/block.ts'
import { RECORDS_AT_ONCE } from '#search/limits.ts'
import { openTable, type Table } from '#search/table.ts'
import { hasLink } from '#search/words.ts'
import { key } from '#sync/keys.ts'
import { unpack } from '#sync/records.ts'
import {
  markedId,
  printOf,
  searchedText,
  searchRange,
  type MarkRecord,
} from '#sync/search-marks.ts'
import type { AppContext } from './context.ts'

/** Messages that no block has. */
export interface Fresh extends AsyncDisposable {
  /** All there are, or the newest when they are more than a block holds. Closing it does nothing. */
  readonly block: () => Promise<Block>
}

interface State {
  readonly table: Table
  /** Rows that count no more are undefined: their words stay in the table until it is made anew. */
  readonly rows: (Row | undefined)[]
  readonly numbers: Map<PostId, number>
  /** What the marks of each message said when it was read. */
  readonly read: Map<PostId, string>
}

/** At most `limit` messages. Nothing at first: what there is, is read when somebody searches. */
export function openFresh(context: AppContext, limit: number): Fresh {
  let state: State | undefined
  let line: Promise<void> = Promise.resolve()
  const refresh = async (): Promise<void> => {
    if (state !== undefined && state.rows.length > 2 * limit) {
      state.table.close()
      state = undefined
    }
    state ??= { table: openTable(), rows: [], numbers: new Map(), read: new Map() }
    await readMarks(context, state, limit)
  }
  return {
    block: async () => {
      const mine = line.then(refresh)
      line = mine.catch(() => undefined)
      await mine
      const { table, rows } = state ?? { table: undefined, rows: [] }
      return {
        count: rows.length,
        row: (number) => rows[number],
        matching: (query, count) => table?.matching(query, count) ?? [],
        close: () => undefined,
      }
    },
    [Symbol.asyncDispose]: async () => {
      await line
      state?.table.close()
      state = undefined
    },
  }
}

/** Messages of these ids that are in the view and not deleted, so many at once. */
export async function* standing(
  { sync }: AppContext,
  ids: readonly PostId[],
): AsyncGenerator<MessageRecord> {
  for (let from = 0; from < ids.length; from += RECORDS_AT_ONCE) {
    const names = ids.slice(from, from + RECORDS_AT_ONCE).map((id) => key.message(id))
    for (const bytes of await sync.replica.read.getMany(names)) {
      const record = unpack<MessageRecord>(bytes)
      if (record !== undefined && record.deletedAt === 0) yield record
    }
  }
}

/** A message as the index knows it. */
export function rowFrom(message: MessageRecord): Row {
  const { id, channel, author, createdAt, body } = message
  const at = Math.min(Math.max(0, createdAt), 2 ** 48 - 1)
  const link = searchedText(message) !== '' && hasLink(body) // what is shown once tells nothing
  return { id, channel, author, at, print: printOf(message), hasLink: link }
}

async function readMarks(context: AppContext, state: State, limit: number): Promise<void> {
  const marks = await newestMarks(context, limit)
  for (const id of state.read.keys()) if (!marks.has(id)) forget(state, id)
  const changed = [...marks].filter(([id, said]) => state.read.get(id) !== said)
  for (const [id] of changed) forget(state, id)
  const ids = changed.map(([id]) => id)
  for await (const message of standing(context, ids)) {
    const number = state.rows.push(rowFrom(message)) - 1
    state.numbers.set(message.id, number)
    state.table.add(number, searchedText(message))
  }
  for (const [id, said] of changed) state.read.set(id, said)
}

/** What the marks say of each message; clocks that were set may have left one more than one. */
async function newestMarks(
  { sync }: AppContext,
  limit: number,
): Promise<ReadonlyMap<PostId, string>> {
  const said = new Map<PostId, string>()
  const range = { ...searchRange.marks, limit, reverse: true }
  for (const [place, bytes] of await sync.replica.read.list(range)) {
    const id = markedId(place)
    said.set(id, `${said.get(id) ?? ''} ${unpack<MarkRecord>(bytes)?.print ?? 0}`)
  }
  return said
}

function forget({ rows, numbers, read }: State, id: PostId): void {
  read.delete(id)
  const number = numbers.get(id)
  if (number === undefined) return
  numbers.delete(id)
  rows[number] = undefined
}
