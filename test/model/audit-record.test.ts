/** Entries as records: what this version knows, and what it does not. */
import { encode } from '@msgpack/msgpack'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { auditRecord } from '#model/audit-record.ts'
import { aList, bravo, NOON } from '../support/audits.ts'

const { node } = bravo.certificate

test('a record says where its entry stands and what it says', async (t) => {
  const { log, list } = aList(bravo, ['audit begun', 'signed in'])
  const logged = must(log.find(list.actor, 2), 'two were written')

  t.match(auditRecord({ node, document: list.document }, logged, 9), {
    number: 9,
    node,
    document: list.document,
    actor: list.actor,
    seq: 2,
    at: NOON + 1000,
    by: undefined,
    deed: 'signed in',
    result: 'done',
    count: 1,
    facts: { number: 2 },
  })
})

test('a deed of a newer version is shown as unknown rather than not at all', async (t) => {
  const { log, list } = aList(bravo, ['audit begun'])
  const logged = log.add(log.next(list.actor, encode([32, null, 5, 900])))

  t.match(auditRecord({ node, document: list.document }, logged, 2), {
    deed: 'unknown',
    seq: 2,
    count: 1,
  })
})
