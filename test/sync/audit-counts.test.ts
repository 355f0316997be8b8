/** Counting what others cause: exact, bounded, and the first of a kind at once. */
import { test, type Test } from 'tap'
import { AUDIT_TALLIES_MAX, AUDIT_TALLY_MS, AUDIT_TALLY_MS_MAX } from '#base/limits.ts'
import type { DocumentId, NodeId } from '#base/ids.ts'
import { idFromBytes } from '#base/ids.ts'
import { aboutNode } from '#model/audit-content.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import { REASONS } from '#model/audit-words.ts'
import { auditDocument, KEYS } from '#model/document-id.ts'
import type { Clock } from '#model/log.ts'
import { readAudit } from '#sync/audit-reading.ts'
import { clockOf } from '#sync/ledger.ts'
import type { AuditNote } from '#sync/audit.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock } from '../support/clock.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { anIdentity } from '../support/nodes.ts'
import { arrive, aSync, envelopeOf, type SyncNode } from '../support/sync.ts'

const refused: AuditNote = { deed: 'sign-in refused', result: 'refused', reason: 'wrong password' }

test('the first is an entry at once, the others of the same kind are one entry a minute later, and every one counts', async (t) => {
  const { node, clock } = await opened(t)
  for (let count = 0; count < 5_000; count += 1) node.context.audit.count(refused)
  t.strictSame(await counts(node), [1])

  await clock.advance(AUDIT_TALLY_MS)
  t.strictSame(await counts(node), [1, 4_999])
  const [, rest] = await refusals(node)
  t.match(rest, { facts: { withinMs: AUDIT_TALLY_MS } })

  node.context.audit.count(refused)
  node.context.audit.count(refused)
  await clock.advance(2 * AUDIT_TALLY_MS)
  t.strictSame(await counts(node), [1, 4_999, 2])
})

test('while it keeps coming the pauses grow to an hour, and after quiet hours they are short again', async (t) => {
  const { node, clock } = await opened(t)
  const start = clock.now()
  for (let second = 0; second < 6 * 3_600; second += 1) {
    node.context.audit.count(refused)
    await clock.advance(1_000)
  }
  const during = await refusals(node)
  await clock.advance(12 * AUDIT_TALLY_MS_MAX)
  node.context.audit.count(refused)
  node.context.audit.count(refused)
  await clock.advance(AUDIT_TALLY_MS)

  const minutes = during.map(({ at }) => Math.round((at - start) / 60_000))
  t.strictSame(minutes, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303])
  const written = await counts(node)
  t.strictSame(written.slice(-2), [1, 1], 'at once, and a minute later')
  t.equal(total(written), 6 * 3_600 + 2)
})

test('what is news is an entry at once, whatever else keeps coming', async (t) => {
  const { node, clock } = await opened(t)
  const news: AuditNote = { deed: 'fork found', result: 'found' }
  const isThere = async () => (await all(node)).filter(({ deed }) => deed === 'fork found').length
  for (let minute = 0; minute < 500; minute += 1) {
    node.context.audit.count(refused)
    await clock.advance(AUDIT_TALLY_MS)
  }
  node.context.audit.count(news)
  node.context.audit.count(news)
  t.equal(await isThere(), 1)

  await clock.advance(AUDIT_TALLY_MS_MAX)
  t.equal(await isThere(), 2)
  for (let minute = 0; minute < 1_450; minute += 1) {
    node.context.audit.count(refused)
    await clock.advance(AUDIT_TALLY_MS)
  }
  node.context.audit.count(news)
  t.equal(await isThere(), 3)
})

test('a day of attacks that vary all they can costs a link under 21 kB, and every one counts', async (t) => {
  const { node, clock } = await opened(t)
  let [bytes, envelopes, done] = [0, 0, 0]
  let seen: ReadonlyMap<DocumentId, Clock> = new Map()
  for (let turn = 0; turn < 1_440; turn += 1) {
    for (const reason of REASONS.slice(0, 1 + turn / 9))
      // ever new kinds, each by itself
      for (const deed of ['envelope refused', 'action refused', 'peer refused'] as const) {
        const subjects = [aboutNode(someNode(done)), aboutNode(someNode(done + 7))]
        const facts = { number: done, name: 2 ** 32 - 1 - done, segment: turn }
        node.context.audit.count({ deed, result: 'refused', reason, subjects, facts })
        done += 1
      }
    await clock.advance(60_000)
    const sent = await newerThan(node, seen)
    envelopes += sent.envelopes
    bytes += sent.bytes
    seen = sent.ends
  }
  await node.context.audit[Symbol.asyncDispose]()

  const found = (await pages(node)).filter(({ deed }) => deed.endsWith(' refused'))
  t.equal(total(found.map(({ count }) => count)), done)
  t.comment(`${found.length} entries in ${envelopes} envelopes of ${bytes} bytes`)
  t.ok(bytes < 21_000, `${bytes} bytes`)
  t.ok(envelopes < 100, `${envelopes} envelopes`)
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
  const hub = anIdentity('hub', 8, 'hub')
  const node = await aSync('alpha', { clock, knows: [hub] })
  t.teardown(() => node[Symbol.asyncDispose]())
  await using headquarters = await aSync('hub', { clock, number: 8, role: 'hub' })
  await arrive(node, await envelopeOf(headquarters, KEYS))
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

/** What of the node's audit was written since `seen`, in all its pieces: the bytes of its envelopes, and where it ends. */
async function newerThan(node: SyncNode, seen: ReadonlyMap<DocumentId, Clock>) {
  const ends = new Map<DocumentId, Clock>()
  let [bytes, envelopes] = [0, 0]
  for (let piece = 0; ; piece += 1) {
    const document = auditDocument(node.id, piece)
    const clock = await node.context.replica.commit((tx) => clockOf(tx, document))
    if (clock[node.actor] === undefined) return { bytes, envelopes, ends }
    ends.set(document, clock)
    const before = seen.get(document) ?? {}
    if (clock[node.actor] === before[node.actor]) continue
    bytes += (await envelopeOf(node, document, before)).length
    envelopes += 1
  }
}

async function pages({ context }: SyncNode): Promise<readonly AuditRecord[]> {
  await context.replica.commit(async () => undefined)
  const found: AuditRecord[] = []
  for (;;) {
    const after = found.at(-1)?.number ?? 0
    const page = await readAudit(context.replica.read, { after, limit: 1_000 })
    if (page.length === 0) return found
    found.push(...page)
  }
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((whole, one) => whole + one, 0)
}

function someNode(number: number): NodeId {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, number)
  return idFromBytes(bytes)
}
