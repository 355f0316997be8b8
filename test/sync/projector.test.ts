import { test } from 'tap'
import { must } from '#base/assert.ts'
import { newPersonId, type PostId } from '#base/ids.ts'
import { SEGMENT_PERIOD_MS } from '#base/limits.ts'
import { channelDocument, DIRECTORY, segmentDocument } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import { EMPTY_CHANNEL, type ChannelRecord, type MessageRecord } from '#model/view.ts'
import { writeHere } from '#sync/author.ts'
import { key, range } from '#sync/keys.ts'
import { unpack, type ViewedRecord } from '#sync/records.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity, seedOf, type NodeChoice } from '../support/nodes.ts'
import {
  amend,
  amira,
  amiraOf,
  arrive,
  aSync,
  envelopeOf,
  found,
  ops,
  routine,
  say,
  shown,
  type SyncNode,
} from '../support/sync.ts'

const alphaIdentity = anIdentity('alpha', 1)
const bravoIdentity = anIdentity('bravo', 2)
const bo = newPersonId(anIdentity('alpha', 1).certificate.node, seedOf('person bo').subarray(0, 8))

test('an edit, a reaction and a deletion that come before their messages find them', async (t) => {
  const clock = virtualClock()
  const { alpha, bravo } = await twoNodes({ clock })
  const posts = [await say(alpha, 'edited'), await say(alpha, 'loved'), await say(alpha, 'deleted')]
  const [edited, loved, deleted] = posts.map(({ id }) => id)
  await clock.advance(SEGMENT_PERIOD_MS + 1)
  await amend(alpha, { kind: 'edit', target: must(edited, 'there'), body: 'first edit' })
  await clock.advance(1_000)
  await amend(alpha, { kind: 'edit', target: must(edited, 'there'), body: 'second edit' })
  await amend(alpha, {
    kind: 'reaction',
    target: must(loved, 'there'),
    emoji: 'heart',
    isSet: true,
  })
  await amend(alpha, { kind: 'deletion', target: must(deleted, 'there') })

  await arrive(bravo, await envelopeOf(alpha, segmentDocument(ops, 'routine', 1)))
  t.strictSame(await shown(bravo), [])
  await arrive(bravo, await envelopeOf(alpha, routine))

  t.match(await shown(bravo), [
    { body: 'second edit' },
    { body: 'loved', reactions: [{ emoji: 'heart', isSet: true, person: amira }] },
    { body: '' },
  ])
  t.ok((await shown(bravo))[2]?.deletedAt)
  const { read } = bravo.context.replica
  t.equal((await read.list({ from: 'view/orphan/', to: 'view/orphan0' })).length, 0)
})

test('replies that come before their root are counted when it comes', async (t) => {
  const clock = virtualClock()
  const { alpha, bravo } = await twoNodes({ clock }, { clock })
  const root = await say(alpha, 'root')
  await clock.advance(SEGMENT_PERIOD_MS + 1)
  for (const body of ['one', 'two']) await reply(alpha, root.id, body)
  await arrive(bravo, await envelopeOf(alpha, segmentDocument(ops, 'routine', 1)))

  await arrive(bravo, await envelopeOf(alpha, routine))

  const [first, second] = await shown(bravo)
  t.match(first, { body: 'root', replyCount: 2, lastReplyAt: clock.now() })
  t.match(second, { body: 'one', root: root.id })
  t.equal((await bravo.context.replica.read.list(range.thread(root.id))).length, 2)
})

test('replies that come after their root are counted too, and the same', async (t) => {
  const { alpha, bravo } = await twoNodes()
  const root = await say(alpha, 'root')
  await arrive(bravo, await envelopeOf(alpha, routine))
  await reply(alpha, root.id, 'one')

  await arrive(bravo, await envelopeOf(alpha, routine))

  t.match(await shown(bravo), [{ body: 'root', replyCount: 1 }, { body: 'one' }])
  t.match(await shown(alpha), [{ body: 'root', replyCount: 1 }, { body: 'one' }])
})

test('a channel counts its messages and those that are no replies', async (t) => {
  const { alpha, bravo } = await twoNodes()
  const root = await say(alpha, 'root')
  await reply(alpha, root.id, 'reply')
  await amend(alpha, { kind: 'deletion', target: root.id })
  await arrive(bravo, await envelopeOf(alpha, routine))

  for (const node of [alpha, bravo])
    t.match(await channelAt(node), { messageCount: 2, rootCount: 1, settings: { name: 'ops' } })
})

test('who is mentioned is counted, but not who mentions themselves', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await enter(alpha, { kind: 'person', person: bo, profile: profileOf('bo') })
  await enter(alpha, { kind: 'member', channel: ops, person: bo, role: 'member' })
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))

  await say(alpha, 'hello @bo and @amira')
  await say(alpha, '@Bo: again')
  await say(alpha, 'mail bo@example.org')
  await arrive(bravo, await envelopeOf(alpha, routine))

  for (const { context } of [alpha, bravo]) {
    const viewed = unpack<ViewedRecord>(await context.replica.read.get(key.viewed(bo, ops)))
    t.equal(viewed?.mentions, 2)
    t.equal(await context.replica.read.get(key.viewed(amira, ops)), undefined)
  }
})

test('the index of changes holds each message once, where it last changed', async (t) => {
  const clock = virtualClock()
  const { alpha } = await twoNodes({ clock })
  const first = await say(alpha, 'first')
  await clock.advance(1_000)
  await say(alpha, 'second')
  await clock.advance(1_000)
  await reply(alpha, first.id, 'reply')
  await clock.advance(1_000)
  await amend(alpha, { kind: 'edit', target: first.id, body: 'edited' })

  const bodies = (await changed(alpha)).map(({ body }) => body)

  t.strictSame(bodies, ['second', 'reply', 'edited'])
})

