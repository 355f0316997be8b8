import { test } from 'tap'
import { backOffMs } from '#carriers/nats-back-off.ts'
import type { Random } from '#ports/random.ts'
import { seededRandom } from '../support/random.ts'

const middle: Random = { ...seededRandom(1), bytes: () => Uint8Array.of(128, 0) }

test('pauses double from a second up to the longest', async (t) => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 1e9].map((failures) =>
    backOffMs(failures, 60_000, middle),
  )

  t.strictSame(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
})

test('chance spreads them from half to half as long again, so that a fleet does not dial as one', async (t) => {
  const random = seededRandom(7)
  const pauses = Array.from({ length: 500 }, () => backOffMs(1, 60_000, random))

  t.ok(pauses.every((ms) => ms >= 500 && ms <= 1_500))
  t.ok(new Set(pauses).size > 200)
})
