/** Who may read audits, what stands in them after the deeds of people, and how they travel between whole nodes. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { AUDIT_TALLY_MS } from '#base/limits.ts'
import type { EdgeNode } from '#app/node.ts'
import type { UserId } from '#base/ids.ts'
import { readAuditFile } from '#codec/audit-file.ts'
import { compareAudits, proveAudit } from '#codec/audit-proof.ts'
import { REASONS, REFUSABLE } from '#model/audit-words.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import { aChannelDraft, aTeam, twoNodes } from '../support/app.ts'
import { virtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'
import { anAdministrator, anIdentity, organisation } from '../support/nodes.ts'

const HUB = { role: 'hub' } as const

test('only administrators read and export audits, and a refusal stands in them', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  const refusal = {
    code: 'NOT_ALLOWED',
    facts: { action: 'read audit', found: 'not an administrator' },
  }
  await t.rejects(node.audit(bo.id, { limit: 10 }), refusal)
  await t.rejects(node.exportAudit(bo.id), refusal)

  const [newest] = await deeds(node, amira.id, ['action refused'])
  t.match(newest, { by: bo.id, result: 'refused' })
  t.equal(REFUSABLE[newest?.facts.action ?? 0], 'read audit')
  t.equal(REASONS[newest?.facts.reason ?? 0], 'not an administrator')
})

test('what people do to accounts, channels, members and messages of others is noted with who did it', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t, HUB)
  const { token } = await node.signIn('bo', 'bo-password')
  await node.signOut(token)
  await node.signOut(token)
  await node.openSession('amira')
  await node.signIn('bo', 'wrong').catch(() => undefined)
  const message = await node.post(bo.id, { channel: ops.id, body: 'the grid reference is 4-4-2' })
  const own = await node.post(bo.id, { channel: ops.id, body: 'nothing' })
  await node.deletePost(bo.id, own.id)
  await node.deletePost(amira.id, message.id)
  await node.removeMember(amira.id, ops.id, bo.id)
  await node.makeJoinCode(amira.id)
  await node.admitNode({ request: Uint8Array.of(1) }).catch(() => undefined)

  const found = (await node.audit(amira.id, { limit: 1_000, after: 0 })).map(({ deed, by }) => [
    deed,
    by,
  ])
  t.strictSame(
    found.slice(-8).map(([deed]) => deed),
    [
      'signed in',
      'signed out',
      'operator signed in',
      'sign-in refused',
      'message deleted by another',
      'member removed',
      'node invited',
      'join refused',
    ],
  )
  t.strictSame(
    found.slice(-8).map(([, by]) => by),
    [bo.id, bo.id, amira.id, undefined, amira.id, amira.id, amira.id, undefined],
  )
})

test('no text, name or password of anybody stands in an audit', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t)
  await node.post(bo.id, { channel: ops.id, body: 'the grid reference is 4-4-2' })
  await node.signIn('nobody-here', 'secret-password').catch(() => undefined)
  await node.createChannel(amira.id, aChannelDraft('medevac-north'))
  const bytes = Buffer.from(await node.exportAudit(amira.id)).toString('latin1')

  for (const text of ['grid', 'nobody-here', 'secret', 'medevac', 'amira', 'bo-password'])
    t.notMatch(bytes, text)
})

test('a flood of wrong passwords is two entries with an exact count', async (t) => {
  const { node, amira, clock } = await aTeam(t)
  for (let turn = 0; turn < 300; turn += 1) await node.signIn('bo', 'wrong').catch(() => undefined)
  await clock.advance(AUDIT_TALLY_MS)

  const found = await deeds(node, amira.id, ['sign-in refused'])
  t.strictSame(
    found.map(({ count }) => count),
    [299, 1],
  )
})

test('pages go back from the newest, or on from where one stopped', async (t) => {
  const { node, amira } = await aTeam(t)
  for (let turn = 0; turn < 5; turn += 1) await node.openSession('amira')
  const all = await node.audit(amira.id, { limit: 1_000 })
  const newest = must(all[0], 'there are entries').number

  t.strictSame(
    all.map(({ number }) => number),
    Array.from({ length: newest }, (_, at) => newest - at),
  )
  const first = await node.audit(amira.id, { limit: 3 })
  const second = await node.audit(amira.id, { limit: 3, before: first.at(-1)?.number })
  t.strictSame([...first, ...second], all.slice(0, 6))
  t.strictSame(await node.audit(amira.id, { limit: 2, after: newest - 1 }), all.slice(0, 1))
})

test('an exported file proves itself, and a later one goes on from it', async (t) => {
  const { node, amira } = await aTeam(t)
  const older = proof(await node.exportAudit(amira.id))
  await node.openSession('amira')
  const newer = proof(await node.exportAudit(amira.id, anIdentity('alpha', 1).certificate.node))

  t.strictSame([older.problems, newer.problems, compareAudits(older, newer)], [[], [], []])
  t.equal(newer.lists[0]?.records.at(-1)?.deed, 'audit exported')
})

test('a hub shows and proves what happened on a kit after they met; the kit shows nothing of the hub', async (t) => {
  const clocks = { alpha: virtualClock(), bravo: virtualClock() }
  const { alpha, bravo, meet } = await twoNodes(t, clocks)
  const amira = await anAdministrator(alpha, 'amira')
  const bo = await anAdministrator(bravo, 'bo')
  await bravo.signIn('bo', 'wrong').catch(() => undefined)
  const kit = anIdentity('bravo', 2).certificate.node
  const hub = anIdentity('alpha', 1).certificate.node
  meet()

  const isThere = async () => {
    await clocks.alpha.advance(60_000)
    await clocks.bravo.advance(60_000)
    const found = await alpha.audit(amira.id, { limit: 100, node: kit })
    return found.some(({ deed }) => deed === 'sign-in refused')
  }
  await poll(isThere)

  const { problems, lists } = proof(await alpha.exportAudit(amira.id))
  t.strictSame(problems, [])
  t.strictSame(
    new Set(lists.map(({ certificate }) => certificate?.name)),
    new Set(['alpha', 'bravo']),
  )
  t.strictSame(await bravo.audit(bo.id, { limit: 100, node: hub }), [])
})

test('what the feed gives is in the order in which it came, and its cursor is kept', async (t) => {
  const { node } = await aTeam(t)
  const [first, second] = await node.auditFeed.after(0, 2)
  t.match([first, second], [{ number: 1 }, { number: 2 }])
  t.equal(await node.auditFeed.cursor('syslog'), undefined)
  await node.auditFeed.keepCursor('syslog', 2)
  t.equal(await node.auditFeed.cursor('syslog'), 2)
  let heard = 0
  const stop = node.auditFeed.onNew(() => {
    heard += 1
  })
  await node.noteLock(undefined)
  t.equal(heard, 1)
  stop()
})

test('a node is locked also when its disk is too full to note it', async (t) => {
  const log = collectingLog()
  const { node, amira, store } = await aTeam(t, { log })
  store.setFault('full')

  await node.noteLock(amira.id)

  store.setFault('none')
  t.strictSame(await deeds(node, amira.id, ['store locked']), [])
  t.match(log.named('audit.not-kept'), [{ level: 'error' }])
})

test('what others find outside of the node is counted', async (t) => {
  const { node, amira } = await aTeam(t)
  node.noteFound({ deed: 'peer refused', result: 'refused', reason: 'expired' })
  node.noteFound({ deed: 'peer refused', result: 'refused', reason: 'expired' })
  await node.noteLock(undefined)

  t.match(await deeds(node, amira.id, ['peer refused']), [{ count: 1, result: 'refused' }])
})

function deeds(
  node: EdgeNode,
  subject: UserId,
  names: readonly AuditRecord['deed'][],
): Promise<readonly AuditRecord[]> {
  const wanted = names.flatMap((name) => (name === 'unknown' ? [] : [name]))
  return node.audit(subject, { limit: 1_000, deeds: wanted })
}

function proof(bytes: Uint8Array) {
  return proveAudit(must(readAuditFile(bytes), 'it is a file'), organisation.rootKey)
}

/** Lets the two nodes talk until `check` holds, or long enough. */
async function poll(check: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) if (await check()) return
  throw new Error('the audit did not arrive')
}
