/** Holes and flipped bits: what survives is used, what others hold comes back, what only we had is written again. */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { ActorId } from '#base/ids.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { ChannelRecord } from '#model/view.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { sealStore } from '#storage/sealed-store.ts'
import { writeHere } from '#sync/author.ts'
import { isSealable } from '#sync/epochs.ts'
import { key, range } from '#sync/keys.ts'
import { orderHere } from '#sync/orders.ts'
import {
  pack,
  unpack,
  type DocumentRecord,
  type ForkRecord,
  type HoleRecord,
} from '#sync/records.ts'
import { ALPHA, aScene, aSealedStore, BRAVO, flip, STORE_KEY } from '../support/damaged.ts'
import { collectingLog, type CollectingLog } from '../support/log.ts'
import { anIdentity } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
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

const DAY_MS = 86_400_000

test("another's changes that were lost are asked for, and come back", async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  const bravo = await scene.open('bravo', { store, isLinked: true })
  const alpha = await scene.open('alpha', { isLinked: true })
  await found(alpha.node)
  for (const number of [1, 2, 3, 4]) await say(alpha.node, `message ${number}`)
  await scene.clock.advance(DAY_MS)
  await bravo.close()
  await flip(below, key.loose(routine, 1))
  await below.write([{ key: key.loose(routine, 2), value: undefined }])

  const again = await scene.open('bravo', { store, isLinked: true })
  await say(again.node, 'from bravo')
  t.match(again.log.named('document.damaged'), [{ facts: { size: 0, missing: 4 } }])
  await scene.clock.advance(DAY_MS)

  t.equal(await sizeOf(again.node), 5)
  t.equal(await sizeOf(alpha.node), 5)
  t.strictSame((await bodies(again.node)).toSorted(), (await bodies(alpha.node)).toSorted())
  t.equal((await channelOf(again.node)).messageCount, 5, 'what came back is counted once')
  t.equal(again.rebirths(), 0, 'nothing of its own was lost')
  t.strictSame(await again.node.context.replica.read.list(range.holes), [])
  await again.close()
  await alpha.close()
})

test('what nobody vouches for without the change that was lost is not kept as had, and comes back with it', async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  const alpha = await aSync('alpha', { knows: [BRAVO] })
  await found(alpha)
  const bravo = await scene.open('bravo', { store })
  for (const document of [KEYS, DIRECTORY])
    await arrive(bravo.node, await envelopeOf(alpha, document))
  await say(alpha, 'signed alone')
  await arrive(bravo.node, await envelopeOf(alpha, routine))
  for (const number of [2, 3]) await say(alpha, `message ${number}`)
  const together = await envelopeOf(alpha, routine, { [alpha.context.replica.actor]: 1 })
  await arrive(bravo.node, together)
  await say(bravo.node, 'its own')
  await bravo.close()
  await flip(below, key.loose(routine, 2))

  const again = await scene.open('bravo', { store })
  const { replica } = again.node.context
  await say(again.node, 'from bravo')
  const { actor } = alpha.context.replica
  const record = unpack<DocumentRecord>(await store.get(key.document(routine)))
  t.equal(record?.clock[actor], 1, 'it says to have what it can hand on')
  t.strictSame((await bodies(again.node)).includes('message 2'), true, 'people still see it')
  const hole = unpack<HoleRecord>(await store.get(key.hole(routine)))
  t.equal(hole?.wanted[actor], 3)
  t.equal((await replica.read.list(range.broken(routine))).length, 1, 'its bytes stay')
  t.equal(again.rebirths(), 0, 'its own list it can sign itself')

  await arrive(again.node, together)
  const { clock } = must(
    unpack<DocumentRecord>(await store.get(key.document(routine))),
    'it is there',
  )
  t.equal(clock[actor], 3)
  t.strictSame(await replica.read.list(range.holes), [])
  t.strictSame(await replica.read.list(range.broken(routine)), [])
  t.strictSame((await bodies(again.node)).toSorted(), [
    'from bravo',
    'its own',
    'message 2',
    'message 3',
    'signed alone',
  ])
  await again.close()
  await alpha[Symbol.asyncDispose]()
})

