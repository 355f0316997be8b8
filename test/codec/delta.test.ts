/** The body of a delta: read as it was written, small, and refused when it is not exactly that. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { byteWriter, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { DELTA_CHANGES_MAX, ENTRY_BYTES_MAX } from '#base/limits.ts'
import { decodeDelta, DELTA_KIND, encodeDelta, type Delta } from '#codec/delta.ts'
import { channelDocument, DIRECTORY, segmentDocument } from '#model/document-id.ts'
import { anyHistory, play, type Step } from '../support/histories.ts'
import { flip, holds } from '../support/property.ts'
import {
  actorAt,
  actors,
  aDeltaBody,
  aRoster,
  attestationBy,
  attestationsOf,
  lifeOf,
  nodeAt,
  nodes,
  ops,
} from '../support/wire.ts'

const segment = segmentDocument(ops, 'flash', 7)
const [alpha, bravo] = [actorAt(0), actorAt(1)]
const opened = { scope: ops, sender: alpha, roster: aRoster() } as const

test('a delta says which document, which authors and entries, and who vouches for them', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), fc.nat(3), (steps, who) => {
      const { whole } = play(segment, actors, steps)
      const sender = actorAt(who)
      const changes = whole.since({})

      const read = decodeDelta(aDeltaBody(whole, changes, sender), { ...opened, sender })

      assert.ok(read.ok)
      assert.equal(read.delta.document, segment)
      assert.deepEqual(
        read.delta.records.map(({ actor, seq, value }) => ({ actor, seq, value })),
        changes.map(({ actor, seq, value }) => ({ actor, seq, value })),
      )
      const expected = attestationsOf(whole, changes, sender)
      assert.deepEqual(hexOf(read.delta.attestations), hexOf(expected))
    }),
  )
})

test('documents are named within their scope: settings, lanes and numbers', async (t) => {
  for (const document of [
    channelDocument(ops),
    segment,
    segmentDocument(ops, 'routine', 1_000_000),
  ]) {
    const { whole } = play(document, actors, talk)
    t.equal(must(readBody(aDeltaBody(whole, whole.since({}), alpha)), 'read').document, document)
  }
  const { whole } = play(DIRECTORY, actors, talk)
  const body = aDeltaBody(whole, whole.since({}), alpha)
  const read = decodeDelta(body, { ...opened, scope: 'directory' })
  t.match(read, { ok: true, delta: { document: DIRECTORY } })
})

test('a document that the scope does not have is refused', async (t) => {
  const { whole } = play(segment, actors, talk)
  const body = aDeltaBody(whole, whole.since({}), alpha)

  t.match(decodeDelta(body, { ...opened, scope: 'directory' }), { ok: false, reason: 'malformed' })
  const beyond = byteWriter()
  beyond.byte(DELTA_KIND)
  beyond.uint(1 + 4 * 1_000_001)
  beyond.uint(0)
  beyond.uint(0)
  t.match(decodeDelta(beyond.bytes(), opened), { ok: false, reason: 'malformed' })
})

test('the changes of a node nobody has introduced wait until somebody does', async (t) => {
  const { whole } = play(segment, actors, talk)
  const body = aDeltaBody(whole, whole.since({}), alpha)
  const roster = aRoster([nodeAt(0)])

  t.strictSame(decodeDelta(body, { ...opened, roster }), { ok: false, reason: 'unknown actor' })
  for (const { certificateBytes } of nodes) roster.introduce(certificateBytes)
  t.ok(decodeDelta(body, { ...opened, roster }).ok)
})

test('a node’s first entries in the directory bring its certificate, later ones and other documents do not', async (t) => {
  const directory = play(DIRECTORY, actors, talk).whole
  const roster = aRoster([nodeAt(0)])
  const inScope = { scope: 'directory' as const, sender: alpha, roster }

  const later = directory.since(Object.fromEntries(actors.map((actor) => [actor, 1])))
  t.match(decodeDelta(aDeltaBody(directory, later, alpha), inScope), { reason: 'unknown actor' })
  t.ok(decodeDelta(aDeltaBody(directory, directory.since({}), alpha), inScope).ok)
  t.strictSame(roster.byNode(nodeAt(1).certificate.node), nodeAt(1).certificate)
})

test('a certificate the root did not sign introduces nobody', async (t) => {
  const directory = play(DIRECTORY, actors, talk).whole
  const body = aDeltaBody(directory, directory.since({}), alpha)
  const at = Buffer.from(body).indexOf(nodeAt(1).certificateBytes)
  const roster = aRoster([nodeAt(0), nodeAt(2)])

  const read = decodeDelta(flip(body, at + 20), { scope: 'directory', sender: alpha, roster })

  t.strictSame(read, { ok: false, reason: 'unknown actor' })
  t.equal(roster.byNode(nodeAt(1).certificate.node), undefined)
})

test('a delta cut short or with more behind it is malformed', async (t) => {
  const { whole } = play(segment, actors, talk)
  const body = aDeltaBody(whole, whole.since({}), alpha)

  for (let length = 0; length < body.length; length += 1) {
    const read = decodeDelta(body.subarray(0, length), opened)
    if (read.ok) t.fail(`${length} bytes were read`)
  }
  t.match(decodeDelta(concatBytes(body, Uint8Array.of(0)), opened), { reason: 'malformed' })
})

test('only authors of changes here are vouched for, and every one of them must be', async (t) => {
  const { whole } = play(segment, [alpha, bravo], [first, { ...first, writer: 1, hears: 0 }])
  const changes = whole.since({ [alpha]: 1 })
  const draft = { log: whole, changes, sender: actorAt(2), roster: aRoster() }
  const all = attestationsOf(whole, whole.since({}), actorAt(2))

  const delta = must(
    readBody(encodeDelta({ ...draft, attestations: all }), actorAt(2)),
    'the signature of alpha, who is only referred to, is left out',
  )

  t.strictSame([...delta.attestations.keys()], [bravo])
  t.throws(() => encodeDelta({ ...draft, attestations: new Map() }), { name: 'AssertionFailure' })
})

test('an actor that is named twice is malformed', async (t) => {
  const { whole } = play(segment, [bravo], [{ ...first, writer: 0 }])
  const [change] = whole.since({})
  const signature = attestationBy(whole, must(change, 'there'))
  const body = (...table: readonly (readonly [number: number, firstSeq: number])[]): Uint8Array => {
    const writer = byteWriter()
    writer.byte(DELTA_KIND)
    writer.uint(1 + 4 * 7)
    writer.uint(table.length)
    for (const [number, firstSeq] of table) {
      writer.uint(number)
      if (number !== 0) writer.raw(lifeOf(nodeAt(number - 1).certificate.name))
      writer.uint(firstSeq)
    }
    writer.uint(table.length)
    table.forEach((_, index) => writer.uint(3 * index))
    for (const _ of table) writer.uint(1)
    for (const _ of table) writer.byte(7)
    for (const [number] of table) if (number !== 0) writer.raw(signature)
    return writer.bytes()
  }

  t.ok(decodeDelta(body([0, 1], [2, 1]), opened).ok, 'two actors are well-formed')
  t.match(decodeDelta(body([2, 2], [2, 1]), opened), { reason: 'malformed' })
  t.match(decodeDelta(body([0, 2], [1, 1]), opened), { reason: 'malformed' }, 'the sender too')
  t.match(decodeDelta(body([2, 0]), opened), { reason: 'malformed' }, 'no number, no changes')
})

test('more changes than the limit, longer entries and empty ones are malformed', async (t) => {
  t.ok(decodeDelta(aHandmade(DELTA_CHANGES_MAX, 1), opened).ok)
  t.match(decodeDelta(aHandmade(DELTA_CHANGES_MAX + 1, 1), opened), { reason: 'malformed' })
  t.ok(decodeDelta(aHandmade(1, ENTRY_BYTES_MAX), opened).ok)
  t.match(decodeDelta(aHandmade(1, ENTRY_BYTES_MAX + 1), opened), { reason: 'malformed' })
  t.match(decodeDelta(aHandmade(1, 0), opened), { reason: 'malformed' })
})

test('one message in a conversation costs at most 17 bytes beside its entry', async (t) => {
  const { whole } = play(segment, actors, talk)
  const last = must(whole.since({}).at(-1), 'there')

  const body = encodeDelta({
    log: whole,
    changes: [last],
    sender: last.actor,
    roster: aRoster(),
    attestations: new Map(),
  })

  t.ok(body.length - last.value.length <= 17, `${body.length - last.value.length} bytes`)
})

const first: Step = { writer: 0, hears: 0, seconds: 0, body: 'hello' }
const talk: readonly Step[] = Array.from({ length: 8 }, (_, index) => ({
  writer: index % 2,
  hears: (index + 1) % 2,
  seconds: index,
  body: `message ${index}`,
}))

function readBody(body: Uint8Array, sender = alpha): Delta | undefined {
  const read = decodeDelta(body, { ...opened, sender })
  return read.ok ? read.delta : undefined
}

function hexOf(signatures: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries([...signatures].map(([actor, bytes]) => [actor, hexFromBytes(bytes)]))
}

function aHandmade(count: number, length: number): Uint8Array {
  const writer = byteWriter()
  for (const value of [DELTA_KIND, 1 + 4 * 7, 1, 0, 1, count]) writer.uint(value)
  for (let index = 0; index < count; index += 1) writer.uint(0)
  for (let index = 0; index < count; index += 1) writer.uint(length)
  writer.raw(new Uint8Array(count * length))
  return writer.bytes()
}
