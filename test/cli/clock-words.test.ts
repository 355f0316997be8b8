/** Clocks in words. */
import { test } from 'tap'
import { apart, clockInWords } from '#cli/clock-words.ts'

test('how far clocks are apart is said in the largest unit of which there are two', async (t) => {
  t.equal(apart(90_000), 'at least 90 seconds ahead')
  t.equal(apart(-3 * 3_600_000), 'at least 3 hours behind')
  t.equal(apart(40 * 86_400_000), 'at least 40 days ahead')
  t.equal(apart(-34 * 365 * 86_400_000), 'at least 34 years behind')
})

test('an uncertain clock says why, how far off it may be, and what to do', async (t) => {
  const words = clockInWords({
    state: 'uncertain',
    why: 'other nodes differ',
    agreeing: 1,
    differing: 3,
    othersAheadMs: 9 * 86_400_000,
  })

  t.match(
    words,
    /^uncertain, other nodes differ; 3 nodes differ, 1 agree, theirs are at least 9 days ahead: set the time/,
  )
})
