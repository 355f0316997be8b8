/**
 * How a new node joins the organisation: one request, one answer, over any channel, even an open one or a file.
 *
 * With a code both are sealed under keys that come from it, so nobody without the code can read or alter either. The
 * answer's key also needs the new node's own sealing key, a hybrid (`sealing-key.ts`): who learns the code later, or
 * builds a quantum computer, cannot open a recorded answer. The request is signed by the key it asks a certificate for:
 * nobody gets one for a key that is not theirs. Without a code (by file) the request is in the clear, and people
 * compare fingerprints of both messages. For digits to compare see `join-compare.ts`.
 */
import { assert } from '#base/assert.ts'
import {
  byteReader,
  byteWriter,
  bytesFromText,
  concatBytes,
  equalBytes,
  textFromBytes,
} from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { NodeRole } from './identity.ts'
import { joinCodeHash } from './join-code.ts'
import {
  checkGrant,
  JOIN_BLOCK_BYTES_MAX,
  orUndefined,
  parseGrant,
  writeGrant,
  type JoinAnswer,
  type JoinGrant,
} from './join-grant.ts'
import {
  JOIN_HEAD_BYTES,
  JOIN_KIND,
  JOIN_VERSION,
  openAsJoiner,
  problemWith,
  sealForJoiner,
  type JoinAnswerRefusal,
  type Joiner,
} from './join-message.ts'
import { derive, open, seal, sealKey, verify, verifyingKey } from './keys.ts'
import type { SealKey, Suite } from './keys.ts'
import { sealingKeyBytes, type SealingChance } from './sealing-key.ts'

/** What a node says of itself. */
export interface JoinDraft {
  /** 10 bytes, see `#trust/join-code.ts`; undefined for a request by file, which is in the clear. */
  readonly code: Uint8Array | undefined
  /** 1 to 64 bytes of UTF-8. */
  readonly name: string
  readonly role: NodeRole
  readonly suite: Suite
  /** The number it has already, when it asks for a new certificate; 0 for a new node. */
  readonly number: number
  /** Public key for signatures. */
  readonly signingKey: Uint8Array
  /** A fresh public sealing key: the answer is sealed for it. */
  readonly answerKey: Uint8Array
  /** Signs with the private half of `signingKey`. */
  readonly sign: (message: Uint8Array) => Uint8Array
  /** 16 fresh random bytes: a second try with the same code must not repeat them. */
  readonly nonce: Uint8Array
  /** 32 bytes: to what is revealed when digits are compared; all zero where they are not. */
  readonly commitment: Uint8Array
  /** For other layers, such as a request for a TLS certificate; empty for none. */
  readonly block: Uint8Array
}

/** A request that opened: its sender has the code, if there is one, and the private half of `signingKey`. */
export interface JoinRequest extends Omit<JoinDraft, 'code' | 'sign' | 'nonce'> {
  /** Undefined for a request in the clear. */
  readonly codeHash: Uint8Array | undefined
  /** SHA-256 of the whole request: the answer is bound to it. */
  readonly digest: Uint8Array
}

/** Why a request is not granted. `unknown-code`: never given out, used up, or mistyped. */
export type JoinRequestRefusal =
  'malformed' | 'unknown-version' | 'other-suite' | 'unknown-code' | 'wrong-seal' | 'wrong-proof'

/** Commitment of a request where nothing is compared. */
export const NO_COMMITMENT: Uint8Array = new Uint8Array(32)

const CODE_ID_BYTES = 4
const NONCE_BYTES = 16
const COMMITMENT_BYTES = 32
const NAME_BYTES_MAX = 64
const PROOF_CONTEXT = bytesFromText('holdfast join request 3\0')
const ROLE_NUMBERS: Readonly<Record<NodeRole, number>> = { kit: 0, hub: 1, relay: 2 }
const ROLES: readonly NodeRole[] = ['kit', 'hub', 'relay']
const NOTHING = new Uint8Array(0)
/** Every sealing key here seals one message only. */
const ONLY_NONCE = new Uint8Array(12)

/** The request of a new node: head, code id 4, nonce 16, then the sealed body; by file head, nonce, body. */
export function makeJoinRequest(draft: JoinDraft): Uint8Array {
  const { suite, code } = draft
  assert(draft.nonce.length === NONCE_BYTES, 'a join nonce is 16 bytes')
  const hash = code && joinCodeHash(code)
  const kind = hash === undefined ? JOIN_KIND.openRequest : JOIN_KIND.request
  const id = hash?.subarray(0, CODE_ID_BYTES) ?? NOTHING
  const header = concatBytes(Uint8Array.of(JOIN_VERSION, suite.number, kind), id, draft.nonce)
  const claim = writeClaim(draft)
  const bytes = concatBytes(claim, draft.sign(concatBytes(PROOF_CONTEXT, header, claim)))
  if (hash === undefined) return concatBytes(header, bytes)
  const body = { bytes, bound: header }
  return concatBytes(header, seal(requestKey(suite, hash, header), ONLY_NONCE, body))
}

