import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { hexFromBytes } from '#base/bytes.ts'
import {
  FRAME_BYTES_MAX,
  parseMessage,
  PIECE_BYTES_MAX,
  writeMessage,
  type LanMessage,
} from '#carriers/lan-message.ts'
import { LANES } from '#model/precedence.ts'
import { SEAL_BYTES } from '#trust/session.ts'
import { holds } from '../support/property.ts'

const lane = fc.constantFrom(...LANES)
const number = fc.maxSafeNat()
const bytes = fc.uint8Array({ maxLength: 50 })
const message: fc.Arbitrary<LanMessage> = fc.oneof(
  fc.record({ kind: fc.constant('first' as const), lane, number, total: number, bytes }),
  fc.record({ kind: fc.constant('more' as const), lane, bytes }),
  fc.record({ kind: fc.constant('custody' as const), lane, number }),
  fc.record({ kind: fc.constant('refused' as const), lane, number }),
  fc.constant({ kind: 'ping' as const }),
  fc.constant({ kind: 'pong' as const }),
)

test('every message comes back as it was written', async (t) => {
  holds(
    t,
    fc.property(message, (written) => {
      assert.deepEqual(plain(parseMessage(writeMessage(written))), plain(written))
    }),
    300,
  )
})

test('whatever comes, parsing throws nothing, and what parses is written the same', async (t) => {
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 30 }), (some) => {
      const parsed = parseMessage(some)
      if (parsed !== undefined)
        assert.deepEqual(Buffer.from(writeMessage(parsed)), Buffer.from(some))
    }),
    1_000,
  )
})

test('the bytes on the wire are these', async (t) => {
  t.equal(
    hexOf({ kind: 'first', lane: 'flash', number: 5, total: 300, bytes: Uint8Array.of(7) }),
    '000005ac0207',
  )
  t.equal(hexOf({ kind: 'more', lane: 'routine', bytes: Uint8Array.of(7, 8) }), '01030708')
  t.equal(hexOf({ kind: 'custody', lane: 'priority', number: 200 }), '0202c801')
  t.equal(hexOf({ kind: 'refused', lane: 'immediate', number: 0 }), '030100')
  t.equal(hexOf({ kind: 'ping' }), '04')
  t.equal(hexOf({ kind: 'pong' }), '05')
})

test('the largest piece with the largest numbers fits a frame', async (t) => {
  const total = Number.MAX_SAFE_INTEGER
  const piece = new Uint8Array(PIECE_BYTES_MAX)

  const written = writeMessage({
    kind: 'first',
    lane: 'routine',
    number: total,
    total,
    bytes: piece,
  })

  t.ok(written.length + SEAL_BYTES <= FRAME_BYTES_MAX)
})

test('what is too short, too long or of no known kind or lane is no message', async (t) => {
  for (const hex of [
    '',
    '07',
    '02',
    '0204',
    '020400',
    '02',
    '0200',
    '02000100',
    '0400',
    '0000',
    '01',
  ])
    t.equal(parseMessage(Buffer.from(hex, 'hex')), undefined, hex)
})

function hexOf(written: LanMessage): string {
  return hexFromBytes(writeMessage(written))
}

function plain(value: LanMessage | undefined): unknown {
  if (value === undefined || !('bytes' in value)) return { ...value }
  return { ...value, bytes: hexFromBytes(value.bytes) }
}
