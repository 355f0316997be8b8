/** PROTOCOL.md, “Audit”: what an entry of kind 32 says, and the file that anybody checks with the root's key. */
import { decode } from '@msgpack/msgpack'
import { bytesOf, concat, hash, idOf, must, readerOf, text, type Reader } from './bytes.ts'
import { genesis, trailOf, writeChain } from './change.ts'
import {
  attestation,
  documentOf,
  isIssued,
  organisationId,
  readCertificate,
  type Certificate,
} from './names.ts'
import { LENGTHS, isSigned, suiteOf, type Suite } from './suites.ts'

export interface Deed {
  readonly deed: number
  readonly result: 'done' | 'refused' | 'found'
  readonly count: number
  readonly subjects: readonly { readonly kind: string; readonly id: string }[]
  readonly facts: Readonly<Record<number, number>>
  readonly previous?: string
}

export interface AuditList {
  readonly document: string
  readonly actor: string
  readonly entries: readonly Buffer[]
  readonly signatures: readonly { readonly seq: number; readonly signature: Buffer }[]
}

export interface AuditFile {
  readonly suite: Suite
  readonly rootKey: Buffer
  readonly exportedAt: number
  readonly exporter: string
  readonly certificates: readonly Certificate[]
  readonly lists: readonly AuditList[]
}

const MAGIC = text('holdfast audit file 2\n')
const RESULTS = ['done', 'refused', 'found'] as const
const SUBJECTS = ['person', 'node', 'channel', 'message', 'organisation'] as const
const SUBJECTS_MAX = 16

/** What an audit's entry says behind its author and time. */
export function readDeed(entry: Uint8Array): Deed {
  const items: unknown = decode(entry)
  must(Array.isArray(items) && items[0] === 32, 'no entry of an audit')
  const [, , , what, count, subjects, facts, previous] = items as readonly unknown[]
  must(typeof what === 'number' && Number.isSafeInteger(what) && what >= 0, 'no deed')
  const result = RESULTS[what % 3]
  must(result !== undefined, 'no result')
  const times = count ?? 1
  must(typeof times === 'number' && Number.isSafeInteger(times) && times >= 1, 'no count')
  return {
    deed: Math.floor(what / 3),
    result,
    count: times,
    subjects: subjectsOf(subjects),
    facts: factsOf(facts),
    ...(previous instanceof Uint8Array ? { previous: concat(previous).toString('hex') } : {}),
  }
}

function subjectsOf(value: unknown): Deed['subjects'] {
  if (value === undefined || value === null) return []
  must(value instanceof Uint8Array && value.length % 17 === 0, 'subjects')
  const count = value.length / 17
  must(count <= SUBJECTS_MAX, 'too many subjects')
  const reader = readerOf(value)
  return Array.from({ length: count }, () => {
    const kind = SUBJECTS[reader.byte()]
    must(kind !== undefined, 'a subject of another kind')
    return { kind, id: idOf(reader.take(16)) }
  })
}

function factsOf(value: unknown): Deed['facts'] {
  if (value === undefined || value === null) return {}
  must(Array.isArray(value) && value.length % 2 === 0, 'facts')
  const all = (value as readonly unknown[]).map((one) => {
    must(typeof one === 'number' && Number.isSafeInteger(one) && one >= 0, 'a fact')
    return one
  })
  const pairs = Array.from({ length: all.length / 2 }, (_, at) => all.slice(2 * at, 2 * at + 2))
  must(
    pairs.every(([number = 0], at) => at === 0 || number > (pairs[at - 1]?.[0] ?? 0)),
    'facts out of order',
  )
  return Object.fromEntries(pairs as [number, number][])
}

/** Reads a file and checks all that can be checked with the root's key alone. */
export function readAuditFile(file: Uint8Array): AuditFile {
  const reader = readerOf(file)
  must(reader.take(MAGIC.length).equals(MAGIC), 'no audit file')
  const suite = suiteOf(reader.byte())
  const rootKey = reader.take(LENGTHS[suite].signingKey)
  const exportedAt = reader.uint()
  const exporter = idOf(reader.take(16))
  const organisation = organisationId(suite, rootKey)
  const certificates = many(reader, () => readCertificate(reader.block()))
  const keys = keysOf(certificates, organisation, rootKey)
  const lists = many(reader, () => readList(reader, suite))
  const signed = concat(
    text('holdfast audit export 1'),
    organisation,
    hash(file.subarray(0, reader.at())),
  )
  const signature = reader.take(LENGTHS[suite].signature)
  reader.end()
  const key = keys.get(exporter)
  must(
    key !== undefined && isSigned(suite, key, { signed, signature }),
    'not signed by its exporter',
  )
  for (const list of lists) checkList(list, { suite, organisation, keys })
  const names = lists.map(({ document, actor }) => `${document} ${actor}`)
  must(new Set(names).size === names.length, 'a list that is there twice')
  return { suite, rootKey, exportedAt, exporter, certificates, lists }
}

/** The hashes of a list's changes, in their order. */
export function hashesOf({ document, actor, entries }: AuditList): readonly string[] {
  const previous = genesis(document).hash.toString('hex')
  return writeChain(actor, { first: 1, previous }, entries).map(({ hash: head }) =>
    head.toString('hex'),
  )
}

function keysOf(
  certificates: readonly Certificate[],
  organisation: Uint8Array,
  rootKey: Uint8Array,
): ReadonlyMap<string, Buffer> {
  const keys = new Map(certificates.map(({ node, signingKey }) => [node, signingKey]))
  for (const certificate of certificates) {
    const { issuer } = certificate
    const key = issuer === null ? rootKey : keys.get(issuer)
    must(key !== undefined && isIssued(certificate, organisation, key), 'a certificate of nobody')
  }
  return keys
}

function readList(reader: Reader, suite: Suite): AuditList {
  const document = reader.block().toString('utf8')
  const actor = reader.take(12).toString('hex')
  const entries = many(reader, () => Buffer.from(reader.block()))
  const signatures = many(reader, () => ({
    seq: reader.uint(),
    signature: reader.take(LENGTHS[suite].signature),
  }))
  return { document, actor, entries, signatures }
}

interface Checks {
  readonly suite: Suite
  readonly organisation: Uint8Array
  readonly keys: ReadonlyMap<string, Buffer>
}

function checkList(list: AuditList, { suite, organisation, keys }: Checks): void {
  const named = documentOf(list.document)
  must(named.of === 'audit', `${list.document} in an audit`)
  const key = keys.get(named.node)
  must(key !== undefined, `an audit of ${named.node}, who is not known`)
  must(
    list.actor.startsWith(bytesOf(named.node).subarray(0, 8).toString('hex')),
    'a list of another',
  )
  must(list.signatures.at(-1)?.seq === list.entries.length, 'a list whose end is not signed')
  for (const [at, { seq, signature }] of list.signatures.entries()) {
    must(seq > (list.signatures[at - 1]?.seq ?? 0), 'signatures out of order')
    const { document, actor } = list
    const trail = trailOf(document, actor, list.entries.slice(0, seq))
    const signed = attestation(organisation, { document, actor, seq, trail })
    must(isSigned(suite, key, { signed, signature }), `a signature over ${seq} that does not hold`)
  }
  for (const entry of list.entries) readDeed(entry)
}

function many<T>(reader: Reader, read: () => T): readonly T[] {
  return Array.from({ length: reader.uint() }, read)
}
