/**
 * How a new node joins the organisation: one request, one answer, over any channel, even an open one.
 *
 * Both are sealed under keys that come from the join code, so nobody without the code can read or alter either. The
 * answer's key also needs the new node's own private key: who learns the code later cannot open a recorded answer.
 * The request is signed by the key it asks a certificate for, since a certificate that pairs one node's
 * signing key with another's sealing key would divert what is sealed for the first.
 */
import { assert } from '#base/assert.ts'
import {
  byteReader,
  byteWriter,
  bytesFromText,
  concatBytes,
  equalBytes,
  MalformedBytes,
  textFromBytes,
} from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { organisationIdOf, readCertificate } from './identity.ts'
import type { Certificate, NodeRole, Organisation } from './identity.ts'
import { joinCodeHash } from './join-code.ts'
import { agree, derive, keyPairFromSeed, open, publicKeyFromBytes, seal, sealKey } from './keys.ts'
import { verify, type SealKey } from './keys.ts'

/** What a new node says of itself. */
export interface JoinDraft {
  /** 10 bytes, see `#trust/join-code.ts`. */
  readonly code: Uint8Array
  /** 1 to 64 bytes of UTF-8. */
  readonly name: string
  readonly role: NodeRole
  /** Ed25519 public key, 32 bytes. */
  readonly signingKey: Uint8Array
  /** X25519 public key, 32 bytes. */
  readonly sealingKey: Uint8Array
  /** Signs with the private half of `signingKey`. */
  readonly sign: (message: Uint8Array) => Uint8Array
  /** 16 fresh random bytes: a second try with the same code must not repeat them. */
  readonly nonce: Uint8Array
}

/** A request that opened: its sender has the code and the private half of `signingKey`. */
export interface JoinRequest {
  readonly codeHash: Uint8Array
  readonly name: string
  readonly role: NodeRole
  readonly signingKey: Uint8Array
  readonly sealingKey: Uint8Array
  /** SHA-256 of the whole request: the answer is bound to it. */
  readonly digest: Uint8Array
}

/** What the organisation gives to a new node. */
export interface JoinGrant {
  readonly organisation: Omit<Organisation, 'id'>
  /** 32 bytes. */
  readonly organisationSecret: Uint8Array
  /** The new node's own certificate, as the root signed it. */
  readonly certificateBytes: Uint8Array
  /** The certificate of the node that answers. */
  readonly issuerCertificateBytes: Uint8Array
}

/** A grant that opened and whose certificates are by the root it names. */
export interface JoinAnswer extends JoinGrant {
  readonly organisation: Organisation
  readonly certificate: Certificate
  readonly issuer: Certificate
}

/** What the new node needs to read the answer to its request. */
export interface Joiner {
  readonly code: Uint8Array
  readonly requestBytes: Uint8Array
  readonly signingKey: Uint8Array
  readonly sealingKey: Uint8Array
  /** X25519 with the private half of `sealingKey`. */
  readonly agree: (theirPublicKey: Uint8Array) => Uint8Array
}

/** Why a request is not granted. `unknown-code`: never given out, used up, or mistyped. */
export type JoinRequestRefusal =
  'malformed' | 'unknown-version' | 'unknown-code' | 'wrong-seal' | 'wrong-proof'

/** Why an answer is not taken. `wrong-certificate`: one of the two is not by the root, or ours is not for our keys. */
export type JoinAnswerRefusal =
  'malformed' | 'unknown-version' | 'weak-key' | 'wrong-seal' | 'wrong-certificate'

/** Longest request or answer that is looked at, in bytes. */
const JOIN_MESSAGE_BYTES_MAX = 2_048

const VERSION = 1
const CODE_ID_BYTES = 4
const NONCE_BYTES = 16
const NAME_BYTES_MAX = 64
const SIGNATURE_BYTES = 64
const PROOF_CONTEXT = bytesFromText('holdfast join request 1\0')
const ROLE_NUMBERS: Readonly<Record<NodeRole, number>> = { kit: 0, hub: 1, relay: 2 }
const ROLES: readonly NodeRole[] = ['kit', 'hub', 'relay']
const WORKSPACE_CODE = /^[a-z0-9]{1,3}$/i
/** Every sealing key here seals one message only. */
const ONLY_NONCE = new Uint8Array(12)

