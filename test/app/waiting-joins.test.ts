import { test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import { must } from '#base/assert.ts'
import { aTeam } from '../support/app.ts'
import { aJoiner } from '../support/joiners.ts'
import { flip } from '../support/property.ts'

const HUB = { role: 'hub' } as const

test('nobody is let in before an administrator says that they are the same', async (t) => {
  const { node, amira, bo } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id, { isCompared: true })
  const kit = aJoiner('bravo', code)

  const { digits, secret } = kit.meet(await node.admitNode({ request: kit.request }))
  t.strictSame(await node.waitingJoins(amira.id), [], 'nothing to compare before it has revealed')
  const wait = await node.admitNode({ request: kit.reveal })
  t.notOk(kit.read(wait, secret).ok)
  t.match(await node.waitingJoins(amira.id), [{ name: 'bravo', role: 'kit', digits }])
  t.equal(await nodesOf(node), 1)
  await t.rejects(node.confirmJoin(bo.id, digits), { code: 'NOT_ALLOWED' })
  await node.confirmJoin(amira.id, digits)
  const answer = await node.admitNode({ request: kit.reveal })

  t.match(kit.read(answer, secret), { ok: true, answer: { certificate: { name: 'bravo' } } })
  t.notOk(kit.read(answer).ok, 'who did not compare cannot read it')
  t.same(
    await node.admitNode({ request: kit.reveal }),
    answer,
    'an answer that was lost comes again',
  )
  t.equal(await nodesOf(node), 2)
  t.strictSame(await node.waitingJoins(amira.id), [])
})

test('a thief with the code, in the middle, shows others and gets nothing', async (t) => {
  const { node, amira } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id, { isCompared: true })
  const kit = aJoiner('bravo', code)
  const thief = aJoiner('bravo', code, { attempt: 'thief' })

  thief.meet(await node.admitNode({ request: thief.request }))
  await node.admitNode({ request: thief.reveal })
  await t.rejects(node.admitNode({ request: kit.request }), {
    code: 'JOIN_REFUSED',
    facts: { found: 'unknown-code' },
  })
  const [shown] = await node.waitingJoins(amira.id)
  await t.rejects(node.confirmJoin(amira.id, '000000'), { code: 'NOT_FOUND' })
  await node.refuseJoin(amira.id, must(shown, 'the thief waits').digits)

  await t.rejects(node.admitNode({ request: thief.reveal }), {
    code: 'JOIN_REFUSED',
    facts: { found: 'refused by an administrator' },
  })
  t.equal(await nodesOf(node), 1)
})

test('a lost challenge comes again, a replay of another reveal is refused, and waiting ends', async (t) => {
  const { node, amira, clock } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id, { isCompared: true })
  const kit = aJoiner('bravo', code)

  const challenge = await node.admitNode({ request: kit.request })
  t.same(await node.admitNode({ request: kit.request }), challenge)
  await t.rejects(node.admitNode({ request: flip(kit.reveal, 30) }), { code: 'JOIN_REFUSED' })
  await node.admitNode({ request: kit.reveal })
  const { digits } = kit.meet(challenge)
  await clock.advance(16 * 60_000)

  await t.rejects(node.confirmJoin(amira.id, digits), { code: 'NOT_FOUND' })
  await t.rejects(node.admitNode({ request: kit.reveal }), { code: 'JOIN_REFUSED' })
})

test('an administrator who says yes twice at once lets in one node once', async (t) => {
  const { node, amira } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id, { isCompared: true })
  const kit = aJoiner('bravo', code)
  const { digits } = kit.meet(await node.admitNode({ request: kit.request }))
  await node.admitNode({ request: kit.reveal })

  const both = await Promise.allSettled([1, 2].map(() => node.confirmJoin(amira.id, digits)))

  t.strictSame(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
})

async function nodesOf(node: EdgeNode): Promise<number> {
  return (await node.status()).nodes.length
}
