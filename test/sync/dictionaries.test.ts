/** Dictionaries of channels: used towards those who have what they are made of, and nothing is lost where somebody has not. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { ChannelId } from '#base/ids.ts'
import { scopesToRead } from '#codec/envelope.ts'
import type { Stretch } from '#model/dictionary-content.ts'
import { channelDocument, segmentDocument } from '#model/document-id.ts'
import type { PeerId } from '#ports/carrier.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Clock } from '#model/log.ts'
import { writeHere } from '#sync/author.ts'
import { cutDelta } from '#sync/cut.ts'
import { clearShelf, publishedIn } from '#sync/dictionaries.ts'
import { key, range } from '#sync/keys.ts'
import { clockOf } from '#sync/ledger.ts'
import { trainOn } from '#sync/training.ts'
import { flipped } from '../support/adversary.ts'
import { aFleet, enter, makeChannel, postIn, postsHeld, type Fleet } from '../support/fleet.ts'
import { reports } from '../support/reports.ts'
import { amiraOf, arrive, type SyncNode } from '../support/sync.ts'

const office: PeerId = 'post:office'
const DAY_MS = 86_400_000
const hash = 'ab'.repeat(32)

test('once all have signed for what it is made of, what a kit sends is made small with it', async (t) => {
  const { fleet, alpha, bravo, channel } = await aScene(t)
  await train(fleet, channel)
  const before = await sent(alpha, channel, { text: reports(1, 9)[0] ?? '' })
  await fleet.settle()

  const after = await sent(alpha, channel, { text: reports(1, 9)[0] ?? '' })

  t.notOk(usesOne(alpha, before), 'the others have not said yet that they have heard of it')
  t.ok(usesOne(alpha, after))
  t.ok(after.length < before.length - 4, `${after.length} after ${before.length} B`)
  t.match((await arrive(bravo, after)).outcome, { kind: 'applied' })
})

test('a post office is not spoken to in words that one reader lacks; one who has them is', async (t) => {
  const { fleet, alpha, bravo, channel } = await aScene(t)
  fleet.isolate('bravo')
  await train(fleet, channel)
  await fleet.settle()

  t.notOk(usesOne(alpha, await sent(alpha, channel, { peer: office })))
  t.notOk(usesOne(alpha, await sent(alpha, channel, { peer: bravo.id })))
  t.ok(usesOne(alpha, await sent(alpha, channel, { peer: fleet.node('hub').id })))
  fleet.rejoin('bravo')
  await fleet.settle()
  t.ok(usesOne(alpha, await sent(alpha, channel, { peer: office })))
})

test('nobody waits for ever for a node that is silent', async (t) => {
  const { fleet, alpha, bravo, channel } = await aScene(t)
  fleet.isolate('bravo')
  await train(fleet, channel)
  await fleet.clock.advance(31 * DAY_MS)

  t.ok(usesOne(alpha, await sent(alpha, channel, { peer: office })))
  t.notOk(usesOne(alpha, await sent(alpha, channel, { peer: bravo.id })))
})

test('who has not heard of it keeps the envelope whole, also over a restart, and opens it once it has', async (t) => {
  const store = openMemoryStore()
  const { fleet, alpha, channel } = await aScene(t, { bravo: { store } })
  fleet.isolate('bravo')
  await train(fleet, channel)
  await fleet.settle()
  const bytes = await sent(alpha, channel, { peer: fleet.node('hub').id })
  t.ok(usesOne(alpha, bytes))
  await bare(fleet, 'bravo')

  const { outcome, answer } = await arrive(fleet.node('bravo'), bytes)
  t.match([outcome, answer], [{ kind: 'parked' }, 'custody'])
  t.equal((await parked(fleet.node('bravo'))).length, 1)
  await bare(fleet, 'bravo')
  t.equal((await parked(fleet.node('bravo'))).length, 1)
  const settings = await envelopeFrom(alpha, channelDocument(channel))
  await arrive(fleet.node('bravo'), settings)

  t.strictSame(await parked(fleet.node('bravo')), [])
  t.equal(await postsHeld(fleet.node('bravo'), channel), await postsHeld(alpha, channel))
})

test('who lacks some of what it is made of asks for that, and opens what waited', async (t) => {
  const { fleet, alpha, channel } = await aScene(t)
  fleet.isolate('bravo')
  const had = await clockOf(fleet.node('bravo').context.replica.read, segment(channel))
  await postAll(alpha, channel, reports(100, 3))
  await fleet.settle()
  await train(fleet, channel)
  await fleet.settle()
  const last = await clockOf(alpha.context.replica.read, segment(channel))
  const bytes = await sent(alpha, channel, { peer: fleet.node('hub').id })
  t.ok(usesOne(alpha, bytes))
  const bravo = fleet.node('bravo')
  await arrive(bravo, await envelopeFrom(alpha, channelDocument(channel)))

  t.match(await arrive(bravo, bytes), { outcome: { kind: 'parked' }, answer: 'custody' })
  const asked = await bravo.context.replica.read.get(key.announced(segment(channel)))
  t.ok(asked, 'the hub has what it named: so it is asked for')
  for (const clock of steps(had, last))
    await arrive(bravo, await envelopeFrom(alpha, segment(channel), clock))

  t.strictSame(await parked(bravo), [])
  t.equal(await postsHeld(bravo, channel), await postsHeld(alpha, channel))
})

test('after a restart both ends make it again from their disks', async (t) => {
  const { fleet, channel } = await aScene(t, {
    alpha: { store: openMemoryStore() },
    bravo: { store: openMemoryStore() },
  })
  await train(fleet, channel)
  await fleet.settle()
  for (const name of ['alpha', 'bravo']) {
    await fleet.close(name)
    await fleet.open(name)
  }
  await fleet.settle()
  const [alpha, bravo] = [fleet.node('alpha'), fleet.node('bravo')]
  t.equal(alpha.context.shelf.texts.size, 0)

  const bytes = await sent(alpha, channel)

  t.ok(usesOne(alpha, bytes))
  t.match((await arrive(bravo, bytes)).outcome, { kind: 'applied' })
})

test('what a hub says wrongly is used by nobody, told once each, and holds up nothing', async (t) => {
  const { fleet, alpha, bravo, channel } = await aScene(t)
  const { actor } = fleet.node('hub')
  const own: Stretch = { lane: 'routine', segment: 0, actor, from: 1, count: 1 }
  const alphas = { ...own, actor: alpha.actor, count: 50 }
  await postIn(fleet.node('hub'), channel, 'something of the hub')
  for (const stretches of [[own], [alphas], [{ ...alphas, segment: 999 }]])
    await enter(fleet.node('hub'), channelDocument(channel), {
      kind: 'dictionary',
      hash,
      stretches,
    })
  await fleet.settle()

  const bytes = await sent(alpha, channel)
  t.notOk(usesOne(alpha, bytes))
  t.match((await arrive(bravo, bytes)).outcome, { kind: 'applied' })
  await sent(alpha, channel)
  t.equal(
    alpha.log.named('dictionary.useless').length,
    2,
    'one that is not here is not known to lie',
  )
})

test('who is no member makes nobody make a dictionary', async (t) => {
  const { fleet, alpha, bravo, channel } = await aScene(t)
  await train(fleet, channel)
  await fleet.settle()
  const bytes = await sent(alpha, channel)
  t.ok(usesOne(alpha, bytes))
  const { shelf } = bravo.context
  clearShelf(shelf)

  t.match((await arrive(bravo, flipped(bytes, 40))).outcome, { kind: 'parked' })
  t.equal(shelf.texts.size, 0)
  t.match((await arrive(bravo, bytes)).outcome, { kind: 'applied' })
  t.equal(shelf.texts.size, 1)
})

test('a hub that lies about what another has named spoils that for nobody', async (t) => {
  const { fleet, alpha, bravo, channel } = await aScene(t)
  await train(fleet, channel)
  await fleet.settle()
  const [honest] = await published(alpha, channel)
  const stretches: readonly Stretch[] = [
    { lane: 'routine', segment: 0, actor: alpha.actor, from: 1, count: 3 },
  ]
  const lie = {
    kind: 'dictionary',
    hash: must(honest, 'it is named').content.hash,
    stretches,
  } as const
  for (const node of [alpha, bravo]) clearShelf(node.context.shelf)
  await enter(fleet.node('hub'), channelDocument(channel), lie)
  await fleet.settle()

  const bytes = await sent(alpha, channel)
  t.ok(usesOne(alpha, bytes))
  t.match((await arrive(bravo, bytes)).outcome, { kind: 'applied' })
})

test('a dictionary that claims to be enormous is looked at once, as far as the limit', async (t) => {
  const { fleet, alpha, channel } = await aScene(t)
  await postAll(
    alpha,
    channel,
    reports(400, 5).map((text) => text + text),
  )
  await fleet.settle()
  const all: Stretch = { lane: 'routine', segment: 0, actor: alpha.actor, from: 1, count: 490 }
  const stretches = Array.from({ length: 32 }, () => all)
  await enter(fleet.node('hub'), channelDocument(channel), { kind: 'dictionary', hash, stretches })
  await fleet.settle()

  t.notOk(usesOne(alpha, await sent(alpha, channel)))
  t.strictSame([...alpha.context.shelf.texts], [])
  t.equal(alpha.context.shelf.useless.size, 1)
})

test('only hubs have a say, and whoever else tries is told of', async (t) => {
  const { fleet, alpha, bravo, channel } = await aScene(t)
  await train(fleet, channel)
  await fleet.settle()
  const [good] = await published(bravo, channel)
  await enter(alpha, channelDocument(channel), must(good, 'the hub named one').content)
  await fleet.settle()

  t.equal((await published(bravo, channel)).length, 1)
  t.match(bravo.log.named('entry.without-effect'), [{ facts: { reason: 'not a hub' } }])
})

test('a revoked hub has none either', async (t) => {
  const { fleet, alpha, channel } = await aScene(t)
  await train(fleet, channel)
  await fleet.settle()
  const { id } = fleet.node('hub')
  alpha.context.roster.revoke(id, 1)

  t.strictSame(await published(alpha, channel), [])
  t.notOk(usesOne(alpha, await sent(alpha, channel, { peer: office })))
})

test('nothing of the text is in memory once a node has ended', async (t) => {
  const { fleet, alpha, channel } = await aScene(t)
  await train(fleet, channel)
  await fleet.settle()
  await sent(alpha, channel)
  const { shelf } = alpha.context
  t.equal(shelf.texts.size, 1)

  await fleet.close('alpha')

  t.equal(shelf.texts.size + shelf.named.size, 0)
})

async function aScene(
  t: Test,
  choices: Parameters<typeof aFleet>[2] = {},
): Promise<{ fleet: Fleet; alpha: SyncNode; bravo: SyncNode; channel: ChannelId }> {
  const fleet = await aFleet(t, ['hub', 'alpha', 'bravo'], choices)
  const [hub, alpha, bravo] = ['hub', 'alpha', 'bravo'].map(fleet.node) as [
    SyncNode,
    SyncNode,
    SyncNode,
  ]
  await fleet.settle()
  const channel = await makeChannel(hub, 'public', [hub, alpha, bravo])
  await fleet.settle()
  await postAll(alpha, channel, reports(90))
  await fleet.settle()
  return { fleet, alpha, bravo, channel }
}

/** All in one commit. */
async function postAll(
  { context, id }: SyncNode,
  channel: ChannelId,
  texts: readonly string[],
): Promise<void> {
  const document = segment(channel)
  await context.replica.commit(async (tx) => {
    for (const body of texts) {
      const content = { kind: 'post' as const, body, root: undefined }
      const entry = { author: amiraOf(id), claimedAt: context.now(), content }
      await writeHere(tx, context, { document, entry })
    }
  })
}