/** The request of a new node: version 1, code id 4, nonce 16, then the sealed body. */
export function makeJoinRequest(draft: JoinDraft): Uint8Array {
  const name = bytesFromText(draft.name)
  assert(name.length > 0 && name.length <= NAME_BYTES_MAX, 'a node name is 1 to 64 bytes')
  assert(draft.nonce.length === NONCE_BYTES, 'a join nonce is 16 bytes')
  const hash = joinCodeHash(draft.code)
  const header = concatBytes(Uint8Array.of(VERSION), hash.subarray(0, CODE_ID_BYTES), draft.nonce)
  const writer = byteWriter()
  writer.byte(ROLE_NUMBERS[draft.role])
  writer.block(name)
  writer.raw(draft.signingKey)
  writer.raw(draft.sealingKey)
  const claim = writer.bytes()
  const bytes = concatBytes(claim, draft.sign(concatBytes(PROOF_CONTEXT, header, claim)))
  return concatBytes(header, seal(requestKey(hash, header), ONLY_NONCE, { bytes, bound: header }))
}

/** Reads a request with the hashes (`joinCodeHash`) of all codes that are still good. */
export function readJoinRequest(
  bytes: Uint8Array,
  codeHashes: readonly Uint8Array[],
):
  | { readonly ok: true; readonly request: JoinRequest }
  | { readonly ok: false; readonly reason: JoinRequestRefusal } {
  const headerBytes = 1 + CODE_ID_BYTES + NONCE_BYTES
  if (bytes.length <= headerBytes || bytes.length > JOIN_MESSAGE_BYTES_MAX)
    return refused('malformed')
  if (bytes[0] !== VERSION) return refused('unknown-version')
  const header = bytes.subarray(0, headerBytes)
  const id = header.subarray(1, 1 + CODE_ID_BYTES)
  const candidates = codeHashes.filter((hash) => equalBytes(hash.subarray(0, CODE_ID_BYTES), id))
  if (candidates.length === 0) return refused('unknown-code')
  const sealed = { bytes: bytes.subarray(headerBytes), bound: header }
  for (const codeHash of candidates) {
    const body = open(requestKey(codeHash, header), ONLY_NONCE, sealed)
    if (body === undefined) continue
    const claim = parseClaim(body)
    if (claim === undefined) return refused('malformed')
    if (!provesKey(header, body, claim.signingKey)) return refused('wrong-proof')
    return { ok: true, request: { ...claim, codeHash, digest: sha256(bytes) } }
  }
  return refused('wrong-seal')
}

/**
 * The answer to `request`: version 1, ephemeral key 32, then the sealed body. `random` is 32 fresh random bytes.
 * Refuses a sealing key that would give everybody the same secret.
 */
export function makeJoinAnswer(
  request: JoinRequest,
  grant: JoinGrant,
  random: Uint8Array,
):
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: 'weak-key' } {
  const ephemeral = keyPairFromSeed('x25519', random)
  const shared = sharedOrNothing(
    (theirs) => agree(ephemeral.privateKey, theirs),
    request.sealingKey,
  )
  if (shared === undefined) return refused('weak-key')
  const header = concatBytes(Uint8Array.of(VERSION), ephemeral.publicBytes)
  const key = answerKey(request.codeHash, shared, request.digest)
  const body = { bytes: writeGrant(grant), bound: header }
  return { ok: true, bytes: concatBytes(header, seal(key, ONLY_NONCE, body)) }
}

/** Reads the answer to our own request and checks that the certificate in it is ours. */
export function readJoinAnswer(
  bytes: Uint8Array,
  joiner: Joiner,
):
  | { readonly ok: true; readonly answer: JoinAnswer }
  | { readonly ok: false; readonly reason: JoinAnswerRefusal } {
  const headerBytes = 33
  if (bytes.length <= headerBytes || bytes.length > JOIN_MESSAGE_BYTES_MAX)
    return refused('malformed')
  if (bytes[0] !== VERSION) return refused('unknown-version')
  const header = bytes.subarray(0, headerBytes)
  const shared = sharedOrNothing(joiner.agree, header.subarray(1))
  if (shared === undefined) return refused('weak-key')
  const key = answerKey(joinCodeHash(joiner.code), shared, sha256(joiner.requestBytes))
  const body = open(key, ONLY_NONCE, { bytes: bytes.subarray(headerBytes), bound: header })
  if (body === undefined) return refused('wrong-seal')
  const grant = parseGrant(body)
  return grant === undefined ? refused('malformed') : checkGrant(grant, joiner)
}

