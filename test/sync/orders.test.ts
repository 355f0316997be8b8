/** Orders about nodes count for who signed them, wherever they stand; a false one does nothing. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { ORDERS_HEARD_MAX } from '#base/limits.ts'
import { KEYS } from '#model/document-id.ts'
import { isOrder, isOrdered, orderHere, uphold } from '#sync/orders.ts'
import { anInsider, unnamed } from '../support/adversary.ts'
import { anIdentity, organisation, rosterOf } from '../support/nodes.ts'
import { arrive, aSync, found } from '../support/sync.ts'

const people = ['alpha', 'bravo', 'charlie'].map((name, index) =>
  anIdentity(name, index + 1, index === 0 ? 'hub' : 'kit'),
)
const [alphas, bravos, charlies] = people.map((one) => must(one, 'three')) as [
  (typeof people)[number],
  (typeof people)[number],
  (typeof people)[number],
]
const lost = charlies.certificate.node
const revocation = { kind: 'revocation', node: lost, since: 1_500, reason: 'lost' } as const

test('an order is its signers, and nobody elses', async (t) => {
  const order = orderHere(alphas, revocation)
  const roster = rosterOf(people)
  t.ok(isOrder(order))
  t.ok(isOrdered(roster, organisation.id, order))
  for (const bent of [
    { ...order, by: bravos.certificate.node },
    { ...order, node: alphas.certificate.node },
    { ...order, since: 0 },
    { ...order, reason: '' },
    { ...order, signature: Uint8Array.from(order.signature).fill(0, 3, 4) },
  ] as const)
    t.notOk(isOrdered(roster, organisation.id, bent))
})

test('a kit that carries an order of headquarters has it counted, and a forged one is named', async (t) => {
  await using bravo = await aSync('bravo', { number: 2, knows: people })
  const insider = anInsider(charlies, { knows: people })
  const forged = { ...orderHere(charlies, revocation), by: alphas.certificate.node }
  insider.write(KEYS, { content: forged })
  await arrive(bravo, insider.envelope(KEYS))
  t.equal(bravo.context.roster.revokedSince(lost), undefined)
  t.strictSame(await unnamed(bravo, 'forgedOrder'), [])

  insider.write(KEYS, { content: orderHere(alphas, revocation) })
  await arrive(bravo, insider.envelope(KEYS))

  t.equal(bravo.context.roster.revokedSince(lost), 1_000)
  t.equal(bravo.context.keyBook().revocation(lost)?.by, alphas.certificate.node)
})

test('an order that comes before its signers certificate counts once that has come', async (t) => {
  await using bravo = await aSync('bravo', { number: 2, knows: [charlies] })
  const insider = anInsider(charlies, { knows: people })
  insider.write(KEYS, { content: orderHere(alphas, revocation) })
  await arrive(bravo, insider.envelope(KEYS))
  t.equal(bravo.context.roster.revokedSince(lost), undefined)

  insider.write(KEYS, { content: { kind: 'node', certificate: alphas.certificateBytes } })
  await arrive(bravo, insider.envelope(KEYS))

  t.equal(bravo.context.roster.revokedSince(lost), 1_000)
})

test('a wipe order that is dated after its signer was revoked does not count', async (t) => {
  for (const { at, expected } of [
    { at: 5_000, expected: false },
    { at: 1_000, expected: true },
  ]) {
    await using bravo = await aSync('bravo', { number: 2, knows: people })
    const insider = anInsider(charlies, { knows: people })
    const node = alphas.certificate.node
    const orders = [
      { kind: 'revocation', node, since: 5_000, reason: 'taken' },
      { kind: 'wipe order', node: lost, at },
    ] as const
    insider.write(KEYS, { content: orderHere(alphas, orders[0]) })
    insider.write(KEYS, { content: orderHere(alphas, orders[1]) })
    await arrive(bravo, insider.envelope(KEYS))
    t.equal(bravo.context.keyBook().isToBeWiped(lost), expected)
  }
})

test('only what stands nowhere and somebody with a say ordered is said again', async (t) => {
  await using alpha = await aSync('alpha', { role: 'hub', knows: people })
  await found(alpha)
  const said = async (): Promise<number> => {
    const log = await alpha.context.replica.commit((tx) => tx.log(KEYS))
    return log.since({}).filter(({ entry }) => isOrder(entry.content)).length
  }
  const hear = (...contents: Parameters<typeof uphold>[2]): Promise<void> =>
    alpha.context.replica.commit((tx) => uphold(tx, alpha.context, contents))

  const order = orderHere(alphas, revocation)
  await hear(orderHere(bravos, revocation), Object.assign({}, order, { since: 0 }))
  t.equal(await said(), 0)
  await hear(orderHere(alphas, revocation), orderHere(alphas, revocation))
  t.equal(await said(), 1)
  await hear(orderHere(alphas, { ...revocation, since: 90_000 }))
  t.equal(await said(), 1, 'one that goes less far back adds nothing')
  await hear(orderHere(alphas, { ...revocation, since: 0 }))
  t.equal(await said(), 2)
})

test('of one piece that does not count so many orders are looked at, and no more', async (t) => {
  await using alpha = await aSync('alpha', { role: 'hub', knows: people })
  await found(alpha)
  const good = orderHere(alphas, revocation)
  const forged = { ...orderHere(bravos, revocation), by: alphas.certificate.node }
  const hear = (count: number): Promise<void> =>
    alpha.context.replica.commit((tx) =>
      uphold(tx, alpha.context, [...Array.from({ length: count }, () => forged), good]),
    )

  await hear(ORDERS_HEARD_MAX)
  t.equal(alpha.context.roster.revokedSince(lost), undefined)
  await hear(ORDERS_HEARD_MAX - 1)
  t.equal(alpha.context.roster.revokedSince(lost), 1_000)
})
