/** Audits for those who may read them: administrators, and a SIEM that the operator has set up. */
import type { NodeId } from '#base/ids.ts'
import { writeAuditFile } from '#codec/audit-file.ts'
import type { Deed } from '#model/audit-words.ts'
import { aboutNode } from '#model/audit-content.ts'
import { audit } from '#sync/audit.ts'
import { auditLists, readAudit } from '#sync/audit-reading.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { insist, isAdministrator, type AppContext } from './context.ts'
import type { EdgeNode } from './node.ts'

type Audits = Pick<EdgeNode, 'audit' | 'exportAudit' | 'auditFeed' | 'noteFound' | 'noteDeed'>

/** The audit part of the app. */
export function openAudits(context: AppContext): Audits {
  const { replica, audit: counts } = context.sync
  return {
    audit: async (subject, query) => {
      insist(context, subject, situationOf(context, subject))
      await replica.commit(async () => undefined) // what was noted before is on disk then
      return readAudit(replica.read, query)
    },
    exportAudit: async (subject, node) => {
      insist(context, subject, situationOf(context, subject))
      const subjects = node === undefined ? [] : [aboutNode(node)]
      await replica.commit((tx) =>
        audit(tx, context.sync, { deed: 'audit exported', by: subject, subjects }),
      )
      return exportAudit(context, node)
    },
    auditFeed: {
      after: (number, limit) => readAudit(replica.read, { after: number, limit }),
      cursor: async (reader) => unpack<number>(await replica.read.get(key.auditCursor(reader))),
      keepCursor: (reader, number) =>
        replica.commit(async (tx) => tx.put(key.auditCursor(reader), pack(number))),
      onNew: counts.onNew,
    },
    noteFound: (note) => counts.count(note),
    noteDeed: (deed: Deed) => replica.commit((tx) => audit(tx, context.sync, { deed })),
  }
}

function situationOf(
  context: AppContext,
  subject: Parameters<typeof insist>[1],
): Parameters<typeof insist>[2] {
  return { action: 'read audit', isAdministrator: isAdministrator(context, subject) }
}

async function exportAudit(context: AppContext, node: NodeId | undefined): Promise<Uint8Array> {
  const { identity, roster, replica, now } = context.sync
  const lists = await replica.commit((tx) => auditLists(tx, context.sync, node))
  const certificates = roster.all().flatMap((one) => roster.bytesOf(one.node) ?? [])
  return writeAuditFile(identity, { exportedAt: Math.max(0, now()), certificates, lists })
}
