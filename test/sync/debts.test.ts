import { test } from 'tap'
import { oldestDebt, oweReceipts } from '#sync/debts.ts'
import { key } from '#sync/keys.ts'
import { pack } from '#sync/records.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, routine } from '../support/sync.ts'

const identity = anIdentity('bravo', 2)
const bravo = identity.certificate.node

test('a receipt is owed since it was first owed', async (t) => {
  const alpha = await aSync('alpha', { knows: [identity] })
  alpha.context.peers.add(bravo)
  const early = pack(1_000)
  await alpha.context.replica.commit(async (tx) => tx.put(key.owed(bravo, routine), early))

  await alpha.context.replica.commit((tx) => oweReceipts(tx, alpha.context, routine))

  t.strictSame(await alpha.context.replica.read.get(key.owed(bravo, routine)), early)
  t.equal(
    oldestDebt([
      ['a', pack(5)],
      ['b', early],
    ]),
    5,
  )
  t.equal(oldestDebt([]), undefined)
})
