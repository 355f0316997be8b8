/** Channels that a lost node made late, and what honest people have written in them. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { idFromBytes, type ChannelId, type NodeId } from '#base/ids.ts'
import type { BookmarkChanges } from '#model/bookmark.ts'
import { directChannelId } from '#model/channel-id.ts'
import { channelDocument, DIRECTORY } from '#model/document-id.ts'
import type { ChannelRecord } from '#model/view.ts'
import { bookmarksOf } from '#sync/bookmarks.ts'
import { key, range } from '#sync/keys.ts'
import { allDocuments, clockOf, hasOf, setHas } from '#sync/ledger.ts'
import { pack, unpack, type ParcelRecord } from '#sync/records.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { aFleet, enter, makeChannel, postIn, postsHeld, revokeSince } from '../support/fleet.ts'
import { amiraOf, type SyncNode } from '../support/sync.ts'

/** Ids of bookmarks. */
const [LATER, GONE] = [idFromBytes(new Uint8Array(16)), idFromBytes(new Uint8Array(16).fill(1))]

test('a channel of a lost node stays with those who wrote in it', async (t) => {
  const { hub, alpha, bravo, charlie, hear } = await aScene(t)
  const channel = await makeChannel(bravo, 'public', [bravo, charlie])
  await enter(bravo, channelDocument(channel), {
    kind: 'settings',
    settings: { name: 'river', displayName: 'River' },
  })
  const kept = {
    name: 'Map',
    url: 'https://a.example/',
    emoji: '',
    place: 0,
    owner: amiraOf(bravo.id),
  }
  const mark = (bookmarks: BookmarkChanges): Promise<unknown> =>
    enter(bravo, channelDocument(channel), { kind: 'settings', settings: { bookmarks } })
  await mark({ [LATER]: { ...kept, createdAt: 1 }, [GONE]: { ...kept, createdAt: 2 } })
  await mark({ [LATER]: { ...kept, name: 'Maps', createdAt: 1 }, [GONE]: null })
  await hear('nobody')
  await postIn(charlie, channel, 'shown as saved')

  await hear('everybody')

  for (const node of [hub, alpha, charlie]) {
    t.ok(node.context.directory().channel(channel), 'it is there')
    t.strictSame(node.context.directory().members(channel).map(personOf), [amiraOf(charlie.id)])
    t.equal(await postsHeld(node, channel), 1)
    t.equal(await nameAt(node, channel), 'river')
    const bookmarks = await bookmarksOf(node.context.replica.read, channel)
    t.match(bookmarks, [{ id: LATER, name: 'Maps', createdAt: 1 }])
    t.equal(bookmarks.length, 1)
  }
})

test('so does a direct channel with somebody of a lost node', async (t) => {
  const { hub, bravo, charlie, hear } = await aScene(t)
  const both = [amiraOf(bravo.id), amiraOf(charlie.id)] as const
  const channel = directChannelId(...both)
  await enter(bravo, DIRECTORY, { kind: 'channel', channel, channelKind: 'direct' })
  for (const person of both)
    await enter(bravo, DIRECTORY, { kind: 'member', channel, person, role: 'member' })
  await hear('nobody')
  await postIn(charlie, channel, 'shown as saved')

  await hear('everybody')

  for (const node of [hub, charlie]) {
    t.ok(node.context.directory().channel(channel))
    t.equal(await postsHeld(node, channel), 1)
  }
})

test('what was handed over, or is under way, under a secret of the lost node goes once more', async (t) => {
  const fleet = await aFleet(t, ['hub', 'bravo', 'charlie'])
  const [hub, bravo, charlie] = ['hub', 'bravo', 'charlie'].map(fleet.node) as [
    SyncNode,
    SyncNode,
    SyncNode,
  ]
  await fleet.settle()
  const since = hub.context.now()
  await fleet.clock.advance(60_000)
  const channel = await makeChannel(bravo, 'group', [hub, bravo, charlie])
  await postIn(bravo, channel, 'under an epoch of bravo')
  await fleet.settle()
  for (const name of ['bravo', 'charlie']) fleet.isolate(name)
  await postIn(hub, channel, 'shown as saved')
  const parcel = key.parcel(charlie.id, 'routine', 77)
  const document = await hub.context.replica.commit(async (tx) => {
    const found = (await allDocuments(tx)).find((name) => name.startsWith(`s.${channel}`))
    const name = must(found, 'the post is somewhere')
    const clock = await clockOf(tx, name)
    await setHas(tx, hub.context, { peer: charlie.id, document: name, clock })
    const record = { bytes: Uint8Array.of(1), document: name, first: {}, clock }
    tx.put(parcel, pack(record satisfies ParcelRecord))
    return name
  })

  await revokeSince(hub, bravo.id, since)

  const { read } = hub.context.replica
  t.equal((await hasOf(read, charlie.id, document))[hub.actor], undefined)
  t.match(unpack<ParcelRecord>(await read.get(parcel)), { document: undefined })
})

