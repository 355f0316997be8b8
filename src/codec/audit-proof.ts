/**
 * Checking a file of audits with nothing but the root's key: who vouches for each list, what does not hold, and where
 * something is missing. Pure: it needs no node and no store.
 */
import { equalBytes } from '#base/bytes.ts'
import type { ActorId, ChangeHash, DocumentId, Instant, NodeId } from '#base/ids.ts'
import { auditRecord, type AuditRecord } from '#model/audit-record.ts'
import type { Deed } from '#model/audit-words.ts'
import { openLog, type Logged } from '#model/log.ts'
import { breachIn } from '#model/rules.ts'
import { attestationOf } from '#trust/attestation.ts'
import { organisationIdOf, readCertificate, type Certificate } from '#trust/identity.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import { placeOfList, type AuditFile, type AuditList, type AuditSignature } from './audit-file.ts'

/** A list of entries and how much of it holds. */
export interface ProvedList {
  readonly document: DocumentId
  readonly actor: ActorId
  readonly piece: number
  readonly node: NodeId
  /** Who wrote and signed it; undefined when the file holds no good certificate of that node. */
  readonly certificate: Certificate | undefined
  /** Hashes of all changes in their order. */
  readonly hashes: readonly ChangeHash[]
  /** So many, from the first on, are vouched for. */
  readonly vouched: number
  /** What is vouched for. */
  readonly records: readonly AuditRecord[]
  /** The last change of the piece before, as this list names it. */
  readonly previous: ChangeHash | undefined
}

/** What a check came to. The file holds exactly when there are no problems. */
export interface AuditProof {
  readonly exportedAt: Instant
  readonly exporter: Certificate | undefined
  readonly lists: readonly ProvedList[]
  /** One sentence each, in the order of the file. */
  readonly problems: readonly string[]
}

/** Checks a file against the root's key. */
export function proveAudit(file: AuditFile, rootKey: Uint8Array): AuditProof {
  const problems: string[] = []
  const { suite, exportedAt } = file
  if (!equalBytes(file.rootKey, rootKey))
    problems.push('the file is of an organisation with another root key')
  const roster = openRoster({ suite, rootKey })
  for (const bytes of file.certificates) roster.introduce(bytes)
  const isGood = (bytes: Uint8Array): boolean =>
    readCertificate(roster.authority, bytes) !== undefined
  const bad = file.certificates.filter((bytes) => !isGood(bytes)).length
  if (bad > 0) problems.push(`${bad} certificates are not by the root or by a node that may issue`)
  const exporter = roster.byNode(file.exporter)
  if (!roster.verify(file.exporter, file.statement, file.signature))
    problems.push('the file is not as the node that made it signed it')
  const organisation = organisationIdOf(suite, rootKey)
  const lists = file.lists.map((list) => proveList(list, { roster, organisation, problems }))
  problems.push(...repeated(lists), ...gaps(lists))
  return { exportedAt, exporter, lists, problems }
}

/** What speaks against `newer` being the same audits, grown: one sentence each. */
export function compareAudits(older: AuditProof, newer: AuditProof): readonly string[] {
  const problems: string[] = []
  const after = new Map(newer.lists.map((list) => [placeName(list), list]))
  for (const list of older.lists) {
    const later = after.get(placeName(list))
    const [name, count] = [nameOf(list), list.hashes.length]
    if (later === undefined) problems.push(`${name} is missing in the newer file`)
    else if (later.hashes.length < count)
      problems.push(`${name} had ${count} entries and has ${later.hashes.length} in the newer file`)
    else if (later.hashes[count - 1] !== list.hashes[count - 1])
      problems.push(`${name} goes another way in the newer file`)
  }
  if (newer.exportedAt < older.exportedAt) problems.push('the newer file was made before the older')
  return problems
}

interface Bench {
  readonly roster: Roster
  readonly organisation: Parameters<typeof attestationOf>[0]
  readonly problems: string[]
}

