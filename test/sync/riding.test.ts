/** Receipts ride along with what goes the same way, and only where whoever is meant can open it. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { RIDE_CHANGES_MAX } from '#base/limits.ts'
import type { ChannelId } from '#base/ids.ts'
import { openEnvelope } from '#codec/envelope.ts'
import { segmentDocument } from '#model/document-id.ts'
import type { PeerId } from '#ports/carrier.ts'
import { beginContact, nextParcel } from '#sync/contact.ts'
import type { ContactState } from '#sync/contact-state.ts'
import type { Cut } from '#sync/cut.ts'
import { handedOver, takeBack } from '#sync/handover.ts'
import { key, range } from '#sync/keys.ts'
import { receiptOf } from '#sync/ledger.ts'
import { pack, unpack, type KeptRecord } from '#sync/records.ts'
import { aFleet, makeChannel, postIn, type Fleet } from '../support/fleet.ts'
import { anIdentity } from '../support/nodes.ts'
import { arrive, aSync, envelopeOf, notesIn, type SyncNode } from '../support/sync.ts'

const office: PeerId = 'post:office'
const DELAY_MS = 10_000

test('a receipt rides with the next delta to a node, and says there what it says alone', async (t) => {
  const scene = await aScene(t, 'public')
  const { alpha, bravo, channel } = scene
  const state = await meet(bravo, alpha.id)
  await heard(scene)
  await postIn(bravo, channel, 'and back')

  const cuts = await everything(bravo, state)

  t.equal(cuts.length, 1, 'one envelope, not two')
  t.equal((await storedAt(scene)).length, 0)
  await arrive(alpha, bytesOf(cuts[0]), { from: bravo.id })
  t.strictSame(await storedAt(scene), [alpha.actor])
})

test('a receipt that nothing goes with goes alone once it has waited, and in company before that', async (t) => {
  const scene = await aScene(t, 'public')
  const { bravo, channel, fleet } = scene
  const state = await meet(bravo, office)
  await heard(scene)

  t.strictSame(await everything(bravo, state), [])
  await fleet.clock.advance(DELAY_MS)
  t.match(await everything(bravo, state), [{ record: { document: undefined } }])

  await fleet.clock.advance(DELAY_MS)
  await heard(scene)
  await fleet.clock.advance(DELAY_MS - 1)
  await postIn(bravo, channel, 'company')
  const cuts = await everything(bravo, state)
  t.match(cuts, [{ record: { document: segmentDocument(channel, 'routine', 0) } }])
  t.equal(notesIn(bravo, bytesOf(cuts[0])).length, 1)
})

test('in a busy conversation not every delta carries a receipt', async (t) => {
  const scene = await aScene(t, 'public')
  const { alpha, bravo, channel, fleet } = scene
  const state = await meet(bravo, alpha.id)
  const ridden: number[] = []
  for (let each = 0; each < 21; each += 1) {
    await heard(scene)
    await postIn(bravo, channel, `answer ${each}`)
    const [cut, ...more] = await everything(bravo, state)
    t.strictSame(more, [])
    ridden.push(notesIn(bravo, bytesOf(cut)).length)
    await fleet.clock.advance(DELAY_MS / 10)
  }

  t.strictSame(
    ridden.flatMap((count, at) => (count > 0 ? [at] : [])),
    [0, 10, 20],
  )
})

test('notes that are due wait behind no bulk', async (t) => {
  const scene = await aScene(t, 'public')
  const { bravo, channel, fleet } = scene
  const state = await meet(bravo, office)
  await heard(scene)
  await fleet.clock.advance(DELAY_MS)
  for (let each = 0; each <= RIDE_CHANGES_MAX; each += 1) await postIn(bravo, channel, 'x')

  const cuts = await everything(bravo, state)

  t.match(cuts, [{ record: { document: undefined } }, { record: { notes: undefined } }])
})

test('in a post office nothing rides with what only some can open', async (t) => {
  const scene = await aScene(t, 'private')
  const { bravo, channel, fleet } = scene
  const state = await meet(bravo, office)
  await heard(scene)
  await postIn(bravo, channel, 'for a few')

  const private1 = await everything(bravo, state)
  t.match(private1, [{ record: { notes: undefined } }])
  await fleet.clock.advance(DELAY_MS)
  const [alone, ...more] = await everything(bravo, state)

  t.strictSame(more, [])
  const { roster, keyring } = fleet.node('charlie').context
  t.ok(openEnvelope(bytesOf(alone), roster, keyring).ok, 'anybody of the organisation opens it')
  t.notOk(openEnvelope(bytesOf(private1[0]), roster, keyring).ok)
})

test('to the one node that reads it, a receipt rides with what only some can open', async (t) => {
  const scene = await aScene(t, 'private')
  const { alpha, bravo, channel } = scene
  const state = await meet(bravo, alpha.id)
  await heard(scene)
  await postIn(bravo, channel, 'for a few')

  const cuts = await everything(bravo, state)

  t.match(cuts, [{ record: { notes: [{ actor: bravo.actor }] } }])
})

test("another's receipt rides as well, and stays the word of its node", async (t) => {
  const scene = await aScene(t, 'public')
  const { alpha, bravo, channel, fleet } = scene
  const charlie = fleet.node('charlie')
  const atCharlie = await meet(charlie, bravo.id)
  const state = await meet(bravo, alpha.id)
  await heard(scene, charlie)
  await fleet.clock.advance(DELAY_MS)
  for (const cut of await everything(charlie, atCharlie))
    await arrive(bravo, bytesOf(cut), { from: charlie.id })
  await postIn(bravo, channel, 'company')

  const [cut] = await everything(bravo, state)
  await arrive(alpha, bytesOf(cut), { from: bravo.id })

  t.match(cut?.record.notes, [{ actor: charlie.actor }])
  t.strictSame(await storedAt(scene, charlie), [alpha.actor])
})

test('a receipt whose envelope did not arrive goes again in the next contact', async (t) => {
  const scene = await aScene(t, 'public')
  const { alpha, bravo, channel } = scene
  const state = await meet(bravo, alpha.id)
  await heard(scene)
  await postIn(bravo, channel, 'lost')
  const lost = await everything(bravo, state)
  t.equal(notesIn(alpha, bytesOf(lost[0])).length, 1)

  const cuts = await everything(bravo, await begin(bravo, alpha.id))

  for (const cut of cuts) await arrive(alpha, bytesOf(cut), { from: bravo.id })
  t.strictSame(await storedAt(scene), [alpha.actor])
  t.strictSame(await left(bravo, alpha.id), [], 'nothing is left to say')
})

test('a receipt is not said again once its envelope was answered for', async (t) => {
  const scene = await aScene(t, 'public')
  const { bravo, channel } = scene
  const state = await meet(bravo, office)
  await heard(scene)
  await postIn(bravo, channel, 'taken')
  const [cut] = await everything(bravo, state)
  const taken = must(cut, 'there is one')
  await bravo.context.replica.commit((tx) => handedOver(tx, bravo.context, { state, cut: taken }))

  await begin(bravo, office)

  t.strictSame(await left(bravo, office), [])
})

test('a receipt whose company was refused goes alone', async (t) => {
  const scene = await aScene(t, 'public')
  const { bravo, channel } = scene
  const state = await meet(bravo, office)
  await heard(scene)
  await postIn(bravo, channel, 'refused')
  const [cut] = await everything(bravo, state)
  const refused = must(cut, 'there is one')

  await bravo.context.replica.commit((tx) =>
    takeBack(tx, state, { cut: refused, mayTryAgain: false }),
  )

  t.equal((await left(bravo, office)).length, 1)
})

test('what somebody unknown says beside a delta waits, and the delta does not', async (t) => {
  const scene = await aScene(t, 'public')
  const { alpha, bravo, channel, fleet } = scene
  const charlie = fleet.node('charlie')
  const dave = await aSync('dave', { number: 9, knows: identities() })
  t.teardown(dave[Symbol.asyncDispose])
  const document = segmentDocument(channel, 'routine', 0)
  const state = await meet(bravo, alpha.id)
  await bravo.context.replica.commit(async (tx) => {
    bravo.context.roster.introduce(dave.context.identity.certificateBytes)
    const { signNote, queueNote } = await import('#sync/note-queue.ts')
    const items = [{ document, clock: { [alpha.actor]: 1 }, read: {} }]
    const note = signNote(dave.context, { kind: 'receipt', isWhole: false, items })
    queueNote(tx, alpha.id, { name: 'of dave', since: 0, note })
  })
  await postIn(bravo, channel, 'from bravo')
  const [cut] = await everything(bravo, state)

  const { outcome } = await arrive(alpha, bytesOf(cut), { from: bravo.id })

  t.match(outcome, { kind: 'applied', changes: 1 })
  t.equal(await receiptOf(alpha.context.replica.read, dave.id, document), undefined)
  const parked = await alpha.context.replica.read.list(range.parked)
  t.equal(parked.length, 1)
  t.ok(unpack<KeptRecord>(parked[0]?.[1]))
  alpha.context.roster.introduce(dave.context.identity.certificateBytes)
  await postIn(charlie, channel, 'more')
  const { retryParked } = await import('#sync/inbox.ts')
  await alpha.context.replica.commit((tx) => retryParked(tx, alpha.context))
  t.match(await receiptOf(alpha.context.replica.read, dave.id, document), {
    clock: { [alpha.actor]: 1 },
  })
  t.strictSame(await alpha.context.replica.read.list(range.parked), [])
})

interface Scene {
  readonly fleet: Fleet
  readonly alpha: SyncNode
  readonly bravo: SyncNode
  readonly channel: ChannelId
}

function identities() {
  return ['alpha', 'bravo', 'charlie'].map((name, index) => anIdentity(name, index + 1))
}

/** Three nodes that know a channel of alpha and bravo, or of all, and are apart from now on. */
async function aScene(t: Test, kind: 'public' | 'private'): Promise<Scene> {
  const fleet = await aFleet(t, ['alpha', 'bravo', 'charlie'])
  const [alpha, bravo] = [fleet.node('alpha'), fleet.node('bravo')]
  const channel = await makeChannel(alpha, kind, [alpha, bravo])
  // A key of its own is made for what is first said in it.
  if (kind === 'private') await postIn(alpha, channel, 'zero')
  await fleet.settle()
  for (const name of ['alpha', 'bravo', 'charlie']) fleet.isolate(name)
  await fleet.settle()
  return { fleet, alpha, bravo, channel }
}

