/**
 * The secure session of two nodes of one organisation that talk directly.
 *
 * Envelopes are sealed end to end anyway; the session is there so that nobody on the network can pass for a peer
 * or forge a custody answer. Signed Diffie-Hellman: both send a hello with a fresh X25519 key, both sign both hellos
 * and their own role (SIGMA, with the identities inside what is signed), and HKDF makes one key per direction.
 * Everything here is a pure function of bytes; whoever holds the socket keeps the counters.
 */
import { assert } from '#base/assert.ts'
import {
  byteReader,
  byteWriter,
  bytesFromText,
  concatBytes,
  equalBytes,
  MalformedBytes,
} from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  readCertificate,
  verifierOf,
  type Authority,
  type Certificate,
  type Identity,
} from './identity.ts'
import { agree, agreementPair, derive, open, seal, sealKey, verify } from './keys.ts'
import type { KeyPair, SealKey, Suite } from './keys.ts'

/** Who spoke first. */
export type SessionRole = 'initiator' | 'responder'

/** Why a peer gets no session. `not-a-member`: its certificate is not by our root. */
export type SessionRefusal =
  | 'malformed'
  | 'unknown-version'
  | 'not-a-member'
  | 'revoked'
  | 'expired'
  | 'ourselves'
  | 'reflected'
  | 'wrong-proof'
  | 'weak-key'

/** Who opens a session, and whom it will talk to. */
export interface SessionParty {
  readonly identity: Identity
  readonly authority: Authority
  /** Why not to talk to the owner of this certificate, which is genuine; undefined when nothing speaks against it. */
  readonly objectionTo: (certificate: Certificate) => 'revoked' | 'expired' | undefined
}

/** Our side before the peer has said anything. Used for one session only. */
export interface Opening extends SessionParty {
  readonly role: SessionRole
  readonly ephemeral: KeyPair
  /** What the peer must get first. */
  readonly hello: Uint8Array
}

/** Both hellos are known; who the peer claims to be is not proven yet. */
export interface Meeting {
  readonly opening: Opening
  readonly claimed: Certificate
  readonly claimedBytes: Uint8Array
  readonly theirEphemeral: Uint8Array
  /** Both hellos, the initiator's first. */
  readonly hellos: Uint8Array
  /** What the peer must get second. */
  readonly proof: Uint8Array
}

/** An authenticated peer, and the key of each direction. */
export interface Session {
  readonly peer: Certificate
  /** The peer's certificate as the root signed it. */
  readonly peerBytes: Uint8Array
  readonly sendKey: SealKey
  readonly receiveKey: SealKey
}

type Outcome<Name extends string, Value> =
  | ({ readonly ok: true } & { readonly [key in Name]: Value })
  | { readonly ok: false; readonly reason: SessionRefusal }

/** Random bytes that one opening uses up: a seed for key agreement and a nonce. */
export const OPENING_RANDOM_BYTES = 48
/** Bytes a sealed frame is longer than what is in it: the tag of Poly1305. */
export const SEAL_BYTES = 16
/** Longest hello that is looked at, in bytes; the longest, on P-384, has some 330 of them. */
const HELLO_BYTES_MAX = 512

const VERSION = 2
const SEED_BYTES = 32
const NONCE_BYTES = 16
const CONTEXT = bytesFromText('holdfast session 2\0')
const NOTHING = new Uint8Array(0)

/** Begins a session as `role`. `random` is OPENING_RANDOM_BYTES fresh unpredictable bytes. */
export function beginSession(party: SessionParty, role: SessionRole, random: Uint8Array): Opening {
  assert(random.length === OPENING_RANDOM_BYTES, 'an opening takes 48 random bytes')
  const { identity } = party
  const ephemeral = agreementPair(identity.organisation.suite, random.subarray(0, SEED_BYTES))
  const writer = byteWriter()
  writer.byte(VERSION)
  writer.block(identity.certificateBytes)
  writer.raw(ephemeral.publicBytes)
  writer.raw(random.slice(SEED_BYTES))
  return { ...party, role, ephemeral, hello: writer.bytes() }
}

