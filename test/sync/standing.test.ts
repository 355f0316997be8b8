/** What follows from who is in and who is out: offers, and what was folded anew. */
import { test } from 'tap'
import { channelDocument, DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import { range } from '#sync/keys.ts'
import {
  aFleet,
  enter,
  makeChannel,
  postIn,
  postsHeld,
  revoke,
  revokeSince,
  setMember,
} from '../support/fleet.ts'
import { anIdentity } from '../support/nodes.ts'
import {
  amiraOf,
  arrive,
  aSync,
  envelopeOf,
  found,
  keyFor,
  ops,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

test('a node out of the audience holds nothing of a channel and is offered nothing', async (t) => {
  const fleet = await aFleet(t, ['hub', 'alpha', 'bravo', 'charlie'])
  const [hub, alpha, bravo, charlie] = nodesOf(fleet, ['hub', 'alpha', 'bravo', 'charlie'])
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  await postIn(alpha, channel, 'one')
  await fleet.settle()
  await postIn(bravo, channel, 'two')
  await fleet.settle()

  for (const node of [hub, alpha, bravo]) t.equal(await postsHeld(node, channel), 2)
  t.strictSame(await placesOf(charlie, channel), [])
  for (const { context } of [hub, alpha, bravo]) {
    const offers = await context.replica.read.list(range.outbox(charlie.id))
    t.notOk(offers.some(([place]) => place.includes(channel)))
  }
})

test('who is added is offered what was said before, and who was removed nothing more', async (t) => {
  const fleet = await aFleet(t, ['alpha', 'bravo', 'charlie'])
  const [alpha, bravo, charlie] = nodesOf(fleet, ['alpha', 'bravo', 'charlie'])
  const channel = await makeChannel(alpha, 'group', [alpha, bravo])
  await postIn(alpha, channel, 'one')
  await fleet.settle()
  t.equal(await postsHeld(charlie, channel), 0)

  await setMember(alpha, channel, { of: charlie, role: 'member' })
  await setMember(alpha, channel, { of: bravo, role: 'none' })
  await postIn(alpha, channel, 'two')
  await fleet.settle()

  t.equal(await postsHeld(charlie, channel), 2)
  t.equal(await postsHeld(bravo, channel), 1)
})

test('a post office is given what somebody else may hold, from when there is somebody', async (t) => {
  const [hub, alpha] = [anIdentity('hub', 1, 'hub'), anIdentity('alpha', 2)]
  await using node = await aSync('hub', { number: 1, role: 'hub', knows: [hub] })
  const office = 'post:office' as const
  node.context.peers.add(office)
  await found(node)
  await say(node, 'there is nobody yet')
  const offered = async () =>
    (await node.context.replica.read.list(range.outbox(office))).map(([place]) =>
      place.slice(place.lastIndexOf('/') + 1),
    )
  t.strictSame(await offered(), [])

  const content = { kind: 'node' as const, certificate: alpha.certificateBytes }
  await enter(node, KEYS, content)

  const own = [KEYS, DIRECTORY, channelDocument(ops), routine]
  t.match(new Set(await offered()), new Set(own))
  await revoke(node, { ...node, id: alpha.certificate.node })
  t.strictSame(await offered(), [KEYS], 'and what is for nobody any more is taken back')
})

test('an envelope under a secret that is not here yet is parked, and opens when the wrap comes', async (t) => {
  const fleet = await aFleet(t, ['alpha', 'bravo'])
  const [alpha, bravo] = nodesOf(fleet, ['alpha', 'bravo'])
  await fleet.settle()
  fleet.isolate('bravo')
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  await postIn(alpha, channel, 'early')
  const segment = await envelopeOf(alpha, segmentDocument(channel, 'routine', 0))
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))

  t.match((await arrive(bravo, segment)).outcome, { kind: 'parked' })
  t.equal(await postsHeld(bravo, channel), 0)
  await arrive(bravo, await envelopeOf(alpha, KEYS))

  t.equal(await postsHeld(bravo, channel), 1)
  t.strictSame(await bravo.context.replica.read.list(range.parked), [])
})

test('what a revoked node said of the directory after it was lost counts nowhere, whatever came first', async (t) => {
  const fleet = await aFleet(t, ['hub', 'alpha', 'bravo', 'charlie'])
  const [hub, alpha, bravo, charlie] = nodesOf(fleet, ['hub', 'alpha', 'bravo', 'charlie'])
  await enter(bravo, DIRECTORY, aPerson(bravo, 'before'))
  await fleet.settle()
  fleet.isolate('hub')
  await fleet.clock.advance(10_000)
  const since = hub.context.now() - 5_000
  await enter(bravo, DIRECTORY, aPerson(bravo, 'after'))
  await fleet.settle()
  const nameAt = ({ context }: SyncNode) =>
    context.directory().person(amiraOf(bravo.id))?.profile.username
  t.equal(nameAt(alpha), 'after', 'nobody has heard yet')
  await revokeSince(hub, bravo.id, since)
  fleet.isolate('bravo')
  for (const other of [alpha, charlie]) fleet.network.heal(hub.id, other.id)
  await fleet.settle()

  for (const node of [hub, alpha, charlie]) t.equal(nameAt(node), 'before', node.id)
  await fleet.close('alpha')
})

test('two that revoke each other are both revoked, on every node', async (t) => {
  const fleet = await aFleet(t, ['hub', 'alpha', 'bravo'])
  const [hub, alpha, bravo] = nodesOf(fleet, ['hub', 'alpha', 'bravo'])
  await fleet.settle()
  await revoke(hub, bravo)
  await revoke(hub, hub)
  await fleet.settle()

  t.strictSame(
    alpha.context
      .keyBook()
      .revocations()
      .map(({ node }) => node)
      .toSorted(),
    [hub.id, bravo.id].toSorted(),
  )
})

test('a revoked node’s envelopes are refused, and nothing is sealed for it', async (t) => {
  const fleet = await aFleet(t, ['hub', 'alpha', 'bravo'])
  const [hub, alpha, bravo] = nodesOf(fleet, ['hub', 'alpha', 'bravo'])
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  await postIn(alpha, channel, 'one')
  await fleet.settle()
  await revoke(hub, bravo)
  await fleet.settle()

  const { outcome } = await arrive(alpha, await envelopeOf(bravo, KEYS))
  t.match(outcome, { kind: 'refused', reason: 'revoked' })
  const { epoch } = await keyFor(alpha, channel)
  await fleet.settle()
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  t.equal(bravo.context.keyring.epoch(epoch), undefined)
  t.ok(hub.context.keyring.epoch(epoch))
})

function aPerson({ id }: SyncNode, username: string) {
  const profile = { username, displayName: username, isAdministrator: false }
  return { kind: 'person', person: amiraOf(id), profile } as const
}

function nodesOf<const Names extends readonly string[]>(
  { node }: { readonly node: (name: string) => SyncNode },
  names: Names,
): { readonly [At in keyof Names]: SyncNode } {
  return names.map(node) as { readonly [At in keyof Names]: SyncNode }
}

/** Keys of the store that name a channel's documents, without the receipts of others: those name them to everybody. */
async function placesOf({ context }: SyncNode, channel: string): Promise<readonly string[]> {
  const all = await context.replica.read.list({ from: '', to: '\u{10ffff}' })
  const places = all.map(([place]) => place)
  return places
    .filter((place) => !place.startsWith('got/'))
    .filter((place) => place.includes(`c.${channel}`) || place.includes(`s.${channel}`))
}