/** Reads a request with the hashes (`joinCodeHash`) of all codes that are still good. */
export function readJoinRequest(
  bytes: Uint8Array,
  ours: { readonly suite: Suite; readonly codeHashes: readonly Uint8Array[] },
):
  | { readonly ok: true; readonly request: JoinRequest }
  | { readonly ok: false; readonly reason: JoinRequestRefusal } {
  const { suite, codeHashes } = ours
  const problem = problemWith(bytes, suite, JOIN_KIND.request)
  if (problem !== undefined) return refused(problem)
  const header = bytes.subarray(0, JOIN_HEAD_BYTES + CODE_ID_BYTES + NONCE_BYTES)
  const id = header.subarray(JOIN_HEAD_BYTES, JOIN_HEAD_BYTES + CODE_ID_BYTES)
  const candidates = codeHashes.filter((hash) => equalBytes(hash.subarray(0, CODE_ID_BYTES), id))
  if (candidates.length === 0) return refused('unknown-code')
  const sealed = { bytes: bytes.subarray(header.length), bound: header }
  for (const codeHash of candidates) {
    const body = open(requestKey(suite, codeHash, header), ONLY_NONCE, sealed)
    if (body !== undefined) return readClaim({ suite, bytes, header, body }, codeHash)
  }
  return refused('wrong-seal')
}

/** Reads a request that came in a file. What it says is only as good as the fingerprint people compared. */
export function readOpenRequest(
  bytes: Uint8Array,
  suite: Suite,
): ReturnType<typeof readJoinRequest> {
  const problem = problemWith(bytes, suite, JOIN_KIND.openRequest)
  if (problem !== undefined) return refused(problem)
  const header = bytes.subarray(0, JOIN_HEAD_BYTES + NONCE_BYTES)
  return readClaim({ suite, bytes, header, body: bytes.subarray(header.length) }, undefined)
}

/**
 * The answer to `request`: head, ciphertext for the answer key, then the sealed body. `secret` is what both got from
 * comparing digits, where they did. Refuses an answer key that is none.
 */
export function makeJoinAnswer(
  request: JoinRequest,
  grant: JoinGrant,
  exchange: { readonly chance: SealingChance; readonly secret?: Uint8Array },
):
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: 'weak-key' } {
  const body = writeGrant(grant)
  const bytes = sealForJoiner(request, { kind: 'answer', body, ...exchange })
  return bytes === undefined ? refused('weak-key') : { ok: true, bytes }
}

/** Reads the answer to our own request and checks that the certificate in it is ours. */
export function readJoinAnswer(
  bytes: Uint8Array,
  joiner: Joiner,
  secret?: Uint8Array,
):
  | { readonly ok: true; readonly answer: JoinAnswer }
  | { readonly ok: false; readonly reason: JoinAnswerRefusal } {
  const body = openAsJoiner(bytes, joiner, { kind: 'answer', secret: secret ?? NOTHING })
  if (typeof body === 'string') return refused(body)
  const grant = parseGrant(body)
  if (grant === undefined) return refused('malformed')
  const answer = checkGrant(grant, joiner)
  return answer === undefined ? refused('wrong-certificate') : { ok: true, answer }
}

function refused<Reason extends string>(
  reason: Reason,
): { readonly ok: false; readonly reason: Reason } {
  return { ok: false, reason }
}

function requestKey(suite: Suite, codeHash: Uint8Array, header: Uint8Array): SealKey {
  const secret = concatBytes(codeHash, header)
  return sealKey(suite, derive(suite, secret, { label: 'holdfast join 3 request', length: 32 }))
}

function writeClaim(draft: JoinDraft): Uint8Array {
  const name = bytesFromText(draft.name)
  assert(name.length > 0 && name.length <= NAME_BYTES_MAX, 'a node name is 1 to 64 bytes')
  assert(draft.commitment.length === COMMITMENT_BYTES, 'a commitment is 32 bytes')
  assert(draft.block.length <= JOIN_BLOCK_BYTES_MAX, 'a block fits into the request')
  const writer = byteWriter()
  writer.byte(ROLE_NUMBERS[draft.role])
  writer.block(name)
  writer.uint(draft.number)
  writer.raw(draft.signingKey)
  writer.raw(draft.answerKey)
  writer.raw(draft.commitment)
  writer.block(draft.block)
  return writer.bytes()
}

interface Claimed {
  readonly suite: Suite
  readonly bytes: Uint8Array
  readonly header: Uint8Array
  readonly body: Uint8Array
}

function readClaim(
  { suite, bytes, header, body }: Claimed,
  codeHash: Uint8Array | undefined,
): ReturnType<typeof readJoinRequest> {
  const claim = parseClaim(suite, body)
  if (claim === undefined) return refused('malformed')
  const key = verifyingKey(suite, claim.signingKey)
  const signed = concatBytes(PROOF_CONTEXT, header, body.subarray(0, -suite.signatureBytes))
  if (key === undefined || !verify(key, signed, body.subarray(-suite.signatureBytes)))
    return refused('wrong-proof')
  return { ok: true, request: { ...claim, suite, codeHash, digest: sha256(bytes) } }
}

function parseClaim(
  suite: Suite,
  body: Uint8Array,
): Omit<JoinRequest, 'suite' | 'codeHash' | 'digest'> | undefined {
  return orUndefined(() => {
    const reader = byteReader(body)
    const role = ROLES[reader.byte()]
    const name = reader.block()
    const number = reader.uint()
    const signingKey = new Uint8Array(reader.raw(suite.signingKeyBytes))
    const answerKey = new Uint8Array(reader.raw(sealingKeyBytes(suite)))
    const commitment = new Uint8Array(reader.raw(COMMITMENT_BYTES))
    const block = new Uint8Array(reader.block())
    if (role === undefined || name.length === 0 || name.length > NAME_BYTES_MAX) return undefined
    if (reader.left() !== suite.signatureBytes || block.length > JOIN_BLOCK_BYTES_MAX)
      return undefined
    const facts = { role, name: textFromBytes(name), number, signingKey, answerKey }
    return { ...facts, commitment, block }
  })
}
