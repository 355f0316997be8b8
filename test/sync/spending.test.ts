/** What carriers may spend, and that it is on the disk before it is spent. */
import { test } from 'tap'
import { putRight, grant, percentOf, reserve, spentIn, type Use } from '#sync/spending.ts'
import { spendingKey, spendingRange, UNKNOWN_SPENT, type CostRecord } from '#sync/spending-keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { virtualClock } from '../support/clock.ts'
import { aSync, type SyncNode } from '../support/sync.ts'
import { aTerms, type TermsChoice } from '../support/terms.ts'

const DAY_MS = 86_400_000

test('a use is booked while the budget allows it, and flash has a part for itself', async (t) => {
  await using rig = await aRig({ budget: { bytesMax: 1_000 } })

  t.match(await rig.book({ used: { bytes: 800, ms: 0 }, lane: 'routine' }), { ok: true })
  const refused = await rig.book({ used: { bytes: 1, ms: 0 }, lane: 'immediate' })
  t.match(refused, { ok: false, until: DAY_MS * (1 + Math.floor(rig.clock.now() / DAY_MS)) })
  t.match(await rig.book({ used: { bytes: 200, ms: 0 }, lane: 'flash' }), { ok: true })
  t.match(await rig.book({ used: { bytes: 1, ms: 0 }, lane: 'flash' }), { ok: false })
  t.equal((await rig.spent()).bytes, 1_000)
})

test('the next window begins with nothing spent, and a clock that is set back gives nothing back', async (t) => {
  await using rig = await aRig({ budget: { bytesMax: 1_000, flashReservePercent: 0 } })
  await rig.book({ used: { bytes: 1_000, ms: 0 } })
  rig.clock.setWall(rig.clock.now() - 3 * DAY_MS)
  t.match(await rig.book({ used: { bytes: 1, ms: 0 } }), { ok: false })

  rig.clock.setWall(rig.clock.now() + 4 * DAY_MS)

  t.match(await rig.book({ used: { bytes: 1, ms: 0 } }), { ok: true })
  t.equal((await rig.spent()).bytes, 1)
})

test('money counts by what a session is billed as, and is put right by what the carrier counted', async (t) => {
  const tariff = { shape: 'bytes', pricePerMegabyte: 2, stepBytes: 100, leastBytes: 1_000 } as const
  await using rig = await aRig({ profile: { tariff }, budget: { microsMax: 5_000 } })
  await rig.book({ used: { bytes: 300, ms: 0 }, isNewSession: true })
  t.equal((await rig.spent()).micros, 2_000, 'the least')
  await rig.book({ used: { bytes: 1_250, ms: 0 } })
  t.equal((await rig.spent()).micros, 3_200)
  t.match(await rig.book({ used: { bytes: 500, ms: 0 } }), { ok: false })

  await rig.commit((tx) => putRight(tx, rig.node.context, { carrier: rig.carrier, bytes: 1_101 }))

  t.equal((await rig.spent()).micros, 2_400)
  t.match(await rig.book({ used: { bytes: 500, ms: 0 } }), { ok: true })
  await rig.book({ used: { bytes: 1, ms: 0 }, isNewSession: true, isDone: true })
  t.equal((await rig.spent()).micros, 3_400 + 2_000, 'what has happened is booked beyond it')
  const costs = await rig.node.context.replica.read.list(spendingRange.costsOf('thin'))
  t.match(
    costs.map(([, bytes]) => unpack<CostRecord>(bytes)),
    [{ micros: 5_400, sessions: 2 }],
  )
})

test('the operator is told once of each threshold, and may grant more', async (t) => {
  await using rig = await aRig({ budget: { bytesMax: 1_000, flashReservePercent: 0 } })
  for (let count = 0; count < 10; count += 1) await rig.book({ used: { bytes: 100, ms: 0 } })
  t.strictSame(
    rig.node.log.named('budget.low').map(({ facts }) => facts['percent']),
    [50, 80],
  )
  t.match(await rig.book({ used: { bytes: 1, ms: 0 } }), { ok: false })

  const extra = { bytes: 1_000, ms: 0, micros: 0 }
  await rig.commit((tx) => grant(tx, rig.node.context, { carrier: rig.carrier, extra }))

  t.match(await rig.book({ used: { bytes: 1_000, ms: 0 } }), { ok: true })
  t.equal(percentOf(rig.carrier.terms.budget, await rig.spent()), 100)
})

test('a record that damage took counts as spent until the next window', async (t) => {
  await using rig = await aRig({ budget: { bytesMax: 1_000 } })
  const lost = { ...UNKNOWN_SPENT, startsAt: rig.clock.now() }
  await rig.commit(async (tx) => tx.put(spendingKey.spent('thin'), pack(lost)))

  t.match(await rig.book({ used: { bytes: 1, ms: 0 }, lane: 'flash' }), { ok: false })
  await rig.clock.advance(DAY_MS)

  t.match(await rig.book({ used: { bytes: 1, ms: 0 } }), { ok: true })
})

async function aRig(choice: TermsChoice) {
  const clock = virtualClock()
  const node: SyncNode = await aSync('alpha', { clock })
  const { context } = node
  const carrier = { name: 'thin', terms: aTerms(choice) }
  return {
    clock,
    node,
    carrier,
    commit: context.replica.commit,
    book: (use: Use) => context.replica.commit((tx) => reserve(tx, context, { carrier, use })),
    spent: async () => (await spentIn(context.replica.read, context, carrier)).spent,
    [Symbol.asyncDispose]: node[Symbol.asyncDispose],
  }
}
