/** The marks that a report of gaps goes by: set once, and gone with their reason. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { ActorId, NodeId } from '#base/ids.ts'
import type { PeerId } from '#ports/carrier.ts'
import { newChannelId } from '#model/channel-id.ts'
import { channelDocument } from '#model/document-id.ts'
import type { Clock } from '#model/log.ts'
import {
  heldBy,
  isToBeAsked,
  liftLess,
  noteAnnounced,
  noteLess,
  othersWith,
  storedAt,
  withinEnds,
} from '#sync/gap-marks.ts'
import { key, range } from '#sync/keys.ts'
import { noteWord, type Word } from '#sync/words.ts'
import { unpack, type AnnouncedRecord } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { secondList } from '../support/adversary.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { arrive, aSync, envelopeOf, found, routine, say, type SyncNode } from '../support/sync.ts'

const identities = [anIdentity('bravo', 2), anIdentity('charlie', 3)] as const
const [bravo, charlie] = identities.map(({ certificate }) => certificate.node) as [NodeId, NodeId]
/** Of a public channel that no directory names. */
const unknown = channelDocument(newChannelId(bravo, 'public', seedOf('unknown').subarray(0, 8)))

test('what changes here is marked once, since the first change', async (t) => {
  const { alpha, clock } = await aNode()
  const since = clock.now()
  await say(alpha, 'one')
  await clock.advance(1_000)
  await say(alpha, 'two')

  const marks = await alpha.context.replica.read.list(range.uneven)
  const at = new Map(marks.map(([place, bytes]) => [place, unpack<number>(bytes)]))
  t.equal(at.get(key.uneven('routine', routine)), since)
  t.strictSame([...at.keys()].toSorted(), [...at.keys()], 'urgent lanes first')
})

test('what is announced is wanted since it was announced, and what is announced later since then', async (t) => {
  const { alpha, clock } = await aNode()
  const writer = await aSync('bravo', { knows: identities })
  for (const text of ['one', 'two', 'three']) await say(writer, text)
  const actor = writer.actor
  const first = clock.now()
  await announce(alpha, { [actor]: 1 })
  await clock.advance(1_000)
  await announce(alpha, { [actor]: 3 })
  await clock.advance(1_000)
  await announce(alpha, { [actor]: 2 })

  t.match(await announcedAt(alpha), {
    since: first,
    wanted: { [actor]: 1 },
    next: { since: first + 1_000, wanted: { [actor]: 3 } },
  })
  await arrive(alpha, await firstChangeOf(writer))
  t.strictSame(await announcedAt(alpha), { since: first + 1_000, wanted: { [actor]: 3 } })
  await arrive(alpha, await envelopeOf(writer, routine))
  t.equal(await announcedAt(alpha), undefined)
})

test('nothing is announced that is here already', async (t) => {
  const { alpha } = await aNode()
  await say(alpha, 'one')

  await announce(alpha, { [alpha.actor]: 1 })

  t.equal(await announcedAt(alpha), undefined)
})

test('what is announced is asked for where somebody who holds it hears it', async (t) => {
  const { alpha } = await aNode()
  const { context } = alpha
  const writer = await aSync('bravo', { knows: identities })
  const clock = { [writer.actor]: 1 }
  for (const document of [routine, unknown]) {
    const word = { ...saidBy(clock), document, read: {}, receipt: undefined }
    await commit(alpha, (tx) => noteWord(tx, context, word))
  }
  const isAsked = (peer: PeerId, { document = routine, isVisit = false } = {}) =>
    commit(alpha, (tx) => isToBeAsked(tx, context, { document, peer, isVisit }))

  t.equal(await isAsked(bravo), true)
  t.equal(await isAsked(charlie), false)
  t.equal(await isAsked('post:office'), false, 'bravo does not read there, as far as is known')
  t.equal(await isAsked('post:stick', { isVisit: true }), true)
  context.run.heard.set('post:stick', new Map([[bravo, 1]]))
  t.equal(await isAsked('post:office'), false, 'what came on a stick says nothing of the office')
  context.run.heard.set('post:office', new Map([[bravo, 1]]))
  t.equal(await isAsked('post:office'), true)
  t.equal(await isAsked(bravo, { document: unknown }), false, 'nobody gives it to anybody')
})

