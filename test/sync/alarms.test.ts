/** What no honest node does, or not so often: in the log at once, in the audit by node, place and reason, and never text. */
import { test } from 'tap'
import { aboutChannel, aboutNode } from '#model/audit-content.ts'
import { REASONS } from '#model/audit-words.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import { alarm, disbelieved, refused, suspicion } from '#sync/alarms.ts'
import { readAudit } from '#sync/audit-reading.ts'
import { collectingLog } from '../support/log.ts'
import { aSync, ops, routine, type SyncNode } from '../support/sync.ts'

test('what is suspect names node, channel and place, and no text', async (t) => {
  await using node = await aSync('alpha')
  const at = { document: routine, actor: node.actor, seq: 4, reason: 'foreign author' }

  t.match(suspicion(node.context, { deed: 'rule broken', ...at }), {
    result: 'found',
    subjects: [aboutNode(node.id), aboutChannel(ops)],
    facts: { number: 4, lane: 3, segment: 0 },
    reason: 'foreign author',
  })
})

test('an alarm and a claim that is not believed are told once the commit that met them is on disk', async (t) => {
  const log = collectingLog()
  await using node = await aSync('alpha', { log })
  const { context, actor } = node
  const commit = (isGood: boolean): Promise<void> =>
    context.replica.commit(async (tx) => {
      const reason = 'not the author'
      alarm(tx, context, { deed: 'entry without effect', document: routine, actor, reason })
      disbelieved(tx, context, { deed: 'want refused', node: node.id, reason: 'too often' })
      if (!isGood) throw new Error('the disk is full')
    })
  await commit(false).catch(() => undefined)
  t.strictSame([log.named('entry.without-effect'), await noted(node)], [[], []])

  await commit(true)

  t.match(log.named('entry.without-effect'), [{ level: 'warn', facts: { document: routine } }])
  t.match(log.named('want.refused'), [{ facts: { node: node.id, reason: 'too often' } }])
  t.strictSame(await noted(node), [
    ['entry without effect', 'found', 'not the author'],
    ['want refused', 'refused', 'too often'],
  ])
})

test('a refused envelope names the node that brought it; a post office is nobody', async (t) => {
  await using node = await aSync('alpha')
  refused(node.context, 'malformed', { peer: 'post:nats', bytes: 9 })
  refused(node.context, 'revoked', { peer: node.id, bytes: 9 })

  const subjects = (await records(node)).map((one) => one.subjects)
  t.strictSame(subjects, [[], [aboutNode(node.id)]])
})

async function records({ context }: SyncNode): Promise<readonly AuditRecord[]> {
  await context.replica.commit(async () => undefined)
  const all = await readAudit(context.replica.read, { after: 0, limit: 1_000 })
  return all.filter(({ deed }) => deed !== 'audit begun')
}

async function noted(node: SyncNode) {
  return (await records(node)).map(({ deed, result, facts }) => [
    deed,
    result,
    REASONS[facts.reason ?? 0],
  ])
}
