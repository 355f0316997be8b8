/** An audit's entry in words that machines outside read: JSON for the REST door and files, RFC 5424 for syslog. */
import { isoFromInstant } from '#base/instant.ts'
import { REASONS, REFUSABLE, type Deed, type Result } from './audit-words.ts'
import type { AuditRecord } from './audit-record.ts'

/** An entry with its numbers put into words; what is not said is left out. */
export interface AuditJson {
  readonly number: number
  /** Absent when the node's clock said what no calendar has. */
  readonly time?: string
  readonly at: number
  readonly node: string
  readonly deed: string
  readonly result: string
  readonly count: number
  readonly by?: string
  readonly reason?: string
  readonly action?: string
  readonly subjects: readonly { readonly kind: string; readonly id: string }[]
  readonly facts: Readonly<Record<string, number>>
  readonly document: string
  readonly actor: string
  readonly seq: number
}

/** An entry as JSON has it. */
export function auditJson(record: AuditRecord): AuditJson {
  const { reason, action, ...facts } = record.facts
  const time = isoFromInstant(record.at)
  return {
    number: record.number,
    ...(time === undefined ? {} : { time }),
    at: record.at,
    node: record.node,
    deed: record.deed,
    result: record.result,
    count: record.count,
    ...(record.by === undefined ? {} : { by: record.by }),
    ...(reason === undefined ? {} : { reason: REASONS[reason] ?? 'other' }),
    ...(action === undefined ? {} : { action: REFUSABLE[action] ?? 'other' }),
    subjects: record.subjects,
    facts,
    document: record.document,
    actor: record.actor,
    seq: record.seq,
  }
}

/** An entry as one line of JSON, without its line end. */
export function auditLine(record: AuditRecord): string {
  return JSON.stringify(auditJson(record))
}

/** RFC 5424 facility 13: log audit. */
const FACILITY = 13
/** RFC 5424 severities. */
const CRITICAL = 2
const WARNING = 4
const NOTICE = 5
const INFORMATIONAL = 6
/**
 * Structured data of our own needs a private enterprise number; 32473 is the one that RFC 5612 keeps for those who have
 * none.
 */
const STRUCTURE = 'holdfast@32473'

/** Proof that a node is broken, captured or copied. */
const ALARMS: ReadonlySet<Deed | 'unknown'> = new Set<Deed | 'unknown'>([
  'not vouched for',
  'rule broken',
  'fork found',
  'clone noticed',
])

/** An entry as a syslog message (RFC 5424), without any framing: the node stands for the host, the deed for the message id. */
export function syslogLine(record: AuditRecord): string {
  const json = auditJson(record)
  const priority = FACILITY * 8 + severityOf(record)
  const head = `<${priority}>1 ${json.time ?? '-'} ${json.node} holdfast - ${wordOf(json.deed)}`
  const { deed, result, count, by, reason, action, number, seq } = json
  const named = { deed, result, count, by, reason, action, number, seq }
  const items = Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${escaped(String(value))}"`],
  )
  return `${head} [${STRUCTURE} ${items.join(' ')}] ${JSON.stringify(json)}`
}

function severityOf({ deed, result }: { deed: AuditRecord['deed']; result: Result }): number {
  if (ALARMS.has(deed)) return CRITICAL
  if (result === 'refused') return WARNING
  return result === 'found' ? NOTICE : INFORMATIONAL
}

/** A message id has no spaces and at most 32 characters. */
function wordOf(deed: string): string {
  return deed.replaceAll(' ', '-').slice(0, 32)
}

/** RFC 5424 §6.3.3. */
function escaped(value: string): string {
  return value.replace(/["\\\]]/g, String.raw`\$&`)
}
