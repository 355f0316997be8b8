/** Labels, attributes and rules decide which nodes get a channel's keys: where nobody may read, nothing arrives. */
import { test, type Test } from 'tap'
import type { ChannelId } from '#base/ids.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { PolicyPart } from '#model/policy.ts'
import { nodesOf } from '#sync/audience.ts'
import { couldRead } from '#sync/readers.ts'
import { aFleet, enter, makeChannel, postIn, postsHeld, type Fleet } from '../support/fleet.ts'
import { amiraOf, type SyncNode } from '../support/sync.ts'

test('a node where nobody is cleared gets no key and nothing that is said, until somebody is', async (t) => {
  const { fleet, alpha, bravo, hub, channel } = await aMarkedChannel(t)
  await postIn(alpha, channel, 'to both')
  await fleet.settle()
  t.equal(await postsHeld(bravo, channel), 1)

  await say(hub, { about: 'label', channel, label: { classification: 'secret' } })
  await fleet.settle()
  for (const { context } of [alpha, bravo, hub])
    t.strictSame(new Set(nodesOf(context, channel)), new Set([alpha.id, hub.id]), 'all agree')
  await postIn(alpha, channel, 'to the cleared')
  await fleet.settle()
  t.equal(await postsHeld(bravo, channel), 1)
  t.equal(await postsHeld(hub, channel), 2)
  t.strictSame(heldNumbers(bravo, channel), [heldNumbers(alpha, channel)[0]], 'no later secret')
  t.equal(heldNumbers(alpha, channel).length, 2, 'a new one was made')

  await clear(hub, bravo)
  await fleet.settle()
  t.equal(await postsHeld(bravo, channel), 2)
})

test('a rule about people keeps keys back, one about circumstances does not', async (t) => {
  const { fleet, alpha, bravo, hub, channel } = await aMarkedChannel(t)
  await say(hub, rule('environment.device'))
  await fleet.settle()
  t.ok(nodesOf(alpha.context, channel).has(bravo.id))

  await say(hub, rule('subject.mission'))
  const attributes = { mission: 'sandbag' }
  await say(hub, { about: 'person', person: amiraOf(alpha.id), attributes })
  await fleet.settle()
  t.notOk(nodesOf(alpha.context, channel).has(bravo.id))
  t.ok(nodesOf(alpha.context, channel).has(alpha.id))
  t.equal(couldRead(alpha.context.directory(), channel, amiraOf(bravo.id)), false)
  await postIn(alpha, channel, 'to one mission')
  await fleet.settle()
  t.equal(await postsHeld(bravo, channel), 0)
})

test('what a kit says of the policy counts nowhere', async (t) => {
  const { fleet, alpha, bravo, hub, channel } = await aMarkedChannel(t)
  await say(hub, { about: 'label', channel, label: { classification: 'secret' } })
  await fleet.settle()
  await clear(bravo, bravo)
  await say(bravo, { about: 'label', channel, label: {} })
  await say(bravo, { about: 'levels', levels: [] })
  await fleet.settle()

  for (const { context } of [alpha, bravo, hub]) {
    t.equal(couldRead(context.directory(), channel, amiraOf(bravo.id)), false)
    t.equal(couldRead(context.directory(), channel, amiraOf(alpha.id)), true)
  }
})

function rule(attribute: string): PolicyPart {
  const require = { attribute, in: ['sandbag'] }
  return { about: 'rule', name: 'only', rule: { actions: ['read channel'], require } }
}

function heldNumbers({ context }: SyncNode, channel: ChannelId): readonly number[] {
  return context.keyring.held(channel).map(({ number }) => number)
}

async function aMarkedChannel(t: Test): Promise<{
  readonly fleet: Fleet
  readonly alpha: SyncNode
  readonly bravo: SyncNode
  readonly hub: SyncNode
  readonly channel: ChannelId
}> {
  const fleet = await aFleet(t, ['hub', 'alpha', 'bravo'])
  const [hub, alpha, bravo] = [fleet.node('hub'), fleet.node('alpha'), fleet.node('bravo')]
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  await say(hub, { about: 'levels', levels: ['open', 'secret'] })
  await clear(hub, alpha)
  await fleet.settle()
  return { fleet, alpha, bravo, hub, channel }
}

function clear(by: SyncNode, of: SyncNode): Promise<void> {
  const attributes = { clearance: 'secret' }
  return say(by, { about: 'person', person: amiraOf(of.id), attributes })
}

function say(by: SyncNode, part: PolicyPart): Promise<void> {
  return enter(by, DIRECTORY, { kind: 'policy', part })
}
