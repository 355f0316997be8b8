import { test } from 'tap'
import { EVENTS_WAITING_MAX } from '#base/limits.ts'
import { openEvents } from '#app/events.ts'
import type { NodeEvent } from '#app/node.ts'
import { collectingLog } from '../support/log.ts'
import { aChannelDraft, aTeam, eventsOf, twoNodes } from '../support/app.ts'
import { anAdministrator, aPerson, until } from '../support/nodes.ts'

test('all that happens to a message is told, in order', async (t) => {
  const { node, bo, ops } = await aTeam(t)
  const told = eventsOf(node)

  const said = await node.post(bo.id, { channel: ops.id, body: 'one' })
  await node.edit(bo.id, said.id, 'two')
  await node.react(bo.id, said.id, 'ok')
  await node.unreact(bo.id, said.id, 'ok')
  await node.deletePost(bo.id, said.id)
  await node[Symbol.asyncDispose]()

  t.match(told, [
    {
      kind: 'posted',
      message: { id: said.id, body: 'one' },
      channel: { id: ops.id },
      isLate: false,
    },
    { kind: 'edited', message: { body: 'two' } },
    { kind: 'reaction-added', reaction: { person: bo.id, emoji: 'ok' } },
    { kind: 'reaction-removed', message: { reactions: [] }, reaction: { emoji: 'ok' } },
    { kind: 'deleted', message: { body: '' } },
  ])
  t.equal(told.length, 5)
})

test('people, channels and members are told of, each once', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t)
  const told = eventsOf(node)

  const chen = await node.enrolPerson(amira.id, aPerson('chen'))
  const made = await node.createChannel(bo.id, aChannelDraft('medics'))
  await node.addMember(bo.id, made.id, chen.id)
  await node.addMember(bo.id, made.id, chen.id)
  await node.removeMember(bo.id, made.id, chen.id)
  await node.viewChannel(bo.id, ops.id)
  await node.changeChannel(bo.id, made.id, { isArchived: true })
  await node.changeChannel(amira.id, made.id, { isArchived: false })
  await node.changeChannel(bo.id, made.id, { header: 'x' })
  await node[Symbol.asyncDispose]()

  t.match(
    told.filter(({ kind }) => kind !== 'viewed'),
    [
      { kind: 'person-updated', person: { id: chen.id, username: 'chen' }, isNew: true },
      { kind: 'member-added', channel: { name: 'town-square' }, person: chen.id },
      { kind: 'channel-created', channel: { id: made.id } },
      { kind: 'channel-updated', channel: { id: made.id, name: 'medics' } },
      { kind: 'member-added', channel: { id: made.id }, person: bo.id },
      { kind: 'member-added', channel: { id: made.id }, person: chen.id },
      { kind: 'member-removed', channel: { id: made.id }, person: chen.id },
      { kind: 'channel-updated', isRestored: undefined },
      { kind: 'channel-updated', channel: { id: made.id, archivedAt: 0 }, isRestored: true },
      { kind: 'channel-updated', channel: { header: 'x' }, isRestored: undefined },
    ],
  )
})

test('nothing is told before it is on disk, and nothing at all when the disk is full', async (t) => {
  const { node, store, bo, ops } = await aTeam(t)
  const told = eventsOf(node)
  store.setFault('full')
  await t.rejects(node.post(bo.id, { channel: ops.id, body: 'lost' }), { code: 'STORE_FULL' })
  store.setFault('none')

  store.hold()
  const posting = node.post(bo.id, { channel: ops.id, body: 'kept' })
  await new Promise(setImmediate)
  t.strictSame(told, [])
  store.release()
  await posting
  await node[Symbol.asyncDispose]()

  t.match(told, [{ kind: 'posted', message: { body: 'kept' } }])
  t.equal(told.length, 1)
})

test('looking at a channel is told after the messages that were there before', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t)
  const told = eventsOf(node)

  await node.post(bo.id, { channel: ops.id, body: 'one' })
  await node.viewChannel(amira.id, ops.id)
  await node.setPreferences(amira.id, [{ category: 'a', name: 'b', value: 'c' }])
  await node[Symbol.asyncDispose]()

  t.strictSame(
    told.map(({ kind }) => kind),
    ['posted', 'viewed', 'preferences-changed'],
  )
})

