/** Entries in words: one line each, and nothing in them that breaks a line. */
import { test } from 'tap'
import { aboutNode } from '#model/audit-content.ts'
import { reasonNumber } from '#model/audit-words.ts'
import { auditJson, auditLine, syslogLine } from '#model/audit-line.ts'
import { auditRecord, type AuditRecord } from '#model/audit-record.ts'
import { must } from '#base/assert.ts'
import { aList, bravo, NOON } from '../support/audits.ts'

const { node } = bravo.certificate

function aRecord(part: Partial<AuditRecord> = {}): AuditRecord {
  const { log, list } = aList(bravo, ['audit begun', 'signed in'])
  const logged = must(log.find(list.actor, 2), 'two were written')
  return { ...auditRecord({ node, document: list.document }, logged, 7), ...part }
}

test('an entry reads as JSON in one line, its numbers in words', async (t) => {
  const record = aRecord({
    deed: 'envelope refused',
    result: 'refused',
    count: 3,
    subjects: [aboutNode(node)],
    facts: { reason: reasonNumber('revoked'), withinMs: 5 },
  })

  t.match(auditJson(record), {
    number: 7,
    time: '2026-11-01T12:00:01.000Z',
    at: NOON + 1000,
    node,
    deed: 'envelope refused',
    result: 'refused',
    count: 3,
    reason: 'revoked',
    subjects: [{ kind: 'node', id: node }],
    facts: { withinMs: 5 },
  })
  t.strictSame(JSON.parse(auditLine(record)), auditJson(record))
  t.notMatch(auditLine(record), /\n/)
})

test('what is not said is left out', async (t) => {
  const json = auditJson(aRecord({ at: 900_000_000_000_000 }))
  for (const name of ['by', 'reason', 'action', 'time']) t.notOk(name in json, name)
})

test('a syslog message has the parts of RFC 5424 and the whole entry behind them', async (t) => {
  const line = syslogLine(aRecord())
  const parts = /^<(\d+)>1 (\S+) (\S+) holdfast - (\S+) \[holdfast@32473 ([^\]]*)\] (\{.*\})$/.exec(
    line,
  )

  t.strictSame(parts?.slice(1, 5), ['110', '2026-11-01T12:00:01.000Z', node, 'signed-in'])
  t.equal(parts?.[5], 'deed="signed in" result="done" count="1" number="7" seq="2"')
  t.strictSame(JSON.parse(parts?.[6] ?? ''), auditJson(aRecord()))
})

test('the worse it is, the more severe', async (t) => {
  t.equal(severity({ deed: 'fork found', result: 'found' }), 2)
  t.equal(severity({ deed: 'sign-in refused', result: 'refused' }), 4)
  t.equal(severity({ deed: 'node revoked', result: 'found' }), 5)
  t.equal(severity({ deed: 'signed in', result: 'done' }), 6)
})

test('a time that no calendar has is no time', async (t) => {
  t.match(syslogLine(aRecord({ at: 900_000_000_000_000 })), /^<110>1 - /)
})

function severity(part: Partial<AuditRecord>): number {
  return Number(/^<(\d+)>/.exec(syslogLine(aRecord(part)))?.[1]) - 13 * 8
}
