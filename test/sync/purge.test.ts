/** Orders to purge between nodes: what they name is gone, whatever came first, and what is left is still proved and goes on. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { PostId } from '#base/ids.ts'
import { channelDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import { range } from '#sync/keys.ts'
import { orderPurge, type PurgeWish } from '#sync/purge-orders.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { stolenDisk } from '../support/adversary.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import {
  amend,
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  ops,
  routine,
  say,
  shown,
  type SyncNode,
} from '../support/sync.ts'

const settings = channelDocument(ops)
const knows = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]

/** Headquarters with messages, and two who know it. */
async function three(stores = [openMemoryStore(), openMemoryStore(), openMemoryStore()]) {
  const alpha = await aSync('alpha', { role: 'hub', knows, store: must(stores[0], 'three') })
  const bravo = await aSync('bravo', { knows, store: must(stores[1], 'three') })
  const charlie = await aSync('charlie', { knows, store: must(stores[2], 'three') })
  await found(alpha)
  return { alpha, bravo, charlie, stores }
}

async function give(from: SyncNode, to: SyncNode, document = routine, clock = {}): Promise<void> {
  await arrive(to, await envelopeOf(from, document, clock))
}

async function introduce(from: SyncNode, to: SyncNode): Promise<void> {
  for (const document of [KEYS, DIRECTORY, settings]) await give(from, to, document)
}

async function purge({ context }: SyncNode, wish: PurgeWish): Promise<number> {
  const draft = { channel: ops, wish, reason: 'by hand', by: undefined } as const
  const { messages } = await context.replica.commit((tx) => orderPurge(tx, context, draft))
  return messages
}

function one(...ids: readonly PostId[]): PurgeWish {
  return { messages: new Set(ids) }
}

async function heads({ context }: SyncNode): Promise<readonly string[]> {
  return context.replica.commit(async (tx) => (await tx.log(routine)).heads())
}

test('what is purged is gone here at once, and its heads stay', async (t) => {
  const { alpha } = await three()
  await say(alpha, 'one')
  const two = await say(alpha, 'two')
  await say(alpha, 'three')
  const before = await heads(alpha)

  t.equal(await purge(alpha, one(two.id)), 1)

  t.strictSame(await bodies(alpha), ['one', 'three'])
  t.strictSame(await heads(alpha), before)
  await say(alpha, 'four')
  t.strictSame(await bodies(alpha), ['one', 'three', 'four'])
})

for (const first of ['the order', 'the messages'] as const)
  test(`${first} first: another node shows the same and has the same heads`, async (t) => {
    const { alpha, bravo } = await three()
    await introduce(alpha, bravo)
    await say(alpha, 'one')
    const two = await say(alpha, 'two')
    await say(alpha, 'three')
    const late = await envelopeOf(alpha, routine)
    if (first === 'the messages') await arrive(bravo, late)
    await purge(alpha, one(two.id))

    await give(alpha, bravo, settings)
    await arrive(bravo, late)

    t.strictSame(await bodies(bravo), ['one', 'three'])
    t.strictSame(await heads(bravo), await heads(alpha))
    await say(alpha, 'four')
    await give(alpha, bravo, routine, { [alpha.actor]: 3 })
    t.strictSame(await bodies(bravo), ['one', 'three', 'four'])
  })

test('who never had it gets the rest from one that purged, with the order before it or after', async (t) => {
  for (const orderFirst of [true, false]) {
    const { alpha, bravo, charlie } = await three()
    await introduce(alpha, bravo)
    await introduce(alpha, charlie)
    for (const body of ['one', 'two', 'three', 'four']) await say(alpha, body)
    const two = must((await shown(alpha))[1], 'it is there')
    await give(alpha, bravo)
    await purge(alpha, one(two.id))
    await give(alpha, bravo, settings)
    const parts = [
      await envelopeOf(bravo, routine, {}),
      await envelopeOf(bravo, routine, { [alpha.actor]: 2 }),
    ]
    if (orderFirst) await give(bravo, charlie, settings)
    for (const part of parts.toReversed()) await arrive(charlie, part)
    if (!orderFirst) await give(bravo, charlie, settings)

    t.strictSame(await bodies(charlie), ['one', 'three', 'four'])
    t.strictSame(await heads(charlie), await heads(alpha))
  }
})

test('everything before a time goes, from the start of the list', async (t) => {
  const { alpha, bravo } = await three()
  await introduce(alpha, bravo)
  await say(alpha, 'old')
  await say(alpha, 'also old')
  const { createdAt } = await say(alpha, 'new')

  t.equal(await purge(alpha, { before: createdAt }), 2)
  await give(alpha, bravo, routine, { [alpha.actor]: 2 })
  await give(alpha, bravo, settings)

  t.strictSame(await bodies(alpha), ['new'])
  t.strictSame(await bodies(bravo), ['new'])
  t.strictSame(await heads(bravo), await heads(alpha))
})

test('it is gone after the next start, too, and what comes later goes on', async (t) => {
  const { alpha, stores } = await three()
  await say(alpha, 'one')
  const two = await say(alpha, 'two')
  await say(alpha, 'three')
  await purge(alpha, one(two.id))
  await say(alpha, 'four')
  const before = await heads(alpha)
  await alpha[Symbol.asyncDispose]()

  await using again = await aSync('alpha', { role: 'hub', knows, store: must(stores[0], 'three') })

  t.strictSame(await bodies(again), ['one', 'three', 'four'])
  t.strictSame(await heads(again), before)
})

test('who had lost its own order sees to it that what it said meanwhile of the message goes, too', async (t) => {
  for (const orderFirst of [false, true]) {
    const { alpha, bravo, stores } = await three()
    await introduce(alpha, bravo)
    const { id: target } = await say(alpha, 'one')
    await say(alpha, 'two')
    await give(alpha, bravo)
    const image = await stolenDisk(must(stores[0], 'three'))
    await purge(alpha, one(target))
    await give(alpha, bravo, settings)
    await alpha[Symbol.asyncDispose]()
    const life = seedOf('next life').subarray(0, 4)
    await using back = await aSync('alpha', { role: 'hub', knows, store: image, life })

    if (orderFirst) await give(bravo, back, settings)
    await amend(back, { kind: 'reaction', target, emoji: 'eyes', isSet: true })
    await give(back, bravo)
    if (!orderFirst) await give(bravo, back, settings)
    for (const node of [back, bravo]) t.strictSame(await bodies(node), ['two'])
    await give(back, bravo, settings)

    for (const { context } of [back, bravo])
      t.strictSame(await context.replica.read.list(range.allOrphans), [])
    t.strictSame(await heads(bravo), await heads(back))
  }
})

test('an order of a node that has no say in it changes nothing', async (t) => {
  const { alpha, bravo } = await three()
  await introduce(alpha, bravo)
  const said = await say(alpha, 'one')
  await give(alpha, bravo)
  await introduce(bravo, alpha)

  await purge(bravo, one(said.id))
  await give(bravo, alpha, settings)

  t.strictSame(await bodies(bravo), ['one'])
  t.strictSame(await bodies(alpha), ['one'])
})

test('parcels that were cut and not answered for are let go with what they hold', async (t) => {
  const { alpha } = await three()
  const said = await say(alpha, 'one')
  alpha.context.peers.add('post:test')
  await envelopeOf(alpha, routine)
  const { read } = alpha.context.replica
  t.equal((await read.list(range.parcels('post:test'))).length, 1)

  await purge(alpha, one(said.id))

  t.strictSame(await read.list(range.parcels('post:test')), [])
})
