/** Audits for those who may read them: administrators, and a SIEM that the operator has set up. */
import type { NodeId, UserId } from '#base/ids.ts'
import { equalBytes } from '#base/bytes.ts'
import { writeAuditFile } from '#codec/audit-file.ts'
import { aboutNode } from '#model/audit-content.ts'
import { audit } from '#sync/audit.ts'
import { auditLists, readAudit } from '#sync/audit-reading.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { insist, isAdministrator, type AppContext } from './context.ts'
import { endOperatorSessions } from './sessions.ts'
import type { EdgeNode } from './node.ts'
import type { Opening } from './audit-types.ts'

type Audits = Pick<
  EdgeNode,
  'audit' | 'exportAudit' | 'auditFeed' | 'noteFound' | 'noteStart' | 'noteLock'
>

/** The audit part of the app. */
export function openAudits(context: AppContext): Audits {
  const { replica, audit: counts } = context.sync
  return {
    audit: async (subject, query) => {
      insistOn(context, subject, 'read audit')
      await replica.commit(async () => undefined) // what was noted before is on disk then
      return readAudit(replica.read, query)
    },
    exportAudit: async (subject, node) => {
      insistOn(context, subject, 'read audit')
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
    noteStart: (opening) => replica.commit((tx) => noteStart(tx, context, opening)),
    noteLock: async (subject) => {
      if (subject !== undefined) insistOn(context, subject, 'lock')
      const why = subject === undefined ? { reason: 'nobody was there' } : { by: subject }
      const noted = replica.commit((tx) =>
        audit(tx, context.sync, { deed: 'store locked', ...why }),
      )
      // Locked it is, also when the disk is too full to say so.
      await noted.catch((error: unknown) =>
        context.sync.log.error('audit.not-kept', { count: 1, error: String(error) }),
      )
    },
  }
}

function insistOn(context: AppContext, subject: UserId, action: 'read audit' | 'lock'): void {
  insist(context, subject, { action, isAdministrator: isAdministrator(context, subject) })
}

/** A policy is named by the first 32 bits of its hash: whether it changed is to be seen, and nothing of what it is. */
async function noteStart(tx: Tx, context: AppContext, opening: Opening): Promise<void> {
  const { sync } = context
  await endOperatorSessions(tx, context)
  const { by, wrongTries, policy } = opening
  if (wrongTries > 0) {
    const refused = { result: 'refused', reason: 'wrong password', count: wrongTries } as const
    await audit(tx, sync, { deed: 'store unlocked', ...refused })
  }
  await audit(tx, sync, { deed: 'store unlocked', reason: by })
  const facts = { name: Buffer.from(policy).readUInt32BE(0) }
  const before = await tx.get(key.auditPolicy)
  if (before !== undefined && !equalBytes(before, policy))
    await audit(tx, sync, { deed: 'policy changed', facts })
  tx.put(key.auditPolicy, policy)
  await audit(tx, sync, { deed: 'config loaded', facts })
}

async function exportAudit(context: AppContext, node: NodeId | undefined): Promise<Uint8Array> {
  const { identity, roster, replica, now } = context.sync
  const lists = await replica.commit((tx) => auditLists(tx, context.sync, node))
  const certificates = roster.all().flatMap((one) => roster.bytesOf(one.node) ?? [])
  return writeAuditFile(identity, { exportedAt: Math.max(0, now()), certificates, lists })
}
