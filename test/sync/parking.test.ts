/** Envelopes nobody here can open yet have a limit, and those for others give way. */
import { test } from 'tap'
import { PARKED_ENVELOPES_MAX } from '#base/limits.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { key, range } from '#sync/keys.ts'
import { allParked, keptFrom, park, unpark } from '#sync/parking.ts'
import { pack, unpack } from '#sync/records.ts'
import { collectingLog } from '../support/log.ts'
import { aSync, type SyncNode } from '../support/sync.ts'

test('what is parked is counted, once each, and its time stays the time it first came', async (t) => {
  await using alpha = await aSync('alpha')
  await put(alpha, 1, 'key', 50)
  await put(alpha, 2, 'certificate', 40)
  await put(alpha, 1, 'key', 50)

  t.equal(await count(alpha), 2)
  const parked = await alpha.context.replica.commit(allParked)
  t.strictSame(
    parked.map(([, bytes]) => keptFrom(bytes).since),
    [40, 50],
  )
  for (const [place] of parked)
    for (let times = 0; times < 2; times += 1)
      await alpha.context.replica.commit((tx) => unpark(tx, place))
  t.equal(await count(alpha), 0)
})

test('beyond the limit the one that has waited longest for a key gives way, and that is logged', async (t) => {
  const log = collectingLog()
  await using alpha = await aSync('alpha', { log })
  await put(alpha, 1, 'certificate', 10)
  await put(alpha, 2, 'key', 30)
  await put(alpha, 3, 'key', 20)
  await alpha.context.replica.commit(async (tx) =>
    tx.put(key.parkedCount, pack(PARKED_ENVELOPES_MAX)),
  )

  t.match(await put(alpha, 4, 'key', 90), { kind: 'parked' })
  t.match(await put(alpha, 5, 'certificate', 91), { kind: 'parked' })

  const left = await alpha.context.replica.read.list(range.parked)
  t.strictSame(
    left.map(([, bytes]) => keptFrom(bytes).bytes[0]),
    [1, 5, 4],
  )
  t.equal(await count(alpha), PARKED_ENVELOPES_MAX)
  t.equal(log.named('envelope.parked-out').length, 2)
})

test('what waits for a certificate gives way to nothing: one more is refused', async (t) => {
  await using alpha = await aSync('alpha', { store: openMemoryStore() })
  await put(alpha, 1, 'certificate', 10)
  await alpha.context.replica.commit(async (tx) =>
    tx.put(key.parkedCount, pack(PARKED_ENVELOPES_MAX)),
  )

  t.match(await put(alpha, 2, 'key', 20), { kind: 'refused', reason: 'too many are parked' })
  t.equal((await alpha.context.replica.read.list(range.parked)).length, 1)
})

function put({ context }: SyncNode, first: number, wait: 'key' | 'certificate', since: number) {
  const incoming = { bytes: Uint8Array.of(first), from: undefined, since }
  return context.replica.commit((tx) => park(tx, context, { incoming, wait }))
}

async function count({ context }: SyncNode): Promise<number | undefined> {
  return unpack<number>(await context.replica.read.get(key.parkedCount))
}
