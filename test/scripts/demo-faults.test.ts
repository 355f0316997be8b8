import { test } from 'tap'
import { chanceFrom } from '../../scripts/link/schedule.ts'
import { planFaults, type FaultWish } from '../../scripts/trial/faults.ts'

/** Nothing goes wrong but this. */
function wish(facts: Partial<FaultWish>): FaultWish {
  const rare = { wipes: 0, officeRestores: 0, hubRestores: 0, kitRestores: 0, sticks: 0 }
  return { cuts: 0, kills: 0, halfOpens: 0, fullDisks: 0, ...rare, ...facts }
}

test('faults are spread over the writing, and none comes before or after it', async (t) => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const faults = planFaults(wish({ cuts: 6, kills: 4, wipes: 1 }), chanceFrom(seed))

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
  const faults = planFaults(wish({ cuts: 6, kills: 4 }), chanceFrom(7))

  const victims = faults.filter(({ kind }) => kind === 'kill').map(({ target }) => target)
  t.strictSame(new Set(victims), new Set([0, 1, 'hub', 'office']))
  const cuts = faults.filter(({ kind }) => kind === 'cut' || kind === 'silence')
  t.strictSame(new Set(cuts.map(({ target }) => target)), new Set([0, 1]))
  t.equal(cuts.filter(({ kind }) => kind === 'silence').length, 2)
})

test('a seed plans the same faults every time', async (t) => {
  const some = wish({ cuts: 3, kills: 2, wipes: 1, hubRestores: 1 })

  t.strictSame(planFaults(some, chanceFrom(9)), planFaults(some, chanceFrom(9)))
  t.notMatch(planFaults(some, chanceFrom(9)), planFaults(some, chanceFrom(10)))
})

test('what is put back was copied before, and something was written in between', async (t) => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const some = wish({ cuts: 2, officeRestores: 1, hubRestores: 1, kitRestores: 2 })

    const faults = planFaults(some, chanceFrom(seed))

    const restores = faults.filter(({ kind }) => kind === 'restore')
    t.equal(restores.length, 4)
    for (const { target, at } of restores) {
      const copies = faults.filter((one) => one.kind === 'copy' && one.target === target)
      t.ok(copies.some((copy) => copy.at > 0 && copy.at <= at * 0.7))
    }
  }
})
