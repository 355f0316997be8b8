/** Audits for tests: lists that nodes of the test organisation wrote and signed. */
import { must } from '#base/assert.ts'
import { actorOf, type ChangeHash } from '#base/ids.ts'
import { writeAuditFile, type AuditList } from '#codec/audit-file.ts'
import type { AuditContent } from '#model/audit-content.ts'
import type { Deed } from '#model/audit-words.ts'
import { auditDocument } from '#model/document-id.ts'
import { encodeEntry } from '#model/entry.ts'
import { openLog, type Log } from '#model/log.ts'
import { upTo } from '#model/trail.ts'
import { attestationOf } from '#trust/attestation.ts'
import type { Identity } from '#trust/identity.ts'
import { anIdentity, organisation, seedOf } from './nodes.ts'

/** When these audits were written. */
export const NOON = 1_793_534_400_000

/** What a list is made of. */
export interface ListChoice {
  readonly piece?: number
  readonly life?: string
  /** The last change of the piece before. */
  readonly previous?: ChangeHash | undefined
  /** Signs after the entry with each of these numbers, and after the last. */
  readonly signAt?: readonly number[]
}

/** The log of a list of these deeds, and the list as it stands in a file. */
export function aList(
  identity: Identity,
  deeds: readonly Deed[],
  choice: ListChoice = {},
): { readonly log: Log; readonly list: AuditList; readonly head: ChangeHash } {
  const { node, name } = identity.certificate
  const document = auditDocument(node, choice.piece ?? 0)
  const actor = actorOf(node, seedOf(choice.life ?? `${name} life`).subarray(0, 4))
  const log = openLog(document)
  for (const [at, deed] of deeds.entries()) {
    const previous = at === 0 && choice.previous !== undefined ? { previous: choice.previous } : {}
    const content: AuditContent = {
      kind: 'audit',
      deed,
      result: 'done',
      count: 1,
      subjects: [],
      facts: { number: at + 1 },
      ...previous,
    }
    const claimedAt = NOON + at * 1000
    const entry = { author: undefined, claimedAt, placeAt: claimedAt, counter: 0, content }
    log.add(log.next(actor, encodeEntry(entry, log.context(actor))))
  }
  const seqs = [...(choice.signAt ?? []), deeds.length]
  const signatures = seqs.map((seq) => {
    const statement = attestationOf(organisation.id, upTo(log, { actor, seq }))
    return { seq, signature: identity.sign(statement) }
  })
  const values = log.since({}).map(({ value }) => value)
  const list = { document, actor, values, signatures }
  return { log, list, head: must(log.find(actor, deeds.length), 'a list has an end').hash }
}

/** A file that the hub made of these lists. */
export function aFile(
  lists: readonly AuditList[],
  choice: {
    readonly hub?: Identity
    readonly knows?: readonly Identity[]
    readonly exportedAt?: number
  } = {},
): Uint8Array {
  const hub = choice.hub ?? headquarters
  const known = choice.knows ?? [headquarters, bravo]
  return writeAuditFile(hub, {
    exportedAt: choice.exportedAt ?? NOON + 3_600_000,
    certificates: known.map(({ certificateBytes }) => certificateBytes),
    lists,
  })
}

/** The hub of these tests. */
export const headquarters = anIdentity('alpha', 1, 'hub')
/** A kit of it. */
export const bravo = anIdentity('bravo', 2)
