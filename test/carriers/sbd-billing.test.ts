import { test } from 'tap'
import { openSbdMeter } from '#carriers/sbd-billing.ts'
import { freeMessages } from '../support/sbd.ts'

test('an account adds up what went each way', async (t) => {
  const meter = openSbdMeter({ ...freeMessages, stepBytes: 50, leastBytes: 50, emptyBytes: 50 })

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
