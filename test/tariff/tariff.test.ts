import { test } from 'tap'
import { billOf } from '#tariff/tariff.ts'

const used = (bytes: number, ms = 0) => ({ bytes, ms })

test('a flat price is no price for use', async (t) => {
  t.strictSame(billOf({ shape: 'flat' }, used(5_000, 70)), { bytes: 5_000, ms: 70, micros: 0 })
})

test('bytes are billed in steps, and a session as a least', async (t) => {
  const tariff = {
    shape: 'bytes',
    pricePerMegabyte: 6.5,
    stepBytes: 1_000,
    leastBytes: 10_000,
  } as const

  t.match(billOf(tariff, used(1)), { bytes: 10_000, micros: 65_000 })
  t.match(billOf(tariff, used(10_001)), { bytes: 11_000, micros: 71_500 })
  t.match(billOf({ ...tariff, pricePerMegabyte: 0.1, stepBytes: 1, leastBytes: 0 }, used(3)), {
    micros: 1,
  })
})

test('time is billed in steps, and a session as a least', async (t) => {
  const tariff = { shape: 'minutes', pricePerMinute: 1.3, stepMs: 20_000, leastMs: 60_000 } as const

  t.match(billOf(tariff, used(9, 1)), { bytes: 9, ms: 60_000, micros: 1_300_000 })
  t.match(billOf(tariff, used(9, 60_001)), { ms: 80_000, micros: 1_733_334 })
  t.match(billOf({ ...tariff, leastMs: 0 }, used(0, 0)), { ms: 0, micros: 0 })
})

test('messages are billed each by itself, in steps, from a least on, and an empty session as well', async (t) => {
  const tariff = {
    shape: 'messages',
    pricePerMegabyte: 1_000,
    stepBytes: 10,
    leastBytes: 30,
    emptyBytes: 50,
  } as const

  t.strictSame(
    [1, 30, 31, 40, 340, 0].map((bytes) => billOf(tariff, used(bytes)).bytes),
    [30, 30, 40, 40, 340, 50],
  )
  t.equal(billOf(tariff, used(31)).micros, 40_000)
})
