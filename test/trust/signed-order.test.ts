/** Each part of an order is signed: one that is changed is another order. */
import { test } from 'tap'
import type { NodeId } from '#base/ids.ts'
import { orderStatement, type Ordered } from '#trust/signed-order.ts'
import { anIdentity, organisation } from '../support/nodes.ts'

const [alpha, bravo] = ['alpha', 'bravo'].map((name, at) => anIdentity(name, at + 1)) as [
  ReturnType<typeof anIdentity>,
  ReturnType<typeof anIdentity>,
]
const nodes = { by: alpha.certificate.node, node: bravo.certificate.node }

test('two orders that differ in anything have two statements', async (t) => {
  const other = 'a'.repeat(26) as NodeId
  const orders: readonly Ordered[] = [
    { kind: 'revocation', ...nodes, since: 1_000, reason: 'lost' },
    { kind: 'revocation', ...nodes, since: 2_000, reason: 'lost' },
    { kind: 'revocation', ...nodes, since: 1_000, reason: 'lost at sea' },
    { kind: 'revocation', ...nodes, node: other, since: 1_000, reason: 'lost' },
    { kind: 'revocation', ...nodes, by: other, since: 1_000, reason: 'lost' },
    { kind: 'wipe order', ...nodes, at: 1_000 },
    { kind: 'wipe order', ...nodes, at: 2_000 },
  ]
  const statements = orders.map((one) =>
    Buffer.from(orderStatement(organisation.id, one)).toString('hex'),
  )
  t.equal(new Set(statements).size, orders.length)
  const [first = ''] = statements
  t.notOk(statements.some((one, index) => index > 0 && one.startsWith(first)))
})

test('times count in whole seconds, as they are written', async (t) => {
  const [early, late, next] = [1_000, 1_999, 2_000].map((since) =>
    orderStatement(organisation.id, { kind: 'revocation', ...nodes, since, reason: '' }),
  )
  t.strictSame(late, early)
  t.notSame(late, next)
})
