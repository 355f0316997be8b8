import { test, type Test } from 'tap'
import { bytesFromText } from '#base/bytes.ts'
import { must } from '#base/assert.ts'
import { sha256 } from '#base/hash.ts'
import { idFromBytes, type ActorId, type PostId } from '#base/ids.ts'
import type { MessageRecord } from '#model/view.ts'
import type { AppContext } from '#app/context.ts'
import type { NodeEvent } from '#app/node.ts'
import { openSearchIndex, type SearchIndex } from '#app/search-index.ts'
import { rowsOf } from '#search/block.ts'
import { parseQuery } from '#search/query.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { openReplica } from '#sync/replica.ts'
import { markForSearch, searchKey, searchRange } from '#sync/search-marks.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { collectingLog } from '../support/log.ts'

const SIZES = { max: 16, min: 4 }
const ALL = 40

test('full blocks are written in the order of time, and the rest is found beside them', async (t) => {
  const { index, store, found } = await aHistory(t)
  await index.settled()

  t.equal((await store.list(searchRange.blocks)).length, 2)
  t.equal((await store.list(searchRange.marks)).length, ALL - 2 * SIZES.max)
  t.strictSame(await rowsIn(store), numbers(0, 2 * SIZES.max))
  t.strictSame(await found('many'), numbers(0, ALL))
  t.strictSame([await found('number1'), await found('number39')], [[idOf(1)], [idOf(39)]])
  t.ok(await index.isWhole())
})

test('what is deleted or edited goes out of its block, too', async (t) => {
  const { index, store, found, change } = await aHistory(t)
  await index.settled()

  await change(idOf(1), { body: '', deletedAt: 1 })
  await change(idOf(2), { body: 'another text' })
  index.heard(DELETED)
  await index.settled()

  const inBlocks = await rowsIn(store)
  t.strictSame(
    inBlocks,
    numbers(0, 2 * SIZES.max).filter((id) => id !== idOf(1) && id !== idOf(2)),
  )
  t.strictSame([await found('number1'), await found('number2')], [[], []])
  t.strictSame(await found('another'), [idOf(2)])
  t.equal((await store.list(searchRange.marks)).length, ALL - 2 * SIZES.max + 1)
})

test('a block of which little is left is dissolved into the next', async (t) => {
  const { index, store, found, change } = await aHistory(t)
  await index.settled()

  for (let number = SIZES.min - 1; number < SIZES.max; number += 1)
    await change(idOf(number), { body: '', deletedAt: 1 })
  index.heard(DELETED)
  await index.settled()

  t.equal((await store.list(searchRange.blocks)).length, 1)
  t.strictSame(await found('many'), [...numbers(0, SIZES.min - 1), ...numbers(SIZES.max, ALL)])
})

test('a damaged index is made anew from the view as soon as somebody looks for something', async (t) => {
  const { index, store, found } = await aHistory(t)
  await index.settled()
  const [block] = await store.list(searchRange.blocks)
  await store.write([
    { key: must(block, 'there is a block')[0], value: undefined },
    { key: searchKey.anew, value: pack('') },
  ])
  t.notOk(await index.isWhole())
  await index.settled()

  t.ok(await index.isWhole())
  t.equal((await store.list(searchRange.blocks)).length, 2)
  t.strictSame(await found('many'), numbers(0, ALL))
})

const DELETED = { kind: 'deleted' } as NodeEvent

/** An index over a view of `ALL` messages, which begins to work. */
async function aHistory(t: Test) {
  const store = openMemoryStore()
  const before = aReplica(t, store)
  for (let number = 0; number < ALL; number += 1)
    await before.change(idOf(number), aMessage(number))
  const first = opened(t, store)
  const reopen = async () => {
    await first.index[Symbol.asyncDispose]()
    return opened(t, store)
  }
  return { store, ...first, reopen }
}

function aReplica(t: Test, store: Store) {
  const log = collectingLog()
  const replica = openReplica({ store, actor: 'ab'.repeat(12) as ActorId, log })
  t.teardown(() => replica[Symbol.asyncDispose]())
  /** As entries change the view: the record and its mark in one commit. */
  const change = (id: PostId, more: Partial<MessageRecord>): Promise<void> =>
    replica.commit(async (tx) => {
      const before = unpack<MessageRecord>(await tx.get(key.message(id)))
      const message = { ...before, ...more, id } as MessageRecord
      tx.put(key.message(id), pack(message))
      markForSearch(tx, message, { isAmended: before !== undefined })
    })
  return { context: { sync: { replica, log } } as unknown as AppContext, change }
}

function opened(t: Test, store: Store) {
  const { context, change } = aReplica(t, store)
  const index = openSearchIndex(context, new AbortController().signal, SIZES)
  t.teardown(() => index[Symbol.asyncDispose]())
  return { index, change, found: (text: string) => foundIn(index, text) }
}

/** Ids that the index proposes, the oldest first. */
async function foundIn(index: SearchIndex, text: string): Promise<readonly PostId[]> {
  const rows = []
  for (const source of await index.sources()) {
    const block = must(await source.open(), 'nothing goes meanwhile')
    const query = parseQuery(text, { isAny: false, offsetMs: 0 })
    for (const number of block.matching(query, block.count)) rows.push(block.row(number))
    block.close()
  }
  const standing = rows.filter((row) => row !== undefined)
  return standing.toSorted((a, b) => a.at - b.at).map(({ id }) => id)
}

function aMessage(number: number): Partial<MessageRecord> {
  const channel = idFromBytes<MessageRecord['channel']>(sha256(bytesFromText('c')).subarray(16))
  const author = idFromBytes<MessageRecord['author']>(sha256(bytesFromText('a')).subarray(16))
  const createdAt = 1_790_000_000_000 + number
  return { channel, author, createdAt, deletedAt: 0, body: `number${number} of many` }
}

function idOf(number: number): PostId {
  return idFromBytes(sha256(bytesFromText(`message ${number}`)).subarray(16))
}

function numbers(from: number, to: number): readonly PostId[] {
  return Array.from({ length: to - from }, (_, number) => idOf(from + number))
}

async function rowsIn(store: Store): Promise<readonly PostId[]> {
  const blocks = await store.list(searchRange.blocks)
  return blocks.flatMap(([, bytes]) => rowsOf(bytes)).map(({ id }) => id)
}
