/** The policy for doors: who may change it, what is refused, and what is told of a decision. */
import { test, type Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { Channel, Person } from '#app/types.ts'
import type { PolicyPart } from '#model/policy.ts'
import { aChannelDraft, aTeam, eventsOf, type Team } from '../support/app.ts'

const LEVELS: PolicyPart = { about: 'levels', levels: ['open', 'restricted', 'secret'] }

test('only administrators read and change the policy, on a node that administers', async (t) => {
  const { node, amira, bo } = await aTeam(t, { role: 'hub' })
  const questions: readonly (() => Promise<unknown>)[] = [
    () => node.policy(bo.id),
    () => node.changePolicy(bo.id, LEVELS),
    () => node.explainAccess(bo.id, { action: 'post', person: bo.id }),
  ]
  for (const asked of questions)
    await t.rejects(asked, { code: 'NOT_ALLOWED', facts: { found: 'not an administrator' } })
  await node.changePolicy(amira.id, LEVELS)
  t.match(await node.policy(amira.id), { levels: ['open', 'restricted', 'secret'] })

  const kit = await aTeam(t)
  await t.rejects(kit.node.changePolicy(kit.amira.id, LEVELS), {
    code: 'NOT_ALLOWED',
    facts: { found: /does not administer/ },
  })
  const guest = { about: 'person', person: kit.bo.id, attributes: { role: 'guest' } } as const
  await kit.node.changePolicy(kit.amira.id, guest)
  t.match(await kit.node.people([kit.bo.id]), [{ isGuest: true }], 'a guest of their own')
  await t.rejects(
    kit.node.changePolicy(kit.amira.id, { ...guest, attributes: { role: 'guest', mission: 'x' } }),
    { code: 'NOT_ALLOWED' },
  )
})

test('what names nothing is refused, as it would forbid silently', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t, { role: 'hub' })
  await node.changePolicy(amira.id, LEVELS)
  const closed = await node.createChannel(amira.id, { ...aChannelDraft('closed'), kind: 'private' })
  const require = { attribute: 'subject.a', in: ['x'] }
  const person = bo.id
  const wrong: readonly PolicyPart[] = [
    { about: 'rule', name: 'x', rule: { actions: ['fly'], require } },
    { about: 'role', role: 'member', permissions: ['fly'] },
    { about: 'person', person, attributes: { clearance: 'cosmic' } },
    { about: 'person', person, attributes: { role: 'administrator' } },
    { about: 'label', channel: closed.id, label: { classification: 'cosmic' } },
    { about: 'moderation', channel: ops.id, moderation: { members: ['read channel'], guests: [] } },
  ]
  for (const part of wrong)
    await t.rejects(node.changePolicy(amira.id, part), { code: 'INPUT_INVALID' }, part.about)
  const nowhere = { ...closed, id: 'nowhere' as Channel['id'] }.id
  for (const part of [
    { about: 'role', role: 'constructor', permissions: [] },
    { about: 'label', channel: nowhere, label: {} },
    { about: 'person', person: 'nobody' as Person['id'], attributes: {} },
  ] as const)
    await t.rejects(node.changePolicy(amira.id, part), { code: 'NOT_FOUND' }, part.about)
  for (const part of [
    { about: 'role', role: 'administrator', permissions: [] },
    { about: 'label', channel: ops.id, label: { classification: 'secret' } },
  ] as const)
    await t.rejects(node.changePolicy(amira.id, part), { code: 'NOT_ALLOWED' }, part.about)
  await node.changePolicy(amira.id, {
    about: 'person',
    person,
    attributes: { clearance: 'secret' },
  })
  await t.rejects(node.changePolicy(amira.id, { about: 'levels', levels: ['open'] }), {
    code: 'INPUT_INVALID',
    facts: { found: /secret/ },
  })
})

test('without clearance a channel is not there: not in lists, counts or memberships, nor to be put in', async (t) => {
  const { node, amira, bo, closed } = await aSecret(t)
  t.notOk((await node.channelsOf(bo.id)).some(({ id }) => id === closed.id))
  t.notOk((await node.membershipsOf(bo.id)).some(({ channel }) => channel === closed.id))
  t.equal(await node.membership(closed.id, bo.id), undefined)
  await t.rejects(node.page(bo.id, closed.id, { limit: 9 }), { code: 'NOT_FOUND' })
  await t.rejects(node.channelByName(bo.id, 'closed'), { code: 'NOT_FOUND' })
  const room = await node.createChannel(amira.id, { ...aChannelDraft('room'), kind: 'private' })
  await node.changePolicy(amira.id, label(room, { classification: 'secret' }))
  await t.rejects(node.addMember(amira.id, room.id, bo.id), {
    code: 'NOT_ALLOWED',
    facts: { found: /may not read/ },
  })
  await node.changePolicy(amira.id, attributes(bo, { clearance: 'secret' }))
  t.match(await node.membership(closed.id, bo.id), { person: bo.id })
  t.match(await node.addMember(amira.id, room.id, bo.id), { person: bo.id })
})

