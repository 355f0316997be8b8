import { test, type Test } from 'tap'
import type { NodeEvent } from '#app/node.ts'
import { must } from '#base/assert.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { virtualClock } from '../support/clock.ts'
import { aNode, anAdministrator, anIdentity, aPerson, aWorkspace, until } from '../support/nodes.ts'

test('people join and leave public channels themselves', async (t) => {
  const { node, amira, bo } = await aPlace(t)
  const { id } = await node.createChannel(amira.id, ops('public'))

  t.match(await node.addMember(bo.id, id, bo.id), { person: bo.id, isChannelAdministrator: false })
  t.equal((await node.members(bo.id, id)).length, 2)
  await node.removeMember(bo.id, id, bo.id)

  t.equal(await node.membership(id, bo.id), undefined)
  t.notOk((await node.membershipsOf(bo.id)).some(({ channel }) => channel === id))
  await t.rejects(node.removeMember(bo.id, id, bo.id), { code: /NOT_/ })
})

test('members bring in others, and take them out, also in private channels', async (t) => {
  const { node, amira, bo } = await aPlace(t)
  const chen = await node.enrolPerson(amira.id, aPerson('chen'))
  const { id } = await node.createChannel(amira.id, ops('private'))

  await t.rejects(node.addMember(bo.id, id, chen.id), { code: 'NOT_FOUND' })
  await node.addMember(amira.id, id, bo.id)
  await node.addMember(bo.id, id, chen.id)
  await node.removeMember(amira.id, id, bo.id)

  t.strictSame(
    (await node.members(chen.id, id)).map(({ person }) => person).toSorted(),
    [amira.id, chen.id].toSorted(),
  )
  await t.rejects(node.members(bo.id, id), { code: 'NOT_FOUND' })
})

test('adding who is there already changes nothing, not even their role', async (t) => {
  const { node, amira, bo } = await aPlace(t)
  const { id } = await node.createChannel(amira.id, { ...ops('public'), members: [bo.id] })

  await node.addMember(bo.id, id, amira.id)

  t.match(await node.membership(id, amira.id), { isChannelAdministrator: true })
})

test('only who is known can be added, and only who is there be removed', async (t) => {
  const { node, amira, bo, square } = await aPlace(t)
  const { id } = await node.createChannel(amira.id, ops('public'))

  await t.rejects(node.addMember(amira.id, id, square.id as unknown as typeof bo.id), {
    code: 'NOT_FOUND',
  })
  await t.rejects(node.removeMember(amira.id, id, bo.id), { code: 'NOT_FOUND' })
})

test('what was written since one looked is unread, and looking makes it read', async (t) => {
  const { node, amira, bo, square } = await aPlace(t)
  const told: NodeEvent[] = []
  const root = await node.post(amira.id, { channel: square.id, body: 'hello @bo' })
  await node.post(amira.id, { channel: square.id, body: 'and a reply', root: root.id })

  t.match(await node.membership(square.id, bo.id), {
    seenCount: 0,
    seenRootCount: 0,
    mentionCount: 1,
  })
  // What follows from the messages may still be told.
  node.subscribe((event) => event.kind === 'viewed' && told.push(event))
  await node.viewChannel(bo.id, square.id)

  t.match(await node.membership(square.id, bo.id), {
    seenCount: 2,
    seenRootCount: 1,
    mentionCount: 0,
  })
  t.match(told, [{ kind: 'viewed', person: bo.id, channel: square.id }])
  await node.viewChannel(bo.id, square.id)
  t.equal(told.length, 1, 'looking again is no news')
})

test('who joins later has nothing unread of what was there before', async (t) => {
  const { node, amira, square } = await aPlace(t)
  await node.post(amira.id, { channel: square.id, body: 'before chen' })

  const chen = await node.enrolPerson(amira.id, aPerson('chen'))

  t.match(await node.membership(square.id, chen.id), { seenCount: 1 })
})

test('who joins later and looks has read what was there before', async (t) => {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  const identities = [anIdentity('alpha', 1), anIdentity('bravo', 2)]
  const open = (name: string, index: number) => {
    const id = identities[index]?.certificate.node
    return aNode(name, { clock, knows: identities, carriers: id ? [network.open(id)] : [] })
  }
  await using alpha = await open('alpha', 0)
  await using bravo = await open('bravo', 1)
  const amira = await anAdministrator(alpha, 'amira')
  const square = must((await alpha.channelsOf(amira.id))[0], 'there is a first channel')
  const message = await alpha.post(amira.id, { channel: square.id, body: 'before bo' })
  await clock.advance(1_000)

  const bo = await anAdministrator(bravo, 'bo')
  t.match(await bravo.message(bo.id, message.id), { body: 'before bo' })
  await bravo.viewChannel(bo.id, square.id)

  const isRead = async () => {
    const { deliveries } = await alpha.delivery(amira.id, message.id)
    return deliveries[0]?.word === 'read'
  }
  await clock.advance(1_000)
  t.ok(await isRead())
})

test('leaving and coming back is told once each', async (t) => {
  const { node, amira, bo } = await aPlace(t)
  const { id } = await node.createChannel(amira.id, ops('public'))
  const told: string[] = []
  node.subscribe((event) => {
    if ('person' in event && event.person === bo.id && 'channel' in event) told.push(event.kind)
  })

  await node.addMember(bo.id, id, bo.id)
  await node.removeMember(bo.id, id, bo.id)
  await node.addMember(bo.id, id, bo.id)
  await until([node], async () => told.length >= 3)

  t.strictSame(told, ['member-added', 'member-removed', 'member-added'])
})

function ops(kind: 'public' | 'private') {
  return { kind, name: 'ops', displayName: 'Operations' }
}

async function aPlace(t: Test) {
  const place = await aWorkspace('alpha')
  t.teardown(place.node[Symbol.asyncDispose])
  return place
}
