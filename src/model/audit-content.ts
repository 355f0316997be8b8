/**
 * What a node notes of a deed: which, who (the entry's author, or the node itself), on whom, and how it ended. Numbers and
 * ids only: never message text, names or keys, so that an audit may be read by those who may not read the messages.
 */
import { byteReader, byteWriter, bytesFromHex, hexFromBytes, MalformedBytes } from '#base/bytes.ts'
import {
  bytesFromId,
  idFromBytes,
  type ChangeHash,
  type ChannelId,
  type NodeId,
  type PostId,
  type ShortId,
  type UserId,
} from '#base/ids.ts'
import {
  AUDIT_FACTS,
  DEEDS,
  RESULTS,
  SUBJECT_KINDS,
  type AuditFact,
  type Deed,
  type Result,
} from './audit-words.ts'

/** Small whole numbers beside a deed. */
export type AuditFacts = Readonly<Partial<Record<AuditFact, number>>>

/** Somebody or something that a deed was about. */
export interface AuditSubject {
  readonly kind: (typeof SUBJECT_KINDS)[number]
  readonly id: ShortId
}

/** An entry of an audit document. */
export interface AuditContent {
  readonly kind: 'audit'
  readonly deed: Deed
  readonly result: Result
  /** How often; 1 unless it was counted. */
  readonly count: number
  readonly subjects: readonly AuditSubject[]
  readonly facts: AuditFacts
  /** In the first entry of every piece but the first: the node's last change in the piece before. */
  readonly previous?: ChangeHash
}

/** The number of this kind, as `entry.ts` has them for the others. */
export const AUDIT_KIND_NUMBER = { audit: 32 } as const

/** Subjects one entry may name. */
export const AUDIT_SUBJECTS_MAX = 16

const ID_BYTES = 16
const HASH_BYTES = 32

/** A person as a subject. */
export function aboutPerson(id: UserId): AuditSubject {
  return { kind: 'person', id }
}

/** A node as a subject. */
export function aboutNode(id: NodeId): AuditSubject {
  return { kind: 'node', id }
}

/** A channel as a subject. */
export function aboutChannel(id: ChannelId): AuditSubject {
  return { kind: 'channel', id }
}

/** A message as a subject. */
export function aboutMessage(id: PostId): AuditSubject {
  return { kind: 'message', id }
}

/** The items of an entry after its head: deed and result in one number, count, subjects, facts, previous; empty ends are left out. */
export function auditFields(content: AuditContent): readonly unknown[] {
  const { deed, result, count, subjects, facts, previous } = content
  const items: unknown[] = [
    DEEDS.indexOf(deed) * RESULTS.length + RESULTS.indexOf(result),
    count,
    subjects.length === 0 ? null : writeSubjects(subjects),
    writeFacts(facts),
    previous === undefined ? null : bytesFromHex(previous),
  ]
  const isEmpty = [false, count === 1, subjects.length === 0, items[3] === null, items[4] === null]
  while (isEmpty[items.length - 1] === true) items.pop()
  return items
}

/** The content in the items after the head; undefined when they have another shape, or name a deed of a newer version. */
export function readAudit(items: readonly unknown[]): AuditContent | undefined {
  const [what, count = 1, named = null, told = null, before = null] = items
  if (!isCount(what) || !isCount(count) || count === 0) return undefined
  const deed = DEEDS[Math.floor(what / RESULTS.length)]
  const result = RESULTS[what % RESULTS.length]
  const subjects = readSubjects(named)
  const facts = readFacts(told)
  const chain = readPrevious(before)
  if (!deed || !result || !subjects || !facts || !chain) return undefined
  return { kind: 'audit', deed, result, count, subjects, facts, ...chain }
}

/** One reader for the kind number, of the items after the head. */
export const AUDIT_READERS: Readonly<
  Record<number, (items: readonly unknown[]) => AuditContent | undefined>
> = { [AUDIT_KIND_NUMBER.audit]: readAudit }

function writeSubjects(subjects: readonly AuditSubject[]): Uint8Array {
  const writer = byteWriter()
  for (const { kind, id } of subjects.slice(0, AUDIT_SUBJECTS_MAX)) {
    writer.byte(SUBJECT_KINDS.indexOf(kind))
    writer.raw(bytesFromId(id))
  }
  return writer.bytes()
}

function readSubjects(field: unknown): readonly AuditSubject[] | undefined {
  if (field === null) return []
  if (!(field instanceof Uint8Array) || field.length > AUDIT_SUBJECTS_MAX * (1 + ID_BYTES)) return
  const reader = byteReader(field)
  const subjects: AuditSubject[] = []
  try {
    while (reader.left() > 0) {
      const kind = SUBJECT_KINDS[reader.byte()]
      const id = idFromBytes<ShortId>(new Uint8Array(reader.raw(ID_BYTES)))
      if (kind === undefined) return undefined
      subjects.push({ kind, id })
    }
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
  return subjects
}

function readPrevious(field: unknown): Pick<AuditContent, 'previous'> | undefined {
  if (field === null) return {}
  const isHash = field instanceof Uint8Array && field.length === HASH_BYTES
  return isHash ? { previous: hexFromBytes(field) as ChangeHash } : undefined
}

/** Name and value in turn, in the order of the names' numbers, so that equal facts have equal bytes. */
function writeFacts(facts: AuditFacts): readonly number[] | null {
  const items = AUDIT_FACTS.flatMap((name, number) => {
    const value = facts[name]
    return value === undefined ? [] : [number, value]
  })
  return items.length === 0 ? null : items
}

/** Facts of a newer version are passed over. */
function readFacts(field: unknown): AuditFacts | undefined {
  if (field === null) return {}
  if (!Array.isArray(field) || field.length % 2 !== 0) return undefined
  const items: readonly unknown[] = field
  const facts: Partial<Record<AuditFact, number>> = {}
  for (let at = 0; at < items.length; at += 2) {
    const [number, value] = [items[at], items[at + 1]]
    if (!isCount(number) || !isCount(value)) return undefined
    const name = AUDIT_FACTS[number]
    if (name !== undefined) facts[name] = value
  }
  return facts
}

function isCount(field: unknown): field is number {
  return Number.isSafeInteger(field) && Number(field) >= 0
}