test('a message that is marked higher than its channel is refused, one that is not carries its label', async (t) => {
  const { node, amira, ops } = await aSecret(t)
  const secret = { classification: 'secret' }
  await t.rejects(node.post(amira.id, { channel: ops.id, body: 'x', label: secret }), {
    code: 'NOT_ALLOWED',
    facts: { found: 'label too high' },
  })
  const message = await node.post(amira.id, {
    channel: ops.id,
    body: 'x',
    label: { classification: 'open' },
  })
  t.strictSame(message.label, { classification: 'open' })
  t.strictSame((await node.message(amira.id, message.id)).label, { classification: 'open' })
})

test('a rule asks for the circumstances of the request, also while commits wait for each other', async (t) => {
  const { node, amira, bo, ops, clock } = await aSecret(t)
  const require = { attribute: 'environment.device', in: ['certified'] }
  const rule = { actions: ['post'], require }
  await node.changePolicy(amira.id, { about: 'rule', name: 'devices', rule })
  const post = (device: string, body: string) =>
    node.within({ device }, () => node.post(bo.id, { channel: ops.id, body }))
  const outcomes = await Promise.allSettled([
    post('certified', 'a'),
    post('unknown', 'b'),
    post('certified', 'c'),
    node.post(bo.id, { channel: ops.id, body: 'd' }),
  ])
  t.strictSame(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
  )

  const time = { attribute: 'environment.time', between: ['00:00', '00:01'] } as const
  await node.changePolicy(amira.id, {
    about: 'rule',
    name: 'devices',
    rule: { actions: ['post'], require: { not: time } },
  })
  const midnight = Math.ceil(clock.now() / 86_400_000) * 86_400_000
  await node.post(bo.id, { channel: ops.id, body: 'before' })
  await clock.advance(midnight - clock.now())
  await t.rejects(node.post(bo.id, { channel: ops.id, body: 'at midnight' }), {
    code: 'NOT_ALLOWED',
    facts: { found: 'rule' },
  })
})

test('a decision is explained: which rule, which attribute, what would be needed', async (t) => {
  const { node, amira, bo, closed } = await aSecret(t)
  const rule = {
    actions: ['post'],
    require: { attribute: 'subject.mission', in: ['sandbag'] },
  }
  const question = { action: 'post', person: bo.id, channel: closed.id } as const
  const told = await node.explainAccess(amira.id, {
    ...question,
    rules: [{ name: 'mission', rule }],
  })

  t.match(told, {
    ok: false,
    reason: 'not cleared',
    facts: { channel: { classification: 'secret' } },
  })
  t.match(
    told.checks.filter(({ ok }) => !ok),
    [
      {
        check: 'label',
        needs: 'clearance of at least secret',
        shortfalls: [{ attribute: 'subject.clearance', found: '' }],
      },
      {
        check: 'rule',
        rule: 'mission',
        needs: 'subject.mission among sandbag',
        shortfalls: [{ attribute: 'subject.mission' }],
      },
    ],
  )
  const cleared = { clearance: 'secret', mission: 'sandbag' }
  const rules = [{ name: 'mission', rule }]
  t.match(await node.explainAccess(amira.id, { ...question, attributes: cleared, rules }), {
    ok: true,
  })
  t.strictSame((await node.policy(amira.id)).rules, [], 'nothing was set by asking')
  const guest = await node.explainAccess(amira.id, {
    action: 'create channel',
    person: bo.id,
    attributes: { role: 'guest' },
  })
  t.match(guest, { ok: false, reason: 'not permitted' })
  await t.rejects(
    node.explainAccess(amira.id, { action: 'post', person: 'nobody' as Person['id'] }),
    { code: 'NOT_FOUND' },
  )
})

