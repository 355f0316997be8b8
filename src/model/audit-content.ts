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

/** Deeds by their number on the wire, which is their place here: new ones are added at the end, none is taken out. */
export const DEEDS = [
  'audit begun',
  'audit continued',
  'person enrolled',
  'signed in',
  'operator signed in',
  'sign-in refused',
  'signed out',
  'session revoked',
  'role changed',
  'member added',
  'member removed',
  'channel created',
  'message deleted by another',
  'node invited',
  'node admitted',
  'node renewed',
  'node revoked',
  'join refused',
  'epoch made',
  'secret burned',
  'wipe ordered',
  'wipe done',
  'envelope refused',
  'not vouched for',
  'rule broken',
  'fork found',
  'clone noticed',
  'restore noticed',
  'peer refused',
  'drill held',
  'certificate expired',
  'policy changed',
  'store locked',
  'store unlocked',
  'store wiped',
  'config loaded',
  'action refused',
  'audit exported',
] as const

/** What was done. */
export type Deed = (typeof DEEDS)[number]

/** How it ended: `found` is what was noticed rather than done here. In the order of their numbers. */
export const RESULTS = ['done', 'refused', 'found'] as const

/** How a deed ended. */
export type Result = (typeof RESULTS)[number]

/** Why something was refused or suspect, by number like deeds. A reason that is not here is noted as `other`. */
export const REASONS = [
  'other',
  'malformed',
  'unknown version',
  'unknown sender',
  'unknown key',
  'wrong seal',
  'not authentic',
  'ourselves',
  'revoked',
  'expired',
  'not a member',
  'not vouched for',
  'foreign author',
  'foreign list',
  'wrong document',
  'too many wait',
  'too many are parked',
  'not the author',
  'not an administrator',
  'not public',
  'archived',
  'wrong password',
  'wrong code',
  'wrong proof',
  'reflected',
  'weak key',
  'broken parcel',
  'reads too slowly',
  'unknown actor',
  'does not open',
  'does not inflate',
  'taken number',
] as const

/** One of the reasons. */
export type Reason = (typeof REASONS)[number]

/** What was asked for and refused: the actions of `trust/access.ts` by number. */
export const REFUSABLE = [
  'other',
  'read channel',
  'post',
  'edit message',
  'delete message',
  'react',
  'join channel',
  'manage members',
  'create channel',
  'enrol person',
  'invite node',
  'read audit',
  'set up',
] as const

/** Names of the small numbers that may stand beside a deed, by number like deeds. */
export const AUDIT_FACTS = [
  /** Number in REASONS. */
  'reason',
  /** Number in REFUSABLE. */
  'action',
  /** Number of a change in its list, or of a node. */
  'number',
  'lane',
  'segment',
  /** The first 32 bits of an epoch's id, or of a life. */
  'name',
  /** 0 none, 1 member, 2 administrator. */
  'role',
  'bytes',
  /** Seconds since 1970. */
  'since',
  /** Milliseconds over which `count` was counted. */
  'withinMs',
  /** Of the suite, the document format, the program: what `policy changed` and `config loaded` are about. */
  'version',
] as const

/** One of the names. */
export type AuditFact = (typeof AUDIT_FACTS)[number]

/** Small whole numbers beside a deed. */
export type AuditFacts = Readonly<Partial<Record<AuditFact, number>>>

/** On whom or what. In the order of their numbers. */
export const SUBJECT_KINDS = ['person', 'node', 'channel', 'message', 'organisation'] as const

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

/** The number of a reason as code elsewhere says it, in words or with dashes. */
export function reasonNumber(reason: string): number {
  return Math.max(0, (REASONS as readonly string[]).indexOf(reason.replaceAll('-', ' ')))
}

/** The number of an action that was refused. */
export function actionNumber(action: string): number {
  return Math.max(0, (REFUSABLE as readonly string[]).indexOf(action))
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
  const isHash = before instanceof Uint8Array && before.length === HASH_BYTES
  if (deed === undefined || result === undefined || !subjects || !facts) return undefined
  if (before !== null && !isHash) return undefined
  const content = { kind: 'audit' as const, deed, result, count, subjects, facts }
  return isHash ? { ...content, previous: hexFromBytes(before) as ChangeHash } : content
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
