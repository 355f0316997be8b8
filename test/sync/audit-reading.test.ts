/** Reading audits: pages by what is asked for, and lists as far as they are signed. */
import { test } from 'tap'
import { aboutNode } from '#model/audit-content.ts'
import { type Deed } from '#model/audit-words.ts'
import { auditDocument, KEYS } from '#model/document-id.ts'
import { audit } from '#sync/audit.ts'
import { auditLists, readAudit, type AuditQuery } from '#sync/audit-reading.ts'
import { key, range } from '#sync/keys.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity } from '../support/nodes.ts'
import { arrive, aSync, envelopeOf, type SyncNode } from '../support/sync.ts'

function note({ context }: SyncNode, deed: Deed): Promise<void> {
  return context.replica.commit((tx) =>
    audit(tx, context, { deed, subjects: [aboutNode(context.identity.certificate.node)] }),
  )
}

test('pages are as long as asked for, whatever is passed over on the way', async (t) => {
  const node = await aSync('alpha')
  t.teardown(() => node[Symbol.asyncDispose]())
  await node.context.replica.commit(async (tx) => {
    for (let turn = 0; turn < 700; turn += 1)
      await audit(tx, node.context, { deed: turn % 100 === 0 ? 'drill held' : 'signed in' })
  })
  const numbers = async (query: AuditQuery) =>
    (await readAudit(node.context.replica.read, query)).map(({ number }) => number)

  t.strictSame(await numbers({ deeds: ['drill held'], limit: 3 }), [602, 502, 402])
  t.strictSame(await numbers({ deeds: ['drill held'], limit: 3, before: 402 }), [302, 202, 102])
  t.strictSame(await numbers({ deeds: ['drill held'], limit: 9, after: 502 }), [602])
  t.strictSame(await numbers({ deeds: ['wipe done'], limit: 9 }), [])
  t.equal((await numbers({ limit: 5_000 })).length, 701)
})

test('time is what the node claims, from since on and before until', async (t) => {
  const clock = virtualClock()
  const node = await aSync('alpha', { clock })
  t.teardown(() => node[Symbol.asyncDispose]())
  const start = clock.now()
  for (const deed of ['drill held', 'policy changed', 'store locked'] as const) {
    await note(node, deed)
    await clock.advance(60_000)
  }
  const found = await readAudit(node.context.replica.read, {
    since: start + 60_000,
    until: start + 120_000,
    limit: 10,
  })

  t.strictSame(
    found.map(({ deed }) => deed),
    ['policy changed'],
  )
  t.strictSame(
    await readAudit(node.context.replica.read, {
      node: anIdentity('bravo', 2).certificate.node,
      limit: 10,
    }),
    [],
  )
})

test('a list of another node ends where that node signed it', async (t) => {
  const knows = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2)]
  const alpha = await aSync('alpha', { role: 'hub', knows })
  const bravo = await aSync('bravo', { knows })
  t.teardown(async () => {
    await alpha[Symbol.asyncDispose]()
    await bravo[Symbol.asyncDispose]()
  })
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  const document = auditDocument(bravo.id, 0)
  for (const deed of ['drill held', 'policy changed'] as const) {
    await note(bravo, deed)
    const bytes = await envelopeOf(bravo, document)
    await arrive(alpha, await envelopeOf(bravo, KEYS))
    await arrive(alpha, bytes)
  }
  const lists = () => alpha.context.replica.commit((tx) => auditLists(tx, alpha.context, bravo.id))
  const [whole] = await lists()
  t.equal(whole?.values.length, whole?.signatures.at(-1)?.seq)
  t.ok((whole?.signatures.length ?? 0) >= 2, 'each signature is kept')

  await alpha.context.replica.commit(async (tx) => {
    const kept = await tx.list(range.attestations(document, bravo.actor))
    tx.delete(kept.at(-1)?.[0] ?? key.auditPiece)
  })
  const [short] = await lists()
  t.ok((short?.values.length ?? 0) < (whole?.values.length ?? 0))
})
