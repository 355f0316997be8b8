import { test } from 'tap'
import * as limits from '#server/limits.ts'
import { REQUEST_BYTES_MAX } from '#base/limits.ts'

test('every limit is a positive number, or a rate of such', async (t) => {
  for (const [name, value] of Object.entries(limits)) {
    const numbers = typeof value === 'number' ? [value] : Object.values(value)
    for (const number of numbers) t.ok(Number.isInteger(number) && number > 0, name)
  }
})

test('the limits fit each other', async (t) => {
  t.ok(
    limits.LIVE_PING_MS + limits.LIVE_SWEEP_MS < limits.LIVE_DEAD_MS,
    'a ping has time for its answer',
  )
  t.ok(limits.OFFLINE_AFTER_MS < limits.LIVE_KEEP_MS)
  t.ok(limits.LIVE_STRANGERS_MAX < limits.LIVE_SOCKETS_MAX)
  t.ok(
    limits.IDS_PER_REQUEST_MAX * 29 < REQUEST_BYTES_MAX,
    'a full list of ids fits into a request',
  )
})