test('a damaged document in which a list was cut off for a fork is still known as one', async (t) => {
  for (const isCut of [true, false]) {
    const scene = aScene(t)
    const [below, store] = aSealedStore()
    const alpha = await aSync('alpha', { knows: [BRAVO] })
    await found(alpha)
    for (const number of [1, 2, 3]) await say(alpha, `message ${number}`)
    const bravo = await scene.open('bravo', { store })
    for (const document of [KEYS, DIRECTORY, routine])
      await arrive(bravo.node, await envelopeOf(alpha, document))
    await bravo.close()
    const fork: ForkRecord = { forkAt: isCut ? 1 : undefined, proofs: [], anchors: [] }
    const place = key.fork(routine, 'cc'.repeat(12) as ActorId)
    await store.write([{ key: place, value: pack(fork) }])
    await flip(below, key.loose(routine, 1))

    const again = await scene.open('bravo', { store })
    await say(again.node, 'from bravo')

    t.equal(again.log.named('document.damaged').length, 1)
    const record = unpack<DocumentRecord>(await store.get(key.document(routine)))
    t.equal(record?.isCut === true, isCut)
    await again.close()
  }
})

test('of our own changes, what was sent comes back, and what was not is written again in a new life', async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  const bravo = await scene.open('bravo', { isLinked: true })
  const first = await scene.open('alpha', { store, isLinked: true })
  await found(first.node)
  for (const number of [1, 2, 3]) await say(first.node, `sent ${number}`)
  await scene.clock.advance(DAY_MS)
  await first.close()
  const offline = await scene.open('alpha', { store })
  for (const number of [1, 2]) await say(offline.node, `unsent ${number}`)
  await offline.close()
  await flip(below, key.loose(routine, 1))

  const damaged = await scene.open('alpha', { store })
  await t.rejects(say(damaged.node, 'too early'), { code: 'STOPPING' })
  t.ok(damaged.rebirths() > 0)
  t.match(damaged.log.named('node.restored'), [{ facts: { reason: 'own changes damaged' } }])
  await damaged.close()
  const reborn = await scene.open('alpha', { store, isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  const all = ['sent 1', 'sent 2', 'sent 3', 'unsent 1', 'unsent 2']
  t.strictSame((await bodies(reborn.node)).toSorted(), all)
  t.strictSame((await bodies(bravo.node)).toSorted(), all)
  t.equal(await sizeOf(reborn.node), 5)
  await reborn.close()
  await bravo.close()
})

test('a message that comes back keeps what was said of it since', async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  const bravo = await scene.open('bravo', { store, isLinked: true })
  const alpha = await scene.open('alpha', { isLinked: true })
  await found(alpha.node)
  const { id: target } = await say(alpha.node, 'as it was')
  await amend(alpha.node, { kind: 'edit', target, body: 'corrected' })
  await scene.clock.advance(DAY_MS)
  await bravo.close()
  await flip(below, key.loose(routine, 0))

  const again = await scene.open('bravo', { store, isLinked: true })
  await say(again.node, 'from bravo')
  await scene.clock.advance(DAY_MS)

  t.match(again.log.named('document.damaged'), [{ facts: { missing: 2 } }])
  t.strictSame((await bodies(again.node)).toSorted(), ['corrected', 'from bravo'])
  await again.close()
  await alpha.close()
})

test('damage in one list of ours changes nothing of what others have not had from us yet', async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  const bravo = await scene.open('bravo', { isLinked: true })
  const first = await scene.open('alpha', { store, isLinked: true })
  await found(first.node)
  await scene.clock.advance(DAY_MS)
  await first.close()
  const offline = await scene.open('alpha', { store })
  const { id } = await say(offline.node, 'unsent')
  await offline.close()
  await flip(below, key.loose(DIRECTORY, 0))

  const damaged = await scene.open('alpha', { store })
  t.ok(damaged.rebirths() > 0)
  await damaged.close()
  const reborn = await scene.open('alpha', { store, isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  for (const { node } of [reborn, bravo])
    t.strictSame(
      (await shown(node)).map((one) => [one.id, one.body]),
      [[id, 'unsent']],
      'under the id by which its author knows it',
    )
  await reborn.close()
  await bravo.close()
})

test('a node whose own list of keys is damaged opens, says that its life is over, and goes on in another', async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  const bravo = await scene.open('bravo', { isLinked: true })
  const first = await scene.open('alpha', { store, isLinked: true })
  await found(first.node)
  await say(first.node, 'before')
  await scene.clock.advance(DAY_MS)
  await first.close()
  await flip(below, key.loose(KEYS, 0))

  const damaged = await scene.open('alpha', { store })
  t.ok(damaged.rebirths() > 0)
  await damaged.close()
  const reborn = await scene.open('alpha', { store, isLinked: true, life: 'second' })
  t.equal(reborn.rebirths(), 0)
  t.strictSame(await bodies(reborn.node), ['before'])

  await reborn.close()
  await bravo.close()
})

