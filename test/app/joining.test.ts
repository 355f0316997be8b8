import assert from 'node:assert/strict'
import { test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import { must } from '#base/assert.ts'
import { JOIN_CODE_TRIES_MAX, parseJoinCode } from '#trust/join-code.ts'
import { aTeam } from '../support/app.ts'
import { aJoiner } from '../support/joiners.ts'
import { anIdentity, organisation, organisationSecret } from '../support/nodes.ts'
import { flip } from '../support/property.ts'

const HUB = { role: 'hub' } as const
const DAY_MS = 24 * 3_600_000

test('a node with a code joins: it gets all it needs, and stands in the directory', async (t) => {
  const { node, amira, clock } = await aTeam(t, HUB)
  const { code, expiresAt } = await node.makeJoinCode(amira.id)
  t.equal(expiresAt, clock.now() + DAY_MS)
  const joiner = aJoiner('vehicle 7', code)

  const answer = joiner.read(await node.admitNode({ request: joiner.request }))

  assert.ok(answer.ok)
  t.same(answer.answer.organisation, organisation)
  t.same(Buffer.from(answer.answer.organisationSecret), Buffer.from(organisationSecret))
  t.match(answer.answer.certificate, { name: 'vehicle 7', role: 'kit', number: 2 })
  t.equal(answer.answer.issuer.node, anIdentity('alpha', 1).certificate.node)
  const known = (await node.status()).nodes.find(({ number }) => number === 2)
  t.match(known, { name: 'vehicle 7', role: 'kit', isThisNode: false })
})

test('nodes that join one after another get numbers of their own', async (t) => {
  const { node, amira } = await aTeam(t, HUB)
  const names = ['bravo', 'charlie', 'delta']
  const codes = await Promise.all(names.map(() => node.makeJoinCode(amira.id)))

  const joiners = names.map((name, index) => aJoiner(name, codes[index]?.code ?? ''))
  const answers = await Promise.all(
    joiners.map(async (one) => one.read(await node.admitNode({ request: one.request }))),
  )

  const numbers = answers.map((answer) => answer.ok && answer.answer.certificate.number)
  t.strictSame(new Set(numbers), new Set([2, 3, 4]))
})

test('a code works once, also for two at the same time', async (t) => {
  const { node, amira } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id)
  const requests = [aJoiner('bravo', code), aJoiner('charlie', code)].map(({ request }) => request)

  const answers = await Promise.allSettled(requests.map((request) => node.admitNode({ request })))

  t.strictSame(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  for (const request of requests)
    await t.rejects(node.admitNode({ request }), { code: 'JOIN_REFUSED' })
  t.equal(await nodesOf(node), 2)
})

test('a code that is a day old, unknown, or of a torn request lets nobody in', async (t) => {
  const { node, amira, clock } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id)
  const { request } = aJoiner('bravo', code)
  const refused = (bytes: Uint8Array) =>
    t.rejects(node.admitNode({ request: bytes }), { code: 'JOIN_REFUSED' })

  await refused(aJoiner('bravo', 'ybnd-rfg8-ejkm-cpqx').request)
  await refused(request.subarray(0, -1))
  await refused(new Uint8Array())
  await clock.advance(DAY_MS)
  await refused(request)

  t.equal(await nodesOf(node), 1)
})

test('a code still works in the last millisecond of its day', async (t) => {
  const { node, amira, clock } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id)

  await clock.advance(DAY_MS - 1)
  await node.admitNode({ request: aJoiner('bravo', code).request })

  t.equal(await nodesOf(node), 2)
})

test('only administrators make codes', async (t) => {
  const { node, bo } = await aTeam(t, HUB)

  await t.rejects(node.makeJoinCode(bo.id), {
    code: 'NOT_ALLOWED',
    facts: { found: 'not an administrator' },
  })
})

test('a node with neither the root’s key nor the right to issue makes no codes and lets nobody in', async (t) => {
  const { node, amira } = await aTeam(t)

  await t.rejects(node.makeJoinCode(amira.id), { code: 'NOT_ALLOWED' })
  await t.rejects(node.admitNode({ request: aJoiner('bravo', 'ybnd-rfg8-ejkm-cpqx').request }), {
    code: 'JOIN_REFUSED',
    facts: { found: 'a node that may not issue certificates' },
  })
})

