/** What carriers log of peers they turned away is counted in the audit; the rest is only logged. */
import { test } from 'tap'
import { auditedLog } from '#bridges/audited-log.ts'
import type { EdgeNode } from '#app/node.ts'
import { aboutNode } from '#model/audit-content.ts'
import { bravo } from '../support/audits.ts'
import { collectingLog } from '../support/log.ts'

const { node } = bravo.certificate

test('a revoked, expired or false peer is counted, before and after the node is open', async (t) => {
  const inner = collectingLog()
  const log = auditedLog(inner)
  const told: Parameters<EdgeNode['noteFound']>[0][] = []
  log.warn('lan.session-end', { reason: 'not-a-member', role: 'responder' })
  log.tell({ noteFound: (note) => void told.push(note) })
  log.info('lan.session-end', { reason: 'revoked', peer: node })
  log.info('lan.session-end', { reason: 'expired' })

  t.strictSame(
    told.map(({ deed, reason }) => [deed, reason]),
    [
      ['peer refused', 'not-a-member'],
      ['peer refused', 'revoked'],
      ['certificate expired', 'expired'],
    ],
  )
  t.strictSame(
    told.map(({ subjects }) => subjects),
    [[], [aboutNode(node)], []],
  )
  t.equal(inner.events.length, 3)
})

test('links that come and go, and other events, are only logged', async (t) => {
  const inner = collectingLog()
  const log = auditedLog(inner)
  const told: unknown[] = []
  log.tell({ noteFound: (note) => void told.push(note) })
  log.info('lan.session-end', { reason: 'closed' })
  log.error('nats.stream-unfit', { reason: 'revoked' })
  log.debug('lan.session-open')

  t.strictSame(told, [])
  t.equal(inner.events.length, 3)
})