/** Reads the peer's hello and makes our proof. Says nothing yet of who the peer really is. */
export function readHello(opening: Opening, theirs: Uint8Array): Outcome<'meeting', Meeting> {
  if (equalBytes(theirs, opening.hello)) return refused('reflected')
  const { certificate, sign, organisation } = opening.identity
  const parts = parseHello(organisation.suite, theirs)
  if (typeof parts === 'string') return refused(parts)
  const claimed = readCertificate(opening.authority, parts.certificateBytes)
  if (claimed === undefined) return refused('not-a-member')
  if (claimed.node === certificate.node) return refused('ourselves')
  const objection = opening.objectionTo(claimed)
  if (objection !== undefined) return refused(objection)
  const hellos = joinHellos(opening, theirs)
  const proof = sign(statement(opening.role, hellos))
  return {
    ok: true,
    meeting: {
      opening,
      claimed,
      claimedBytes: parts.certificateBytes,
      theirEphemeral: parts.ephemeral,
      hellos,
      proof,
    },
  }
}

/** Checks the peer's proof. Only now is the peer who it says it is. */
export function readProof(meeting: Meeting, theirs: Uint8Array): Outcome<'session', Session> {
  const { opening, claimed, hellos } = meeting
  const signed = statement(otherRole(opening.role), hellos)
  const { suite } = opening.identity.organisation
  if (!verify(verifierOf(suite, claimed), signed, theirs)) return refused('wrong-proof')
  const shared = agree(suite, opening.ephemeral.privateKey, meeting.theirEphemeral)
  if (shared === undefined) return refused('weak-key')
  const secret = concatBytes(shared, sha256(CONTEXT, hellos))
  const keyOf = (role: SessionRole): SealKey =>
    sealKey(suite, derive(suite, secret, { label: `holdfast session 2 from ${role}`, length: 32 }))
  return {
    ok: true,
    session: {
      peer: claimed,
      peerBytes: meeting.claimedBytes,
      sendKey: keyOf(opening.role),
      receiveKey: keyOf(otherRole(opening.role)),
    },
  }
}

/** Seals the frame with this number. Numbers start at 0 and never repeat within a session. */
export function sealFrame(session: Session, number: number, bytes: Uint8Array): Uint8Array {
  return seal(session.sendKey, frameNonce(number), { bytes, bound: NOTHING })
}

/** Opens the frame with this number; undefined when it is forged, altered, repeated or out of order. */
export function openFrame(
  session: Session,
  number: number,
  sealed: Uint8Array,
): Uint8Array | undefined {
  return open(session.receiveKey, frameNonce(number), { bytes: sealed, bound: NOTHING })
}

function refused(reason: SessionRefusal): { readonly ok: false; readonly reason: SessionRefusal } {
  return { ok: false, reason }
}

function otherRole(role: SessionRole): SessionRole {
  return role === 'initiator' ? 'responder' : 'initiator'
}

interface HelloParts {
  readonly certificateBytes: Uint8Array
  readonly ephemeral: Uint8Array
}

function parseHello(suite: Suite, bytes: Uint8Array): HelloParts | 'malformed' | 'unknown-version' {
  if (bytes.length > HELLO_BYTES_MAX) return 'malformed'
  const reader = byteReader(bytes)
  try {
    if (reader.byte() !== VERSION) return 'unknown-version'
    const certificateBytes = new Uint8Array(reader.block())
    const ephemeral = new Uint8Array(reader.raw(suite.agreementKeyBytes))
    reader.raw(NONCE_BYTES)
    return reader.left() === 0 ? { certificateBytes, ephemeral } : 'malformed'
  } catch (error) {
    if (error instanceof MalformedBytes) return 'malformed'
    throw error
  }
}

function joinHellos(opening: Opening, theirs: Uint8Array): Uint8Array {
  const isFirst = opening.role === 'initiator'
  const writer = byteWriter()
  writer.block(isFirst ? opening.hello : theirs)
  writer.block(isFirst ? theirs : opening.hello)
  return writer.bytes()
}

/** What the node in `role` signs. The role keeps one side's proof from being sent back as the other's. */
function statement(role: SessionRole, hellos: Uint8Array): Uint8Array {
  return concatBytes(CONTEXT, bytesFromText(`${role}\0`), hellos)
}

/** 12 bytes: 4 of zero, then the number, most significant byte first. */
function frameNonce(number: number): Uint8Array {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64BE(BigInt(number), 4)
  return nonce
}
