/** Records of audits, and a feed of them, for tests of those who read them. */
import { must } from '#base/assert.ts'
import type { AuditFeed } from '#app/audit-types.ts'
import { auditRecord, type AuditRecord } from '#model/audit-record.ts'
import { aList, bravo } from './audits.ts'

/** So many records of bravo, numbered from 1. */
export function someRecords(count: number): readonly AuditRecord[] {
  const { log, list } = aList(
    bravo,
    Array.from({ length: count }, () => 'signed in' as const),
  )
  const { node } = bravo.certificate
  return Array.from({ length: count }, (_, at) =>
    auditRecord(
      { node, document: list.document },
      must(log.find(list.actor, at + 1), 'it was written'),
      at + 1,
    ),
  )
}

/** A feed in memory that grows by `add`. */
export function aFeed(): AuditFeed & {
  readonly add: (count: number) => void
  readonly cursors: ReadonlyMap<string, number>
} {
  let records: readonly AuditRecord[] = []
  const cursors = new Map<string, number>()
  const listeners = new Set<() => void>()
  return {
    cursors,
    add: (count) => {
      records = someRecords(records.length + count)
      for (const listener of listeners) listener()
    },
    after: async (number, limit) => records.filter((one) => one.number > number).slice(0, limit),
    cursor: async (reader) => cursors.get(reader),
    keepCursor: async (reader, number) => void cursors.set(reader, number),
    onNew: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
