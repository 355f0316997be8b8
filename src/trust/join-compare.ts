/**
 * Six digits that both ends show while a node joins, for a code that may have been overheard or photographed.
 *
 *     request    with a commitment: SHA-256 of 32 random bytes r of the new node
 *     challenge  sealed for the new node's answer key: 32 random bytes s of the node that answers, and its organisation
 *     reveal     r; repeated until there is an answer
 *     answer     once people said that the digits are the same; its key needs s and r, too
 *
 * The digits hash request, challenge, s and r. Whoever stands in the middle and knows the code runs one exchange with
 * each end. Towards the one that answers it has to send its request, and so its commitment, before it sees s; towards
 * the new node its challenge before it sees r. Whichever exchange ends last, its digits are drawn by an honest end after
 * everything the middle could choose is fixed: they match once in a million tries, and a code gives one try. Nothing can
 * be ground beforehand. A middle that only passes messages on makes the digits match and learns nothing: s is sealed for
 * the new node's key, and the answer's key needs it.
 *
 * Without comparing, the code alone decides. It is 80 random bits, used once, within a day, and whoever does not know it
 * can neither read nor answer: that is safe against outsiders. Comparing is for codes that travel over a channel which
 * others hear. The code itself says which (`isCompared` in `join-code.ts`): nobody in the middle can talk an end out of it.
 */
import {
  byteReader,
  byteWriter,
  bytesFromText,
  concatBytes,
  equalBytes,
  textFromBytes,
} from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { Organisation } from './identity.ts'
import { orUndefined } from './join-grant.ts'
import {
  JOIN_HEAD_BYTES,
  JOIN_KIND,
  JOIN_VERSION,
  openAsJoiner,
  sealForJoiner,
  type JoinAnswerRefusal,
  type Joiner,
  type Recipient,
} from './join-message.ts'
import type { JoinRequest } from './joining.ts'
import type { Suite } from './keys.ts'
import type { SealingChance } from './sealing-key.ts'

/** A challenge that opened. */
export interface JoinChallenge {
  readonly organisationName: string
  readonly rootKey: Uint8Array
  /** The random bytes of the node that answers. */
  readonly theirs: Uint8Array
}

/** What both ends have once the new node has revealed. */
export interface Comparison {
  /** Six digits for people. */
  readonly digits: string
  /** For the key of the answer. */
  readonly secret: Uint8Array
}

/** A reveal as it came. */
export interface JoinReveal {
  /** The first 16 bytes of the request's digest. */
  readonly ticket: Uint8Array
  readonly revealed: Uint8Array
}

/** Random bytes that each end contributes. */
export const COMPARE_RANDOM_BYTES = 32

const TICKET_BYTES = 16
const DIGITS = 6
const COMMIT_CONTEXT = bytesFromText('holdfast join commitment 3\0')
const DIGITS_CONTEXT = bytesFromText('holdfast join digits 3\0')
const SECRET_CONTEXT = bytesFromText('holdfast join secret 3\0')

/** What the new node commits to in its request. */
export function commitmentTo(mine: Uint8Array): Uint8Array {
  return sha256(COMMIT_CONTEXT, mine)
}

/** The challenge to a request; undefined when its answer key is none. `theirs` are our random bytes. */
export function makeChallenge(
  request: Recipient,
  {
    organisation,
    theirs,
    chance,
  }: {
    readonly organisation: Pick<Organisation, 'name' | 'rootKey'>
    readonly theirs: Uint8Array
    readonly chance: SealingChance
  },
): Uint8Array | undefined {
  const writer = byteWriter()
  writer.block(bytesFromText(organisation.name))
  writer.raw(organisation.rootKey)
  writer.raw(theirs)
  return sealForJoiner(request, { kind: 'challenge', body: writer.bytes(), chance })
}

/** Reads the challenge to our request. */
export function readChallenge(
  bytes: Uint8Array,
  joiner: Joiner,
):
  | { readonly ok: true; readonly challenge: JoinChallenge }
  | { readonly ok: false; readonly reason: JoinAnswerRefusal } {
  const body = openAsJoiner(bytes, joiner, { kind: 'challenge', secret: new Uint8Array(0) })
  if (typeof body === 'string') return { ok: false, reason: body }
  const challenge = orUndefined(() => {
    const reader = byteReader(body)
    const organisationName = textFromBytes(reader.block())
    const rootKey = new Uint8Array(reader.raw(joiner.suite.signingKeyBytes))
    const theirs = new Uint8Array(reader.raw(COMPARE_RANDOM_BYTES))
    return reader.left() === 0 ? { organisationName, rootKey, theirs } : undefined
  })
  return challenge === undefined ? { ok: false, reason: 'malformed' } : { ok: true, challenge }
}

/** What the new node sends, as often as it likes, until there is an answer. */
export function makeReveal(suite: Suite, requestBytes: Uint8Array, mine: Uint8Array): Uint8Array {
  const head = Uint8Array.of(JOIN_VERSION, suite.number, JOIN_KIND.reveal)
  return concatBytes(head, sha256(requestBytes).subarray(0, TICKET_BYTES), mine)
}

/** A reveal, or undefined when the bytes are none. */
export function readReveal(bytes: Uint8Array): JoinReveal | undefined {
  const isReveal = bytes[0] === JOIN_VERSION && bytes[2] === JOIN_KIND.reveal
  if (!isReveal || bytes.length !== JOIN_HEAD_BYTES + TICKET_BYTES + COMPARE_RANDOM_BYTES)
    return undefined
  const ticketEnd = JOIN_HEAD_BYTES + TICKET_BYTES
  return { ticket: bytes.slice(JOIN_HEAD_BYTES, ticketEnd), revealed: bytes.slice(ticketEnd) }
}

/** Whether a reveal is of this request, and keeps what the request committed to. */
export function isRevealOf({ ticket, revealed }: JoinReveal, request: JoinRequest): boolean {
  const isMeant = equalBytes(ticket, request.digest.subarray(0, TICKET_BYTES))
  return isMeant && equalBytes(commitmentTo(revealed), request.commitment)
}

/** "Not yet": an answer to a reveal. */
export function makeWait(suite: Suite): Uint8Array {
  return Uint8Array.of(JOIN_VERSION, suite.number, JOIN_KIND.wait)
}

/** Whether an answer says "not yet". */
export function isWait(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(2), Uint8Array.of(JOIN_KIND.wait)) && bytes[0] === JOIN_VERSION
}

/** The digits and the secret of one exchange. */
export function compare(exchange: {
  /** SHA-256 of the request. */
  readonly requestDigest: Uint8Array
  readonly challengeBytes: Uint8Array
  readonly theirs: Uint8Array
  readonly mine: Uint8Array
}): Comparison {
  const { requestDigest, challengeBytes, theirs, mine } = exchange
  const transcript = concatBytes(requestDigest, sha256(challengeBytes), theirs, mine)
  const number = Buffer.from(sha256(DIGITS_CONTEXT, transcript)).readUIntBE(0, 6) % 10 ** DIGITS
  const digits = String(number).padStart(DIGITS, '0')
  return { digits, secret: sha256(SECRET_CONTEXT, transcript) }
}
