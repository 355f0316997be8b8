import { test } from 'tap'
import { plansFrom } from '#web/core/plan.ts'

test('a plan is read as the node tells it, with a budget and without', async (t) => {
  const waits = { flash: 0, immediate: 1, priority: 0, routine: 4 }
  const clears = [
    { lane: 'flash', changes: 1, parcels: 1, bytes: 200 },
    { lane: 'routine', changes: 7, parcels: 2, bytes: 900 },
  ]
  const price = { bytes: 1_500, seconds: 2, money: 0.01 }
  const plan = { carrier: 'shore', peer: 'hub', currency: 'USD', clears, price, seconds: 9, waits }
  const budget = { percent: 40, endsAt: 7 }

  t.strictSame(plansFrom([{ ...plan, budget, until: 7 }, plan]), [
    {
      carrier: 'shore',
      peer: 'hub',
      currency: 'USD',
      percent: 40,
      endsAt: 7,
      leaves: 8,
      bytes: 1_500,
      money: 0.01,
      ms: 9_000,
      waits: 5,
      until: 7,
    },
    {
      carrier: 'shore',
      peer: 'hub',
      currency: 'USD',
      percent: undefined,
      endsAt: 0,
      leaves: 8,
      bytes: 1_500,
      money: 0.01,
      ms: 9_000,
      waits: 5,
      until: undefined,
    },
  ])
  t.strictSame(plansFrom('nonsense'), [])
})
