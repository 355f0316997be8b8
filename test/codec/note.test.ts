/** Notes are read as they were written; what is not a note is refused whole. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { byteWriter, concatBytes } from '#base/bytes.ts'
import type { ActorId } from '#base/ids.ts'
import {
  decodeNote,
  encodeNote,
  restoreNote,
  shortenNote,
  type Note,
  type Prints,
} from '#codec/note.ts'
import { channelDocument, DIRECTORY, segmentDocument } from '#model/document-id.ts'
import type { Clock } from '#model/log.ts'
import { anActor } from '../support/histories.ts'
import { flip, holds } from '../support/property.ts'
import { actorAt, actors, aRoster, nodeAt, ops } from '../support/wire.ts'

const roster = aRoster()
const documents = [DIRECTORY, channelDocument(ops), segmentDocument(ops, 'priority', 12)]

/** What its kind allows: only a `have` may be whole, only a receipt tells what was read, and a `want` names no lists by prints. */
const proper = ({ kind, isWhole, items }: Note): Note => ({
  kind,
  isWhole: isWhole && kind === 'have',
  items: items.map(({ read, ...one }) => ({
    ...one,
    read: kind === 'receipt' ? read : {},
    ...(kind === 'want' ? {} : { prints: printsOf(one.clock) }),
  })),
})

/** Some have one, some none. */
const printsOf = (clock: Clock): Prints =>
  Object.fromEntries(
    Object.entries(clock).flatMap(([actor, seq]) =>
      seq % 3 === 0 ? [] : [[actor, 1 + (seq % 65_535)]],
    ),
  )

test('a note says which changes of which documents, and how far they were read', async (t) => {
  const clock = fc.dictionary(fc.constantFrom(...actors), fc.integer({ min: 1, max: 1_000_000 }), {
    noNullPrototype: true,
  })
  const item = fc
    .record({
      document: fc.constantFrom(...documents),
      clock,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ document, clock: has, share }) => ({ document, clock: has, read: partOf(has, share) }))
  const anyNote = fc.record(
    {
      kind: fc.constantFrom<Note['kind'][]>('receipt', 'have', 'want'),
      isWhole: fc.boolean(),
      items: fc.array(item, { maxLength: 6 }),
    },
    { noNullPrototype: true },
  )
  holds(
    t,
    fc.property(anyNote.map(proper), (note) => {
      const bytes = encodeNote(note, roster)
      assert.deepEqual(decodeNote(bytes, roster), note)
      for (const scope of [ops, 'directory'] as const) {
        const short = shortenNote(bytes, scope)
        assert.deepEqual(restoreNote(short, scope), bytes)
        const reads = note.items.flatMap(({ read }) => Object.keys(read))
        assert.ok(short.length <= bytes.length + reads.length)
      }
    }),
    200,
  )
})

test('a question is one, whether it names all documents or some', async (t) => {
  for (const isWhole of [true, false]) {
    const note: Note = { ...aNote({}), kind: 'have', isWhole, isQuestion: true }
    const bytes = encodeNote(note, roster)
    t.match(decodeNote(bytes, roster), { isWhole, isQuestion: true })
    t.strictSame(restoreNote(shortenNote(bytes, ops), ops), bytes)
    bytes[1] = 4
    t.equal(decodeNote(bytes, roster), undefined)
  }
})

test('actors of nodes that the writer does not know are left out', async (t) => {
  const clock = { [actorAt(0)]: 4, [anActor('unknown')]: 9 }

  t.match(decodeNote(encodeNote(aNote(clock), roster), roster), {
    items: [{ document: DIRECTORY, clock: { [actorAt(0)]: 4 } }],
  })
  t.equal(anActor('unknown') in (readClock(encodeNote(aNote(clock), roster)) ?? {}), false)
})

test('actors of nodes that the reader does not know are passed over, the rest is read', async (t) => {
  const bytes = encodeNote(aNote({ [actorAt(0)]: 4, [actorAt(1)]: 9 }), roster)

  const note = decodeNote(bytes, aRoster([nodeAt(1)]))

  const prints = {}
  t.strictSame(note?.items, [{ document: DIRECTORY, clock: { [actorAt(1)]: 9 }, read: {}, prints }])
})

test('a note cut short, with more behind it or of another kind is refused', async (t) => {
  const bytes = encodeNote(aNote({ [actorAt(0)]: 4 }), roster)

  for (let length = 0; length < bytes.length; length += 1) {
    t.equal(decodeNote(bytes.subarray(0, length), roster), undefined)
  }
  t.equal(decodeNote(concatBytes(bytes, Uint8Array.of(0)), roster), undefined)
  for (const kind of [0, 1, 5, 255]) {
    t.equal(decodeNote(Uint8Array.from([kind, ...bytes.subarray(1)]), roster), undefined)
  }
})

test('a note about something that is no document is refused', async (t) => {
  t.ok(decodeNote(about(1), roster))
  for (const code of [2, 3, 4, 8, 9, 127])
    t.equal(decodeNote(about(code), roster), undefined, `code ${code}`)
  t.ok(restoreNote(about(8), ops), 'the settings, in an envelope of the channel')
  t.throws(() => restoreNote(about(9), 'directory'))
})

test('lists longer than a note may hold are refused before they are read', async (t) => {
  t.equal(decodeNote(aLongNote(16_384, 3_000), roster)?.items.length, 3_000)
  t.equal(decodeNote(aLongNote(16_385, 0), roster), undefined)
  t.equal(decodeNote(aLongNote(0, 5_001), roster), undefined)
})

test('whatever bytes come as a note, nothing is thrown', async (t) => {
  const whole = encodeNote(aNote({ [actorAt(0)]: 4 }), roster)
  const damaged = fc
    .tuple(fc.nat(), fc.integer({ min: 1, max: 255 }))
    .map(([place, mask]) => flip(whole, place, mask))
  holds(
    t,
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), damaged), (bytes) => {
      const note = decodeNote(bytes, roster)

      assert.ok(note === undefined || note.items.length <= 5_000)
    }),
    1_000,
  )
})

/** A want of one document, by its code. */
function about(code: number): Uint8Array {
  return Uint8Array.of(4, 0, 0, 1, code, 0)
}

function aNote(clock: Clock): Note {
  return { kind: 'have', isWhole: true, items: [{ document: DIRECTORY, clock, read: {} }] }
}

function readClock(bytes: Uint8Array): Clock | undefined {
  return decodeNote(bytes, roster)?.items[0]?.clock
}

function partOf(clock: Clock, share: number): Clock {
  const part: Record<ActorId, number> = {}
  for (const [actor, seq] of Object.entries(clock)) {
    const read = Math.floor(seq * share)
    if (read > 0) part[actor as ActorId] = read
  }
  return part
}

function aLongNote(actorCount: number, itemCount: number): Uint8Array {
  const writer = byteWriter()
  for (const value of [4, 0, actorCount]) writer.uint(value)
  for (let index = 0; index < actorCount; index += 1) writer.raw(Uint8Array.of(1, 0, 0, 0, 0))
  writer.uint(itemCount)
  for (let index = 0; index < itemCount; index += 1) {
    writer.uint(1)
    writer.uint(0)
  }
  return writer.bytes()
}
