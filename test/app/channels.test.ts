import { test } from 'tap'
import type { ChannelId, UserId } from '#base/ids.ts'
import { newChannelId } from '#model/channel-id.ts'
import { CHANNELS_MAX } from '#base/limits.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { writeHere } from '#sync/author.ts'
import { aChannelDraft, aTeam, archive, twoNodes } from '../support/app.ts'
import { anAdministrator, aPerson, aWorkspace, seedOf, until } from '../support/nodes.ts'
import { aSync } from '../support/sync.ts'

const nobody = 'y'.repeat(26) as UserId

test('whoever makes a channel administers it, and whoever is named with it is a member', async (t) => {
  const { node, amira, bo } = await aTeam(t)

  const draft = aChannelDraft('medics', { purpose: 'who is hurt', header: 'Tent 4' })
  const made = await node.createChannel(bo.id, { ...draft, members: [amira.id, bo.id] })

  t.match(made, { name: 'medics', creator: bo.id, purpose: 'who is hurt', header: 'Tent 4' })
  t.match(made, { archivedAt: 0, messageCount: 0, lastPostAt: 0 })
  t.equal((await node.membership(made.id, bo.id))?.isChannelAdministrator, true)
  t.equal((await node.membership(made.id, amira.id))?.isChannelAdministrator, false)
})

test('a name that is taken is refused, also for two at the same time', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  await t.rejects(node.createChannel(amira.id, aChannelDraft('ops')), { code: 'ALREADY_EXISTS' })

  const both = await Promise.allSettled([
    node.createChannel(amira.id, aChannelDraft('medics')),
    node.createChannel(bo.id, aChannelDraft('medics')),
  ])

  t.strictSame(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
})

test('what cannot be a channel is refused, and says which field', async (t) => {
  const { node, amira } = await aTeam(t)
  const refused = (part: Parameters<typeof aChannelDraft>[1], field: string) =>
    t.rejects(node.createChannel(amira.id, aChannelDraft('medics', part)), {
      code: 'INPUT_INVALID',
      facts: { field },
    })

  for (const name of ['', 'Ops', 'a b', '-ops', 'ö', 'x'.repeat(65)])
    await refused({ name }, 'name')
  await refused({ displayName: ' ' }, 'display_name')
  await refused({ displayName: 'x'.repeat(65) }, 'display_name')
  await refused({ purpose: 'x'.repeat(251) }, 'purpose')
  await refused({ header: 'x'.repeat(1_025) }, 'header')
  await t.rejects(node.createChannel(amira.id, aChannelDraft('medics', { members: [nobody] })), {
    code: 'NOT_FOUND',
  })
  t.notOk((await node.publicChannels(amira.id)).some(({ name }) => name === 'medics'))
})

test('the longest texts of a channel are kept as they are', async (t) => {
  const { node, amira } = await aTeam(t)
  const texts = { displayName: 'd'.repeat(64), purpose: 'p'.repeat(250), header: 'h'.repeat(1_024) }

  const made = await node.createChannel(amira.id, aChannelDraft('x'.repeat(64), texts))

  t.match(made, texts)
})

test('the name of a direct channel is nobody else’s', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  const name = [amira.id, bo.id].toSorted().join('__')

  await t.rejects(node.createChannel(amira.id, aChannelDraft(name)), { code: 'INPUT_INVALID' })
  await t.rejects(node.createChannel(amira.id, aChannelDraft('two', { kind: 'direct' })), {
    code: 'INPUT_INVALID',
  })
})

test('no more channels are made than the workspace may have, also by two at the same time', async (t) => {
  const store = openMemoryStore()
  await fill(store, CHANNELS_MAX - 3)
  const { node, amira } = await aWorkspace('alpha', { store })
  t.teardown(() => node[Symbol.asyncDispose]())
  await node.createChannel(amira.id, aChannelDraft('last-but-one'))

  const both = await Promise.allSettled([
    node.createChannel(amira.id, aChannelDraft('last')),
    node.createChannel(amira.id, aChannelDraft('one-more')),
  ])

  t.strictSame(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
})

test('a private channel shows itself to its members only', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  const made = await node.createChannel(bo.id, aChannelDraft('secret', { kind: 'private' }))

  t.equal((await node.channelByName(bo.id, 'secret')).id, made.id)
  await t.rejects(node.channel(amira.id, made.id), { code: 'NOT_FOUND' })
  await t.rejects(node.channelByName(amira.id, 'secret'), { code: 'NOT_FOUND' })
  await t.rejects(node.members(amira.id, made.id), { code: 'NOT_FOUND' })
  const listed = [...(await node.publicChannels(amira.id)), ...(await node.channelsOf(amira.id))]
  t.notOk(listed.some(({ id }) => id === made.id))
})

test('a public channel is found by anybody, and listed with the others by display name', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  await node.createChannel(amira.id, aChannelDraft('apples', { displayName: 'Apples' }))

  t.strictSame(
    (await node.publicChannels(bo.id)).map(({ name }) => name),
    ['apples', 'town-square', 'ops'],
  )
  t.strictSame(
    (await node.channelsOf(bo.id)).map(({ name }) => name),
    ['town-square', 'ops'],
  )
  t.equal((await node.channelByName(bo.id, 'apples')).name, 'apples')
})

test('a channel that is not there is not found', async (t) => {
  const { node, amira } = await aTeam(t)

  await t.rejects(node.channel(amira.id, 'y'.repeat(26) as ChannelId), { code: 'NOT_FOUND' })
  await t.rejects(node.channelByName(amira.id, 'nowhere'), { code: 'NOT_FOUND' })
})

