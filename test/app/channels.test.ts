import { test, type Test } from 'tap'
import type { ChannelDraft } from '#app/node.ts'
import { idFromBytes, type ChannelId, type UserId } from '#base/ids.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { aNode, aPerson, aWorkspace, seedOf, type Workspace } from '../support/nodes.ts'

const nowhere = idFromBytes<ChannelId>(seedOf('no channel').subarray(0, 16))
const nobody = idFromBytes<UserId>(seedOf('nobody').subarray(0, 16))
const ops: ChannelDraft = {
  kind: 'public',
  name: 'ops',
  displayName: 'Operations',
  purpose: 'What is going on',
  header: 'Call 112',
}

test('who makes a channel administers it, and whom they name is in it', async (t) => {
  const { node, amira, bo } = await aPlace(t)

  const channel = await node.createChannel(bo.id, { ...ops, members: [amira.id, bo.id] })

  t.match(channel, { ...ops, creator: bo.id, archivedAt: 0, messageCount: 0 })
  t.match(await node.membership(channel.id, bo.id), { isChannelAdministrator: true })
  t.match(await node.membership(channel.id, amira.id), { isChannelAdministrator: false })
  t.strictSame(
    (await node.channelsOf(amira.id)).map(({ name }) => name),
    ['ops', 'town-square'],
  )
})

test('channels are there after a restart', async (t) => {
  const store = openMemoryStore()
  const { node, amira } = await aWorkspace('alpha', { store })
  const channel = await node.createChannel(amira.id, ops)
  await node[Symbol.asyncDispose]()

  await using again = await aNode('alpha', { store })

  t.strictSame(await again.channel(amira.id, channel.id), channel)
})

test('a name is taken once, also when two ask at the same time', async (t) => {
  const { node, amira, bo } = await aPlace(t)

  const tried = await Promise.allSettled([
    node.createChannel(amira.id, ops),
    node.createChannel(bo.id, ops),
  ])

  t.match(tried, [
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: 'ALREADY_EXISTS' } },
  ])
  t.equal((await node.publicChannels(amira.id)).length, 2)
})

test('what cannot be a channel is refused, and nothing of it is there', async (t) => {
  const { node, amira } = await aPlace(t)
  const make = (change: Partial<ChannelDraft>) =>
    node.createChannel(amira.id, { ...ops, ...change })

  for (const name of ['', 'Ops', '-ops', 'o ps', 'x'.repeat(65)])
    await t.rejects(make({ name }), { code: 'INPUT_INVALID', facts: { field: 'name' } })
  for (const displayName of [' ', 'x'.repeat(65)])
    await t.rejects(make({ displayName }), {
      code: 'INPUT_INVALID',
      facts: { field: 'display_name' },
    })
  await t.rejects(make({ members: [nobody] }), { code: 'NOT_FOUND' })
  t.equal((await node.channelsOf(amira.id)).length, 1)
})

test('a purpose and a header are kept whole or refused', async (t) => {
  const { node, amira } = await aPlace(t)
  const longest = 'x'.repeat(1_024)

  const channel = await node.createChannel(amira.id, { ...ops, purpose: longest, header: longest })
  t.match(channel, { purpose: longest, header: longest })

  for (const field of ['purpose', 'header'])
    await t.rejects(
      node.createChannel(amira.id, { ...ops, name: 'other', [field]: `${longest}x` }),
      {
        code: 'INPUT_INVALID',
        facts: { field },
      },
    )
})

test('a private channel shows itself to its members only', async (t) => {
  const { node, amira, bo } = await aPlace(t)
  const inner = await node.createChannel(amira.id, { ...ops, kind: 'private', name: 'inner' })

  t.strictSame(await node.channelByName(amira.id, 'inner'), inner)
  await t.rejects(node.channel(bo.id, inner.id), { code: 'NOT_ALLOWED' })
  await t.rejects(node.channelByName(bo.id, 'inner'), { code: 'NOT_ALLOWED' })
  await t.rejects(node.addMember(bo.id, inner.id, bo.id), { code: 'NOT_ALLOWED' })
  t.notOk((await node.publicChannels(bo.id)).some(({ id }) => id === inner.id))
  t.notOk((await node.channelsOf(bo.id)).some(({ id }) => id === inner.id))
})

test('a channel nobody knows is not found', async (t) => {
  const { node, amira } = await aPlace(t)

  await t.rejects(node.channel(amira.id, nowhere), { code: 'NOT_FOUND' })
  await t.rejects(node.channelByName(amira.id, 'nowhere'), { code: 'NOT_FOUND' })
  await t.rejects(node.post(amira.id, { channel: nowhere, body: 'hello' }), { code: 'NOT_FOUND' })
})

test('two people have one direct channel, whoever asks, also at the same time', async (t) => {
  const { node, amira, bo } = await aPlace(t)

  const [first, second] = await Promise.all([
    node.directChannel(amira.id, bo.id),
    node.directChannel(bo.id, amira.id),
  ])

  t.equal(first.id, second.id)
  t.match(first, { kind: 'direct', name: [amira.id, bo.id].toSorted().join('__') })
  t.equal((await node.members(bo.id, first.id)).length, 2)
  t.strictSame(await node.directChannel(amira.id, bo.id), await node.channel(amira.id, first.id))
  await t.rejects(node.directChannel(amira.id, nobody), { code: 'NOT_FOUND' })
})

test('a third person has no part in a direct channel', async (t) => {
  const { node, amira, bo } = await aPlace(t)
  const chen = await node.enrolPerson(amira.id, aPerson('chen'))
  const direct = await node.directChannel(bo.id, chen.id)

  await t.rejects(node.page(amira.id, direct.id, { limit: 10 }), { code: 'NOT_ALLOWED' })
  await t.rejects(node.addMember(amira.id, direct.id, amira.id), { code: 'NOT_ALLOWED' })
})

test('somebody may write to themselves', async (t) => {
  const { node, amira } = await aPlace(t)

  const direct = await node.directChannel(amira.id, amira.id)

  t.equal((await node.members(amira.id, direct.id)).length, 1)
})

async function aPlace(t: Test): Promise<Workspace> {
  const place = await aWorkspace('alpha')
  t.teardown(place.node[Symbol.asyncDispose])
  return place
}
