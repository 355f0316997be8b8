import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { IN_FLIGHT_MAX } from '#base/limits.ts'
import { openIncoming, type Piece } from '#carriers/lan-incoming.ts'
import { LANES, type Lane } from '#model/precedence.ts'
import { holds } from '../support/property.ts'

const LIMIT = 1_000

test('parcels come out whole, however their pieces are cut and lanes are mixed', async (t) => {
  const cut = fc.record({
    lane: fc.constantFrom(...LANES),
    bytes: fc.uint8Array({ maxLength: 60 }),
    size: fc.integer({ min: 1, max: 20 }),
  })

  holds(
    t,
    fc.property(fc.array(cut, { maxLength: 12 }), fc.array(fc.nat()), (cuts, order) => {
      const queues = LANES.map((lane) =>
        cuts.flatMap((one, number) => (one.lane === lane ? piecesOf(lane, number, one) : [])),
      )
      const incoming = openIncoming(LIMIT)
      const came = new Map<number, Buffer>()
      for (let turn = 0; queues.some(({ length }) => length > 0); turn += 1) {
        const busy = queues.filter(({ length }) => length > 0)
        const piece = busy[(order[turn] ?? 0) % busy.length]?.shift()
        assert.ok(piece)
        const received = incoming.take(piece)
        if (received.kind === 'parcel') came.set(received.name.number, Buffer.from(received.bytes))
        else assert.equal(received.kind, 'unfinished')
      }

      assert.deepEqual(
        cuts.map((_, number) => came.get(number)),
        cuts.map(({ bytes }) => Buffer.from(bytes)),
      )
    }),
  )
})

test('a new beginning in a lane drops what was not complete there', async (t) => {
  const incoming = openIncoming(LIMIT)
  incoming.take(first('routine', 0, 10, 4))

  t.equal(incoming.take(first('routine', 1, 2, 2)).kind, 'parcel')
  t.match(incoming.take({ kind: 'more', lane: 'routine', bytes: new Uint8Array(6) }), {
    kind: 'broken',
  })
})

test('what no honest node sends is told by name', async (t) => {
  const began = openIncoming(LIMIT)
  began.take(first('flash', 0, 10, 4))

  t.match(openIncoming(LIMIT).take(more(1)), { reason: 'a piece without a beginning' })
  t.match(openIncoming(LIMIT).take(first('flash', 0, 3, 4)), {
    reason: 'more bytes than announced',
  })
  t.match(openIncoming(LIMIT).take(first('flash', 0, 3, 0)), { reason: 'an empty piece' })
  t.match(began.take(more(0)), { reason: 'an empty piece' })
  t.match(began.take(more(7)), { reason: 'more bytes than announced' })
})

test('a parcel above the limit is let pass and told at its end, whatever size it claims', async (t) => {
  const incoming = openIncoming(LIMIT)
  const total = LIMIT + 1

  t.equal(incoming.take(first('routine', 9, total, 500)).kind, 'unfinished')
  t.match(incoming.take({ kind: 'more', lane: 'routine', bytes: new Uint8Array(501) }), {
    kind: 'too-large',
    name: { lane: 'routine', number: 9 },
    total,
  })
  t.equal(incoming.take(first('flash', 0, Number.MAX_SAFE_INTEGER, 500)).kind, 'unfinished')
})

test('a peer may not leave more parcels with us than we owe answers for', async (t) => {
  const incoming = openIncoming(LIMIT)
  for (let number = 0; number < IN_FLIGHT_MAX; number += 1)
    incoming.take(first('flash', number, 1, 1))

  t.equal(incoming.take(first('routine', 0, 1, 1)).kind, 'parcel', 'another lane')
  t.equal(incoming.take(first('flash', 0, 1, 1)).kind, 'parcel', 'one that came before')
  incoming.answer({ lane: 'flash', number: 4 })
  t.equal(incoming.take(first('flash', 100, 1, 1)).kind, 'parcel', 'one was answered')
  t.match(incoming.take(first('flash', 101, 1, 1)), { reason: 'too many parcels at once' })
})

test('an answer is owed once', async (t) => {
  const incoming = openIncoming(LIMIT)
  incoming.take(first('flash', 3, 1, 1))

  t.equal(incoming.answer({ lane: 'flash', number: 3 }), true)
  t.equal(incoming.answer({ lane: 'flash', number: 3 }), false)
  t.equal(incoming.answer({ lane: 'flash', number: 4 }), false)
})

function more(length: number): Piece {
  return { kind: 'more', lane: 'flash', bytes: new Uint8Array(length) }
}

function first(lane: Lane, number: number, total: number, length: number): Piece {
  return { kind: 'first', lane, number, total, bytes: new Uint8Array(length) }
}

function piecesOf(
  lane: Lane,
  number: number,
  { bytes, size }: { readonly bytes: Uint8Array; readonly size: number },
): Piece[] {
  const pieces: Piece[] = [
    { kind: 'first', lane, number, total: bytes.length, bytes: bytes.subarray(0, size) },
  ]
  for (let at = size; at < bytes.length; at += size)
    pieces.push({ kind: 'more', lane, bytes: bytes.subarray(at, at + size) })
  return pieces
}