test('an archived channel is read, but nobody writes, reacts, joins or adds there', async (t) => {
  const { node, store, amira, bo, ops } = await aTeam(t)
  const chen = await node.enrolPerson(amira.id, aPerson('chen'))
  const said = await node.post(bo.id, { channel: ops.id, body: 'before' })
  await archive(store, ops.id)

  t.not((await node.channel(bo.id, ops.id)).archivedAt, 0)
  t.equal((await node.page(bo.id, ops.id, { limit: 10 })).messages.length, 1)
  const refused: readonly (() => Promise<unknown>)[] = [
    () => node.post(bo.id, { channel: ops.id, body: 'after' }),
    () => node.edit(bo.id, said.id, 'after'),
    () => node.react(bo.id, said.id, 'ok'),
    () => node.addMember(chen.id, ops.id, chen.id),
    () => node.addMember(amira.id, ops.id, chen.id),
  ]
  for (const attempt of refused)
    await t.rejects(attempt(), { code: 'NOT_ALLOWED', facts: { found: 'archived' } })
  await node.removeMember(bo.id, ops.id, bo.id)
  t.notOk((await node.publicChannels(bo.id)).some(({ id }) => id === ops.id))
})

test('two people have one direct channel, whoever asks and however often', async (t) => {
  const { node, amira, bo } = await aTeam(t)

  const asked = await Promise.all([
    node.directChannel(amira.id, bo.id),
    node.directChannel(bo.id, amira.id),
    node.directChannel(amira.id, bo.id),
  ])

  t.equal(new Set(asked.map(({ id }) => id)).size, 1)
  t.match(asked[0], { kind: 'direct', name: [amira.id, bo.id].toSorted().join('__') })
  t.equal((await node.members(bo.id, asked[0].id)).length, 2)
  await t.rejects(node.directChannel(amira.id, nobody), { code: 'NOT_FOUND' })
})

test('nobody else is let into a direct channel, and neither of the two is put out of it', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  const chen = await node.enrolPerson(amira.id, aPerson('chen'))
  const { id } = await node.directChannel(amira.id, bo.id)

  await t.rejects(node.addMember(amira.id, id, chen.id), { code: 'NOT_ALLOWED' })
  await t.rejects(node.removeMember(amira.id, id, bo.id), { code: 'NOT_ALLOWED' })
  await t.rejects(node.removeMember(bo.id, id, bo.id), { code: 'NOT_ALLOWED' })

  t.equal((await node.members(bo.id, id)).length, 2)
  await t.rejects(node.page(chen.id, id, { limit: 10 }), { code: 'NOT_FOUND' })
})

test('a direct channel with oneself has one member', async (t) => {
  const { node, amira } = await aTeam(t)

  const { id } = await node.directChannel(amira.id, amira.id)

  t.equal((await node.members(amira.id, id)).length, 1)
})

test('two nodes that made the same direct channel apart have one, with what was said on both sides', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  meet()
  await until([bravo], async () => (await bravo.allPeople()).length === 1)
  const bo = await anAdministrator(bravo, 'bo')
  await until([alpha], async () => (await alpha.allPeople()).length === 2)

  const [there, here] = await Promise.all([
    bravo.directChannel(bo.id, amira.id),
    alpha.directChannel(amira.id, bo.id),
  ])
  await alpha.post(amira.id, { channel: here.id, body: 'hello bo' })
  await bravo.post(bo.id, { channel: there.id, body: 'hello amira' })

  t.equal(here.id, there.id)
  await until([alpha, bravo], async () => {
    const pages = await Promise.all([
      alpha.page(amira.id, here.id, { limit: 10 }),
      bravo.page(bo.id, there.id, { limit: 10 }),
    ])
    return pages.every(({ messages }) => messages.length === 2)
  })
})

test('of two channels that were named alike on two nodes, each person finds the one they may read', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const bo = await anAdministrator(bravo, 'bo')
  const draft = aChannelDraft('plans', { kind: 'private' })
  const ofAmira = await alpha.createChannel(amira.id, draft)
  const ofBo = await bravo.createChannel(bo.id, draft)
  meet()
  await until([alpha, bravo], async () => {
    const [there, here] = await Promise.all([alpha.channelsOf(bo.id), bravo.allPeople()])
    return there.some(({ name }) => name === 'plans') && here.length === 2
  })

  t.equal((await alpha.channelByName(amira.id, 'plans')).id, ofAmira.id)
  t.equal((await alpha.channelByName(bo.id, 'plans')).id, ofBo.id, 'a hub keeps what bravo made')
  t.equal((await bravo.channelByName(bo.id, 'plans')).id, ofBo.id)
  await t.rejects(bravo.channelByName(amira.id, 'plans'), { code: 'NOT_FOUND' })
})

/** Puts `count` channels into the directory on `store`. */
async function fill(store: Store, count: number): Promise<void> {
  await using sync = await aSync('alpha', { store })
  const { context } = sync
  await context.replica.commit(async (tx) => {
    for (let index = 0; index < count; index += 1) {
      const channel = newChannelId(sync.id, 'private', seedOf(`channel ${index}`).subarray(0, 8))
      const content = { kind: 'channel' as const, channel, channelKind: 'private' as const }
      const entry = { author: undefined, claimedAt: context.now(), content }
      await writeHere(tx, context, { document: DIRECTORY, entry })
    }
  })
}
