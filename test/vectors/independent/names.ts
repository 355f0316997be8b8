/** PROTOCOL.md, “Names” and “Certificate”: what things are called, and who vouches for whom. */
import { LENGTHS, isSigned, suiteOf, type Suite } from './suites.ts'
import {
  block,
  byte,
  bytesOf,
  concat,
  hash,
  hash16,
  hex,
  idOf,
  must,
  properText,
  readWhole,
  text,
  uint,
} from './bytes.ts'

/** A document by what it is; `channel` and `node` are ids as text. */
export type Document =
  | { readonly of: 'keys' }
  | { readonly of: 'directory' }
  | { readonly of: 'audit'; readonly node: string; readonly number: number }
  | { readonly of: 'settings'; readonly channel: string }
  | {
      readonly of: 'segment'
      readonly channel: string
      readonly lane: number
      readonly number: number
    }

export const LANES = ['flash', 'immediate', 'priority', 'routine'] as const
export const CHANNEL_KINDS = ['public', 'private', 'direct', 'group'] as const
const ROLES = ['kit', 'hub', 'relay'] as const
const NAME_BYTES_MAX = 64
const PIECES_MAX = 1_000_000

export function organisationId(suite: Suite, rootKey: Uint8Array): Buffer {
  return hash16(text('holdfast organisation'), byte(suite), rootKey)
}

export function nodeId(suite: Suite, signingKey: Uint8Array): Buffer {
  return hash16(text('holdfast node'), byte(suite), signingKey)
}

/** A channel's id with its kind in the last two bits. */
export function withKind(id: Uint8Array, kind: number): Buffer {
  const last = id[15] ?? 0
  return concat(id.subarray(0, 15), byte(last - (last % 4) + kind))
}

export function directChannel(one: string, other: string): Buffer {
  const [first, second] = one < other ? [one, other] : [other, one]
  return withKind(hash16(text(`holdfast direct ${first}__${second}`)), 2)
}

export function firstChannel(organisation: string): Buffer {
  return withKind(hash16(text(`holdfast first channel ${organisation}`)), 0)
}

/** The id of a person by the first 8 bytes of their home's id, and their number. */
export function personId(home: Uint8Array, number: Uint8Array): Buffer {
  return concat(home, number, hash(text('holdfast person'), home, number).subarray(0, 5))
}

/** The id of the message that the change with this number holds. */
export function messageId(document: string, actor: Uint8Array, seq: number): Buffer {
  return hash16(text('holdfast post'), block(text(document)), actor, uint(seq))
}

export function nameOf(document: Document): string {
  switch (document.of) {
    case 'keys':
      return 'k'
    case 'directory':
      return 'd'
    case 'audit':
      return `a.${document.node}.${document.number}`
    case 'settings':
      return `c.${document.channel}`
    case 'segment':
      return `s.${document.channel}.${document.lane}.${document.number}`
  }
}

/** The document of a name, in the one spelling that it has. */
export function documentOf(name: string): Document {
  const [letter = '', id = '', one = '', two = ''] = name.split('.')
  const found = ((): Document | undefined => {
    switch (letter) {
      case 'k':
        return { of: 'keys' }
      case 'd':
        return { of: 'directory' }
      case 'a':
        return { of: 'audit', node: id, number: Number(one) }
      case 'c':
        return { of: 'settings', channel: id }
      case 's':
        return { of: 'segment', channel: id, lane: Number(one), number: Number(two) }
      default:
        return undefined
    }
  })()
  must(found !== undefined && nameOf(found) === name, `${name} as a document`)
  if ('number' in found) must(found.number <= PIECES_MAX, `${name}: too high a number`)
  if ('lane' in found) must(found.lane <= 3, `${name}: no such lane`)
  if (id !== '') bytesOf(id)
  return found
}

/** The number of a document in an envelope of its scope: “Delta”. */
export function numberedDocument(scope: string, code: number): Document {
  if (scope.startsWith('audit ')) return { of: 'audit', node: scope.slice(6), number: code }
  if (code > 0) {
    must(scope !== 'keys' && scope !== 'directory', `document ${code} of the scope ${scope}`)
    const [lane, at] = [(code - 1) % 4, Math.floor((code - 1) / 4)]
    return { of: 'segment', channel: scope, lane, number: at }
  }
  if (scope === 'keys' || scope === 'directory') return { of: scope }
  return { of: 'settings', channel: scope }
}

