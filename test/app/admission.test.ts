import assert from 'node:assert/strict'
import { test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import { must } from '#base/assert.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { range } from '#sync/keys.ts'
import { unpack, type EpochRecord } from '#sync/records.ts'
import { openIdentity } from '#trust/identity.ts'
import { openRoster } from '#trust/roster.ts'
import { virtualClock } from '../support/clock.ts'
import { aTeam } from '../support/app.ts'
import { aJoiner } from '../support/joiners.ts'
import { anIdentity, aNode, anAdministrator, organisation, until } from '../support/nodes.ts'
import { seedOf as testSeed } from '../support/organisation.ts'

const HUB = { role: 'hub' } as const

test('a node that may issue lets nodes in without the root, under numbers far from the root’s', async (t) => {
  const { node, amira } = await aTeam(t, { role: 'hub', isRootAway: true })
  const numbers = new Set<number>()
  for (const name of ['bravo', 'charlie', 'delta']) {
    const { code } = await node.makeJoinCode(amira.id)
    const joiner = aJoiner(name, code)
    const answer = joiner.read(await node.admitNode({ request: joiner.request }))
    assert.ok(answer.ok)
    const { certificate, issuer } = answer.answer
    t.match(certificate, { rights: { administers: false, issues: false } })
    t.equal(certificate.issuer, issuer.node)
    t.ok(certificate.number >= 128 && certificate.number < 16_384)
    numbers.add(certificate.number)
  }
  t.equal(numbers.size, 3)
  t.equal(await nodesOf(node), 4)
})

test('a node that is known keeps number and rights when it asks by file again', async (t) => {
  const { node, amira } = await aTeam(t, HUB)
  const joiner = aJoiner('bravo', undefined)
  await node.admitByFile(amira.id, joiner.request)
  const again = aJoiner('bravo', undefined, { attempt: 'again', number: 2 })

  const { answer } = await node.admitByFile(amira.id, again.request)

  t.match(again.read(answer), { ok: true, answer: { certificate: { number: 2 } } })
  t.equal(await nodesOf(node), 2)
})

test('a node that woke in 1970 lets in nodes whose certificates are good for everybody else', async (t) => {
  const { node, amira, clock } = await aTeam(t, HUB)
  clock.setWall(86_400_000)
  const { code } = await node.makeJoinCode(amira.id)
  const joiner = aJoiner('bravo', code)

  const answer = joiner.read(await node.admitNode({ request: joiner.request }))

  assert.ok(answer.ok)
  t.ok(answer.answer.certificate.validFrom >= 1_790_000_000_000)
})

test('who joins after somebody was shut out seals and opens under the epoch of now, at once', async (t) => {
  const out = anIdentity('charlie', 3, 'kit', { validUntil: 1_791_000_000_000 })
  const network = openMemoryNetwork({ clock: virtualClock() })
  const alphaId = anIdentity('alpha', 1).certificate.node
  const carriers = [network.open(alphaId)]
  const { node: alpha, amira } = await aTeam(t, { ...HUB, knows: [out], carriers })
  const { code } = await alpha.makeJoinCode(amira.id)
  const joiner = aJoiner('bravo', code)
  const answer = joiner.read(await alpha.admitNode({ request: joiner.request }))
  assert.ok(answer.ok)
  const { certificateBytes, issuerCertificateBytes, epoch: doorEpoch } = answer.answer
  t.match(doorEpoch, { number: 1, maker: alphaId })

  const roster = openRoster(organisation)
  roster.introduce(issuerCertificateBytes)
  const identity = must(
    openIdentity(
      { organisation, certificateOf: () => undefined },
      testSeed('bravo signing'),
      certificateBytes,
    ),
    'the certificate is for the keys of bravo',
  )
  const store = openMemoryStore()
  const bravo = await aNode('bravo', {
    identity,
    store,
    carriers: [network.open(identity.certificate.node)],
    options: { doorEpoch, roster },
  })
  t.teardown(() => bravo[Symbol.asyncDispose]())
  const zoe = await anAdministrator(bravo, 'zoe')
  const [square] = await bravo.channelsOf(zoe.id)
  await bravo.post(zoe.id, { channel: must(square, 'the first channel').id, body: 'I am in' })

  await until([alpha, bravo], async () => {
    const here = await alpha.publicChannels(amira.id)
    return here.some(({ messageCount }) => messageCount > 0)
  })
  const held = (await store.list(range.epochs)).map(([, bytes]) => unpack<EpochRecord>(bytes))
  const forAll = held.filter((epoch) => epoch?.audience === organisation.id)
  t.match(forAll, [{ maker: alphaId }], 'none of its own')
  t.equal(forAll.length, 1)
})

async function nodesOf(node: EdgeNode): Promise<number> {
  return (await node.status()).nodes.length
}
