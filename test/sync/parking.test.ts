/** Envelopes nobody here can open yet have a limit, and those of which there are most give way. */
import { test } from 'tap'
import { PARKED_ENVELOPES_MAX } from '#base/limits.ts'
import type { PeerId } from '#ports/carrier.ts'
import { key, range } from '#sync/keys.ts'
import { allParked, keptFrom, park, recountParked, unpark } from '#sync/parking.ts'
import { pack, unpack, type ParkedCounts, type Wait } from '#sync/records.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, type SyncNode } from '../support/sync.ts'

const OFFICE = 'post:office'
const BRAVO = anIdentity('bravo', 2).certificate.node
const MALLORY = anIdentity('mallory', 9).certificate.node

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

test('beyond the limit, where most wait for a key, the longest of them gives way, and that is logged', async (t) => {
  const log = collectingLog()
  await using alpha = await aSync('alpha', { log })
  await put(alpha, 1, 'certificate', 10)
  await put(alpha, 2, 'key', 30)
  await put(alpha, 3, 'key', 20)
  await pretend(alpha, 'key', PARKED_ENVELOPES_MAX - 1)

  t.match(await put(alpha, 4, 'key', 90), { kind: 'parked' })
  t.match(await put(alpha, 5, 'certificate', 91), { kind: 'parked' })

  t.strictSame(await heads(alpha), [1, 5, 4])
  t.equal(await count(alpha), PARKED_ENVELOPES_MAX)
  t.equal(log.named('envelope.parked-out').length, 2)
})

test('where most wait for a certificate, the longest of those gives way: made-up senders keep nobody out', async (t) => {
  await using alpha = await aSync('alpha')
  for (const first of [1, 2, 3]) await put(alpha, first, 'certificate', 10 * first)
  await put(alpha, 4, 'key', 5)
  await pretend(alpha, 'certificate', PARKED_ENVELOPES_MAX - 1)

  t.match(await put(alpha, 5, 'key', 90), { kind: 'parked' })
  t.match(await put(alpha, 6, 'certificate', 91), { kind: 'parked' })

  t.strictSame(await heads(alpha), [3, 6, 4, 5])
  t.equal(await count(alpha), PARKED_ENVELOPES_MAX)
})

test('whoever hands over most crowds out what it brought itself, and nothing of anybody else', async (t) => {
  await using alpha = await aSync('alpha')
  await put(alpha, 1, 'key', 10, OFFICE)
  await put(alpha, 2, 'key', 20, BRAVO)
  await put(alpha, 3, 'key', 30, MALLORY)
  await put(alpha, 4, 'key', 40, MALLORY)
  await pretend(alpha, 'key', PARKED_ENVELOPES_MAX - 2, MALLORY)

  t.match(await put(alpha, 5, 'key', 90, MALLORY), { kind: 'parked' })
  t.strictSame(await heads(alpha), [2, 4, 5, 1])
  t.match(await put(alpha, 6, 'key', 91, BRAVO), { kind: 'parked' })
  t.strictSame(await heads(alpha), [2, 6, 5, 1])
  t.equal(await count(alpha), PARKED_ENVELOPES_MAX)
})

test('counts that were lost are counted anew, by who handed over what', async (t) => {
  await using alpha = await aSync('alpha')
  await put(alpha, 1, 'key', 10, BRAVO)
  await put(alpha, 2, 'key', 20, MALLORY)
  await put(alpha, 3, 'certificate', 30, OFFICE)
  await put(alpha, 4, 'key', 40, MALLORY)
  const before = unpack<ParkedCounts>(await alpha.context.replica.read.get(key.parkedCounts))
  await alpha.context.replica.commit(async (tx) => tx.delete(key.parkedCounts))

  await alpha.context.replica.commit(recountParked)

  t.strictSame(unpack<ParkedCounts>(await alpha.context.replica.read.get(key.parkedCounts)), before)
  t.strictSame(before, {
    [`key/${BRAVO}`]: 1,
    [`key/${MALLORY}`]: 2,
    [`certificate/${OFFICE}`]: 1,
  })
})

test('what is parked already takes nobodys place', async (t) => {
  await using alpha = await aSync('alpha')
  await put(alpha, 1, 'certificate', 10)
  await put(alpha, 2, 'certificate', 20)
  await pretend(alpha, 'certificate', PARKED_ENVELOPES_MAX)

  t.match(await put(alpha, 2, 'certificate', 20), { kind: 'parked' })

  t.strictSame(await heads(alpha), [1, 2])
})

/** Says that there are many more than there are. */
async function pretend(
  { context }: SyncNode,
  wait: Wait,
  number: number,
  from: PeerId = OFFICE,
): Promise<void> {
  await context.replica.commit(async (tx) => {
    const counts = unpack<ParkedCounts>(await tx.get(key.parkedCounts))
    tx.put(key.parkedCounts, pack({ ...counts, [`${wait}/${from}`]: number }))
  })
}

async function heads({ context }: SyncNode): Promise<readonly (number | undefined)[]> {
  const entries = await context.replica.read.list(range.parked)
  return entries.map(([, bytes]) => keptFrom(bytes).bytes[0])
}

function put(
  { context }: SyncNode,
  first: number,
  wait: Wait,
  since: number,
  from: PeerId | undefined = OFFICE,
) {
  const incoming = { bytes: Uint8Array.of(first), from, since }
  return context.replica.commit((tx) => park(tx, context, { incoming, wait }))
}

async function count({ context }: SyncNode): Promise<number> {
  const counts = unpack<ParkedCounts>(await context.replica.read.get(key.parkedCounts))
  return Object.values(counts ?? {}).reduce((sum, one) => sum + one, 0)
}