test('one in which nobody else wrote goes, is not offered, and comes to nobody who hears late', async (t) => {
  const { hub, alpha, bravo, charlie, hear } = await aScene(t)
  const open = await makeChannel(bravo, 'public', [bravo])
  await postIn(bravo, open, 'by the lost one')
  const closed = await makeChannel(bravo, 'group', [bravo, charlie])
  await hear('nobody')
  await postIn(charlie, closed, 'in a channel that nobody else may found')

  await hear('everybody')

  for (const channel of [open, closed]) {
    for (const node of [hub, alpha, charlie]) {
      t.equal(node.context.directory().channel(channel), undefined)
      const offers = (await Promise.all([hub, alpha, charlie].map(offersOf(node)))).flat()
      t.notOk(offers.some((place) => place.includes(channel)))
    }
    t.equal(await postsHeld(hub, channel), 0)
  }
})

test('a revocation that the disk could not keep counts nowhere, and keeps no channel when it comes', async (t) => {
  const disk = aFaultyStore()
  const fleet = await aFleet(t, ['hub', 'bravo'], { hub: { store: disk } })
  const [hub, bravo] = [fleet.node('hub'), fleet.node('bravo')]
  const { roster, directory, now } = hub.context
  await fleet.settle()
  const since = now()
  await fleet.clock.advance(60_000)
  const channel = await makeChannel(bravo, 'public', [bravo])
  await fleet.settle()
  await postIn(hub, channel, 'shown as saved')

  disk.setFault('full')
  await t.rejects(revokeSince(hub, bravo.id, since), { code: 'STORE_FULL' })
  t.equal(roster.revokedSince(bravo.id), undefined)
  disk.setFault('none')
  await revokeSince(hub, bravo.id, since)

  t.equal(roster.revokedSince(bravo.id), since)
  t.ok(directory().channel(channel))
})

/** Headquarters is cut off and revokes bravo as of a time before what bravo writes in the test. */
async function aScene(t: Parameters<typeof aFleet>[0]) {
  const names = ['hub', 'alpha', 'bravo', 'charlie'] as const
  const fleet = await aFleet(t, names)
  const [hub, alpha, bravo, charlie] = names.map((name) => fleet.node(name)) as [
    SyncNode,
    SyncNode,
    SyncNode,
    SyncNode,
  ]
  await fleet.settle()
  fleet.isolate('hub')
  const since = hub.context.now()
  await fleet.clock.advance(60_000)
  t.teardown(async () => {
    for (const name of names) await fleet.close(name)
  })
  const hear = async (who: 'nobody' | 'everybody'): Promise<void> => {
    await fleet.settle()
    if (who === 'nobody') return
    await revokeSince(hub, bravo.id, since)
    fleet.isolate('bravo')
    for (const other of [alpha, charlie]) fleet.network.heal(hub.id, other.id)
    await fleet.settle()
  }
  return { hub, alpha, bravo, charlie, hear }
}

function personOf({ person }: { readonly person: string }): string {
  return person
}

async function nameAt({ context }: SyncNode, channel: ChannelId): Promise<unknown> {
  return unpack<ChannelRecord>(await context.replica.read.get(key.channel(channel)))?.settings.name
}

function offersOf({ context, id }: SyncNode): (to: { readonly id: NodeId }) => Promise<string[]> {
  return async (to) => {
    if (to.id === id) return []
    return (await context.replica.read.list(range.outbox(to.id))).map(([place]) => place)
  }
}