export interface Certificate {
  readonly suite: Suite
  readonly node: string
  readonly number: number
  readonly name: string
  readonly role: (typeof ROLES)[number]
  readonly rights: { readonly administers: boolean; readonly issues: boolean }
  readonly validFrom: number
  readonly validUntil: number
  readonly issuer: string | null
  readonly signingKey: Buffer
  /** All bytes before the signature. */
  readonly statement: Buffer
  readonly signature: Buffer
}

export function readCertificate(bytes: Uint8Array): Certificate {
  return readWhole(bytes, (reader) => {
    must(reader.byte() === 2, 'a certificate of another version')
    const suite = suiteOf(reader.byte())
    const number = reader.uint()
    const role = ROLES[reader.byte()]
    const rights = reader.byte()
    const [validFrom, validUntil] = [reader.uint(), reader.uint()]
    const name = properText(reader.block(NAME_BYTES_MAX))
    const signingKey = reader.take(LENGTHS[suite].signingKey)
    const issuer = reader.block(16)
    const statement = Buffer.from(bytes.subarray(0, reader.at()))
    must(role !== undefined && rights < 4 && number > 0, 'role, rights or number of a certificate')
    must(validUntil >= validFrom, 'a certificate that ends before it begins')
    must(issuer.length === 0 || issuer.length === 16, 'an issuer')
    return {
      suite,
      node: idOf(nodeId(suite, signingKey)),
      number,
      name,
      role,
      rights: { administers: rights % 2 === 1, issues: rights >= 2 },
      validFrom,
      validUntil,
      issuer: issuer.length === 0 ? null : idOf(issuer),
      signingKey,
      statement,
      signature: reader.take(LENGTHS[suite].signature),
    }
  })
}

/** Whether the owner of `key` issued a certificate of this organisation. */
export function isIssued(
  certificate: Certificate,
  organisation: Uint8Array,
  key: Uint8Array,
): boolean {
  const { suite, statement, signature } = certificate
  const signed = concat(text('holdfast certificate 2'), organisation, statement)
  return isSigned(suite, key, { signed, signature })
}

/** A list up to one of its changes. */
export interface UpTo {
  readonly document: string
  readonly actor: string
  readonly seq: number
  readonly trail: string
}

/** “Attestation”: what a node signs of a list. */
export function attestation(
  organisation: Uint8Array,
  { document, actor, seq, trail }: UpTo,
): Buffer {
  const list = concat(block(text(document)), hex(actor), uint(seq), hex(trail))
  return concat(text('holdfast attest 2'), organisation, list)
}

/** “Note”: what a node signs of a note in its long form, in one of its lives. */
export function noteStatement(
  organisation: Uint8Array,
  { actor, note }: { readonly actor: string; readonly note: Uint8Array },
): Buffer {
  return concat(text('holdfast note 3'), organisation, hex(actor), hash(note))
}

/** “Proof”: what is signed for an attestation and a note together, of one of which only a hash is known. */
export function jointStatement(
  both:
    | { readonly attestation: Uint8Array; readonly ofNote: Uint8Array }
    | { readonly note: Uint8Array; readonly ofAttestation: Uint8Array },
): Buffer {
  const hashes =
    'note' in both
      ? [both.ofAttestation, hash(both.note).subarray(0, 24)]
      : [hash(both.attestation), both.ofNote]
  must(hashes[0]?.length === 32 && hashes[1]?.length === 24, 'the hashes of a joint proof')
  return concat(text('holdfast joint 2'), ...hashes)
}

/** “Orders”: what is signed by who orders. */
export function orderStatement(
  organisation: Uint8Array,
  order: {
    readonly by: string
    readonly node: string
    readonly seconds: number
    readonly reason?: string
  },
): Buffer {
  const { by, node, seconds, reason } = order
  const isWipe = reason === undefined
  const label = isWipe ? 'holdfast wipe order 1' : 'holdfast revocation 1'
  const facts = [text(label), organisation, bytesOf(by), bytesOf(node), uint(seconds)]
  return concat(...facts, ...(isWipe ? [] : [block(text(reason))]))
}
