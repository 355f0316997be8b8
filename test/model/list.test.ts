/** What an entry says relative to its list: time, place and counter. */
import { encode } from '@msgpack/msgpack'
import { test } from 'tap'
import { bytesFromId, idFromBytes, type PostId } from '#base/ids.ts'
import { COUNTER_MAX, OBJECTIONS_MAX } from '#base/limits.ts'
import { decodeEntry } from '#model/entry.ts'
import { EMPTY_LIST, timeField, type ListContext } from '#model/list.ts'

const NOON = 1_793_534_400_000
const target = idFromBytes<PostId>(new Uint8Array(16).fill(7))

test('an entry stands where it claims, ahead of that by what it says, and always after the one before', async (t) => {
  const noon: ListContext = { ...EMPTY_LIST, seconds: NOON / 1000, placeAt: NOON }
  const placeOf = (time: unknown, context = noon): number =>
    decodeEntry(encode([0, null, time, 'hello']), context).entry.placeAt

  t.equal(placeOf(5), NOON + 5_000)
  t.equal(placeOf([5, 700]), NOON + 5_700)
  t.equal(placeOf(0), NOON + 1)
  t.equal(placeOf([0, 1]), NOON + 2)
  t.equal(placeOf(-60), NOON + 1)
  for (const none of [[5], [5, 0], [5, -9_000], [5, 1.5], [5, '7'], [5, null]])
    t.equal(placeOf(none), NOON + 5_000, JSON.stringify(none))
  for (const huge of [Number.MAX_SAFE_INTEGER, [0, Number.MAX_SAFE_INTEGER]])
    t.equal(placeOf(huge), 900_000_000_000_000)
  const end = { ...noon, placeAt: 900_000_000_000_000 }
  t.equal(placeOf(1, end), 900_000_000_000_000, 'a key has no room for more')
})

test('an entry names nodes whose time it does not believe, from when and up to when', async (t) => {
  const noon: ListContext = { ...EMPTY_LIST, seconds: NOON / 1000, placeAt: NOON }
  const node = 'a0'.repeat(8)
  const name = Buffer.from(node, 'hex')
  const read = (time: unknown) => decodeEntry(encode([0, null, time, 'hello']), noon).entry
  const timed = {
    claimedAt: NOON,
    placeAt: NOON + 2,
    objections: [{ node, from: NOON + 90_500, until: NOON + 99_200 }],
  }

  const field = timeField(timed, noon)
  t.strictSame(field, [0, 1, name, 90, 10])
  t.strictSame(read(field).objections, [{ node, from: NOON + 90_002, until: NOON + 100_002 }])
  for (const strange of [
    [0, 1, name],
    [0, 1, name, 90],
    [0, 1, name, 0, 5],
    [0, 1, name, 9, -1],
    [0, 1, 'a', 9, 9],
  ])
    t.equal(read(strange).objections, undefined, JSON.stringify(strange))
  const many = Array.from({ length: 20 }, () => [name, 9, 9]).flat()
  t.equal(read([0, 0, ...many]).objections?.length, OBJECTIONS_MAX)
})

test('what replaces something has a counter, counted from the largest of its list', async (t) => {
  const context = { ...EMPTY_LIST, counter: 40 }
  const read = (step: unknown) =>
    decodeEntry(encode([2, null, 0, step, bytesFromId(target)]), context)

  t.match(read(2), { entry: { counter: 42, content: { kind: 'deletion', target } } })
  t.equal(read(2).context.counter, 42)
  t.equal(read(-5).entry.counter, 35)
  t.equal(read(-5).context.counter, 40, 'what counts for the next is the largest')
  t.equal(read(-50).entry.counter, 0)
  t.equal(read(Number.MAX_SAFE_INTEGER).entry.counter, COUNTER_MAX)
  for (const none of [null, '7', 1.5, [1]]) t.equal(read(none).entry.counter, 40)
})