function refused<Reason extends string>(
  reason: Reason,
): { readonly ok: false; readonly reason: Reason } {
  return { ok: false, reason }
}

function requestKey(codeHash: Uint8Array, header: Uint8Array): SealKey {
  return sealKey(derive(concatBytes(codeHash, header), 'holdfast join 1 request', 32))
}

function answerKey(codeHash: Uint8Array, shared: Uint8Array, digest: Uint8Array): SealKey {
  return sealKey(derive(concatBytes(codeHash, shared, digest), 'holdfast join 1 answer', 32))
}

/** Undefined for the few public keys that give everybody the same secret (RFC 7748 §6.1); OpenSSL refuses them. */
function sharedOrNothing(
  agreeWith: (theirs: Uint8Array) => Uint8Array,
  theirs: Uint8Array,
): Uint8Array | undefined {
  try {
    return agreeWith(theirs)
  } catch {
    return undefined
  }
}

function provesKey(header: Uint8Array, body: Uint8Array, signingKey: Uint8Array): boolean {
  const signed = concatBytes(PROOF_CONTEXT, header, body.subarray(0, -SIGNATURE_BYTES))
  return verify(publicKeyFromBytes('ed25519', signingKey), signed, body.subarray(-SIGNATURE_BYTES))
}

function parseClaim(body: Uint8Array): Omit<JoinRequest, 'codeHash' | 'digest'> | undefined {
  return orUndefined(() => {
    const reader = byteReader(body)
    const role = ROLES[reader.byte()]
    const name = reader.block()
    const signingKey = new Uint8Array(reader.raw(32))
    const sealingKey = new Uint8Array(reader.raw(32))
    if (role === undefined || name.length === 0 || name.length > NAME_BYTES_MAX) return undefined
    if (reader.left() !== SIGNATURE_BYTES) return undefined
    return { role, name: textFromBytes(name), signingKey, sealingKey }
  })
}

function writeGrant(grant: JoinGrant): Uint8Array {
  assert(
    WORKSPACE_CODE.test(grant.organisation.code),
    'a workspace code is 1 to 3 letters or digits',
  )
  assert(grant.organisationSecret.length === 32, 'an organisation secret is 32 bytes')
  const writer = byteWriter()
  writer.block(bytesFromText(grant.organisation.name))
  writer.block(bytesFromText(grant.organisation.code))
  writer.raw(grant.organisation.rootKey)
  writer.raw(grant.organisationSecret)
  writer.block(grant.certificateBytes)
  writer.block(grant.issuerCertificateBytes)
  return writer.bytes()
}

function parseGrant(body: Uint8Array): JoinGrant | undefined {
  return orUndefined(() => {
    const reader = byteReader(body)
    const name = textFromBytes(reader.block())
    const code = textFromBytes(reader.block())
    const rootKey = new Uint8Array(reader.raw(32))
    const organisationSecret = new Uint8Array(reader.raw(32))
    const certificateBytes = new Uint8Array(reader.block())
    const issuerCertificateBytes = new Uint8Array(reader.block())
    if (reader.left() > 0 || !WORKSPACE_CODE.test(code)) return undefined
    const organisation = { name, code, rootKey }
    return { organisation, organisationSecret, certificateBytes, issuerCertificateBytes }
  })
}

function checkGrant(grant: JoinGrant, joiner: Joiner): ReturnType<typeof readJoinAnswer> {
  const { rootKey } = grant.organisation
  const certificate = readCertificate(rootKey, grant.certificateBytes)
  const issuer = readCertificate(rootKey, grant.issuerCertificateBytes)
  if (certificate === undefined || issuer === undefined) return refused('wrong-certificate')
  const isOurs =
    equalBytes(certificate.signingKey, joiner.signingKey) &&
    equalBytes(certificate.sealingKey, joiner.sealingKey)
  if (!isOurs) return refused('wrong-certificate')
  const organisation = { ...grant.organisation, id: organisationIdOf(rootKey) }
  return { ok: true, answer: { ...grant, organisation, certificate, issuer } }
}

function orUndefined<T>(parse: () => T | undefined): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}
