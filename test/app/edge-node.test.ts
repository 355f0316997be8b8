import { test } from 'tap'
import { aTeam, eventsOf, twoNodes } from '../support/app.ts'
import { virtualClock } from '../support/clock.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { collectingLog } from '../support/log.ts'
import { aNode, anAdministrator, seedOf, until } from '../support/nodes.ts'

const AT_1970 = 1_000
const LANES = ['flash', 'immediate', 'priority', 'routine'] as const

test('a node that starts again has everything it said was saved', async (t) => {
  const { node, store, amira, bo, ops } = await aTeam(t)
  const said = await node.post(bo.id, { channel: ops.id, body: 'one', pendingId: 'p1' })
  await node.edit(bo.id, said.id, 'two')
  await node.react(amira.id, said.id, 'ok')
  await node.viewChannel(amira.id, ops.id)
  await node.setPreferences(bo.id, [{ category: 'a', name: 'b', value: 'c' }])
  const look = async (one: typeof node) => [
    await one.allPeople(),
    await one.channelsOf(bo.id),
    await one.members(bo.id, ops.id),
    await one.page(bo.id, ops.id, { limit: 10 }),
    await one.preferences(bo.id),
  ]
  const before = await look(node)
  await node[Symbol.asyncDispose]()

  const again = await aNode('alpha', { store })
  t.teardown(() => again[Symbol.asyncDispose]())

  t.strictSame(await look(again), before)
  const resent = { channel: ops.id, body: 'one', pendingId: 'p1' }
  t.equal((await again.post(bo.id, resent)).id, said.id)
})

test('a node whose power went has either all of a message or nothing of it', async (t) => {
  for (let batches = 1; batches <= 3; batches += 1) {
    const disk = aFaultyStore()
    const { node, bo, ops } = await aTeam(t, { store: disk })
    disk.cutAfter(batches)
    const saved: string[] = []
    for (const body of ['one', 'two', 'three', 'four'])
      await node.post(bo.id, { channel: ops.id, body }).then(
        () => saved.push(body),
        () => undefined,
      )
    await node[Symbol.asyncDispose]()
    disk.cutAfter(Number.POSITIVE_INFINITY)
    disk.setFault('none')

    const again = await aNode('alpha', { store: disk })
    t.teardown(() => again[Symbol.asyncDispose]())

    const { messages } = await again.page(bo.id, ops.id, { limit: 10 })
    const bodies = messages.map(({ body }) => body).toReversed()
    t.strictSame(bodies.slice(0, saved.length), saved)
    const { messageCount } = await again.channel(bo.id, ops.id)
    t.equal(messageCount, bodies.length)
    await again.post(bo.id, { channel: ops.id, body: 'goes on' })
  }
})

test('on a full disk nothing is kept of what was refused, and all works again with room', async (t) => {
  const { node, store, clock, amira, bo, ops } = await aTeam(t)
  const said = await node.post(bo.id, { channel: ops.id, body: 'before' })
  await clock.advance(0) // and told
  const told = eventsOf(node)
  store.setFault('full')
  const refused: readonly (() => Promise<unknown>)[] = [
    () => node.post(bo.id, { channel: ops.id, body: 'lost', pendingId: 'p1' }),
    () => node.edit(bo.id, said.id, 'lost'),
    () => node.react(bo.id, said.id, 'ok'),
    () => node.deletePost(bo.id, said.id),
    () => node.createChannel(bo.id, { kind: 'public', name: 'lost', displayName: 'Lost' }),
    () => node.directChannel(amira.id, bo.id),
    () => node.removeMember(bo.id, ops.id, bo.id),
    () => node.signIn('bo', 'bo-password'),
  ]
  for (const attempt of refused) await t.rejects(attempt(), { code: 'STORE_FULL' })

  t.match(await node.page(bo.id, ops.id, { limit: 10 }), { messages: [{ ...said }] })
  t.equal((await node.channelsOf(bo.id)).length, 2)
  t.ok(await node.membership(ops.id, bo.id))
  t.strictSame(told, [])

  store.setFault('none')
  const kept = await node.post(bo.id, { channel: ops.id, body: 'kept', pendingId: 'p1' })
  t.equal(kept.body, 'kept')
  const { messages } = await node.page(bo.id, ops.id, { limit: 10 })
  t.strictSame(
    messages.map(({ body }) => body),
    ['kept', 'before'],
  )
  t.equal(
    (await node.createChannel(bo.id, { kind: 'public', name: 'lost', displayName: 'L' })).name,
    'lost',
  )
})

test('what is asked of a node that has stopped is refused, not forgotten', async (t) => {
  const { node, bo, ops } = await aTeam(t)

  const last = node.post(bo.id, { channel: ops.id, body: 'last' })
  await node[Symbol.asyncDispose]()

  const outcome = await last.then(
    ({ body }) => body,
    ({ code }) => code,
  )
  const { messages } = await node.page(bo.id, ops.id, { limit: 10 })
  t.equal(messages.length, outcome === 'last' ? 1 : 0)
  await t.rejects(node.post(bo.id, { channel: ops.id, body: 'late' }), { code: 'STOPPING' })
})

test('two nodes that were apart show the same messages in the same order, from every lane', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t, { bravo: virtualClock(AT_1970) })
  const amira = await anAdministrator(alpha, 'amira')
  const bo = await anAdministrator(bravo, 'bo')
  const [square] = await alpha.channelsOf(amira.id)
  const channel = square?.id ?? ('' as never)
  for (const lane of LANES) {
    await alpha.post(amira.id, { channel, body: `alpha ${lane}`, lane })
    await bravo.post(bo.id, { channel, body: `bravo ${lane}`, lane })
  }

  meet()
  const pages = () =>
    Promise.all([
      alpha.page(amira.id, channel, { limit: 20 }),
      bravo.page(bo.id, channel, { limit: 20 }),
    ])
  await until([alpha, bravo], async () =>
    (await pages()).every(({ messages }) => messages.length === 8),
  )

  const [here, there] = await pages()
  t.strictSame(
    here.messages.map(({ id }) => id),
    there.messages.map(({ id }) => id),
  )
  t.match(await alpha.status(), { messages: 8, waitingChanges: 0 })
})

test('a new life of a store writes beside the old one, not over it', async (t) => {
  const { node, store, bo, ops } = await aTeam(t)
  const first = await node.post(bo.id, { channel: ops.id, body: 'one' })
  await node[Symbol.asyncDispose]()

  const restored = await aNode('alpha', { store, life: seedOf('another life').subarray(0, 4) })
  t.teardown(() => restored[Symbol.asyncDispose]())
  const second = await restored.post(bo.id, { channel: ops.id, body: 'two' })

  t.not(second.id, first.id)
  t.equal((await restored.page(bo.id, ops.id, { limit: 10 })).messages.length, 2)
})

test('opening a node on a disk that does not answer fails and says so', async (t) => {
  const store = aFaultyStore()
  store.setFault('cut')

  await t.rejects(aNode('alpha', { store, log: collectingLog() }), { code: 'STORE_BROKEN' })
})
