/** Counting what others cause: exact, bounded, and the first of a kind at once. */
import { test, type Test } from 'tap'
import { AUDIT_TALLIES_MAX, AUDIT_TALLY_MS } from '#base/limits.ts'
import type { NodeId } from '#base/ids.ts'
import { idFromBytes } from '#base/ids.ts'
import { aboutNode } from '#model/audit-content.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import { readAudit } from '#sync/audit-reading.ts'
import type { AuditNote } from '#sync/audit.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock } from '../support/clock.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { arrive, aSync, type SyncNode } from '../support/sync.ts'

const refused: AuditNote = { deed: 'sign-in refused', result: 'refused', reason: 'wrong password' }

test('the first is an entry at once, the others of the same kind are one entry a minute, and every one counts', async (t) => {
  const { node, clock } = await opened(t)
  for (let count = 0; count < 5_000; count += 1) node.context.audit.count(refused)
  t.strictSame(await counts(node), [1])

  await clock.advance(AUDIT_TALLY_MS)
  t.strictSame(await counts(node), [1, 4_999])
  const [, rest] = await refusals(node)
  t.match(rest, { facts: { withinMs: AUDIT_TALLY_MS } })

  node.context.audit.count(refused)
  node.context.audit.count(refused)
  await clock.advance(AUDIT_TALLY_MS)
  t.strictSame(await counts(node), [1, 4_999, 2])
})

test('after a quiet minute the next is an entry at once again', async (t) => {
  const { node, clock } = await opened(t)
  node.context.audit.count(refused)
  await clock.advance(AUDIT_TALLY_MS)
  node.context.audit.count(refused)

  t.strictSame(await counts(node), [1, 1])
})

test('nothing waits while nothing is counted', async (t) => {
  const { node, clock } = await opened(t)
  const before = clock.sleepers()
  node.context.audit.count(refused)
  t.equal(clock.sleepers(), before)
  node.context.audit.count(refused)
  t.equal(clock.sleepers(), before + 1)
})

test('a flood about ever new nodes fills neither memory nor disk, and none is left out of the count', async (t) => {
  const { node, clock } = await opened(t)
  for (let number = 0; number < 4_000; number += 1)
    node.context.audit.count({ ...refused, subjects: [aboutNode(someNode(number))] })
  await clock.advance(AUDIT_TALLY_MS)

  const found = await refusals(node)
  t.ok(found.length <= 2 * AUDIT_TALLIES_MAX + 2, `${found.length} entries`)
  t.equal(
    found.reduce((sum, { count }) => sum + count, 0),
    4_000,
  )
  t.ok(found.some(({ subjects, count }) => subjects.length === 0 && count > 3_000))
})

test('two thousand refused envelopes are a few entries with an exact count', async (t) => {
  const { node, clock } = await opened(t)
  for (let number = 0; number < 2_000; number += 1)
    await arrive(node, Uint8Array.of(255, number & 255))
  await clock.advance(AUDIT_TALLY_MS)

  const found = (await all(node)).filter((one) => one.deed === 'envelope refused')
  t.equal(found.length, 2)
  t.equal(
    found.reduce((sum, { count }) => sum + count, 0),
    2_000,
  )
})

test('closing writes what was counted', async (t) => {
  const store = openMemoryStore()
  const node = await aSync('alpha', { store })
  for (let count = 0; count < 7; count += 1) node.context.audit.count(refused)
  await node[Symbol.asyncDispose]()
  const again = await aSync('alpha', { store })
  t.teardown(() => again[Symbol.asyncDispose]())

  t.strictSame(await counts(again), [1, 6])
})

test('what cannot be written on a full disk is counted on and written later', async (t) => {
  const clock = virtualClock()
  const store = aFaultyStore()
  const node = await aSync('alpha', { clock, store })
  t.teardown(() => node[Symbol.asyncDispose]())
  store.setFault('full')
  node.context.audit.count(refused)
  node.context.audit.count(refused)
  await clock.advance(AUDIT_TALLY_MS)
  store.setFault('none')
  await clock.advance(2 * AUDIT_TALLY_MS)

  const found = await refusals(node)
  t.equal(
    found.reduce((sum, { count }) => sum + count, 0),
    2,
  )
})

test('who listens hears of new entries until it stops', async (t) => {
  const { node } = await opened(t)
  let heard = 0
  const stop = node.context.audit.onNew(() => {
    heard += 1
  })
  node.context.audit.count(refused)
  await all(node)
  t.ok(heard > 0)
  stop()
  const before = heard
  node.context.audit.tellNew()
  t.equal(heard, before)
})

async function opened(t: Test) {
  const clock = virtualClock()
  const node = await aSync('alpha', { clock })
  t.teardown(() => node[Symbol.asyncDispose]())
  return { node, clock }
}

async function all({ context }: SyncNode): Promise<readonly AuditRecord[]> {
  await context.replica.commit(async () => undefined)
  return readAudit(context.replica.read, { after: 0, limit: 1_000 })
}

async function refusals(node: SyncNode): Promise<readonly AuditRecord[]> {
  return (await all(node)).filter((one) => one.deed === refused.deed)
}

async function counts(node: SyncNode): Promise<readonly number[]> {
  return (await refusals(node)).map(({ count }) => count)
}

function someNode(number: number): NodeId {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, number)
  return idFromBytes(bytes)
}
