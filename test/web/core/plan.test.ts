import { test } from 'tap'
import { barOf, plansFrom } from '#web/core/plan.ts'

const waits = { flash: 0, immediate: 1, priority: 0, routine: 4 }
const clears = [
  { lane: 'flash', changes: 1, parcels: 1, bytes: 200 },
  { lane: 'routine', changes: 7, parcels: 2, bytes: 600 },
]
const price = { bytes: 1_500, seconds: 2, money: 0.01 }
const told = {
  carrier: 'shore',
  peer: 'hub',
  link: 'certus-100',
  currency: 'USD',
  clears,
  price,
  seconds: 9,
  waits,
}
const budget = {
  percent: 40,
  endsAt: 7,
  spent: { bytes: 2_000, seconds: 1, money: 0 },
  left: { bytes: 3_000, seconds: 99, money: undefined },
}

test('a plan is read as the node tells it, with a budget and without', async (t) => {
  const plan = {
    carrier: 'shore',
    peer: 'hub',
    link: 'certus-100',
    currency: 'USD',
    isUp: false,
    opensAt: 0,
    percent: 40,
    endsAt: 7,
    leavesPercent: 30,
    clears: { flash: 200, immediate: 0, priority: 0, routine: 600 },
    leaves: 8,
    bytes: 1_500,
    money: 0.01,
    ms: 9_000,
    waits,
    until: 7,
    isCutShort: false,
  }

  t.strictSame(plansFrom([{ ...told, budget, until: 7 }, told]), [
    plan,
    { ...plan, percent: undefined, endsAt: 0, leavesPercent: 0, until: undefined },
  ])
  t.strictSame(plansFrom('nonsense'), [])
})

test('the bar shows what is spent, then what leaves by precedence, and no more than there is', async (t) => {
  const [limited, free, over] = plansFrom([
    { ...told, budget },
    told,
    { ...told, budget: { ...budget, percent: 90 } },
  ])
  const bars = [limited, free, over].map((plan) =>
    barOf(plan as never).map(({ of, percent }) => [of, percent]),
  )

  t.strictSame(bars, [
    [
      ['spent', 40],
      ['flash', 7.5],
      ['routine', 22.5],
    ],
    [
      ['flash', 25],
      ['routine', 75],
    ],
    [
      ['spent', 90],
      ['flash', 2.5],
      ['routine', 7.5],
    ],
  ])
})
