import { test } from 'tap'
import { COMMIT_QUEUE_MAX } from '#base/limits.ts'
import { DIRECTORY, segmentDocument } from '#model/document-id.ts'
import type { Draft } from '#model/entry.ts'
import { actorOf, newPersonId, type UserId } from '#base/ids.ts'
import { writeHere } from '#sync/author.ts'
import { openReplica, type Replica } from '#sync/replica.ts'
import { aFaultyStore, type FaultyStore } from '../support/faulty-store.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { aSync, amira, bodies, found, ops, say, shown, type SyncNode } from '../support/sync.ts'

const document = segmentDocument(ops, 'routine', 0)
const bo = newPersonId(anIdentity('alpha', 1).certificate.node, seedOf('person bo').subarray(0, 8))

test('commits that wait while a batch is synced go to the disk as one batch, in their order', async (t) => {
  const { replica, store } = aReplica()
  store.hold()
  const first = put(replica, 'a', 1)
  await turn()
  const others = [2, 3, 4].map((number) => put(replica, 'a', number))
  await turn()

  store.release()
  await Promise.all([first, ...others])

  t.strictSame(
    store.batches.map((batch) => batch.map(({ value }) => value?.[0])),
    [[1], [4]],
  )
})

test('a commit sees what the commits before it decided, before any of it is on the disk', async (t) => {
  const { replica, store } = aReplica()
  store.hold()
  const first = put(replica, 'a', 7)
  const seen = replica.commit(async (tx) => (await tx.get('a'))?.[0])
  await turn()

  t.equal(await replica.read.get('a'), undefined)
  store.release()
  await first

  t.equal(await seen, 7)
})

test('a commit that throws leaves nothing, and those around it are kept', async (t) => {
  const { replica, store } = aReplica()
  const effects: string[] = []

  const before = replica.commit(async (tx) => {
    await tx.append(document, post('before'))
    tx.afterwards(() => effects.push('before'))
  })
  const failing = replica.commit(async (tx) => {
    await tx.append(document, post('never'))
    tx.put('a', Uint8Array.of(1))
    tx.afterwards(() => effects.push('never'))
    throw new Error('changed my mind')
  })
  const after = replica.commit(async (tx) => {
    tx.afterwards(() => effects.push('after'))
    return (await tx.append(document, post('after'))).seq
  })

  await t.rejects(failing, { message: 'changed my mind' })
  await before
  t.equal(await after, 2)
  t.strictSame(effects, ['before', 'after'])
  t.equal(await replica.read.get('a'), undefined)
  t.strictSame(await texts(reopen(store)), ['before', 'after'])
})

test('a full disk takes back memory too, and later commits work', async (t) => {
  const store = aFaultyStore()
  await using alpha = await aSync('alpha', { store })
  await found(alpha)
  await say(alpha, 'one')
  const before = alpha.events.length
  store.setFault('full')

  await t.rejects(say(alpha, 'lost'), { code: 'STORE_FULL' })
  await t.rejects(
    alpha.context.replica.commit((tx) =>
      tx.append(DIRECTORY, { ...post(''), content: { kind: 'unknown' } }),
    ),
    { code: 'STORE_FULL' },
  )
  store.setFault('none')
  await say(alpha, 'two')

  t.strictSame(await bodies(alpha), ['one', 'two'])
  t.equal(alpha.events.length, before + 1)
  t.strictSame(
    (await shown(alpha)).map(({ seq }) => seq),
    [1, 2],
  )
})

test('a directory change that the disk refused is not in the directory', async (t) => {
  const store = aFaultyStore()
  await using alpha = await aSync('alpha', { store })
  store.setFault('full')
  await t.rejects(found(alpha), { code: 'STORE_FULL' })

  t.equal(alpha.context.directory().person(amira), undefined)

  store.setFault('none')
  await found(alpha)
  t.ok(alpha.context.directory().person(amira))
})

test('a disk that fails and cannot be read either refuses commits, and works again when it is back', async (t) => {
  const store = aFaultyStore()
  await using alpha = await aSync('alpha', { store })
  await found(alpha)
  store.setFault('cut')

  await t.rejects(enter(alpha, bo), { code: 'STORE_BROKEN' })
  await t.rejects(enter(alpha, bo), { code: 'STORE_BROKEN' })
  store.setFault('none')
  await say(alpha, 'kept')
  t.equal(alpha.context.directory().person(bo), undefined)
  await enter(alpha, bo)

  t.strictSame(await bodies(alpha), ['kept'])
  t.strictSame(
    alpha.context
      .directory()
      .people()
      .map(({ id }) => id),
    [amira, bo],
  )
})

test('more commits than may wait are refused, and the others are kept', async (t) => {
  const { replica, store } = aReplica()
  store.hold()
  const first = put(replica, 'first', 1)
  await turn()
  const waiting = Array.from({ length: COMMIT_QUEUE_MAX }, () =>
    replica.commit(async () => undefined),
  )

  await t.rejects(put(replica, 'beyond', 1), { code: 'TOO_MANY_REQUESTS' })
  store.release()
  await Promise.all([first, ...waiting])

  t.equal(await replica.read.get('beyond'), undefined)
  await put(replica, 'later', 1)
  t.ok(await replica.read.get('later'))
})

test('closing waits for the commits under way and refuses new ones', async (t) => {
  const { replica, store } = aReplica()
  store.hold()
  const last = put(replica, 'last', 1)
  await turn()
  const closed = replica[Symbol.asyncDispose]()

  await t.rejects(put(replica, 'late', 1), { code: 'STOPPING' })
  store.release()
  await closed

  t.equal(store.batches.length, 1)
  await t.resolves(last)
})

test('a commit that writes nothing costs no batch', async (t) => {
  const { replica, store } = aReplica()

  await replica.commit((tx) => tx.get('a'))

  t.equal(store.batches.length, 0)
})

function enter({ context }: SyncNode, person: UserId): Promise<unknown> {
  const profile = { username: 'bo', displayName: 'Bo', isAdministrator: false }
  const content = { kind: 'person' as const, person, profile }
  const entry = { author: amira, claimedAt: context.now(), content }
  return context.replica.commit((tx) => writeHere(tx, context, { document: DIRECTORY, entry }))
}

interface Rig {
  readonly replica: Replica
  readonly store: FaultyStore
}

function aReplica(store: FaultyStore = aFaultyStore()): Rig {
  const life = seedOf('alpha life').subarray(0, 4)
  const actor = actorOf(anIdentity('alpha', 1).certificate.node, life)
  return { replica: openReplica({ store, actor, log: collectingLog() }), store }
}

function reopen(store: FaultyStore): Replica {
  return aReplica(aFaultyStore(store)).replica
}

function put(replica: Replica, key: string, value: number): Promise<void> {
  return replica.commit(async (tx) => tx.put(key, Uint8Array.of(value)))
}

function post(body: string): Draft {
  const content = { kind: 'post' as const, body, root: undefined }
  return { author: amira, claimedAt: 1_800_000_000_000, content }
}

async function texts(replica: Replica): Promise<unknown[]> {
  const log = await replica.commit((tx) => tx.log(document))
  return log
    .since({})
    .map(({ entry }) => (entry.content.kind === 'post' ? entry.content.body : entry.content.kind))
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
