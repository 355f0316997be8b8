/**
 * Audits in one file that proves itself: every list of entries as its node wrote it, the node's signatures, and the
 * certificates up to the organisation's root. Who knows the root's key needs nothing else to check it: each change is
 * written again from its entry, so that one altered, missing or added byte gives another hash than the node signed.
 *
 * What a file cannot tell is whether something was written after its end: compare it with a newer one.
 */
import {
  byteReader,
  byteWriter,
  bytesFromHex,
  bytesFromText,
  equalBytes,
  hexFromBytes,
  MalformedBytes,
  textFromBytes,
  type ByteReader,
} from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  bytesFromId,
  idFromBytes,
  parseActor,
  type ActorId,
  type DocumentId,
  type Instant,
  type NodeId,
  type OrganisationId,
} from '#base/ids.ts'
import { ENTRY_BYTES_MAX } from '#base/limits.ts'
import { must } from '#base/assert.ts'
import { parseDocumentId } from '#model/document-id.ts'
import { organisationIdOf, type Identity } from '#trust/identity.ts'
import { suiteOf, type Suite } from '#trust/keys.ts'

/** One node's list in one audit document, from its first entry on. */
export interface AuditList {
  readonly document: DocumentId
  readonly actor: ActorId
  /** The entries in their order. */
  readonly values: readonly Uint8Array[]
  /** What the node signed of it, by ascending number; the last one is over the last entry. */
  readonly signatures: readonly AuditSignature[]
}

/** A node's signature over one of its changes. */
export interface AuditSignature {
  readonly seq: number
  readonly signature: Uint8Array
}

/** What a file says; nothing of it is proved yet. */
export interface AuditFile {
  readonly suite: Suite
  readonly rootKey: Uint8Array
  readonly organisation: OrganisationId
  readonly exportedAt: Instant
  /** The node that made the file, which has signed the whole of it. */
  readonly exporter: NodeId
  readonly certificates: readonly Uint8Array[]
  readonly lists: readonly AuditList[]
  /** What the exporter has signed, and its signature. */
  readonly statement: Uint8Array
  readonly signature: Uint8Array
}

const MAGIC = bytesFromText('holdfast audit file 2\n')
const CONTEXT = bytesFromText('holdfast audit export 1')
const ACTOR_BYTES = 12
const ID_BYTES = 16

/** The bytes of a file. Lists are put into the order of their documents and actors. */
export function writeAuditFile(
  identity: Pick<Identity, 'organisation' | 'certificate' | 'sign'>,
  content: Pick<AuditFile, 'exportedAt' | 'certificates' | 'lists'>,
): Uint8Array {
  const { suite, rootKey, id } = identity.organisation
  const writer = byteWriter()
  writer.raw(MAGIC)
  writer.byte(suite.number)
  writer.raw(rootKey)
  writer.uint(content.exportedAt)
  writer.raw(bytesFromId(identity.certificate.node))
  writer.uint(content.certificates.length)
  for (const certificate of content.certificates) writer.block(certificate)
  writer.uint(content.lists.length)
  for (const list of content.lists.toSorted(byPlace)) writeList(writer, list)
  const body = writer.bytes()
  const whole = byteWriter()
  whole.raw(body)
  whole.raw(identity.sign(statementOf(id, body)))
  return whole.bytes()
}

/** The file in `bytes`, or undefined when they are none. Never throws. */
export function readAuditFile(bytes: Uint8Array): AuditFile | undefined {
  try {
    return parse(bytes)
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** The number of a piece of a node's audit: document order. */
export function placeOfList({ document }: Pick<AuditList, 'document'>): {
  readonly node: NodeId
  readonly piece: number
} {
  const name = parseDocumentId(document)
  const isAudit = name?.kind === 'audit'
  return must(isAudit ? { node: name.node, piece: name.number } : undefined, 'lists are of audits')
}

function byPlace(a: AuditList, b: AuditList): number {
  const [one, other] = [placeOfList(a), placeOfList(b)]
  if (one.node !== other.node) return one.node < other.node ? -1 : 1
  return one.piece - other.piece || (a.actor < b.actor ? -1 : 1)
}

function writeList(writer: ReturnType<typeof byteWriter>, list: AuditList): void {
  writer.block(bytesFromText(list.document))
  writer.raw(bytesFromHex(list.actor))
  writer.uint(list.values.length)
  for (const value of list.values) writer.block(value)
  writer.uint(list.signatures.length)
  for (const { seq, signature } of list.signatures) {
    writer.uint(seq)
    writer.raw(signature)
  }
}

function parse(bytes: Uint8Array): AuditFile | undefined {
  const reader = byteReader(bytes)
  if (!equalBytes(reader.raw(MAGIC.length), MAGIC)) return undefined
  const suite = suiteOf(reader.byte())
  if (suite === undefined || bytes.length < suite.signatureBytes) return undefined
  const rootKey = reader.raw(suite.signingKeyBytes)
  const exportedAt = reader.uint()
  const exporter = idFromBytes<NodeId>(reader.raw(ID_BYTES))
  const certificates = readMany(reader, () => reader.block())
  const lists = readMany(reader, () => readList(reader, suite))
  if (reader.left() !== suite.signatureBytes) return undefined
  const organisation = organisationIdOf(suite, rootKey)
  const statement = statementOf(organisation, bytes.subarray(0, reader.at()))
  const signature = reader.raw(suite.signatureBytes)
  const head = { suite, rootKey, organisation, exportedAt, exporter }
  return { ...head, certificates, lists, statement, signature }
}

function readList(reader: ByteReader, suite: Suite): AuditList {
  const document = textFromBytes(reader.block()) as DocumentId
  const actor = parseActor(hexFromBytes(reader.raw(ACTOR_BYTES)))
  if (actor === undefined || parseDocumentId(document)?.kind !== 'audit')
    throw new MalformedBytes('a list is of no audit')
  const values = readMany(reader, () => readValue(reader))
  const signatures = readMany(reader, () => {
    const seq = reader.uint()
    return { seq, signature: reader.raw(suite.signatureBytes) }
  })
  return { document, actor, values, signatures }
}

function readValue(reader: ByteReader): Uint8Array {
  const value = reader.block()
  if (value.length === 0 || value.length > ENTRY_BYTES_MAX)
    throw new MalformedBytes('an entry has no such length')
  return value
}

/** As many as are announced; each takes at least a byte, so a lie ends with the bytes. */
function readMany<T>(reader: ByteReader, read: () => T): readonly T[] {
  const count = reader.uint()
  if (count > reader.left()) throw new MalformedBytes('more is announced than there is')
  return Array.from({ length: count }, read)
}

function statementOf(organisation: OrganisationId, body: Uint8Array): Uint8Array {
  const writer = byteWriter()
  writer.raw(CONTEXT)
  writer.raw(bytesFromId(organisation))
  writer.raw(sha256(body))
  return writer.bytes()
}
