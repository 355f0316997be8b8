import { test } from 'tap'
import { IN_FLIGHT_MAX } from '#base/limits.ts'
import { PIECE_BYTES_MAX, type LanMessage } from '#carriers/lan-message.ts'
import { openOutgoing, WAITING_PARCELS_MAX, type Outgoing } from '#carriers/lan-outgoing.ts'
import type { Lane } from '#model/precedence.ts'
import { parcel } from '../support/carrier-side.ts'

test('a parcel goes out whole, and its answer resolves it', async (t) => {
  const outgoing = openOutgoing('bravo')
  const handed = outgoing.add(parcel('one', { lane: 'priority', number: 4 }), never())

  t.match(outgoing.next(), { kind: 'first', lane: 'priority', number: 4, total: 3 })
  t.equal(outgoing.next(), undefined)
  t.equal(outgoing.isAwaiting(), true)
  t.equal(outgoing.answered({ lane: 'priority', number: 4 }, 'custody'), true)

  t.equal(await handed, 'custody')
  t.equal(outgoing.isAwaiting(), false)
})

test('an empty parcel is one piece', async (t) => {
  const outgoing = openOutgoing('bravo')
  const handed = outgoing.add(parcel(''), never())

  t.match(outgoing.next(), { kind: 'first', total: 0 })
  outgoing.answered({ lane: 'routine', number: 0 }, 'custody')

  t.equal(await handed, 'custody')
})

test('flash goes next although a bulk parcel has begun', async (t) => {
  const outgoing = openOutgoing('bravo')
  add(outgoing, 'routine', 0, 50_000)
  const sent = [outgoing.next()]
  add(outgoing, 'flash', 0, 10)
  for (let piece = outgoing.next(); piece !== undefined; piece = outgoing.next()) sent.push(piece)

  t.strictSame(sent.map(nameOf), [
    'first routine',
    'first flash',
    'more routine',
    'more routine',
    'more routine',
  ])
})

test('pieces are as large as a frame allows, and make up the parcel', async (t) => {
  const outgoing = openOutgoing('bravo')
  const bytes = Uint8Array.from({ length: 40_000 }, (_, at) => at & 255)
  outgoing.add({ bytes, lane: 'routine', number: 0 }, never()).catch(() => undefined)

  const pieces = drain(outgoing).flatMap((piece) => ('bytes' in piece ? [piece.bytes] : []))

  t.same(pieces.map(({ length }) => length).slice(0, -1), [PIECE_BYTES_MAX, PIECE_BYTES_MAX])
  t.ok(Buffer.concat(pieces).equals(bytes))
})

test('no more parcels of a lane await an answer than the peer holds, other lanes go on', async (t) => {
  const outgoing = openOutgoing('bravo')
  for (let number = 0; number <= IN_FLIGHT_MAX; number += 1) add(outgoing, 'routine', number, 1)

  t.equal(drain(outgoing).length, IN_FLIGHT_MAX)
  add(outgoing, 'flash', 0, 1)
  t.equal(drain(outgoing).map(nameOf).join(), 'first flash')
  outgoing.answered({ lane: 'routine', number: 3 }, 'custody')
  t.match(drain(outgoing), [{ kind: 'first', lane: 'routine', number: IN_FLIGHT_MAX }])
})

test('pieces are no larger than allowed, and when enough is on its way only flash adds to it', async (t) => {
  const outgoing = openOutgoing('bravo')
  add(outgoing, 'immediate', 0, 3_000)
  add(outgoing, 'flash', 0, 2_500)
  const sizes = []

  for (const pieceBytes of [1_024, 2_000])
    sizes.push(sizeOf(outgoing.next({ isFlashOnly: true, pieceBytes })))

  t.strictSame(sizes, [1_024, 1_476])
  t.equal(outgoing.next({ isFlashOnly: true, pieceBytes: 1_024 }), undefined)
  t.match(outgoing.next({ isFlashOnly: false, pieceBytes: 1_024 }), { lane: 'immediate' })
})

test('an answer before the last byte has gone out is no answer', async (t) => {
  const outgoing = openOutgoing('bravo')
  add(outgoing, 'routine', 0, 50_000)
  outgoing.next()

  t.equal(outgoing.answered({ lane: 'routine', number: 0 }, 'custody'), false)
  t.equal(outgoing.answered({ lane: 'flash', number: 0 }, 'custody'), false)
  drain(outgoing)
  t.equal(outgoing.answered({ lane: 'routine', number: 0 }, 'custody'), true)
  t.equal(outgoing.answered({ lane: 'routine', number: 0 }, 'custody'), false)
})

test('a refusal is an error with the reason', async (t) => {
  const outgoing = openOutgoing('bravo')
  const handed = outgoing.add(parcel('one'), never())
  drain(outgoing)
  outgoing.answered({ lane: 'routine', number: 0 }, 'refused')

  await t.rejects(handed, { code: 'INPUT_INVALID', facts: { reason: 'refused by peer' } })
})

