/**
 * How a new node joins the organisation: one request, one answer, over any channel, even an open one.
 *
 * Both are sealed under keys that come from the join code, so nobody without the code can read or alter either. The
 * answer's key also needs the new node's own private key: who learns the code later cannot open a recorded answer.
 * The request is signed by the key it asks a certificate for: nobody gets one for a key that is not theirs.
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
import type { NodeId } from '#base/ids.ts'
import { organisationIdOf, readCertificate } from './identity.ts'
import type { Certificate, NodeRole, Organisation } from './identity.ts'
import { joinCodeHash } from './join-code.ts'
import { agree, agreementPair, derive, open, seal, sealKey, suiteOf } from './keys.ts'
import { verify, verifyingKey, type SealKey, type Suite } from './keys.ts'

/** What a new node says of itself. */
export interface JoinDraft {
  /** 10 bytes, see `#trust/join-code.ts`. */
  readonly code: Uint8Array
  /** 1 to 64 bytes of UTF-8. */
  readonly name: string
  readonly role: NodeRole
  readonly suite: Suite
  /** Public key for signatures. */
  readonly signingKey: Uint8Array
  /** A fresh public key for agreement: the answer is sealed for it. */
  readonly answerKey: Uint8Array
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
  readonly suite: Suite
  readonly signingKey: Uint8Array
  readonly answerKey: Uint8Array
  /** SHA-256 of the whole request: the answer is bound to it. */
  readonly digest: Uint8Array
}

/** What the organisation gives to a new node. */
export interface JoinGrant {
  readonly organisation: Omit<Organisation, 'id'>
  /** 32 bytes. */
  readonly organisationSecret: Uint8Array
  /** The new node's own certificate. */
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
  readonly suite: Suite
  readonly signingKey: Uint8Array
  /** Key agreement with the private half of `answerKey`; undefined for a key that is none. */
  readonly agree: (theirPublicKey: Uint8Array) => Uint8Array | undefined
}

/** Why a request is not granted. `unknown-code`: never given out, used up, or mistyped. */
export type JoinRequestRefusal =
  'malformed' | 'unknown-version' | 'other-suite' | 'unknown-code' | 'wrong-seal' | 'wrong-proof'

/** Why an answer is not taken. `wrong-certificate`: one of the two is not by the root, or ours is not for our keys. */
export type JoinAnswerRefusal =
  'malformed' | 'unknown-version' | 'weak-key' | 'wrong-seal' | 'wrong-certificate'

/** Longest request or answer that is looked at, in bytes. */
const JOIN_MESSAGE_BYTES_MAX = 2_048

const VERSION = 2
/** Version and suite. */
const HEAD_BYTES = 2
const CODE_ID_BYTES = 4
const NONCE_BYTES = 16
const NAME_BYTES_MAX = 64
const PROOF_CONTEXT = bytesFromText('holdfast join request 2\0')
const ROLE_NUMBERS: Readonly<Record<NodeRole, number>> = { kit: 0, hub: 1, relay: 2 }
const ROLES: readonly NodeRole[] = ['kit', 'hub', 'relay']
const WORKSPACE_CODE = /^[a-z0-9]{1,3}$/i
/** Every sealing key here seals one message only. */
const ONLY_NONCE = new Uint8Array(12)

/** The request of a new node: version, suite, code id 4, nonce 16, then the sealed body. */
export function makeJoinRequest(draft: JoinDraft): Uint8Array {
  const name = bytesFromText(draft.name)
  assert(name.length > 0 && name.length <= NAME_BYTES_MAX, 'a node name is 1 to 64 bytes')
  assert(draft.nonce.length === NONCE_BYTES, 'a join nonce is 16 bytes')
  const hash = joinCodeHash(draft.code)
  const { suite } = draft
  const head = Uint8Array.of(VERSION, suite.number)
  const header = concatBytes(head, hash.subarray(0, CODE_ID_BYTES), draft.nonce)
  const writer = byteWriter()
  writer.byte(ROLE_NUMBERS[draft.role])
  writer.block(name)
  writer.raw(draft.signingKey)
  writer.raw(draft.answerKey)
  const claim = writer.bytes()
  const bytes = concatBytes(claim, draft.sign(concatBytes(PROOF_CONTEXT, header, claim)))
  return concatBytes(
    header,
    seal(requestKey(suite, hash, header), ONLY_NONCE, { bytes, bound: header }),
  )
}

/** Reads a request with the hashes (`joinCodeHash`) of all codes that are still good. */
export function readJoinRequest(
  bytes: Uint8Array,
  ours: { readonly suite: Suite; readonly codeHashes: readonly Uint8Array[] },
):
  | { readonly ok: true; readonly request: JoinRequest }
  | { readonly ok: false; readonly reason: JoinRequestRefusal } {
  const { suite, codeHashes } = ours
  const headerBytes = HEAD_BYTES + CODE_ID_BYTES + NONCE_BYTES
  if (bytes.length <= headerBytes || bytes.length > JOIN_MESSAGE_BYTES_MAX)
    return refused('malformed')
  if (bytes[0] !== VERSION) return refused('unknown-version')
  if (bytes[1] !== suite.number) return refused('other-suite')
  const header = bytes.subarray(0, headerBytes)
  const id = header.subarray(HEAD_BYTES, HEAD_BYTES + CODE_ID_BYTES)
  const candidates = codeHashes.filter((hash) => equalBytes(hash.subarray(0, CODE_ID_BYTES), id))
  if (candidates.length === 0) return refused('unknown-code')
  const sealed = { bytes: bytes.subarray(headerBytes), bound: header }
  for (const codeHash of candidates) {
    const body = open(requestKey(suite, codeHash, header), ONLY_NONCE, sealed)
    if (body === undefined) continue
    const claim = parseClaim(suite, body)
    if (claim === undefined) return refused('malformed')
    if (!provesKey({ suite, header, body }, claim.signingKey)) return refused('wrong-proof')
    return { ok: true, request: { ...claim, suite, codeHash, digest: sha256(bytes) } }
  }
  return refused('wrong-seal')
}

