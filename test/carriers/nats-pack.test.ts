/** Several envelopes in one message come out as they went in, and what is no such message is left whole. */
import fc from 'fast-check'
import { test } from 'tap'
import { envelopesIn, hasEnvelope, packed } from '#carriers/nats-pack.ts'
import { holds } from '../support/property.ts'

const envelope = (...bytes: readonly number[]): Uint8Array => Uint8Array.of(2, ...bytes)

test('what goes into a message comes out, in its order', async (t) => {
  const all = [envelope(1), new Uint8Array(300).fill(2), envelope()]
  t.strictSame(envelopesIn(packed(all)), all)
  t.equal(hasEnvelope(packed(all), envelope(1)), true)
  t.equal(hasEnvelope(packed(all), envelope(2)), false)
})

test('an envelope is itself', async (t) => {
  t.strictSame(envelopesIn(envelope(3, 4)), [envelope(3, 4)])
  t.equal(hasEnvelope(envelope(3, 4), envelope(3, 4)), true)
})

test('what is malformed is handed on as it is', async (t) => {
  const cut = packed([envelope(1), envelope(2)]).subarray(0, -1)
  const many = packed(Array.from({ length: 65 }, () => envelope(1)))
  for (const message of [cut, many, packed([envelope(1)]), packed([]), new Uint8Array(0)])
    t.strictSame(envelopesIn(message), [message])
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const all = envelopesIn(Uint8Array.of(3, ...bytes))
      return all.length >= 1 && all.length <= 64
    }),
  )
})
