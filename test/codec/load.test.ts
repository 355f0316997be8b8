/** What an envelope holds is read as it was written; what is malformed is refused whole. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, concatBytes, equalBytes } from '#base/bytes.ts'
import { actorOf, lifeOfActor } from '#base/ids.ts'
import { decodeLoad, encodeLoad, type SignedNote, type Wrapping } from '#codec/load.ts'
import { encodeNote } from '#codec/note.ts'
import { channelDocument, DIRECTORY, segmentDocument } from '#model/document-id.ts'
import { flip, holds } from '../support/property.ts'
import { actorAt, aRoster, nodeAt, nodes, ops } from '../support/wire.ts'

const roster = aRoster()
const sender = actorAt(0)
const inOps: Wrapping = { scope: ops, sender, roster }
const delta = Uint8Array.of(1, 2, 3, 4)
const segment = segmentDocument(ops, 'routine', 3)

test('a delta alone is nothing but itself', async (t) => {
  t.equal(encodeLoad({ notes: [], delta }, inOps), delta)
  t.strictSame(decodeLoad(delta, inOps), { notes: [], delta })
})

test('notes come back as they were signed, with the delta behind them or none', async (t) => {
  const notes = [aNote(0), aNote(2)]

  for (const more of [{}, { delta }]) {
    const load = must(decodeLoad(encodeLoad({ notes, ...more }, inOps), inOps), 'it is read')
    t.strictSame(load.notes.map(plain), notes.map(plain))
    t.strictSame(load.delta && [...load.delta], more.delta && [...more.delta])
  }
})

test('a note that the envelope’s signature vouches for comes back without one, and only with a delta', async (t) => {
  const { body } = aNote(0)
  for (const notes of [[], [aNote(2)]]) {
    const whole = encodeLoad({ notes, delta, joint: body }, inOps)
    const load = must(decodeLoad(whole, inOps), 'it is read')
    t.strictSame(load.joint, body)
    t.strictSame(load.notes.map(plain), notes.map(plain))
    t.strictSame([...must(load.delta, 'it has one')], [...delta])
    for (let length = 0; length < whole.length - delta.length + 1; length += 1)
      t.equal(decodeLoad(whole.subarray(0, length), inOps), undefined)
    t.equal(decodeLoad(encodeLoad({ notes: [aNote(2)], joint: body }, inOps), inOps), undefined)
    t.equal(decodeLoad(concatBytes(whole.subarray(0, -delta.length), whole), inOps), undefined)
  }
})

test('a proof that was signed together with another statement is longer, and comes back whole', async (t) => {
  const note = aNote(2)
  const longer = { ...note, signature: concatBytes(note.signature, new Uint8Array(32).fill(7)) }
  const load = must(decodeLoad(encodeLoad({ notes: [longer, note] }, inOps), inOps), 'it is read')
  t.strictSame(load.notes.map(plain), [longer, note].map(plain))
})

test('a document of the scope costs a byte or two, another one its whole id', async (t) => {
  const notes = [aNote(0)]
  const here = encodeLoad({ notes }, inOps)
  const elsewhere = encodeLoad({ notes }, { ...inOps, scope: 'directory' })

  t.ok(elsewhere.length - here.length >= 16 + 16, 'a segment and the settings')
})

test('the sender is not named, another is, and one that nobody knows is nobody', async (t) => {
  const whole = encodeLoad({ notes: [aNote(0), aNote(1)] }, inOps)
  const alone = aRoster([nodeAt(0)])

  const load = must(decodeLoad(whole, { ...inOps, roster: alone }), 'it is read')

  t.strictSame(
    load.notes.map(({ actor }) => actor),
    [sender, undefined],
  )
  t.equal(encodeLoad({ notes: [aNote(1)], delta }, { ...inOps, roster: alone }), delta)
})

test('what is cut short, empty, or followed by no delta is refused', async (t) => {
  const whole = encodeLoad({ notes: [aNote(0)] }, inOps)

  for (let length = 0; length < whole.length; length += 1)
    t.equal(decodeLoad(whole.subarray(0, length), inOps), undefined)
  t.equal(decodeLoad(Uint8Array.of(2, 0), inOps), undefined)
  t.equal(decodeLoad(concatBytes(Uint8Array.of(2, 0), delta), inOps), undefined)
  t.equal(decodeLoad(concatBytes(whole, Uint8Array.of(3)), inOps), undefined)
  for (const kind of [0, 3, 4, 255])
    t.equal(decodeLoad(Uint8Array.from([kind, ...whole.subarray(1)]), inOps), undefined)
})

test('whatever is bent, nothing is thrown, and no note becomes another that is as good', async (t) => {
  const note = aNote(0)
  const whole = encodeLoad({ notes: [note], delta }, inOps)
  holds(
    t,
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, mask) => {
      const load = decodeLoad(flip(whole, place, mask), inOps)

      const isBent = load?.notes.some(
        ({ actor, body, signature }) =>
          actor === sender && equalBytes(body, note.body) && equalBytes(signature, note.signature),
      )
      assert.ok(load === undefined || load.delta !== undefined)
      assert.ok(isBent !== true || place % whole.length >= whole.length - delta.length)
    }),
    1_000,
  )
})

test('the sender in its life is named by 0 and in no other way', async (t) => {
  const whole = encodeLoad({ notes: [aNote(0)], delta }, inOps)
  t.equal(whole[2], 0)
  t.ok(decodeLoad(whole, inOps))
  const named = Uint8Array.of(2 * nodeAt(0).certificate.number, ...lifeOfActor(sender))
  const written = concatBytes(whole.subarray(0, 2), named, whole.subarray(3))
  t.equal(decodeLoad(written, inOps), undefined)
})

test('what the sender said in another life comes back with that life', async (t) => {
  const note = {
    ...aNote(0),
    actor: actorOf(nodeAt(0).certificate.node, Uint8Array.of(9, 9, 9, 9)),
  }
  const load = must(decodeLoad(encodeLoad({ notes: [note] }, inOps), inOps), 'it is read')
  t.strictSame(load.notes.map(plain), [note].map(plain))
})

function aNote(at: number): SignedNote {
  const clock = Object.fromEntries(nodes.map((_, index) => [actorAt(index), index + 1]))
  const items = [segment, channelDocument(ops), DIRECTORY].map((document) => ({
    document,
    clock,
    read: {},
  }))
  const body = encodeNote({ kind: 'receipt', isWhole: false, items }, roster)
  return { actor: actorAt(at), body, signature: nodeAt(at).sign(bytesFromText('x')) }
}

function plain({
  actor,
  body,
  signature,
}: {
  actor: unknown
  body: Uint8Array
  signature: Uint8Array
}) {
  return { actor, body: [...body], signature: [...signature] }
}
