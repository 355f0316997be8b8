/** The audit inside sync: in the commit of the deed, a chain over all pieces, forwarded, and closed to other kits. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { SEGMENT_ENTRIES_MAX, SEGMENT_PERIOD_MS } from '#base/limits.ts'
import { readAuditFile, writeAuditFile } from '#codec/audit-file.ts'
import { proveAudit } from '#codec/audit-proof.ts'
import { REASONS } from '#model/audit-words.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import type { Content } from '#model/entry.ts'
import { auditDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import { audit, epochDeed, recordAudit } from '#sync/audit.ts'
import { auditLists, readAudit } from '#sync/audit-reading.ts'
import { writeHere } from '#sync/author.ts'
import { clockOf } from '#sync/ledger.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { orderHere } from '#sync/orders.ts'
import { virtualClock } from '../support/clock.ts'
import { revocationBy, revoke } from '../support/fleet.ts'
import { anIdentity, organisation, seedOf, type NodeChoice } from '../support/nodes.ts'
import {
  amira,
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  ops,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

test('a deed and its entry are on disk together, or neither is', async (t) => {
  const node = await opened(t, 'alpha')
  await node.context.replica
    .commit(async (tx) => {
      await audit(tx, node.context, { deed: 'drill held' })
      throw new Error('the deed failed')
    })
    .catch(() => undefined)
  t.strictSame(await records(node), [])

  await deed(node, 'drill held')

  t.match(await records(node), [
    { number: 1, seq: 1, deed: 'audit begun', node: node.id },
    { number: 2, seq: 2, deed: 'drill held', result: 'done', count: 1, by: undefined },
  ])
})

test('who did it is the author when enrolled here, and a subject when enrolled elsewhere', async (t) => {
  const bravo = await opened(t, 'bravo')
  await bravo.context.replica.commit((tx) =>
    audit(tx, bravo.context, { deed: 'policy changed', by: amira }),
  )

  const [, changed] = await records(bravo)
  t.match(changed, { by: undefined, subjects: [{ kind: 'person', id: amira }] })
})

test('a full or old piece is followed by the next, which names its end: together they prove themselves', async (t) => {
  const clock = virtualClock()
  const node = await opened(t, 'alpha', { clock })
  await node.context.replica.commit(async (tx) => {
    for (let count = 0; count < SEGMENT_ENTRIES_MAX + 2; count += 1)
      await audit(tx, node.context, { deed: 'signed in' })
  })
  await clock.advance(SEGMENT_PERIOD_MS + 1)
  await deed(node, 'drill held')

  const { problems, lists: proofs } = await proved(node)
  t.strictSame(problems, [])
  t.strictSame(
    proofs.map(({ piece, vouched }) => [piece, vouched]),
    [
      [0, 1000],
      [1, 4],
      [2, 2],
    ],
  )
  t.strictSame(
    proofs.map(({ records: [first] }) => first?.deed),
    ['audit begun', 'audit continued', 'audit continued'],
  )
})

test('a new life of the store begins a list that goes on from the one before', async (t) => {
  const store = openMemoryStore()
  const first = await aSync('alpha', { store })
  await deed(first, 'drill held')
  await first[Symbol.asyncDispose]()
  const second = await opened(t, 'alpha', { store, life: seedOf('another life').subarray(0, 4) })
  await deed(second, 'restore noticed')

  const { problems, lists: proofs } = await proved(second)
  t.strictSame(problems, [])
  t.equal(proofs.length, 2)
  t.equal(proofs.filter(({ previous }) => previous !== undefined).length, 1)
})

test('a hub gets the audit of a kit and can prove it; another kit can neither open nor list it', async (t) => {
  const [alpha, bravo, charlie] = await three(t)
  await deed(bravo, 'drill held')
  const bytes = await envelopeOf(bravo, auditDocument(bravo.id, 0))
  await meetKeys([alpha, bravo, charlie])

  t.match((await arrive(alpha, bytes)).outcome, { kind: 'applied' })
  t.match((await arrive(charlie, bytes)).outcome, { kind: 'parked' })
  const known = await records(alpha, bravo)
  t.ok(known.some((one) => one.deed === 'drill held'))
  t.strictSame(await records(charlie, bravo), [])
  const { problems, lists: proofs } = await proved(alpha)
  t.strictSame(problems, [])
  t.ok(proofs.some(({ certificate }) => certificate?.name === 'bravo'))
})

test('a forged envelope, one of a revoked node, and a fork each stand in the audit by name', async (t) => {
  const clock = virtualClock()
  const [alpha, bravo] = await three(t, clock)
  await found(bravo)
  const twin = await opened(t, 'bravo', { knows: [anIdentity('alpha', 1, 'hub')] })
  await found(twin)
  await say(bravo, 'one thing')
  await say(twin, 'another')

  await arrive(alpha, await envelopeOf(bravo, DIRECTORY))
  await arrive(alpha, await envelopeOf(bravo, routine))
  await arrive(alpha, await envelopeOf(twin, routine))
  const altered = Uint8Array.from(await envelopeOf(bravo, KEYS))
  altered[0] = (altered[0] ?? 0) ^ 1 // a version that there is not
  await arrive(alpha, altered, { from: bravo.id })
  const late = await envelopeOf(bravo, KEYS)
  alpha.context.roster.revoke(bravo.id, clock.now())
  t.match(await arrive(alpha, late), { answer: 'refused' })
  await clock.advance(60_001)

  const noted = await records(alpha, alpha)
  t.match(
    noted.find((one) => one.deed === 'fork found'),
    {
      result: 'found',
      subjects: [
        { kind: 'node', id: bravo.id },
        { kind: 'channel', id: ops },
      ],
      facts: { number: 1, lane: 3, segment: 0 },
    },
  )
  const turned = noted.filter((one) => one.deed === 'envelope refused')
  const reasons = turned.map(({ facts }) => REASONS[facts.reason ?? 0])
  t.strictSame(reasons.map(String).toSorted(), ['malformed', 'revoked'])
})

test('a revocation stands in the audit of every node that hears of it', async (t) => {
  const [alpha, bravo, charlie] = await three(t)
  await revoke(alpha, charlie)
  await arrive(bravo, await envelopeOf(alpha, KEYS))

  const [there] = (await records(bravo)).filter((one) => one.deed === 'node revoked')
  t.match(there, { result: 'found', subjects: [{ id: charlie.id }, { id: alpha.id }] })
  t.notMatch(JSON.stringify(there), 'lost')
})

test('what a node says again and again of wipes and revocations is no entry each time', async (t) => {
  const clock = virtualClock()
  const [alpha, bravo, charlie] = await three(t, clock)
  const state = (node: SyncNode, content: Content): Promise<unknown> =>
    node.context.replica.commit((tx) => {
      const entry = { author: undefined, claimedAt: clock.now(), content }
      return writeHere(tx, node.context, { document: KEYS, entry })
    })
  for (let times = 0; times < 20; times += 1) {
    const since = clock.now() - times * 1_000
    await state(alpha, revocationBy(alpha, { node: charlie.id, since }))
    const at = clock.now()
    await state(
      alpha,
      orderHere(alpha.context.identity, { kind: 'wipe order', node: charlie.id, at }),
    )
  }
  for (let times = 0; times < 20; times += 1) await state(alpha, { kind: 'wiped' })
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await clock.advance(60_000)

  const counts = (await records(bravo)).map(({ deed: name, count }) => [name, count])
  t.strictSame(
    counts.filter(([name]) => name !== 'audit begun' && name !== 'epoch made'),
    [
      ['node revoked', 1],
      ['wipe ordered', 1],
      ['node revoked', 1],
      ['wipe done', 1],
      ['node revoked', 18],
    ],
  )
})

test('an audit written in the name of another node is not taken, and that is noted', async (t) => {
  const [alpha, bravo] = await three(t)
  const content = {
    kind: 'audit' as const,
    deed: 'drill held' as const,
    result: 'done' as const,
    count: 1,
    subjects: [],
    facts: {},
  }
  await bravo.context.replica.commit((tx) =>
    tx.append(auditDocument(alpha.id, 7), { author: undefined, claimedAt: 0, content }),
  )
  // Bravo is not of the audience of alpha's audit: it makes an epoch only for its own.
  const sealed = await envelopeOf(bravo, auditDocument(alpha.id, 7)).catch(() => undefined)

  t.equal(sealed, undefined)
  t.strictSame(
    await alpha.context.replica.commit((tx) => clockOf(tx, auditDocument(alpha.id, 7))),
    {},
  )
})

test('an epoch is noted with its audience', async (t) => {
  const node = await opened(t, 'alpha')
  const kindOf = (audience: Parameters<typeof epochDeed>[2]['audience']) =>
    epochDeed(node.context, 'epoch made', { id: '00000010ab', audience, number: 3 })

  t.match(kindOf(organisation.id), {
    subjects: [{ kind: 'organisation' }],
    facts: { number: 3, name: 16 },
  })
  t.match(kindOf(node.id), { subjects: [{ kind: 'node' }] })
  t.match(kindOf(ops), { subjects: [{ kind: 'channel' }] })
})

test('entries of other documents are no records of an audit', async (t) => {
  const node = await opened(t, 'alpha')
  await found(node)
  await say(node, 'hello')
  await node.context.replica.commit(async (tx) => {
    const [logged] = (await tx.log(routine)).since({})
    await recordAudit(tx, node.context, { document: routine, logged: must(logged, 'said') })
  })

  t.strictSame(await records(node), [])
  t.strictSame(await bodies(node), ['hello'])
})

async function opened(t: Test, name: string, choice: NodeChoice = {}): Promise<SyncNode> {
  const node = await aSync(name, choice)
  t.teardown(() => node[Symbol.asyncDispose]())
  return node
}

/** A hub and two kits that have each other's keys. */
async function three(
  t: Test,
  clock = virtualClock(),
): Promise<readonly [SyncNode, SyncNode, SyncNode]> {
  const knows = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
  const alpha = await opened(t, 'alpha', { role: 'hub', knows, clock })
  const bravo = await opened(t, 'bravo', { knows, clock })
  const charlie = await opened(t, 'charlie', { knows, clock })
  await meetKeys([alpha, bravo, charlie])
  return [alpha, bravo, charlie]
}

