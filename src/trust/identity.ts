/**
 * Who a node is: its signing key, and the certificate by which the organisation's root, or a node that the root lets
 * issue, vouches for it. A node id is the hash of the signing key, so no certificate can give a node's name to
 * other keys. Keys to seal for a node are not in here: a node publishes and changes them itself (`sealing-key.ts`).
 */
import { isUtf8 } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import {
  byteReader,
  byteWriter,
  bytesFromText,
  concatBytes,
  MalformedBytes,
  textFromBytes,
  type ByteReader,
} from '#base/bytes.ts'
import {
  bytesFromId,
  idFromBytes,
  type Instant,
  type NodeId,
  type OrganisationId,
} from '#base/ids.ts'
import { CERTIFICATE_GRACE_MS, EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import { sha256 } from '#base/hash.ts'
import {
  sign,
  signingPair,
  suiteOf,
  verify,
  verifyingKey,
  type KeyPair,
  type Suite,
} from './keys.ts'

/** `kit` goes to the field, `hub` is headquarters' usual custodian, `relay` only passes on. */
export type NodeRole = 'kit' | 'hub' | 'relay'

/** What a certificate says of a node. */
export interface Certificate {
  readonly node: NodeId
  /** Short number in the organisation, from 1; names the sender of an envelope in one byte. */
  readonly number: number
  readonly name: string
  readonly role: NodeRole
  readonly rights: Rights
  /** Also the time of issue: of two certificates of one node by one issuer the later one counts. */
  readonly validFrom: Instant
  readonly validUntil: Instant
  /** Public key for signatures, as long as the suite says. */
  readonly signingKey: Uint8Array
  /** The node that issued it; undefined for the root. */
  readonly issuer: NodeId | undefined
}

/** What the root lets a node do for the organisation. A certificate that a node issued never carries any. */
export interface Rights {
  /** Its entries may name administrators, revoke nodes and order wipes. */
  readonly administers: boolean
  /** It may issue certificates without rights. */
  readonly issues: boolean
}

/** The organisation as its members know it. */
export interface Organisation {
  readonly id: OrganisationId
  readonly name: string
  /** The algorithms it was founded with. */
  readonly suite: Suite
  /** Public key of the root. */
  readonly rootKey: Uint8Array
  /** 1 to 3 letters or digits that name the workspace in subjects. */
  readonly code: string
}

/** Whose word on certificates counts: the root's, and that of nodes which may issue. */
export interface Authority {
  readonly suite: Suite
  readonly rootKey: Uint8Array
  /** A node's certificate, if it is known. */
  readonly certificateOf: (node: NodeId) => Certificate | undefined
}

/** Who signs a certificate. */
export interface Issuer {
  readonly organisation: Pick<Organisation, 'id' | 'suite'>
  /** Undefined for the root itself. */
  readonly node: NodeId | undefined
  readonly sign: (message: Uint8Array) => Uint8Array
}

/** This node's own certificate and what only its key can do. */
export interface Identity {
  readonly organisation: Organisation
  readonly certificate: Certificate
  /** The certificate as it was signed. */
  readonly certificateBytes: Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
}

/** What a certificate is worth by some clock. A clock that cannot be right says nothing against it. */
export type Validity = 'valid' | 'expired' | 'not yet valid'

/** No rights: what every certificate has that a node issued. */
export const NO_RIGHTS: Rights = { administers: false, issues: false }
/** All rights: those of the node where the organisation was founded. */
export const ALL_RIGHTS: Rights = { administers: true, issues: true }

const ROLES: readonly NodeRole[] = ['kit', 'hub', 'relay']
const VERSION = 2
const CONTEXT = bytesFromText('holdfast certificate 2')
const ID_BYTES = 16
/** Longest name of a node, in UTF-8 bytes. */
const NAME_BYTES_MAX = 64

/** The id of the organisation whose root has this public key. */
export function organisationIdOf(suite: Suite, rootKey: Uint8Array): OrganisationId {
  return idFromBytes(hash16('holdfast organisation', suite, rootKey))
}

/** The id of the node with this signing key. */
export function nodeIdOf(suite: Suite, signingKey: Uint8Array): NodeId {
  return idFromBytes(hash16('holdfast node', suite, signingKey))
}

/** The root as an issuer. */
export function rootIssuer(suite: Suite, root: KeyPair): Issuer {
  const id = organisationIdOf(suite, root.publicBytes)
  return {
    organisation: { id, suite },
    node: undefined,
    sign: (message) => sign(root.privateKey, message),
  }
}

/** A certificate. The bytes are what `readCertificate` takes. */
export function issueCertificate(
  issuer: Issuer,
  facts: Omit<Certificate, 'node' | 'issuer'>,
): Uint8Array {
  const writer = byteWriter()
  writer.byte(VERSION)
  writer.byte(issuer.organisation.suite.number)
  writer.uint(facts.number)
  writer.byte(ROLES.indexOf(facts.role))
  writer.byte((facts.rights.administers ? 1 : 0) | (facts.rights.issues ? 2 : 0))
  writer.uint(facts.validFrom)
  writer.uint(facts.validUntil)
  writer.block(bytesFromText(facts.name))
  writer.raw(facts.signingKey)
  writer.block(issuer.node === undefined ? new Uint8Array(0) : bytesFromId(issuer.node))
  const body = writer.bytes()
  return concatBytes(body, issuer.sign(statement(issuer.organisation.id, body)))
}

/**
 * The certificate in `bytes` if the root signed it, or a node that is known and may issue; otherwise undefined.
 * `issuerOf` tells whom a caller must know first.
 */
export function readCertificate(authority: Authority, bytes: Uint8Array): Certificate | undefined {
  const parts = split(authority.suite, bytes)
  if (parts === undefined) return undefined
  const key = issuingKey(authority, parts.certificate)
  const id = organisationIdOf(authority.suite, authority.rootKey)
  const isSigned = key !== undefined && verify(key, statement(id, parts.body), parts.signature)
  return isSigned ? parts.certificate : undefined
}

/** Who is said to have signed the certificate in `bytes`: a node, the root, or nobody, as it is none. */
export function issuerOf(suite: Suite, bytes: Uint8Array): NodeId | 'root' | undefined {
  const parts = split(suite, bytes)
  return parts && (parts.certificate.issuer ?? 'root')
}

/** This node's identity from its 32-byte seed and its certificate. Undefined when they do not belong together. */
export function openIdentity(
  authority: Omit<Authority, 'suite' | 'rootKey'> & { readonly organisation: Organisation },
  seed: Uint8Array,
  certificateBytes: Uint8Array,
): Identity | undefined {
  const { organisation, certificateOf } = authority
  const { suite, rootKey } = organisation
  const certificate = readCertificate({ suite, rootKey, certificateOf }, certificateBytes)
  const pair = signingPair(suite, seed)
  if (certificate === undefined || certificate.node !== nodeIdOf(suite, pair.publicBytes))
    return undefined
  return {
    organisation,
    certificate,
    certificateBytes,
    sign: (message) => sign(pair.privateKey, message),
  }
}

/** The key that checks a node's signatures. */
export function verifierOf(suite: Suite, certificate: Certificate): KeyObject {
  const key = verifyingKey(suite, certificate.signingKey)
  if (key === undefined) throw new MalformedBytes('a certificate was read without its key')
  return key
}

/**
 * Validity by a clock that may be wrong: a month of grace at both ends, and a clock before EARLIEST_CREDIBLE_AT decides
 * nothing. A clock that stands too far ahead refuses; setting it right is all it takes.
 */
export function validityOf(
  { validFrom, validUntil }: Pick<Certificate, 'validFrom' | 'validUntil'>,
  now: Instant,
): Validity {
  if (now < EARLIEST_CREDIBLE_AT) return 'valid'
  if (now > validUntil + CERTIFICATE_GRACE_MS) return 'expired'
  return now < validFrom - CERTIFICATE_GRACE_MS ? 'not yet valid' : 'valid'
}

/** Whether so many hundredths of a certificate's life are over. */
export function isPast(
  { validFrom, validUntil }: Pick<Certificate, 'validFrom' | 'validUntil'>,
  percent: number,
  now: Instant,
): boolean {
  return now >= validFrom + ((validUntil - validFrom) * percent) / 100
}

function hash16(context: string, suite: Suite, key: Uint8Array): Uint8Array {
  return sha256(bytesFromText(context), Uint8Array.of(suite.number), key).subarray(0, ID_BYTES)
}

function statement(organisation: OrganisationId, body: Uint8Array): Uint8Array {
  return concatBytes(CONTEXT, bytesFromId(organisation), body)
}

/** The root's key, or that of a node whose right to issue the root has signed and which may say this. */
function issuingKey(
  { suite, rootKey, certificateOf }: Authority,
  certificate: Certificate,
): KeyObject | undefined {
  if (certificate.issuer === undefined) return verifyingKey(suite, rootKey)
  const known = certificateOf(certificate.issuer)
  if (known === undefined || known.issuer !== undefined || !known.rights.issues) return undefined
  return isWithin(known, certificate) ? verifierOf(suite, known) : undefined
}

/**
 * What a node may say of another: no rights, which come from the root alone; not `hub` unless it is one itself, as hubs
 * read every channel; and nothing of itself, so that a lost node's time runs out.
 */
function isWithin(issuer: Certificate, { node, role, rights }: Certificate): boolean {
  if (rights.administers || rights.issues || node === issuer.node) return false
  return role !== 'hub' || issuer.role === 'hub'
}

interface Parts {
  readonly certificate: Certificate
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

function split(suite: Suite, bytes: Uint8Array): Parts | undefined {
  if (bytes.length < suite.signatureBytes) return undefined
  const body = bytes.subarray(0, -suite.signatureBytes)
  try {
    const certificate = parse(suite, byteReader(body))
    return certificate && { certificate, body, signature: bytes.subarray(-suite.signatureBytes) }
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

function parse(suite: Suite, reader: ByteReader): Certificate | undefined {
  if (reader.byte() !== VERSION || suiteOf(reader.byte()) !== suite) return undefined
  const number = reader.uint()
  const role = ROLES[reader.byte()]
  const rights = reader.byte()
  const validFrom = reader.uint()
  const validUntil = reader.uint()
  const name = reader.block()
  const signingKey = new Uint8Array(reader.raw(suite.signingKeyBytes))
  const issuer = reader.block()
  const isWhole = reader.left() === 0 && number > 0 && rights < 4 && validUntil >= validFrom
  if (!isWhole || role === undefined || (issuer.length !== 0 && issuer.length !== ID_BYTES))
    return undefined
  if (!isName(name) || verifyingKey(suite, signingKey) === undefined) return undefined
  return {
    node: nodeIdOf(suite, signingKey),
    number,
    name: textFromBytes(name),
    role,
    rights: { administers: (rights & 1) !== 0, issues: (rights & 2) !== 0 },
    validFrom,
    validUntil,
    signingKey,
    issuer: issuer.length === 0 ? undefined : idFromBytes(issuer),
  }
}

/** At most NAME_BYTES_MAX bytes of proper UTF-8: every reader makes the same text of it. */
function isName(bytes: Uint8Array): boolean {
  return bytes.length <= NAME_BYTES_MAX && isUtf8(bytes)
}