test('with the clock set back, what changes is still behind what changed before', async (t) => {
  const clock = virtualClock()
  const { alpha } = await twoNodes({ clock })
  const old = await say(alpha, 'old')
  await clock.advance(10_000)
  await say(alpha, 'new')
  const seenUpTo = (await changed(alpha)).at(-1)?.updatedAt ?? 0

  clock.setWall(clock.now() - 9_000)
  await amend(alpha, { kind: 'edit', target: old.id, body: 'old, edited' })
  await say(alpha, 'newest')

  const since = (await changed(alpha)).filter(({ updatedAt }) => updatedAt >= seenUpTo)
  t.strictSame(since.map(({ body }) => body).toSorted(), ['new', 'newest', 'old, edited'])
})

test('what was written after an edit by a clock set back since is behind the edit', async (t) => {
  const clock = virtualClock()
  const { alpha } = await twoNodes({ clock })
  const old = await say(alpha, 'old')
  await clock.advance(10_000)
  await amend(alpha, { kind: 'edit', target: old.id, body: 'old, edited' })
  const seenUpTo = (await changed(alpha)).at(-1)?.updatedAt ?? 0

  clock.setWall(clock.now() - 9_000)
  const newest = await say(alpha, 'newest')

  t.ok(newest.updatedAt >= seenUpTo)
})

test('a clock that was decades ahead does not hold the index there', async (t) => {
  const clock = virtualClock(2_840_140_800_000)
  const { alpha } = await twoNodes({ clock })
  await say(alpha, 'in 2060')
  clock.setWall(1_800_000_000_000)

  const later = await say(alpha, 'in 2027')

  t.equal(later.updatedAt, 1_800_000_000_000)
})

test('two nodes that wrote apart show the same in the same order, whatever their clocks', async (t) => {
  for (const [first, second] of [
    [1_800_000_000_000, 1_800_000_050_000],
    [0, 1_800_000_000_000],
    [2_840_140_800_000, 1_800_000_000_000],
    [0, 2_840_140_800_000],
  ] as const) {
    const clocks = [virtualClock(first), virtualClock(second)] as const
    const { alpha, bravo } = await twoNodes({ clock: clocks[0] }, { clock: clocks[1] })
    for (let round = 0; round < 3; round += 1) {
      await say(alpha, `alpha ${round}`)
      await say(bravo, `bravo ${round}`)
      for (const clock of clocks) await clock.advance(7_000)
    }
    await exchange(alpha, bravo)
    const seen = (await shown(alpha)).findLast(({ author }) => author === amiraOf(bravo.id))
    await say(bravo, 'after all of it')
    await amend(bravo, { kind: 'edit', target: must(seen, 'there is one').id, body: 'edited' })
    await exchange(alpha, bravo)

    const pictures = [await shown(alpha), await shown(bravo)].map((messages) =>
      messages.map(({ id, body, order }) => ({ id, body, order })),
    )
    t.strictSame(pictures[0], pictures[1])
    t.equal(pictures[0]?.length, 7)
    t.equal(pictures[0]?.filter(({ body }) => body === 'edited').length, 1)
  }
})

test('a message by a clock that cannot be right is marked, and shown at a time that can', async (t) => {
  const clock = virtualClock(0)
  const { alpha, bravo } = await twoNodes({ clock })
  await say(alpha, 'from 1970')
  await arrive(bravo, await envelopeOf(alpha, routine))

  const [message] = await shown(bravo)

  t.match(message, {
    claimedAt: 0,
    timeDoubt: 'before this program was written',
    createdAt: bravo.context.now(),
  })
})

async function twoNodes(
  alphaIs: NodeChoice = {},
  bravoIs: NodeChoice = {},
): Promise<{ readonly alpha: SyncNode; readonly bravo: SyncNode }> {
  const alpha = await aSync('alpha', { knows: [bravoIdentity], ...alphaIs })
  const bravo = await aSync('bravo', { knows: [alphaIdentity], ...bravoIs })
  await found(alpha)
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(bravo, await envelopeOf(alpha, document))
  return { alpha, bravo }
}

async function exchange(alpha: SyncNode, bravo: SyncNode): Promise<void> {
  const fromAlpha = await envelopeOf(alpha, routine)
  await arrive(alpha, await envelopeOf(bravo, routine))
  await arrive(bravo, fromAlpha)
}

function reply(node: SyncNode, root: PostId, body: string): Promise<unknown> {
  return amend(node, { kind: 'post', body, root })
}

function enter({ context }: SyncNode, content: Content): Promise<unknown> {
  const entry = { author: amira, claimedAt: context.now(), content }
  return context.replica.commit((tx) => writeHere(tx, context, { document: DIRECTORY, entry }))
}

function profileOf(username: string) {
  return { username, displayName: username, isAdministrator: false }
}

async function channelAt({ context }: SyncNode): Promise<ChannelRecord> {
  return unpack<ChannelRecord>(await context.replica.read.get(key.channel(ops))) ?? EMPTY_CHANNEL
}

/** The messages by when they last changed here. */
async function changed({ context }: SyncNode): Promise<readonly MessageRecord[]> {
  const { read } = context.replica
  const entries = await read.list(range.changed(ops))
  const ids = entries.map(([, bytes]) => must(unpack<PostId>(bytes), 'it names a message'))
  const records = await read.getMany(ids.map((id) => key.message(id)))
  return records.map((bytes) => must(unpack<MessageRecord>(bytes), 'it is there'))
}