function proveList(list: AuditList, { roster, organisation, problems }: Bench): ProvedList {
  const { document, actor } = list
  const { node, piece } = placeOfList(list)
  const log = openLog(document)
  const changes: Logged[] = []
  let breach: string | undefined
  for (const value of list.values) {
    const change = log.next(actor, value)
    breach ??= breachIn(log, actor, [change])
    changes.push(log.add(change))
  }
  const certificate = roster.byNode(node)
  const vouched = vouchedFor(list, ({ seq, signature }) => {
    const trail = log.trail(actor, seq)
    const statement = trail && attestationOf(organisation, { document, actor, seq, trail })
    return statement !== undefined && roster.verify(node, statement, signature)
  })
  const first = changes[0]?.entry.content
  const proved = {
    document,
    actor,
    piece,
    node,
    certificate,
    hashes: changes.map(({ hash }) => hash),
    vouched,
    records: changes.slice(0, vouched).map((one) => auditRecord({ node, document }, one, one.seq)),
    previous: first?.kind === 'audit' ? first.previous : undefined,
  }
  const name = nameOf(proved)
  if (changes.length === 0) problems.push(`${name} is empty`)
  if (certificate === undefined) problems.push(`${name} is of a node without a certificate here`)
  else if (vouched < changes.length)
    problems.push(
      `${name}: entries ${vouched + 1} to ${changes.length} are not as ${certificate.name} signed them: altered, or some are missing`,
    )
  if (list.signatures.some(({ seq }, at) => seq <= (list.signatures[at - 1]?.seq ?? 0)))
    problems.push(`${name}: its signatures are not in their order`)
  if (breach !== undefined) problems.push(`${name} breaks a rule: ${breach}`)
  return proved
}

/** Up to which entry a signature holds. Each one that does not hold counts against all after the last that does. */
function vouchedFor(
  { signatures }: AuditList,
  isGood: (signed: AuditSignature) => boolean,
): number {
  let vouched = 0
  for (const signed of signatures) {
    if (!isGood(signed)) break
    vouched = signed.seq
  }
  return vouched
}

function repeated(lists: readonly ProvedList[]): readonly string[] {
  const names = lists.map(placeName)
  return lists
    .filter((list, at) => names.indexOf(placeName(list)) !== at)
    .map((list) => `${nameOf(list)} is there twice`)
}

const NEW_LIFE: ReadonlySet<string> = new Set<Deed>(['restore noticed', 'clone noticed'])

/** Every list but a node's very first names the end of the one before it. */
function gaps(lists: readonly ProvedList[]): readonly string[] {
  return lists.flatMap((list) => {
    const { node, piece, previous } = list
    const name = nameOf(list)
    if (previous === undefined)
      return piece === 0 ? [] : [`${name} does not say what came before it`]
    const before = lists.filter((one) => one.node === node && one !== list)
    if (before.some(({ hashes }) => hashes.at(-1) === previous)) return []
    // A disk that was put back goes on from where it was: both lists are there, and the newer one says why.
    const isExcused = list.records.slice(0, 2).some(({ deed }) => NEW_LIFE.has(deed))
    if (isExcused && before.some(({ hashes }) => hashes.includes(previous))) return []
    return before.some(({ hashes }) => hashes.includes(previous))
      ? [`a list before ${name} went on after it was closed`]
      : [`what came before ${name} is missing, or was cut short`]
  })
}

function placeName({ document, actor }: Pick<ProvedList, 'document' | 'actor'>): string {
  return `${document} ${actor}`
}

/** A list as people read it. */
function nameOf({
  certificate,
  node,
  piece,
  actor,
}: Omit<ProvedList, 'vouched' | 'records' | 'hashes' | 'document' | 'previous'>): string {
  return `${certificate?.name ?? node}, piece ${piece}, life ${actor.slice(16)}`
}