test('what a node says to have lost counts as lost until it has said otherwise', async (t) => {
  const { alpha } = await aNode()
  await say(alpha, 'one')
  const word = { ...saidBy({ [alpha.actor]: 1 }), read: {}, receipt: undefined }
  await commit(alpha, (tx) => noteWord(tx, alpha.context, word))
  const held = () => heldBy(alpha.context.replica.read, bravo, routine)

  await commit(alpha, (tx) => noteLess(tx, alpha.context, saidBy({ [alpha.actor]: 1 })))
  t.strictSame(await held(), { [alpha.actor]: 1 }, 'it has all that it signed for')
  await commit(alpha, (tx) => noteLess(tx, alpha.context, saidBy({})))
  t.strictSame(await held(), {})
  await commit(alpha, (tx) => liftLess(tx, saidBy({ [alpha.actor]: 1 })))
  t.strictSame(await held(), { [alpha.actor]: 1 })
  t.strictSame(await alpha.context.replica.read.list({ from: 'less/', to: 'less0' }), [])
})

test('what a node signed for in an earlier life is void once it says in a later one what it has', async (t) => {
  const { alpha } = await aNode()
  const { context } = alpha
  for (const text of ['one', 'two']) await say(alpha, text)
  const { read } = context.replica
  const stored = () => storedAt(read, bravo, routine)
  const word = (clock: Clock, more: Partial<Word> = {}) =>
    commit(alpha, (tx) =>
      noteWord(tx, context, { ...saidBy(clock), read: {}, receipt: undefined, ...more }),
    )
  const [first, second] = ['first', 'second'] as unknown as [ActorId, ActorId]
  const told = () => alpha.events.filter(({ kind }) => kind === 'delivery').length

  await word({ [alpha.actor]: 2 }, { life: inLife(first, false), isWhole: true })
  await word({ [alpha.actor]: 1 }, { life: inLife(first, false), isWhole: true })
  t.strictSame(await stored(), { [alpha.actor]: 2 }, 'words of one life may overtake each other')
  const before = told()
  await word({ [alpha.actor]: 1 }, { life: inLife(second, true), isWhole: true })
  t.strictSame(await stored(), { [alpha.actor]: 1 })
  t.equal(told(), before + 1)
  await word({ [alpha.actor]: 2 })
  t.strictSame(await stored(), { [alpha.actor]: 1 }, 'what others pass on may be older')
  await word({}, { life: inLife(second, true), isWhole: true })
  t.strictSame(await stored(), { [alpha.actor]: 1 }, 'what it said first in that life is no less')
  await word({ [alpha.actor]: 2 }, { life: inLife(second, true) })
  t.strictSame(await stored(), { [alpha.actor]: 2 })
  t.equal(told(), before + 2)
  t.strictSame(await read.list({ from: 'less/', to: 'less0' }), [])
})

test('nobody waits for what lies beyond the end of a list, or for a node that nobody knows', async (t) => {
  const { alpha } = await aNode()
  const writer = await aSync('bravo', { knows: identities })
  for (const text of ['one', 'two']) await say(writer, text)
  await arrive(alpha, await envelopeOf(writer, routine))
  const { actor } = writer
  const identity = must(identities[0], 'bravo')
  const within = (wanted: Clock) =>
    withinEnds(alpha.context.replica.read, alpha.context, { document: routine, wanted })

  t.strictSame(await within({ [actor]: 9, ffffffffffffffff00000000: 9 }), { [actor]: 9 })
  await arrive(alpha, secondList(identity, { actor, document: routine }, { texts: ['else'] }))
  t.strictSame(await within({ [actor]: 9 }), { [actor]: 0 })
})

test('others are those who may hold a document and still belong', async (t) => {
  const { alpha } = await aNode()

  t.strictSame([...othersWith(alpha.context, routine)].toSorted(), [bravo, charlie].toSorted())
  alpha.context.roster.revoke(charlie, 0)
  t.strictSame(othersWith(alpha.context, routine), [bravo])
})

async function aNode() {
  const clock = virtualClock()
  const alpha = await aSync('alpha', { clock, knows: identities })
  await found(alpha)
  return { alpha, clock }
}

function commit<T>({ context }: SyncNode, work: (tx: Tx) => Promise<T>): Promise<T> {
  return context.replica.commit(work)
}

/** Bravo's word. */
function saidBy(clock: Clock) {
  return { node: bravo, document: routine, clock }
}

function announce(node: SyncNode, clock: Clock): Promise<void> {
  return commit(node, (tx) => noteAnnounced(tx, node.context, saidBy(clock)))
}

async function announcedAt({ context }: SyncNode): Promise<AnnouncedRecord | undefined> {
  return unpack<AnnouncedRecord>(await context.replica.read.get(key.announced(routine)))
}

/** An envelope with nothing but the first change of a node's list. */
async function firstChangeOf(node: SyncNode): Promise<Uint8Array> {
  const { identity } = node.context
  const other = await aSync(identity.certificate.name, { knows: identities })
  await say(other, 'one')
  return envelopeOf(other, routine)
}

function inLife(actor: ActorId, isLater: boolean) {
  return { actor, isLater, isCurrent: true }
}
