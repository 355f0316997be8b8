import assert from 'node:assert/strict'
import { brotliCompressSync, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'tap'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { BODY_BYTES_MAX } from '#base/limits.ts'
import { compress, decompress } from '#codec/compression.ts'
import { seededRandom } from '../support/random.ts'
import { holds } from '../support/property.ts'

test('whatever was made small comes back the same, and never grows', async (t) => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 3_000 }).map(bytesFromText)

  holds(
    t,
    fc.property(
      fc.oneof(texts, fc.uint8Array({ maxLength: 3_000 })),
      fc.boolean(),
      (body, isThin) => {
        const compressed = compress(body, { isThin })

        assert.equal(hexFromBytes(decompress(compressed) ?? Uint8Array.of(1)), hexFromBytes(body))
        assert.ok(compressed.bytes.length <= body.length)
      },
    ),
    200,
  )
})

test('each form is chosen where it is the smallest', async (t) => {
  const random = seededRandom(1).bytes(500)
  const report = bytesFromText('We need water and food for 200 people in the camp.')
  const lines = Array.from({ length: 400 }, (_, index) => `row ${index * 7919};${index % 13};ok\n`)

  t.equal(compress(random).compression, 0)
  t.equal(compress(report).compression, 1)
  t.ok(compress(report).bytes.length < report.length / 2)
  t.equal(compress(bytesFromText(lines.join(''))).compression, 2)
  t.equal(compress(report, { isThin: true }).compression, 3)
  t.ok(compress(report, { isThin: true }).bytes.length < compress(report).bytes.length)
  t.equal(compress(bytesFromText(lines.join('')), { isThin: true }).compression, 2)
})

test('what would inflate beyond the limit is stopped early', async (t) => {
  const bomb = new Uint8Array(50 * BODY_BYTES_MAX)
  const before = process.memoryUsage().rss

  t.equal(decompress({ compression: 1, bytes: deflateRawSync(bomb) }), undefined)
  t.equal(decompress({ compression: 2, bytes: brotliCompressSync(bomb, fast) }), undefined)

  t.equal(decompress({ compression: 0, bytes: bomb.subarray(0, BODY_BYTES_MAX + 1) }), undefined)
  t.ok(process.memoryUsage().rss - before < 100_000_000)
})

test('damaged bytes give nothing or something, and never throw', async (t) => {
  holds(
    t,
    fc.property(
      fc.constantFrom(1 as const, 2 as const, 3 as const),
      fc.uint8Array(),
      (compression, bytes) => {
        const body = decompress({ compression, bytes })

        assert.ok(body === undefined || body.length <= BODY_BYTES_MAX)
      },
    ),
    500,
  )
})

/** Brotli's quickest quality. */
const fast = { params: { 1: 1 } }
