/** Attacks by malicious bytes that are sealed and signed as they should be: bombs, depth, lengths that lie, columns. */
import { brotliCompressSync, deflateRawSync } from 'node:zlib'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { byteWriter, concatBytes } from '#base/bytes.ts'
import { BODY_BYTES_MAX, DELTA_CHANGES_MAX, ENTRY_BYTES_MAX } from '#base/limits.ts'
import { decompress } from '#codec/compression.ts'
import { genesisOf, readChange, writeChange } from '#model/change.ts'
import { foldDocument, loadDocument } from '#model/document.ts'
import { decodeEntry } from '#model/entry.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { openLog } from '#model/log.ts'
import { anInsider, flipped, unnamed } from '../support/adversary.ts'
import { anIdentity } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
import { arrive, aSync, bodies, found, ops, routine } from '../support/sync.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2)]
const mallory = anIdentity('mallory', 9)
const MIB = 2 ** 20

test('a bomb inflates to its limit and no further', async (t) => {
  const zeros = new Uint8Array(200 * MIB)
  const before = process.memoryUsage.rss()

  for (const [compression, bytes] of [
    [1, deflateRawSync(zeros)],
    [2, brotliCompressSync(zeros)],
  ] as const) {
    t.ok(bytes.length < MIB)
    t.equal(decompress({ compression, bytes }), undefined)
  }
  t.ok(decompress({ compression: 2, bytes: brotliCompressSync(new Uint8Array(BODY_BYTES_MAX)) }))
  t.ok(process.memoryUsage.rss() - before < 300 * MIB)
})

test('a bomb that a member sends is refused by its name', async (t) => {
  const { alpha, insider } = await aScene()
  const zeros = new Uint8Array(BODY_BYTES_MAX + 1)

  const bytes = insider.seal(ops, zeros)

  t.ok(bytes.length < 5_000)
  t.match(await arrive(alpha, bytes), { outcome: { kind: 'refused', reason: 'malformed' } })
  t.strictSame(await unnamed(alpha, 'malformed'), [])
})

test('entries that lie about their lengths, or go deep, are unknown and cost nothing', async (t) => {
  const deep = new Uint8Array(60_000).fill(0x91)
  const before = process.cpuUsage()
  for (const value of [
    deep,
    concatBytes(Uint8Array.of(0x94, 0x00, 0xc0, 0x00), deep),
    Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff, 0x01),
    Uint8Array.of(0xc6, 0x7f, 0xff, 0xff, 0xff),
    Uint8Array.of(0xdb, 0x7f, 0xff, 0xff, 0xff),
    Uint8Array.of(0xc9, 0x7f, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(0x81, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa1, 0x78, 0x01),
  ])
    t.match(decodeEntry(value, EMPTY_LIST).entry.content, { kind: 'unknown' })
  t.ok(process.cpuUsage(before).user < 2_000_000, 'microseconds of this process alone')
  t.equal(Reflect.get({}, 'x'), undefined, 'no prototype was touched')
})

test('bodies with counts and lengths at their ends are refused, and the node goes on', async (t) => {
  const { alpha, insider } = await aScene()
  const huge = [127, 128, 4_096, 65_535, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]
  for (const count of huge)
    for (const kind of [1, 2, 3, 4, 9]) {
      const writer = byteWriter()
      writer.byte(kind)
      for (let each = 0; each < 6; each += 1) writer.uint(count)
      const { outcome } = await arrive(alpha, insider.seal(ops, writer.bytes()))
      t.equal(outcome.kind, 'refused', `kind ${kind}, ${count}`)
    }
  insider.write(routine, {
    author: insider.person,
    content: { kind: 'post', body: 'after all that', root: undefined },
  })
  await arrive(alpha, insider.envelope(routine))
  t.strictSame(await bodies(alpha), ['after all that'])
  t.strictSame(await unnamed(alpha, 'malformed'), [])
})

test('as many tiny changes in one envelope as there may be are taken in one go, and an entry over its limit is not', async (t) => {
  const { alpha, insider } = await aScene()
  for (let each = 0; each < DELTA_CHANGES_MAX; each += 1)
    insider.writeRaw(routine, Uint8Array.of(0x90))
  const large = anInsider(mallory, { knows: people, life: 'large' })
  large.writeRaw(routine, new Uint8Array(ENTRY_BYTES_MAX + 1).fill(0x90))

  const { outcome } = await arrive(alpha, insider.envelope(routine))

  t.match(outcome, { kind: 'applied', changes: DELTA_CHANGES_MAX })
  t.match(await arrive(alpha, large.envelope(routine)), { outcome: { kind: 'refused' } })
  t.strictSame(await unnamed(alpha, 'malformed'), [])
})

test('a change with other columns, dependencies, actors, times or checksums is no change of ours', async (t) => {
  const previous = genesisOf(routine).hash
  const actor = anInsider(mallory, { knows: people }).actor
  const good = writeChange({ actor, seq: 1, previous, value: Uint8Array.of(0x90, 1, 2, 3) })

  t.ok(readChange(good.bytes))
  for (let at = 0; at < good.bytes.length; at += 1)
    for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
      const changed = Uint8Array.from(good.bytes)
      if (changed[at] === value) continue
      changed[at] = value
      t.equal(readChange(changed), undefined)
    }
})

test('a snapshot with any bit changed loads as what it was or not at all', async (t) => {
  const log = openLog(routine)
  const { actor } = anInsider(mallory, { knows: people })
  for (let each = 1; each <= 40; each += 1) log.add(log.next(actor, Uint8Array.of(0x91, each)))
  const snapshot = must(foldDocument(log), 'it folds')
  const random = seededRandom(3)
  for (let each = 0; each < 400; each += 1) {
    const at = Buffer.from(random.bytes(4)).readUInt32BE(0) % snapshot.length
    const loaded = loadDocument(routine, flipped(snapshot, at), { loose: [] })
    t.ok(loaded.damage === 'snapshot' || loaded.log.heads().join() === log.heads().join())
  }
})

async function aScene() {
  const alpha = await aSync('alpha', { role: 'hub', knows: [...people, mallory] })
  await found(alpha)
  return { alpha, insider: anInsider(mallory, { knows: people }) }
}
