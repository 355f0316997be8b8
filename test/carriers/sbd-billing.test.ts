import { test } from 'tap'
import { billed, openSbdMeter } from '#carriers/sbd-billing.ts'

test('bytes are billed by message, in steps, from a least on', async (t) => {
  const tariff = { stepBytes: 10, leastBytes: 30, emptyBytes: 0 }

  t.strictSame(
    [1, 30, 31, 40, 340].map((bytes) => billed(tariff, bytes)),
    [30, 30, 40, 40, 340],
  )
})

test('an account adds up what went each way', async (t) => {
  const meter = openSbdMeter({ stepBytes: 50, leastBytes: 50, emptyBytes: 50 })

  t.equal(meter.session(147, undefined), 150)
  t.equal(meter.session(5, 128), 200)
  t.equal(meter.session(undefined, undefined), 50)
  meter.failed()

  t.strictSame(meter.account(), {
    sessions: 3,
    failures: 1,
    sentBytes: 152,
    receivedBytes: 128,
    billedBytes: 400,
  })
})