/** A contact of `node`, in which all has been said. */
async function meet(node: SyncNode, peer: PeerId): Promise<ContactState> {
  const { context } = node
  const state = await begin(node, peer)
  for (const cut of await everything(node, state))
    await context.replica.commit((tx) => handedOver(tx, context, { state, cut }))
  state.flying.clear()
  state.toldAt = undefined
  await context.replica.commit(async (tx) => {
    for (const part of [range.owed(peer), range.notes(peer)])
      for (const [place] of await tx.list(part)) tx.delete(place)
    const known = must(await tx.get(key.peer(peer)), 'they have met')
    tx.put(key.peer(peer), pack({ ...unpack<object>(known), introducedAs: context.replica.actor }))
  })
  return state
}

/** A contact of `node` that has just begun. */
async function begin({ context }: SyncNode, peer: PeerId): Promise<ContactState> {
  const state: ContactState = {
    peer,
    carrier: 'test',
    receiptDelayMs: DELAY_MS,
    left: [],
    flying: new Set(),
    wanted: new Map(),
    refused: new Map(),
  }
  const contact = { state, mayHaveForgotten: false, certificate: undefined }
  await context.replica.commit((tx) => beginContact(tx, context, contact))
  return state
}

/** Alpha says something, and `to` has it: nothing else is owed than a receipt for that. */
async function heard({ alpha, bravo, channel }: Scene, to = bravo): Promise<void> {
  await postIn(alpha, channel, 'one')
  const document = segmentDocument(channel, 'routine', 0)
  const { outcome } = await arrive(to, await envelopeOf(alpha, document), { from: alpha.id })
  must(outcome.kind === 'applied' || undefined, 'it is taken')
}

async function everything({ context }: SyncNode, state: ContactState): Promise<readonly Cut[]> {
  const cuts: Cut[] = []
  for (;;) {
    const { cut } = await context.replica.commit((tx) => nextParcel(tx, context, state))
    if (cut === undefined) return cuts
    state.flying.add(cut)
    cuts.push(cut)
  }
}

function bytesOf(cut: Cut | undefined): Uint8Array {
  return must(cut, 'there is one').parcel.bytes
}

/** Whose messages alpha knows to be stored at a node. */
async function storedAt({ alpha, bravo, channel }: Scene, node = bravo): Promise<string[]> {
  const document = segmentDocument(channel, 'routine', 0)
  const receipt = await receiptOf(alpha.context.replica.read, node.id, document)
  return Object.keys(receipt?.told ?? {}).filter((actor) => actor === alpha.actor)
}

async function left({ context }: SyncNode, peer: PeerId): Promise<readonly string[]> {
  const parts = [range.owed(peer), range.notes(peer)]
  const found = await Promise.all(parts.map((part) => context.replica.read.list(part)))
  return found.flat().map(([place]) => place)
}
