/** Places of contexts: one's own is found again, and who has none takes where least has come. */
import { test } from 'tap'
import { openSlots } from '#codec/mixing-slots.ts'

/** A history weighs as much as its number. */
const WEIGHTS = Uint8Array.from({ length: 256 }, (_, at) => at)
/** Four places that lie together, each for another check. */
const hashOf = (check: number): number => (9 << 13) | check

test('a context finds its history again, and no other takes it for its own', async (t) => {
  const slots = openSlots(2, WEIGHTS)
  t.equal(slots.find(0, hashOf(1)), 0)
  slots.put(0, 7)

  t.equal(slots.find(0, hashOf(1)), 7)
  t.equal(slots.find(1, hashOf(2)), 0)
})

test('a fifth context takes the place where least has come', async (t) => {
  const slots = openSlots(1, WEIGHTS)
  for (const [check, history] of [
    [1, 50],
    [2, 40],
    [3, 30],
    [4, 60],
    [5, 20],
  ] as const) {
    t.equal(slots.find(0, hashOf(check)), 0)
    slots.put(0, history)
  }

  t.strictSame(
    [1, 2, 4, 5].map((check) => slots.find(0, hashOf(check))),
    [50, 40, 60, 20],
  )
  t.equal(slots.find(0, hashOf(3)), 0, 'it had least')
})

test('what came since is forgotten', async (t) => {
  const slots = openSlots(1, WEIGHTS)
  slots.find(0, hashOf(1))
  slots.put(0, 7)
  slots.keep()
  slots.find(0, hashOf(1))
  slots.put(0, 8)
  slots.find(0, hashOf(2))
  slots.put(0, 9)

  slots.forget()

  t.equal(slots.find(0, hashOf(1)), 7)
  t.equal(slots.find(0, hashOf(2)), 0)
})