test('guests see whom they share a channel with, and leave the channel that everybody is in', async (t) => {
  const { node, amira, bo, square } = await aTeam(t, { role: 'hub' })
  const chen = await enrol(node, amira, 'chen')
  await node.changePolicy(amira.id, attributes(bo, { role: 'guest' }))

  t.equal(await node.membership(square.id, bo.id), undefined)
  t.notOk(node.maySee(bo.id, chen.id))
  t.ok(node.maySee(bo.id, amira.id), 'who is in ops with him')
  t.strictSame(node.seenBy(bo.id), new Set([bo.id, amira.id]))
  t.equal(node.seenBy(chen.id), undefined)
  const open = await node.publicChannels(bo.id)
  t.strictSame(
    open.map(({ name }) => name),
    ['ops'],
  )
  await t.rejects(node.directChannel(bo.id, chen.id), { code: 'NOT_FOUND' })
  const draft = { kind: 'group', name: 'g', displayName: 'g', members: [chen.id] } as const
  await t.rejects(node.createChannel(bo.id, draft), { code: 'NOT_FOUND' })
  await t.rejects(node.createChannel(bo.id, aChannelDraft('own')), { code: 'NOT_ALLOWED' })
  t.match(await node.directChannel(bo.id, amira.id), { kind: 'direct' })
})

test('what a channel takes from its members they may not do, its administrators may', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t, { role: 'hub' })
  const moderation = { members: ['post', 'mention channel'], guests: [] }
  await node.changePolicy(amira.id, { about: 'moderation', channel: ops.id, moderation })

  t.strictSame(await node.moderation(bo.id, ops.id), moderation)
  await t.rejects(node.post(bo.id, { channel: ops.id, body: 'x' }), {
    code: 'NOT_ALLOWED',
    facts: { found: 'moderated' },
  })
  t.notOk(node.mayCallAll(bo.id, ops.id))
  t.match(await node.membership(ops.id, bo.id), { isModerated: true })
  const left = node.roles(ops.id).find(({ role }) => role === 'channel member')?.permissions
  t.notOk(left?.includes('post'))
  t.ok(
    node
      .roles()
      .find(({ role }) => role === 'channel member')
      ?.permissions.includes('post'),
  )

  await t.rejects(
    node.setMemberRole(bo.id, { channel: ops.id, person: bo.id, isAdministrator: true }),
    {
      code: 'NOT_ALLOWED',
    },
  )
  const made = { channel: ops.id, person: bo.id, isAdministrator: true }
  t.match(await node.setMemberRole(amira.id, made), { isChannelAdministrator: true })
  t.match(await node.post(bo.id, { channel: ops.id, body: 'x' }), { body: 'x' })
})

test('a change is told, so that doors end what is open', async (t) => {
  const { node, amira, bo, clock } = await aTeam(t, { role: 'hub' })
  const told = eventsOf(node)
  await node.changePolicy(amira.id, attributes(bo, { role: 'guest' }))
  await clock.advance(0)

  t.match(
    told.filter(({ kind }) => kind === 'access-changed' || kind === 'person-updated'),
    [{ person: { isGuest: true } }, { kind: 'access-changed', part: { about: 'person' } }],
  )
  const audits = await node.audit(amira.id, { limit: 10 })
  t.ok(audits.some(({ deed }) => deed === 'policy changed'))
})

interface Secret extends Team {
  readonly closed: Channel
}

/** Bo is in the channel `closed` and not cleared for it, amira is. */
async function aSecret(t: Test): Promise<Secret> {
  const team = await aTeam(t, { role: 'hub' })
  const { node, amira, bo } = team
  const closed = await node.createChannel(amira.id, {
    kind: 'private',
    name: 'closed',
    displayName: 'Closed',
    members: [bo.id],
  })
  await node.changePolicy(amira.id, LEVELS)
  await node.changePolicy(amira.id, attributes(amira, { clearance: 'secret' }))
  await node.changePolicy(amira.id, label(closed, { classification: 'secret' }))
  return { ...team, closed }
}

function attributes({ id }: Person, all: Readonly<Record<string, string>>): PolicyPart {
  return { about: 'person', person: id, attributes: all }
}

function label({ id }: Channel, all: Readonly<Record<string, string>>): PolicyPart {
  return { about: 'label', channel: id, label: all }
}

function enrol(node: EdgeNode, by: Person, username: string): Promise<Person> {
  const draft = { username, displayName: username, password: `${username}-password` }
  return node.enrolPerson(by.id, { ...draft, isAdministrator: false })
}