/**
 * The answer to `request`: version, suite, ephemeral key, then the sealed body. `random` is 32 fresh random bytes.
 * Refuses an answer key that would give everybody the same secret.
 */
export function makeJoinAnswer(
  request: JoinRequest,
  grant: JoinGrant,
  random: Uint8Array,
):
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: 'weak-key' } {
  const { suite } = request
  const ephemeral = agreementPair(suite, random)
  const shared = agree(suite, ephemeral.privateKey, request.answerKey)
  if (shared === undefined) return refused('weak-key')
  const header = concatBytes(Uint8Array.of(VERSION, suite.number), ephemeral.publicBytes)
  const key = answerKey(suite, concatBytes(request.codeHash, shared, request.digest))
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
  const { suite } = joiner
  const headerBytes = HEAD_BYTES + suite.agreementKeyBytes
  if (bytes.length <= headerBytes || bytes.length > JOIN_MESSAGE_BYTES_MAX)
    return refused('malformed')
  if (bytes[0] !== VERSION || bytes[1] !== suite.number) return refused('unknown-version')
  const header = bytes.subarray(0, headerBytes)
  const shared = joiner.agree(header.subarray(HEAD_BYTES))
  if (shared === undefined) return refused('weak-key')
  const digest = sha256(joiner.requestBytes)
  const key = answerKey(suite, concatBytes(joinCodeHash(joiner.code), shared, digest))
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

function requestKey(suite: Suite, codeHash: Uint8Array, header: Uint8Array): SealKey {
  const secret = concatBytes(codeHash, header)
  return sealKey(suite, derive(suite, secret, { label: 'holdfast join 2 request', length: 32 }))
}

/** `secret`: the code's hash, what both agreed on, and the request's digest. */
function answerKey(suite: Suite, secret: Uint8Array): SealKey {
  return sealKey(suite, derive(suite, secret, { label: 'holdfast join 2 answer', length: 32 }))
}

interface Claimed {
  readonly suite: Suite
  readonly header: Uint8Array
  readonly body: Uint8Array
}

function provesKey({ suite, header, body }: Claimed, signingKey: Uint8Array): boolean {
  const key = verifyingKey(suite, signingKey)
  const signed = concatBytes(PROOF_CONTEXT, header, body.subarray(0, -suite.signatureBytes))
  return key !== undefined && verify(key, signed, body.subarray(-suite.signatureBytes))
}

function parseClaim(
  suite: Suite,
  body: Uint8Array,
): Omit<JoinRequest, 'suite' | 'codeHash' | 'digest'> | undefined {
  return orUndefined(() => {
    const reader = byteReader(body)
    const role = ROLES[reader.byte()]
    const name = reader.block()
    const signingKey = new Uint8Array(reader.raw(suite.signingKeyBytes))
    const answerKey = new Uint8Array(reader.raw(suite.agreementKeyBytes))
    if (role === undefined || name.length === 0 || name.length > NAME_BYTES_MAX) return undefined
    if (reader.left() !== suite.signatureBytes) return undefined
    return { role, name: textFromBytes(name), signingKey, answerKey }
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
  writer.byte(grant.organisation.suite.number)
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
    const suite = suiteOf(reader.byte())
    if (suite === undefined) return undefined
    const rootKey = new Uint8Array(reader.raw(suite.signingKeyBytes))
    const organisationSecret = new Uint8Array(reader.raw(32))
    const certificateBytes = new Uint8Array(reader.block())
    const issuerCertificateBytes = new Uint8Array(reader.block())
    if (reader.left() > 0 || !WORKSPACE_CODE.test(code)) return undefined
    const organisation = { name, code, suite, rootKey }
    return { organisation, organisationSecret, certificateBytes, issuerCertificateBytes }
  })
}

function checkGrant(grant: JoinGrant, joiner: Joiner): ReturnType<typeof readJoinAnswer> {
  const { rootKey, suite } = grant.organisation
  const byRoot = { suite, rootKey, certificateOf: () => undefined }
  const issuer = readCertificate(byRoot, grant.issuerCertificateBytes)
  const authority = {
    ...byRoot,
    certificateOf: (node: NodeId) => (node === issuer?.node ? issuer : undefined),
  }
  const certificate = readCertificate(authority, grant.certificateBytes)
  if (certificate === undefined || issuer === undefined) return refused('wrong-certificate')
  const isOurs = suite === joiner.suite && equalBytes(certificate.signingKey, joiner.signingKey)
  if (!isOurs) return refused('wrong-certificate')
  const organisation = { ...grant.organisation, id: organisationIdOf(suite, rootKey) }
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
