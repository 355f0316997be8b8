import { test } from 'tap'
import { chanceFrom } from '../../scripts/link/schedule.ts'
import { planFaults } from '../../scripts/trial/faults.ts'

test('faults are spread over the writing, and none comes before or after it', async (t) => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const faults = planFaults({ cuts: 6, kills: 4, isWiped: true }, chanceFrom(seed))

    const at = faults.map((fault) => fault.at)
    t.equal(faults.length, 11)
    t.strictSame(
      at,
      at.toSorted((a, b) => a - b),
    )
    t.ok(at.every((share) => share > 0.03 && share < 0.91))
    t.ok((at[5] ?? 1) < 0.6, 'half of them strike before the end is near')
  }
})

test('four kills strike everybody once, and cuts strike both links, some in silence', async (t) => {
  const faults = planFaults({ cuts: 6, kills: 4, isWiped: false }, chanceFrom(7))

  const victims = faults.filter(({ kind }) => kind === 'kill').map(({ target }) => target)
  t.strictSame(new Set(victims), new Set([0, 1, 'hub', 'office']))
  const cuts = faults.filter(({ kind }) => kind === 'cut' || kind === 'silence')
  t.strictSame(new Set(cuts.map(({ target }) => target)), new Set([0, 1]))
  t.equal(cuts.filter(({ kind }) => kind === 'silence').length, 2)
})

test('a seed plans the same faults every time', async (t) => {
  const wish = { cuts: 3, kills: 2, isWiped: true }

  t.strictSame(planFaults(wish, chanceFrom(9)), planFaults(wish, chanceFrom(9)))
  t.notMatch(planFaults(wish, chanceFrom(9)), planFaults(wish, chanceFrom(10)))
})