test('a caller that gives up before the first byte leaves nothing behind', async (t) => {
  const outgoing = openOutgoing('bravo')
  const patience = new AbortController()
  const handed = outgoing.add(parcel('one'), patience.signal)
  patience.abort()

  await t.rejects(handed, { code: 'CARRIER_UNREACHABLE' })
  t.equal(outgoing.next(), undefined)
  await t.rejects(outgoing.add(parcel('two'), patience.signal), { code: 'CARRIER_UNREACHABLE' })
})

test('a parcel given up halfway makes room for the next, and its number may come again', async (t) => {
  const outgoing = openOutgoing('bravo')
  const patience = new AbortController()
  const bytes = new Uint8Array(50_000)
  const handed = outgoing.add({ bytes, lane: 'routine', number: 0 }, patience.signal)
  outgoing.next()
  patience.abort()
  await t.rejects(handed, { code: 'CARRIER_UNREACHABLE' })

  add(outgoing, 'routine', 0, 3)

  t.match(drain(outgoing), [{ kind: 'first', number: 0, total: 3 }])
})

test('a parcel given up after its last byte keeps its place until it is answered or sent again', async (t) => {
  const outgoing = openOutgoing('bravo')
  const patience = new AbortController()
  for (let number = 0; number < IN_FLIGHT_MAX; number += 1)
    outgoing.add(parcel('x', { number }), patience.signal).catch(() => undefined)
  drain(outgoing)
  patience.abort()

  add(outgoing, 'routine', IN_FLIGHT_MAX, 1)
  t.strictSame(drain(outgoing), [])
  const again = outgoing.add(parcel('x', { number: 7 }), never())
  t.match(drain(outgoing), [{ number: 7 }])
  outgoing.answered({ lane: 'routine', number: 7 }, 'custody')

  t.equal(await again, 'custody')
  t.match(drain(outgoing), [{ number: IN_FLIGHT_MAX }])
})

test('the same parcel handed in twice travels once and is answered twice', async (t) => {
  const outgoing = openOutgoing('bravo')
  const patience = new AbortController()
  const first = outgoing.add(parcel('x'), never())
  const second = outgoing.add(parcel('x'), never())
  const third = outgoing.add(parcel('x'), patience.signal)
  patience.abort()

  t.equal(drain(outgoing).length, 1)
  outgoing.answered({ lane: 'routine', number: 0 }, 'custody')

  t.strictSame(await Promise.all([first, second]), ['custody', 'custody'])
  await t.rejects(third, { code: 'CARRIER_UNREACHABLE' })
})

test('after a restart all that has no answer goes again, in order and from the first byte', async (t) => {
  const outgoing = openOutgoing('bravo')
  for (const number of [0, 1, 2]) add(outgoing, 'routine', number, 10)
  add(outgoing, 'routine', 3, 50_000)
  for (let piece = 0; piece < 4; piece += 1) outgoing.next()
  add(outgoing, 'routine', 4, 10)
  outgoing.answered({ lane: 'routine', number: 1 }, 'custody')

  outgoing.restart()

  t.strictSame(
    drain(outgoing).flatMap((piece) => (piece.kind === 'first' ? [piece.number] : [])),
    [0, 2, 3, 4],
  )
})

test('when the contact ends everything is given back', async (t) => {
  const outgoing = openOutgoing('bravo')
  const handed = [0, 1, 2].map((number) => outgoing.add(parcel('x', { number }), never()))
  outgoing.next()

  outgoing.giveBack()

  for (const one of handed) await t.rejects(one, { code: 'CARRIER_UNREACHABLE' })
  t.equal(outgoing.next(), undefined)
  t.equal(outgoing.isAwaiting(), false)
})

test('no more than a bounded number of parcels may wait', async (t) => {
  const outgoing = openOutgoing('bravo')
  for (let number = 0; number < WAITING_PARCELS_MAX; number += 1)
    add(outgoing, 'routine', number, 1)

  const tooMany = outgoing.add(parcel('x', { lane: 'flash' }), never())

  await t.rejects(tooMany, { code: 'TOO_MANY_REQUESTS' })
})

function add(outgoing: Outgoing, lane: Lane, number: number, length: number): void {
  outgoing.add({ bytes: new Uint8Array(length), lane, number }, never()).catch(() => undefined)
}

function drain(outgoing: Outgoing): LanMessage[] {
  const pieces: LanMessage[] = []
  for (let piece = outgoing.next(); piece !== undefined; piece = outgoing.next()) pieces.push(piece)
  return pieces
}

function sizeOf(message: LanMessage | undefined): number {
  return message !== undefined && 'bytes' in message ? message.bytes.length : 0
}

function nameOf(message: LanMessage | undefined): string {
  return message !== undefined && 'lane' in message ? `${message.kind} ${message.lane}` : ''
}

function never(): AbortSignal {
  return new AbortController().signal
}
