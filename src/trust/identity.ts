/**
 * Who a node is: its keys, and the certificate by which the organisation's root vouches for them.
 * A node id is the hash of the signing key, so no certificate can give a node's name to other keys.
 */
import type { KeyObject } from 'node:crypto'
import {
  byteReader,
  byteWriter,
  bytesFromText,
  concatBytes,
  equalBytes,
  MalformedBytes,
  textFromBytes,
} from '#base/bytes.ts'
import {
  bytesFromId,
  idFromBytes,
  type Instant,
  type NodeId,
  type OrganisationId,
} from '#base/ids.ts'
import { sha256 } from '#base/hash.ts'
import { agree, keyPairFromSeed, publicKeyFromBytes, sign, verify, type KeyPair } from './keys.ts'

/** `kit` goes to the field, `hub` is headquarters' usual custodian, `relay` only passes on. */
export type NodeRole = 'kit' | 'hub' | 'relay'

/** What the root says of a node. */
export interface Certificate {
  readonly node: NodeId
  /** Short number in the organisation, from 1; names the sender of an envelope in one byte. */
  readonly number: number
  readonly name: string
  readonly role: NodeRole
  readonly issuedAt: Instant
  /** Ed25519 public key, 32 bytes. */
  readonly signingKey: Uint8Array
  /** X25519 public key, 32 bytes. */
  readonly sealingKey: Uint8Array
}

/** The organisation as its members know it. */
export interface Organisation {
  readonly id: OrganisationId
  readonly name: string
  /** Ed25519 public key of the root, 32 bytes. */
  readonly rootKey: Uint8Array
  /** 1 to 3 letters or digits that name the workspace in subjects. */
  readonly code: string
}

/** This node's own certificate and what only its keys can do. */
export interface Identity {
  readonly organisation: Organisation
  readonly certificate: Certificate
  /** The certificate as the root signed it. */
  readonly certificateBytes: Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
  readonly agree: (theirPublicKey: Uint8Array) => Uint8Array
}

const ROLES: readonly NodeRole[] = ['kit', 'hub', 'relay']
const VERSION = 1
const CONTEXT = bytesFromText('holdfast certificate 1')
/** Longest name of a node, in UTF-8 bytes. */
const NAME_BYTES_MAX = 64

/** The id of the organisation whose root has this public key. */
export function organisationIdOf(rootKey: Uint8Array): OrganisationId {
  return idFromBytes(sha256(bytesFromText('holdfast organisation'), rootKey).subarray(0, 16))
}

/** The id of the node with this signing key. */
export function nodeIdOf(signingKey: Uint8Array): NodeId {
  return idFromBytes(sha256(bytesFromText('holdfast node'), signingKey).subarray(0, 16))
}

/** A certificate, signed by the root. The bytes are what `readCertificate` takes. */
export function issueCertificate(root: KeyPair, facts: Omit<Certificate, 'node'>): Uint8Array {
  const writer = byteWriter()
  writer.byte(VERSION)
  writer.uint(facts.number)
  writer.byte(ROLES.indexOf(facts.role))
  writer.uint(facts.issuedAt)
  writer.block(bytesFromText(facts.name))
  writer.raw(facts.signingKey)
  writer.raw(facts.sealingKey)
  const body = writer.bytes()
  return concatBytes(body, sign(root.privateKey, statement(root.publicBytes, body)))
}

/** The certificate in `bytes` if the root with this public key signed it; otherwise undefined. */
export function readCertificate(rootKey: Uint8Array, bytes: Uint8Array): Certificate | undefined {
  if (bytes.length < 64) return undefined
  const body = bytes.subarray(0, -64)
  const key = publicKeyFromBytes('ed25519', rootKey)
  if (!verify(key, statement(rootKey, body), bytes.subarray(-64))) return undefined
  try {
    return parse(body)
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** This node's identity from its two 32-byte seeds and its certificate. Undefined when they do not belong together. */
export function openIdentity(
  organisation: Organisation,
  seeds: { readonly signing: Uint8Array; readonly sealing: Uint8Array },
  certificateBytes: Uint8Array,
): Identity | undefined {
  const certificate = readCertificate(organisation.rootKey, certificateBytes)
  const signing = keyPairFromSeed('ed25519', seeds.signing)
  const sealing = keyPairFromSeed('x25519', seeds.sealing)
  if (certificate === undefined || certificate.node !== nodeIdOf(signing.publicBytes))
    return undefined
  if (!equalBytes(certificate.sealingKey, sealing.publicBytes)) return undefined
  return {
    organisation,
    certificate,
    certificateBytes,
    sign: (message) => sign(signing.privateKey, message),
    agree: (theirs) => agree(sealing.privateKey, theirs),
  }
}

/** The verifying key of a certificate. */
export function verifierOf(certificate: Certificate): KeyObject {
  return publicKeyFromBytes('ed25519', certificate.signingKey)
}

function statement(rootKey: Uint8Array, body: Uint8Array): Uint8Array {
  return concatBytes(CONTEXT, bytesFromId(organisationIdOf(rootKey)), body)
}

function parse(body: Uint8Array): Certificate | undefined {
  const reader = byteReader(body)
  if (reader.byte() !== VERSION) return undefined
  const number = reader.uint()
  const role = ROLES[reader.byte()]
  const issuedAt = reader.uint()
  const name = reader.block()
  const signingKey = new Uint8Array(reader.raw(32))
  const sealingKey = new Uint8Array(reader.raw(32))
  if (role === undefined || reader.left() > 0 || name.length > NAME_BYTES_MAX) return undefined
  const node = nodeIdOf(signingKey)
  return { node, number, name: textFromBytes(name), role, issuedAt, signingKey, sealingKey }
}
