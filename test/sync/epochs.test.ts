/** Secrets begin, end and are handed on; whoever is out opens nothing that is sealed afterwards. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { openEnvelope } from '#codec/envelope.ts'
import { burn, ensureEpoch, rotate, sealingKeyFor } from '#sync/epochs.ts'
import { key, range } from '#sync/keys.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
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
import { stolenDisk } from '../support/adversary.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  keyFor,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

test('the organisation seals under what was given at the door until somebody is revoked', async (t) => {
  const { node, settle } = await aFleet(t, ['hub', 'alpha', 'charlie'])
  const [hub, alpha, charlie] = [node('hub'), node('alpha'), node('charlie')]
  await found(alpha)
  await settle()
  const first = alpha.context.keyring.firstEpoch.id
  t.equal((await keyFor(alpha, 'directory')).epoch, first)

  await revoke(hub, charlie)
  await settle()
  await say(alpha, 'after it was lost')
  await settle()

  const epoch = (await keyFor(alpha, 'directory')).epoch
  t.not(epoch, first)
  t.equal((await keyFor(hub, 'directory')).epoch, epoch)
  t.ok(hub.context.keyring.epoch(epoch), 'who stays has it')
  t.strictSame(await bodies(hub), ['after it was lost'])
  await arrive(charlie, await envelopeOf(alpha, KEYS))
  t.equal(
    charlie.context.keyring.epoch(epoch),
    undefined,
    'who is out has not, with the whole book',
  )
  const sealed = await envelopeOf(alpha, routine)
  t.match(openEnvelope(sealed, charlie.context.roster, charlie.context.keyring), { ok: false })
  t.match(openEnvelope(sealed, hub.context.roster, hub.context.keyring), { ok: true })
})

test('a channel goes on under another secret once a member is removed, and under the same while one joins', async (t) => {
  const fleet = await aFleet(t, ['alpha', 'bravo', 'charlie'])
  const [alpha, bravo, charlie] = [fleet.node('alpha'), fleet.node('bravo'), fleet.node('charlie')]
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  await postIn(alpha, channel, 'one')
  await fleet.settle()
  const first = (await keyFor(alpha, channel)).epoch
  t.equal((await keyFor(bravo, channel)).epoch, first)

  await setMember(alpha, channel, { of: charlie, role: 'member' })
  await fleet.settle()
  t.equal((await keyFor(charlie, channel)).epoch, first)
  t.equal(await postsHeld(charlie, channel), 1, 'who is added later reads what was said before')

  await setMember(alpha, channel, { of: bravo, role: 'none' })
  await postIn(alpha, channel, 'two')
  await fleet.settle()
  const second = (await keyFor(alpha, channel)).epoch
  t.not(second, first)
  t.equal((await keyFor(charlie, channel)).epoch, second)
  t.equal(bravo.context.keyring.epoch(second), undefined)
  t.equal(await postsHeld(bravo, channel), 1, 'what bravo had it keeps, and nothing more comes')
  t.equal(await postsHeld(charlie, channel), 2)
})

test('two nodes that rotate apart open both, and seal under the same one afterwards', async (t) => {
  const fleet = await aFleet(t, ['alpha', 'bravo', 'charlie'])
  const [alpha, bravo] = [fleet.node('alpha'), fleet.node('bravo')]
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  await postIn(alpha, channel, 'before')
  await fleet.settle()
  fleet.isolate('bravo')
  const made = await Promise.all(
    [alpha, bravo].map(({ context }) =>
      context.replica.commit((tx) => rotate(tx, context, channel)),
    ),
  )
  for (const node of [alpha, bravo]) await postIn(node, channel, 'apart')
  t.not(made[0]?.id, made[1]?.id)
  fleet.rejoin('bravo')
  await fleet.settle()

  for (const { context } of [alpha, bravo])
    for (const { id } of made) t.ok(context.keyring.epoch(id))
  const chosen = await Promise.all([alpha, bravo].map((node) => keyFor(node, channel)))
  t.equal(chosen[0]?.epoch, chosen[1]?.epoch)
  for (const node of [alpha, bravo]) t.equal(await postsHeld(node, channel), 3)
})

test('who joins late is covered by a hub, by the maker, and by a member in contact', async (t) => {
  for (const helper of ['hub', 'alpha', 'bravo']) {
    const fleet = await aFleet(t, ['hub', 'alpha', 'bravo', 'delta'])
    const nodes = ['hub', 'alpha', 'bravo'].map((name) => fleet.node(name))
    const [, alpha, bravo] = nodes as [SyncNode, SyncNode, SyncNode]
    fleet.isolate('delta')
    const channel = await makeChannel(alpha, 'private', [alpha, bravo])
    await postIn(alpha, channel, 'before delta')
    await fleet.settle()
    await setMember(alpha, channel, { of: fleet.node('delta'), role: 'member' })
    await fleet.settle()
    for (const name of ['hub', 'alpha', 'bravo']) if (name !== helper) fleet.isolate(name)
    fleet.network.heal(fleet.node('delta').id, fleet.node(helper).id)
    await fleet.settle()

    t.equal(await postsHeld(fleet.node('delta'), channel), 1, `with ${helper} alone`)
    await endOf(fleet, ['hub', 'alpha', 'bravo', 'delta'])
  }
})

test('a node that lost its store is covered again, under another sealing key', async (t) => {
  const fleet = await aFleet(t, ['alpha', 'bravo'])
  const [alpha, bravo] = [fleet.node('alpha'), fleet.node('bravo')]
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  await postIn(alpha, channel, 'kept')
  await fleet.settle()
  const before = must(alpha.context.keyBook().sealingKey(bravo.id), 'bravo has published one')
  await fleet.close('bravo')

  const again = await fleet.open('bravo', {
    store: openMemoryStore(),
    life: seedOf('bravo again').subarray(0, 4),
    random: seededRandom(4_711),
  })
  await fleet.settle()
  await fleet.settle()

  const after = must(alpha.context.keyBook().sealingKey(bravo.id), 'bravo has published another')
  t.not(after.name, before.name)
  t.equal(await postsHeld(again, channel), 1)
  t.equal((await keyFor(again, channel)).epoch, (await keyFor(alpha, channel)).epoch)
})

for (const name of ['alpha', 'hub']) {
  test(`${name} was put back to before it made an epoch, and reads what was sealed under it`, async (t) => {
    const store = openMemoryStore()
    const fleet = await aFleet(t, ['hub', 'alpha', 'bravo'], { [name]: { store } })
    await fleet.settle()
    const image = await stolenDisk(store)
    const nodes = ['hub', 'alpha', 'bravo'].map((one) => fleet.node(one))
    const channel = await makeChannel(fleet.node(name), 'private', nodes)
    await postIn(fleet.node(name), channel, 'lost with the disk')
    await fleet.settle()
    await fleet.close(name)
    await postIn(fleet.node('bravo'), channel, 'meanwhile')

    const again = await fleet.open(name, {
      store: image,
      life: seedOf(`${name} again`).subarray(0, 4),
      random: seededRandom(4_713),
    })
    await fleet.clock.advance(600_000)

    t.equal(await postsHeld(again, channel), 2)
    await postIn(again, channel, 'since')
    await fleet.settle()
    for (const one of ['hub', 'alpha', 'bravo'])
      t.equal(await postsHeld(fleet.node(one), channel), 3, one)
  })
}

test('a node that is opened again holds its secrets and makes no new ones', async (t) => {
  const store = openMemoryStore()
  const fleet = await aFleet(t, ['alpha', 'bravo'], { alpha: { store } })
  const channel = await makeChannel(fleet.node('alpha'), 'private', [
    fleet.node('alpha'),
    fleet.node('bravo'),
  ])
  await postIn(fleet.node('alpha'), channel, 'one')
  await fleet.settle()
  const { epoch } = await keyFor(fleet.node('alpha'), channel)
  const entries = await keysSize(fleet.node('alpha'))
  await fleet.close('alpha')

  const again = await fleet.open('alpha', { random: seededRandom(4_712) })

  t.equal((await keyFor(again, channel)).epoch, epoch)
  t.equal(await keysSize(again), entries)
  await postIn(again, channel, 'two')
  await fleet.settle()
  t.equal(await postsHeld(fleet.node('bravo'), channel), 2)
})

test('a batch that fails leaves no secret in memory', async (t) => {
  const store = aFaultyStore()
  const fleet = await aFleet(t, ['alpha', 'bravo'], { alpha: { store } })
  const alpha = fleet.node('alpha')
  const channel = await makeChannel(alpha, 'private', [alpha, fleet.node('bravo')])
  let id: string | undefined
  await t.rejects(
    alpha.context.replica.commit(async (tx) => {
      id = (await ensureEpoch(tx, alpha.context, channel))?.id
      store.setFault('cut')
    }),
  )
  store.setFault('none')
  await alpha.context.replica.commit(async () => undefined)

  t.equal(alpha.context.keyring.epoch(must(id, 'one was made')), undefined)
  t.strictSame(alpha.context.keyBook().epochs(channel), [])
  const next = await keyFor(alpha, channel)
  t.ok(await store.get(key.epoch(next.epoch)))
})

test('a secret that was burned opens nothing any more, also after a restart', async (t) => {
  const store = openMemoryStore()
  const fleet = await aFleet(t, ['alpha', 'bravo'], { bravo: { store } })
  const [alpha, bravo] = [fleet.node('alpha'), fleet.node('bravo')]
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  await postIn(alpha, channel, 'secret')
  await fleet.settle()
  const sealed = await envelopeOf(alpha, segmentDocument(channel, 'routine', 0))
  const { epoch } = await keyFor(alpha, channel)
  const open = ({ context }: SyncNode) => openEnvelope(sealed, context.roster, context.keyring)
  t.match(open(bravo), { ok: true })

  await bravo.context.replica.commit(async (tx) =>
    burn(tx, bravo.context, [{ id: epoch, audience: channel, number: 1 }]),
  )

  t.match(open(bravo), { ok: false })
  const names = (await store.list(range.epochs)).map(([place]) => place)
  t.notOk(names.includes(key.epoch(epoch)))
  await fleet.close('bravo')
  t.match(open(await fleet.open('bravo', { random: seededRandom(4_713) })), { ok: false })
})

test('who is out and calls the sealing key of another theirs keeps nobody from sealing', async (t) => {
  const fleet = await aFleet(t, ['hub', 'alpha', 'bravo'])
  const [hub, alpha, bravo] = [fleet.node('hub'), fleet.node('alpha'), fleet.node('bravo')]
  await fleet.settle()
  const { publicBytes } = must(bravo.context.keyBook().sealingKey(alpha.id), 'it is known')
  await enter(bravo, KEYS, { kind: 'sealing key', generation: 9, publicBytes })
  await fleet.settle()
  await revoke(hub, bravo)
  await found(alpha)
  await fleet.settle()
  await say(alpha, 'still here')
  await fleet.settle()
  const organisation = alpha.context.identity.organisation.id
  const made = alpha.context.keyBook().epochs(organisation).length
  for (const body of ['one', 'two', 'three']) {
    await say(alpha, body)
    await fleet.settle()
  }

  t.equal(alpha.context.keyBook().epochs(organisation).length, made)
  t.equal((await bodies(hub)).length, 4)
})

test('nothing is sealed as long as nobody is known who could open it', async (t) => {
  const { hub, alpha } = await strangers(t)
  const channel = await makeChannel(alpha, 'private', [alpha])
  await postIn(alpha, channel, 'waits for the sealing key of headquarters')
  const { context } = alpha
  const document = segmentDocument(channel, 'routine', 0)
  const sealing = () => context.replica.commit((tx) => sealingKeyFor(tx, context, document))

  t.equal(await sealing(), undefined)
  t.strictSame(context.keyBook().epochs(channel), [], 'no epoch for nobody')
  await arrive(alpha, await envelopeOf(hub, KEYS))

  const { epoch } = must(await sealing(), 'there is somebody to seal it for')
  for (const shared of [DIRECTORY, KEYS]) await arrive(hub, await envelopeOf(alpha, shared))
  t.ok(hub.context.keyring.epoch(epoch))
})

test('what was sealed before a better epoch came opens for those who could not be wrapped for then', async (t) => {
  const { hub, alpha, bravo } = await strangers(t)
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  await postIn(alpha, channel, 'sealed without headquarters')
  const early = await envelopeOf(alpha, segmentDocument(channel, 'routine', 0))
  const { epoch } = await keyFor(alpha, channel)
  for (const shared of [DIRECTORY, KEYS]) await arrive(hub, await envelopeOf(alpha, shared))
  t.match((await arrive(hub, early)).outcome, { kind: 'parked' })
  await postIn(hub, channel, 'headquarters goes on without waiting')
  t.not((await keyFor(hub, channel)).epoch, epoch, 'and has outdone it')

  await arrive(alpha, await envelopeOf(hub, KEYS))
  await arrive(hub, await envelopeOf(alpha, KEYS))

  t.equal((await keyFor(alpha, channel)).epoch, (await keyFor(hub, channel)).epoch)
  t.ok(hub.context.keyring.epoch(epoch), 'it was wrapped for headquarters all the same')
  t.equal(await postsHeld(hub, channel), 2)
  t.strictSame(await hub.context.replica.read.list(range.parked), [])
})

test('what was sealed under an epoch of a node that is lost by now opens for those who belong', async (t) => {
  const { hub, alpha, bravo } = await strangers(t)
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  const made = (await keyFor(alpha, channel)).epoch
  for (const shared of [DIRECTORY, KEYS]) await arrive(bravo, await envelopeOf(alpha, shared))
  await postIn(bravo, channel, 'sealed under it')
  const early = await envelopeOf(bravo, segmentDocument(channel, 'routine', 0))
  t.equal((await keyFor(bravo, channel)).epoch, made)
  for (const shared of [DIRECTORY, KEYS]) await arrive(hub, await envelopeOf(alpha, shared))
  t.match((await arrive(hub, early)).outcome, { kind: 'parked' })
  const since = hub.context.now() + 60_000
  await revokeSince(hub, alpha.id, since)

  await arrive(bravo, await envelopeOf(hub, KEYS))
  await arrive(hub, await envelopeOf(bravo, KEYS))

  t.equal(await postsHeld(hub, channel), 1)
  t.not((await keyFor(bravo, channel)).epoch, made, 'and nothing more is sealed under it')
  t.strictSame(await hub.context.replica.read.list(range.parked), [])
})

test('the first epoch is over as soon as anybody is out, known here or not', async (t) => {
  const fleet = await aFleet(t, ['hub', 'alpha'])
  const [hub] = [fleet.node('hub')]
  await fleet.settle()
  const stranger = anIdentity('stranger', 9, 'kit').certificate.node
  t.equal((await keyFor(hub, 'directory')).epoch, hub.context.keyring.firstEpoch.id)

  await revoke(hub, { ...hub, id: stranger })

  t.not((await keyFor(hub, 'directory')).epoch, hub.context.keyring.firstEpoch.id)
})

/** Nodes that know each other's certificates and have not met. */
async function strangers(t: Test) {
  const names = ['hub', 'alpha', 'bravo'] as const
  const roles = { hub: 'hub', alpha: 'kit', bravo: 'kit' } as const
  const knows = names.map((name, at) => anIdentity(name, at + 1, roles[name]))
  const open = (name: (typeof names)[number]) =>
    aSync(name, { number: names.indexOf(name) + 1, role: roles[name], knows })
  const nodes = { hub: await open('hub'), alpha: await open('alpha'), bravo: await open('bravo') }
  t.teardown(async () => {
    for (const node of Object.values(nodes)) await node[Symbol.asyncDispose]()
  })
  return nodes
}

async function keysSize({ context }: SyncNode): Promise<number> {
  return (await context.replica.commit((tx) => tx.log(KEYS))).size()
}

async function endOf(
  fleet: { readonly close: (name: string) => Promise<void> },
  names: readonly string[],
): Promise<void> {
  for (const name of names) await fleet.close(name)
}