async function train(fleet: Fleet, channel: ChannelId): Promise<void> {
  const { result } = await trainOn(fleet.node('hub').context, channel, async () => undefined)
  if (result !== 'published') throw new Error(`nothing was named: ${result}`)
}

/** What a node would send of its newest post in a channel. */
async function sent(
  node: SyncNode,
  channel: ChannelId,
  { peer = office, text = 'left 12 tarpaulins' }: { peer?: PeerId; text?: string } = {},
): Promise<Uint8Array> {
  const clock = await clockOf(node.context.replica.read, segment(channel))
  await postIn(node, channel, text)
  return envelopeFrom(node, segment(channel), clock, peer)
}

async function envelopeFrom(
  { context }: SyncNode,
  document: ReturnType<typeof segment>,
  clock: Clock = {},
  peer: PeerId = 'post:another',
): Promise<Uint8Array> {
  const want = { peer, lane: 'routine', document, clock } as const
  const cut = await context.replica.commit((tx) => cutDelta(tx, context, want))
  return must(cut, 'there is something to send').parcel.bytes
}

/** Opens a node without any link to others. */
async function bare(fleet: Fleet, name: string): Promise<void> {
  await fleet.close(name)
  await fleet.open(name, { carriers: [] })
}

function usesOne({ context }: SyncNode, bytes: Uint8Array): boolean {
  return scopesToRead(bytes, context.roster.suite, context.keyring).length > 0
}

async function parked({ context }: SyncNode): Promise<readonly unknown[]> {
  return context.replica.read.list(range.parkedFor('dictionary'))
}

function published({ context }: SyncNode, channel: ChannelId) {
  return context.replica.commit((tx) => publishedIn(tx, context, channel))
}

function segment(channel: ChannelId) {
  return segmentDocument(channel, 'routine', 0)
}

/** From one clock to another, as far as one envelope goes each time. */
function steps(from: Clock, to: Clock): readonly Clock[] {
  const [[actor, had] = ['', 0]] = Object.entries(from)
  const count = (to[actor] ?? 0) - had
  return Array.from({ length: Math.ceil(count / 100) }, (_, at) => ({
    ...from,
    [actor]: had + at * 100,
  }))
}