test('a listener that throws keeps nothing from the others, and harms no caller', async (t) => {
  const log = collectingLog()
  const { node, amira, bo, ops } = await aTeam(t, { log })
  node.subscribe(() => {
    throw new Error('a broken door')
  })
  const told = eventsOf(node)

  await node.post(bo.id, { channel: ops.id, body: 'one' })
  await node.viewChannel(amira.id, ops.id)
  await node[Symbol.asyncDispose]()

  t.strictSame(
    told.map(({ kind }) => kind),
    ['posted', 'viewed'],
  )
  t.match(log.named('event.failed'), [{ facts: { reason: /broken door/ } }, {}])
})

test('who has stopped listening hears nothing more, also when another listener stops them', async (t) => {
  const events = openEvents(() => t.fail('nothing fails here'))
  const heard: NodeEvent[] = []
  const stops: (() => void)[] = []
  events.subscribe(() => stops.forEach((stop) => stop()))
  stops.push(events.subscribe((event) => heard.push(event)))

  events.publish({ kind: 'links-changed' })
  await events.settled()

  t.strictSame(heard, [])
})

test('with very many events waiting, whoever causes many waits until they were told', async (t) => {
  const events = openEvents(() => t.fail('nothing fails here'))
  let told = 0
  events.subscribe(() => {
    told += 1
  })
  await events.calm()
  for (let count = 1; count < EVENTS_WAITING_MAX; count += 1)
    events.publish({ kind: 'links-changed' })
  await events.calm()
  t.ok(told < EVENTS_WAITING_MAX - 1, 'below the limit nobody waits')

  for (let count = 0; count < EVENTS_WAITING_MAX; count += 1)
    events.publish({ kind: 'links-changed' })
  await events.calm()

  t.equal(told, 2 * EVENTS_WAITING_MAX - 1)
})

test('what is told of a channel that has gone meanwhile is told to nobody, and is no failure', async (t) => {
  const events = openEvents((error) => t.fail(String(error)))
  const heard: NodeEvent[] = []
  events.subscribe((event) => heard.push(event))
  const gone = { sync: { directory: () => ({ channel: () => undefined }) } } as never
  const id = 'c'.repeat(26) as never
  const member = { person: id, role: 'member' }

  const created = { kind: 'channel', channel: { id }, members: [id] }
  const joined = { kind: 'members', channel: id, changes: [{ member, before: 'none' }] }
  events.relay(gone, { kind: 'directory', change: created } as never)
  events.relay(gone, { kind: 'directory', change: joined } as never)
  await events.settled()

  t.strictSame(heard, [])
})

test('what came from another node is told as late, without the client’s id', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const [square] = await alpha.channelsOf(amira.id)
  const told = eventsOf(bravo)
  meet()

  await alpha.post(amira.id, { channel: square?.id ?? ('' as never), body: 'hi', pendingId: 'p1' })
  await until([bravo], async () => told.some(({ kind }) => kind === 'posted'))

  const posted = told.filter(({ kind }) => kind === 'posted')
  t.match(posted, [{ message: { body: 'hi', pendingId: '' }, isLate: true }])
  t.equal(posted.length, 1)
  t.ok(told.some(({ kind }) => kind === 'links-changed'))
})

test('the way of a message is told when it changes, and names the message', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const [square] = await alpha.channelsOf(amira.id)
  const channel = square?.id ?? ('' as never)
  const said = await alpha.post(amira.id, { channel, body: 'hi' })
  const told = eventsOf(alpha)

  meet()
  await until([alpha, bravo], async () =>
    (await alpha.delivery(amira.id, said.id)).deliveries.every(({ word }) => word === 'stored'),
  )

  const named = told.flatMap((event) => (event.kind === 'delivery-changed' ? event.messages : []))
  t.ok(named.includes(said.id))
})
