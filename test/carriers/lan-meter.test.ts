import { test } from 'tap'
import { openLanMeter } from '#carriers/lan-meter.ts'

test('small messages are mostly what is around them, large ones hardly', async (t) => {
  const meter = openLanMeter()
  t.equal(meter.usedBytes(), 0)
  meter.moved(10)
  t.equal(meter.usedBytes(), 118, 'one packet')
  meter.moved(60_000)

  t.equal(meter.usedBytes(), 118 + 60_030 + 43 * 78)
})