test('the code is good again when the disk had no room for the new node', async (t) => {
  const { node, amira, store } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id)
  const joiner = aJoiner('bravo', code)
  store.setFault('full')
  await t.rejects(node.admitNode({ request: joiner.request }), { code: 'STORE_FULL' })

  store.setFault('none')
  const answer = joiner.read(await node.admitNode({ request: joiner.request }))

  t.ok(answer.ok)
})

test('neither the code nor its characters are on the disk, and old codes do not pile up there', async (t) => {
  const { node, amira, store, clock } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id)
  const bytes = Buffer.from(must(parseJoinCode(code), 'a code'))
  const onDisk = store.batches.flat().map(({ value }) => Buffer.from(value ?? []))
  t.notOk(onDisk.some((value) => value.includes(bytes) || value.includes(code)))

  await clock.advance(DAY_MS)
  await node.makeJoinCode(amira.id)

  t.equal((await store.list({ from: 'join/', to: 'join0' })).length, 1)
})

test('a code lets in the one role it was made for, and stays good for it', async (t) => {
  const { node, amira } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id)

  await t.rejects(node.admitNode({ request: aJoiner('bravo', code, { role: 'hub' }).request }), {
    code: 'JOIN_REFUSED',
    facts: { found: 'role hub' },
  })
  await node.admitNode({ request: aJoiner('bravo', code).request })
  const forHub = await node.makeJoinCode(amira.id, { role: 'hub' })
  const hub = aJoiner('charlie', forHub.code, { role: 'hub' })
  const answer = hub.read(await node.admitNode({ request: hub.request }))

  t.match(answer, { ok: true, answer: { certificate: { role: 'hub' } } })
})

test('a code that is tried wrongly too often is good no longer', async (t) => {
  const { node, amira } = await aTeam(t, HUB)
  const { code } = await node.makeJoinCode(amira.id)
  const { request } = aJoiner('bravo', code)
  const tried = () => t.rejects(node.admitNode({ request: flip(request, 100) }))

  for (let tries = 1; tries < JOIN_CODE_TRIES_MAX; tries += 1) await tried()
  const other = await node.makeJoinCode(amira.id)
  await tried()

  await t.rejects(node.admitNode({ request }), {
    code: 'JOIN_REFUSED',
    facts: { found: 'unknown-code' },
  })
  await node.admitNode({ request: aJoiner('bravo', other.code).request })
})

test('what other layers ask for goes along both ways', async (t) => {
  const asked: string[] = []
  const answerBlock = async (request: Uint8Array, name: string): Promise<Uint8Array> => {
    asked.push(`${Buffer.from(request).toString()} for ${name}`)
    return new Uint8Array(Buffer.from('a chain'))
  }
  const { node, amira } = await aTeam(t, { ...HUB, options: { answerBlock } })
  const { code } = await node.makeJoinCode(amira.id)
  const block = new Uint8Array(Buffer.from('a request'))
  const joiner = aJoiner('bravo', code, { block })

  const answer = joiner.read(await node.admitNode({ request: joiner.request }))

  t.strictSame(asked, ['a request for bravo'])
  t.equal(answer.ok && Buffer.from(answer.answer.block).toString(), 'a chain')
})

test('by file a node is let in by an administrator, and nobody else', async (t) => {
  const { node, amira, bo } = await aTeam(t, HUB)
  const joiner = aJoiner('bravo', undefined)

  await t.rejects(node.admitByFile(bo.id, joiner.request), { code: 'NOT_ALLOWED' })
  await t.rejects(node.admitByFile(amira.id, flip(joiner.request, 60)), { code: 'JOIN_REFUSED' })
  await t.rejects(node.admitNode({ request: joiner.request }), { code: 'JOIN_REFUSED' })
  const { answer, name, role } = await node.admitByFile(amira.id, joiner.request)

  t.strictSame([name, role], ['bravo', 'kit'])
  t.match(joiner.read(answer), { ok: true, answer: { certificate: { name: 'bravo', number: 2 } } })
})

async function nodesOf(node: EdgeNode): Promise<number> {
  return (await node.status()).nodes.length
}
