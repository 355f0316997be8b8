/** Letters as the node tells them. */
import { test } from 'tap'
import { rulesFrom } from '#web/core/pace.ts'

test('what the node says of a rule is read, and what it does not say is harmless', async (t) => {
  const carrier = {
    name: 'lte',
    state: 'up',
    proof: { at: 5, by: 'drill', answer: 'departed' },
    isStale: false,
    canDrill: true,
    drillSince: 9,
    lastDrill: { outcome: 'no answer' },
  }
  const letters = [{ letter: 'A', isCurrent: true, fault: 'slow', carriers: [carrier] }]
  const hand = { until: 7, by: 'x', reason: 'jammed' }
  const rule = { name: 'all', letter: 'A', since: 3, why: 'by hand', hand, letters }

  t.match(rulesFrom([rule]), [
    {
      name: 'all',
      channels: [],
      letter: 'A',
      isByHand: true,
      until: 7,
      reason: 'jammed',
      returnsAt: 0,
      letters: [
        {
          isCurrent: true,
          fault: 'slow',
          carriers: [
            { state: 'up', provedAt: 5, isDrill: true, isDrilling: true, hasFailed: true },
          ],
        },
      ],
    },
  ])
  const odd = { why: 'the moon', letters: [{ carriers: [{ state: 7 }] }] }
  t.match(rulesFrom([odd]), [
    { letter: 'P', why: 'first', isByHand: false, letters: [{ carriers: [{ state: 'absent' }] }] },
  ])
  t.strictSame(rulesFrom('nothing'), [])
})
