/** Audits for administrators: pages as lines of JSON, and the file that proves itself. */
import { z } from 'zod'
import type { NodeId } from '#base/ids.ts'
import { AUDIT_PAGE_MAX } from '#base/limits.ts'
import { DEEDS, type Deed } from '#model/audit-words.ts'
import { auditLine } from '#model/audit-line.ts'
import type { Door } from '#server/door.ts'
import { idSchema, queryOf } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'

const whole = z.coerce.number({ error: 'a whole number' }).int({ error: 'a whole number' }).min(0)

/** Which records of audits. */
export const AuditQuery = z.object({
  since: whole.optional(),
  until: whole.optional(),
  before: whole.optional(),
  after: whole.optional(),
  limit: whole.min(1).max(AUDIT_PAGE_MAX).default(100),
  node: idSchema<NodeId>().optional(),
  /** Names of deeds with commas between. */
  deed: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(DEEDS, { error: 'names of deeds with commas between' })))
    .optional(),
})

/** Whose audit. */
export const AuditExport = z.object({ node: idSchema<NodeId>().optional() })

/** The routes about audits. */
export function auditRoutes(door: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/audit', (call) => page(door, call)),
    route('GET', '/api/holdfast/v1/audit/export', async (call) => {
      const { node } = queryOf(call, AuditExport)
      const bytes = await door.node.exportAudit(call.subject, node)
      call.reply.header('content-type', 'application/octet-stream')
      return Buffer.from(bytes)
    }),
  ]
}

/** Newest first; oldest first with `after`. The number of the last line is where the next page goes on. */
async function page(door: Door, call: Call): Promise<Buffer> {
  const { deed, ...query } = queryOf(call, AuditQuery)
  const deeds: readonly Deed[] | undefined = deed
  const records = await door.node.audit(call.subject, { ...query, deeds })
  call.reply.header('content-type', 'application/x-ndjson')
  // As bytes: to text a charset would be added.
  return Buffer.from(records.map((record) => `${auditLine(record)}\n`).join(''))
}
