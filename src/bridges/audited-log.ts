/**
 * A log for carriers that also counts in the audit whom they turned away: carriers know nothing of the audit, and open
 * before the node does.
 */
import type { EdgeNode } from '#app/node.ts'
import type { Facts } from '#base/errors.ts'
import { parseId, type NodeId } from '#base/ids.ts'
import { aboutNode } from '#model/audit-content.ts'
import type { Deed } from '#model/audit-words.ts'
import type { Log } from '#ports/log.ts'

/** What the LAN carrier says of every session that ended, whoever called. */
const SESSION_END = 'lan.session-end'
/** Ends that say nothing against the peer: links come and go. */
const REASONS_NOTED: ReadonlySet<string> = new Set([
  'malformed',
  'unknown-version',
  'not-a-member',
  'revoked',
  'expired',
  'reflected',
  'wrong-proof',
  'weak-key',
  'wrong-seal',
  'broken-parcel',
  'reads-too-slowly',
])
/** What carriers find before the node is open is kept, up to so many. */
const EARLY_MAX = 100

/** The log, and the node it is to tell once that is open. */
export interface AuditedLog extends Log {
  readonly tell: (node: Pick<EdgeNode, 'noteFound'>) => void
}

/** A log in front of `log`. */
export function auditedLog(log: Log): AuditedLog {
  let node: Pick<EdgeNode, 'noteFound'> | undefined
  const early: Parameters<EdgeNode['noteFound']>[0][] = []
  const watch =
    (level: keyof Log): Log['info'] =>
    (event, facts) => {
      log[level](event, facts)
      const note = noteOf(event, facts ?? {})
      if (note === undefined) return
      if (node !== undefined) node.noteFound(note)
      else if (early.length < EARLY_MAX) early.push(note)
    }
  return {
    error: watch('error'),
    warn: watch('warn'),
    info: watch('info'),
    debug: watch('debug'),
    tell: (opened) => {
      node = opened
      for (const note of early.splice(0)) opened.noteFound(note)
    },
  }
}

function noteOf(event: string, facts: Facts): Parameters<EdgeNode['noteFound']>[0] | undefined {
  const reason = String(facts.reason ?? '')
  if (event !== SESSION_END || !REASONS_NOTED.has(reason)) return undefined
  const deed: Deed = reason === 'expired' ? 'certificate expired' : 'peer refused'
  const peer = parseId<NodeId>(facts.peer)
  const subjects = peer === undefined ? [] : [aboutNode(peer)]
  return { deed, result: 'refused', subjects, reason }
}
