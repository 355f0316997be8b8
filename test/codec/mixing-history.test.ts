/** Histories fit into a byte, and what came often is likely. */
import { test } from 'tap'
import { byteHistories } from '#codec/mixing-history.ts'

const { next, likely } = byteHistories()
const after = (...bits: readonly number[]): number =>
  bits.reduce((history, bit) => next[2 * history + bit] ?? 0, 0)

test('every history leads on to another one, and never back to nothing', async (t) => {
  const reached = new Set([0])
  for (const history of reached)
    for (const bit of [0, 1]) {
      const to = next[2 * history + bit] ?? 0
      t.not(to, 0)
      reached.add(to)
    }
  t.ok(reached.size > 150, String(reached.size))
  t.ok(reached.size <= 256, String(reached.size))
})

test('what came often is likely, and more so the oftener it came', async (t) => {
  const one = [0, 1, 2, 3, 10, 40].map((times) => likely[after(...Array(times).fill(1))] ?? 0)
  t.strictSame(
    one,
    one.toSorted((a, b) => a - b),
  )
  t.equal(one[0], 32_768)
  const zeros = likely[after(0, 0, 0, 0)] ?? 0
  t.ok(zeros < 10_000, String(zeros))
})

test('what was long so gives way quickly', async (t) => {
  const changed = likely[after(...Array(40).fill(0), 1, 1, 1)] ?? 0
  t.ok(changed > 14_000, String(changed))
})
