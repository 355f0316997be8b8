import { test } from 'tap'
import { compareLanes, laneFromNumber, laneNumber, LANES, parseLane } from '#model/precedence.ts'

test('the four levels stand in their order, the most urgent first', async (t) => {
  const shuffled = ['routine', 'flash', 'priority', 'immediate'] as const

  t.strictSame(shuffled.toSorted(compareLanes), ['flash', 'immediate', 'priority', 'routine'])
  t.equal(compareLanes('flash', 'flash'), 0)
})

test('a lane and its number lead to each other', async (t) => {
  t.strictSame(LANES.map(laneNumber), [0, 1, 2, 3])
  t.strictSame(
    LANES.map((lane) => laneFromNumber(laneNumber(lane))),
    LANES,
  )
  for (const wrong of [-1, 4, 0.5, Number.NaN]) t.equal(laneFromNumber(wrong), undefined)
})

test('only the four names are lanes', async (t) => {
  t.strictSame(LANES.map(parseLane), LANES)
  for (const wrong of ['Flash', '', 0, null, undefined, 'length', ['flash']]) {
    t.equal(parseLane(wrong), undefined)
  }
})