test('a hub that lost the sealing keys of all others can still ask them for what it lacks', async (t) => {
  const scene = aScene(t, 'hub')
  const [below, store] = aSealedStore()
  const bravo = await scene.open('bravo', { isLinked: true })
  const first = await scene.open('alpha', { store, isLinked: true })
  await found(first.node)
  await shutSomebodyOut(first.node)
  await scene.clock.advance(DAY_MS)
  await first.close()
  const ofBravo = Buffer.from(bravo.node.actor, 'hex')
  for (const [name, bytes] of await store.list(range.loose(KEYS)))
    if (Buffer.from(bytes).includes(ofBravo)) await flip(below, name)

  const alone = await scene.open('alpha', { store })
  t.notOk(isSealable(alone.node.context, DIRECTORY))
  await alone.close()
  const again = await scene.open('alpha', { store, isLinked: true })
  await scene.clock.advance(DAY_MS)
  t.strictSame(await store.list(range.holes), [])
  await say(again.node, 'heard')
  await scene.clock.advance(DAY_MS)

  t.strictSame(await bodies(bravo.node), ['heard'])
  t.equal(again.rebirths(), 0, 'nothing of its own was lost')
  t.strictSame(await store.list(range.notes(bravo.node.id)), [])
})

/** The first epoch opens for whoever was let in: from now on it does not do any more. */
async function shutSomebodyOut({ context }: SyncNode): Promise<void> {
  const { node } = anIdentity('charlie', 3).certificate
  const order = { kind: 'revocation', node, since: context.now(), reason: 'lost' } as const
  const content = orderHere(context.identity, order)
  const entry = { author: undefined, claimedAt: context.now(), content }
  await context.replica.commit((tx) => writeHere(tx, context, { document: KEYS, entry }))
}

test('a bit flipped anywhere in the log of a real store loses nothing that another node has', async (t) => {
  const alpha = await aSync('alpha', { knows: [BRAVO] })
  await found(alpha)
  const folder = join(t.testdir(), 'store')
  await onDisk(folder, async (bravo) => {
    await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
    for (let count = 0; count < MESSAGES; count += 1) {
      await say(alpha, `message ${count} ${'x'.repeat(300)}`)
      await catchUp(alpha, bravo)
    }
  })
  let damaged = 0
  for (const part of [0.15, 0.35, 0.5, 0.65, 0.85]) {
    const copy = `${folder}-${part}`
    await cp(folder, copy, { recursive: true })
    await flipInLog(copy, part)

    await onDisk(copy, async (bravo, log) => {
      const before = await sizeOf(bravo)
      if (log.named('document.damaged').length > 0) damaged += 1
      await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
      await catchUp(alpha, bravo)

      t.ok(before < MESSAGES, `${before} survived at ${part}`)
      t.equal(await sizeOf(bravo), MESSAGES)
      const wanted = await alpha.context.replica.commit(async (tx) =>
        (await tx.log(routine)).heads(),
      )
      t.strictSame(
        await bravo.context.replica.commit(async (tx) => (await tx.log(routine)).heads()),
        wanted,
      )
      await say(bravo, 'and it writes on')
    })
  }
  t.ok(damaged > 0, 'holes in the middle were seen')
  await alpha[Symbol.asyncDispose]()
})

const MESSAGES = 60

/** Sync called bravo on a real, sealed LevelDB, for as long as `work` lasts. */
async function onDisk(
  folder: string,
  work: (bravo: SyncNode, log: CollectingLog) => Promise<void>,
): Promise<void> {
  const log = collectingLog()
  await using store = sealStore(await openLevelStore({ folder, log }), STORE_KEY, seededRandom(8))
  await using bravo = await aSync('bravo', { store, log, knows: [ALPHA] })
  await work(bravo, log)
}

/** Gives bravo what alpha has of the segment and bravo, by its own word, has not. */
async function catchUp(alpha: SyncNode, bravo: SyncNode): Promise<void> {
  const clock = await bravo.context.replica.commit(async (tx) => (await tx.log(routine)).clock())
  await arrive(bravo, await envelopeOf(alpha, routine, clock))
}

async function flipInLog(folder: string, part: number): Promise<void> {
  const name = must(
    (await readdir(folder)).find((each) => each.endsWith('.log')),
    'there is a log',
  )
  const bytes = await readFile(join(folder, name))
  const at = Math.floor(bytes.length * part)
  bytes[at] = must(bytes[at], 'inside') ^ 4
  await writeFile(join(folder, name), bytes)
}

async function channelOf({ context }: SyncNode): Promise<ChannelRecord> {
  const bytes = await context.replica.read.get(key.channel(ops))
  return must(unpack<ChannelRecord>(bytes), 'the channel has its record')
}

async function sizeOf({ context }: SyncNode): Promise<number> {
  return context.replica.commit(async (tx) => (await tx.log(routine)).size())
}
