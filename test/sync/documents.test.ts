import { test } from 'tap'
import { must } from '#base/assert.ts'
import { actorOf } from '#base/ids.ts'
import { LOOSE_CHANGES_MAX, OPEN_DOCUMENTS_MAX } from '#base/limits.ts'
import { readSnapshot } from '#model/document.ts'
import { segmentDocument } from '#model/document-id.ts'
import type { Draft } from '#model/entry.ts'
import type { Store } from '#ports/store.ts'
import { key, range } from '#sync/keys.ts'
import { unpack, type DocumentRecord } from '#sync/records.ts'
import { openReplica, type Replica } from '#sync/replica.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { collectingLog, type CollectingLog } from '../support/log.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { amira, ops } from '../support/sync.ts'

const document = segmentDocument(ops, 'routine', 0)

test('many loose changes are folded into a snapshot, and a reopened replica goes on behind it', async (t) => {
  const store = openMemoryStore()
  const first = aReplica(store)

  await append(first, LOOSE_CHANGES_MAX + 3)

  const record = await recordOf(store)
  t.equal(record.size, LOOSE_CHANGES_MAX + 3)
  t.equal(record.looseTo - record.looseFrom, 3)
  t.equal((await store.list(range.loose(document))).length, 3)
  const lists = readSnapshot(must(await store.get(key.snapshot(document)), 'it was folded'))
  t.strictSame(
    Object.values(lists).map((list) => list.length),
    [LOOSE_CHANGES_MAX],
  )

  const second = aReplica(store)
  await append(second, 2)
  const log = await second.commit((tx) => tx.log(document))
  t.equal(log.size(), LOOSE_CHANGES_MAX + 5)
  t.strictSame(log.clock(), { [second.actor]: LOOSE_CHANGES_MAX + 5 })
})

test('a fold in a commit that throws is taken back with it', async (t) => {
  const store = openMemoryStore()
  const replica = aReplica(store)
  await append(replica, LOOSE_CHANGES_MAX - 1)

  await t.rejects(
    replica.commit(async (tx) => {
      await tx.append(document, post('the last drop'))
      throw new Error('no')
    }),
  )

  t.equal(await store.get(key.snapshot(document)), undefined)
  await append(replica, 1)
  t.ok(await store.get(key.snapshot(document)))
  t.equal((await recordOf(store)).size, LOOSE_CHANGES_MAX)
})

test('only a few documents stay open; the others are read again when they are used', async (t) => {
  const inner = openMemoryStore()
  const reads: string[] = []
  const store: Store = {
    ...inner,
    list: (wanted) => {
      reads.push(wanted.from)
      return inner.list(wanted)
    },
  }
  const replica = aReplica(store)
  const documents = Array.from({ length: OPEN_DOCUMENTS_MAX + 2 }, (_, number) =>
    segmentDocument(ops, 'routine', number),
  )
  for (const one of documents) {
    await replica.commit(async (tx) => void (await tx.append(one, post('hello'))))
  }
  reads.length = 0

  for (const one of [documents.at(-1), documents[0]]) {
    const log = await replica.commit((tx) => tx.log(must(one, 'there are many')))
    t.equal(log.size(), 1)
  }

  t.strictSame(reads, [key.loose(must(documents[0], 'there are many'), 0)])
})

test('own changes that do not hold together are reported, and nothing is written in this life', async (t) => {
  const store = openMemoryStore()
  await append(aReplica(store), 3)
  await store.write([{ key: key.loose(document, 1), value: Uint8Array.of(1, 2, 3) }])
  const log = collectingLog()
  const replica = aReplica(store, log)

  await t.rejects(append(replica, 1), { code: 'STOPPING' })

  t.match(log.named('document.damaged'), [
    { level: 'error', facts: { document, missing: 2, size: 1 } },
  ])
  const other = segmentDocument(ops, 'flash', 0)
  await t.rejects(
    replica.commit((tx) => tx.append(other, post('not here'))),
    { code: 'STOPPING' },
  )
})

test('changes that the disk has lost without a word are noticed before their numbers are used again', async (t) => {
  const store = aFaultyStore()
  await append(aReplica(store), 3)
  await store.write([{ key: key.loose(document, 2), value: undefined }])
  const log = collectingLog()

  await t.rejects(append(aReplica(store, log), 1), { code: 'STOPPING' })

  t.match(log.named('document.damaged'), [{ facts: { size: 2, missing: 1 } }])
})

test('a damaged snapshot is reported', async (t) => {
  const store = aFaultyStore()
  await append(aReplica(store), LOOSE_CHANGES_MAX)
  const snapshot = must(await store.get(key.snapshot(document)), 'it was folded')
  await store.write([{ key: key.snapshot(document), value: snapshot.subarray(0, -20) }])
  const log = collectingLog()

  await t.rejects(append(aReplica(store, log), 1), { code: 'STOPPING' })

  t.match(log.named('document.damaged'), [{ facts: { size: 0, missing: LOOSE_CHANGES_MAX } }])
})

function aReplica(store: Store, log: CollectingLog = collectingLog()): Replica {
  const life = seedOf('alpha life').subarray(0, 4)
  const actor = actorOf(anIdentity('alpha', 1).certificate.node, life)
  return openReplica({ store, actor, log })
}

async function append(replica: Replica, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      replica.commit((tx) => tx.append(document, post(`message ${index}`))),
    ),
  )
}

async function recordOf(store: Store): Promise<DocumentRecord> {
  return must(unpack<DocumentRecord>(await store.get(key.document(document))), 'it has a record')
}

function post(body: string): Draft {
  const content = { kind: 'post' as const, body, root: undefined }
  return { author: amira, claimedAt: 1_800_000_000_000, content }
}
