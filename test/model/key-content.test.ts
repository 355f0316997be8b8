/** Entries of the keys document survive their way through an entry, and whatever else stands there throws nothing. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { idFromBytes, type ChannelId, type NodeId } from '#base/ids.ts'
import { decodeEntry, encodeEntry } from '#model/entry.ts'
import { isKeyContent, KEY_READERS, keyFields, KEY_KIND_NUMBER } from '#model/key-content.ts'
import type { KeyContent } from '#model/key-content.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { anyBytes, holds } from '../support/property.ts'

const PLAIN = { noNullPrototype: true } as const

const anyNode = anyBytes(16).map((bytes) => idFromBytes<NodeId>(bytes))
const anyHex = (bytes: number): fc.Arbitrary<string> =>
  anyBytes(bytes).map((found) => Buffer.from(found).toString('hex'))

const anyTime = fc.nat({ max: 4_000_000_000 }).map((seconds) => seconds * 1000)
const ORDER = { by: anyNode, node: anyNode, signature: anyBytes(64) }

const anyKeyContent: fc.Arbitrary<KeyContent> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('sealing key' as const),
      generation: fc.nat(),
      publicBytes: fc.uint8Array({ maxLength: 1_300 }),
    },
    PLAIN,
  ),
  fc.record(
    {
      kind: fc.constant('pair' as const),
      keyName: anyHex(8),
      ciphertext: fc.uint8Array({ maxLength: 1_300 }),
    },
    PLAIN,
  ),
  fc.record(
    {
      kind: fc.constant('epoch' as const),
      audience: anyBytes(16).map((bytes) => idFromBytes<ChannelId>(bytes)),
      number: fc.nat(),
      epoch: anyHex(16),
      maker: fc.option(anyNode, { nil: undefined }),
      wraps: fc.array(fc.record({ pair: fc.nat(), bytes: anyBytes(48) }, PLAIN), { maxLength: 20 }),
    },
    PLAIN,
  ),
  fc.record(
    {
      kind: fc.constant('revocation' as const),
      ...ORDER,
      since: anyTime,
      reason: fc.string({ maxLength: 200 }),
    },
    PLAIN,
  ),
  fc.record({ kind: fc.constant('wipe order' as const), ...ORDER, at: anyTime }, PLAIN),
  fc.constant({ kind: 'wiped' as const }),
)

test('what is written into the keys document is read again as it was', async (t) => {
  holds(
    t,
    fc.property(anyKeyContent, (content) => {
      const entry = { author: undefined, claimedAt: 0, placeAt: 0, counter: 0, content }
      const read = decodeEntry(encodeEntry(entry, EMPTY_LIST), EMPTY_LIST)
      assert.deepEqual(read.entry.content, content)
    }),
  )
})

test('whatever items stand in an entry, a reader gives its own kind or nothing, and never throws', async (t) => {
  const numbers = Object.values(KEY_KIND_NUMBER)
  holds(
    t,
    fc.property(fc.constantFrom(...numbers), fc.array(fc.anything()), (number, items) => {
      const read = must(KEY_READERS[number], 'every number has a reader')(items)
      return read === undefined || KEY_KIND_NUMBER[read.kind] === number
    }),
    1_000,
  )
})

test('wraps that are cut short or too many are no epoch', async (t) => {
  const read = must(KEY_READERS[KEY_KIND_NUMBER.epoch], 'there is one')
  const wraps = [{ pair: 300, bytes: new Uint8Array(48).fill(7) }]
  const content = {
    kind: 'epoch',
    audience: idFromBytes<ChannelId>(new Uint8Array(16)),
    number: 1,
    epoch: '00'.repeat(16),
    maker: undefined,
    wraps,
  } as const
  const items = keyFields(content)
  const packed = items.at(-1) as Uint8Array

  t.match(read(items), { kind: 'epoch', wraps: [{ pair: 300 }] })
  for (let length = 1; length < packed.length; length += 1)
    t.equal(read([...items.slice(0, -1), packed.subarray(0, length)]), undefined)
  const many = new Uint8Array(1_001 * 49)
  t.equal(read([...items.slice(0, -1), many]), undefined)
  t.equal(read([...items.slice(0, -1), many.subarray(49)])?.kind, 'epoch')
})

test('only the kinds of the keys document are key contents', async (t) => {
  for (const kind of Object.keys(KEY_KIND_NUMBER)) t.ok(isKeyContent({ kind }))
  for (const kind of ['node', 'post', 'unknown', 'member']) t.notOk(isKeyContent({ kind }))
})