/** Everybody hears everybody's keys document. */
async function meetKeys(nodes: readonly SyncNode[]): Promise<void> {
  for (const from of nodes) {
    const bytes = await envelopeOf(from, KEYS)
    for (const to of nodes) if (to !== from) await arrive(to, bytes)
  }
}

function deed({ context }: SyncNode, name: Parameters<typeof audit>[2]['deed']): Promise<void> {
  return context.replica.commit((tx) => audit(tx, context, { deed: name }))
}

async function records({ context }: SyncNode, of?: SyncNode): Promise<readonly AuditRecord[]> {
  await context.replica.commit(async () => undefined)
  const all = await readAudit(context.replica.read, { after: 0, limit: 1_000 })
  return of === undefined ? all : all.filter((one) => one.node === of.id)
}

function lists({ context }: SyncNode) {
  return context.replica.commit((tx) => auditLists(tx, context, undefined))
}

async function proved(node: SyncNode) {
  const { identity, roster } = node.context
  const certificates = roster.all().flatMap((one) => roster.bytesOf(one.node) ?? [])
  const content = { exportedAt: 0, certificates, lists: await lists(node) }
  const file = readAuditFile(writeAuditFile(identity, content))
  return proveAudit(must(file, 'a file is read'), organisation.rootKey)
}
