/**
 * What all messages of joining share: a head of version, suite and kind, and the seal for the node that asked. For the
 * messages themselves see `joining.ts` and `join-compare.ts`.
 */
import { bytesFromText, concatBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { idFromBytes, type NodeId } from '#base/ids.ts'
import { joinCodeHash } from './join-code.ts'
import { derive, open, seal, sealKey, type SealKey, type Suite } from './keys.ts'
import {
  KEM_CIPHERTEXT_BYTES,
  openSecret,
  sealSecret,
  type SealingChance,
  type SealingPair,
} from './sealing-key.ts'

/** Whom an answer is sealed for. */
export interface Recipient {
  readonly suite: Suite
  readonly answerKey: Uint8Array
  /** Undefined where there is no code. */
  readonly codeHash: Uint8Array | undefined
  /** SHA-256 of the request. */
  readonly digest: Uint8Array
}

/** What a node needs to read the answer to its request. */
export interface Joiner {
  readonly code: Uint8Array | undefined
  readonly requestBytes: Uint8Array
  readonly suite: Suite
  readonly signingKey: Uint8Array
  /** Both halves of `answerKey`. */
  readonly answerPair: SealingPair
}

/** Why an answer is not taken. `wrong-certificate`: one of the two is not by the root, or ours is not for our keys. */
export type JoinAnswerRefusal =
  'malformed' | 'unknown-version' | 'weak-key' | 'wrong-seal' | 'wrong-certificate'

/** Version of all messages of joining. */
export const JOIN_VERSION = 3
/** The third byte of each message. */
export const JOIN_KIND = {
  request: 1,
  openRequest: 2,
  answer: 3,
  challenge: 4,
  reveal: 5,
  wait: 6,
} as const
/** Longest message that is looked at, in bytes. */
const JOIN_MESSAGE_BYTES_MAX = 8_192
/** Version, suite and kind. */
export const JOIN_HEAD_BYTES = 3
/** 100 bits: nobody finds another message with the same fingerprint. */
const FINGERPRINT_CHARACTERS = 20
const FINGERPRINT_CONTEXT = bytesFromText('holdfast fingerprint 1\0')
const NOTHING = new Uint8Array(0)
/** Every sealing key here seals one message only. */
const ONLY_NONCE = new Uint8Array(12)

/** Five groups of four characters that people compare by voice: 100 bits of the hash of a whole message. */
export function fingerprintOf(message: Uint8Array): string {
  const hash = sha256(FINGERPRINT_CONTEXT, message).subarray(0, 16)
  const text = idFromBytes<NodeId>(hash).slice(0, FINGERPRINT_CHARACTERS)
  return text.replace(/.{4}(?=.)/g, '$&-')
}

/** The number of the suite that a message of joining speaks; undefined when it is none of this version. */
export function suiteNumberOf(bytes: Uint8Array): number | undefined {
  return bytes[0] === JOIN_VERSION ? bytes[1] : undefined
}

/** Seals something for whoever sent a request; undefined when its answer key is none. */
export function sealForJoiner(
  recipient: Recipient,
  message: {
    readonly kind: 'answer' | 'challenge'
    readonly body: Uint8Array
    readonly chance: SealingChance
    readonly secret?: Uint8Array
  },
): Uint8Array | undefined {
  const { suite, answerKey, digest } = recipient
  const { kind, body, chance, secret = NOTHING } = message
  const sealed = sealSecret(suite, answerKey, chance)
  if (sealed === undefined) return undefined
  const head = Uint8Array.of(JOIN_VERSION, suite.number, JOIN_KIND[kind])
  const header = concatBytes(head, sealed.ciphertext)
  const codeHash = recipient.codeHash ?? NOTHING
  const key = messageKey(suite, kind, concatBytes(sealed.secret, digest, codeHash, secret))
  return concatBytes(header, seal(key, ONLY_NONCE, { bytes: body, bound: header }))
}

/** Opens what was sealed for us; a word says why not. */
export function openAsJoiner(
  bytes: Uint8Array,
  joiner: Joiner,
  { kind, secret }: { readonly kind: 'answer' | 'challenge'; readonly secret: Uint8Array },
): Uint8Array | Exclude<JoinAnswerRefusal, 'wrong-certificate'> {
  const { suite, answerPair, requestBytes, code } = joiner
  const problem = problemWith(bytes, suite, JOIN_KIND[kind])
  if (problem !== undefined) return problem === 'malformed' ? problem : 'unknown-version'
  const headerBytes = JOIN_HEAD_BYTES + suite.agreementKeyBytes + KEM_CIPHERTEXT_BYTES
  const header = bytes.subarray(0, headerBytes)
  const shared = openSecret(answerPair, header.subarray(JOIN_HEAD_BYTES))
  if (shared === undefined) return bytes.length < headerBytes ? 'malformed' : 'weak-key'
  const codeHash = code === undefined ? NOTHING : joinCodeHash(code)
  const secrets = concatBytes(shared, sha256(requestBytes), codeHash, secret)
  const sealed = { bytes: bytes.subarray(headerBytes), bound: header }
  return open(messageKey(suite, kind, secrets), ONLY_NONCE, sealed) ?? 'wrong-seal'
}

/** What is wrong with a message of this kind at first sight. */
export function problemWith(
  bytes: Uint8Array,
  suite: Suite,
  kind: number,
): 'malformed' | 'unknown-version' | 'other-suite' | undefined {
  if (bytes.length <= JOIN_HEAD_BYTES || bytes.length > JOIN_MESSAGE_BYTES_MAX) return 'malformed'
  if (bytes[0] !== JOIN_VERSION) return 'unknown-version'
  if (bytes[1] !== suite.number) return 'other-suite'
  return bytes[2] === kind ? undefined : 'malformed'
}

function messageKey(suite: Suite, kind: string, secret: Uint8Array): SealKey {
  return sealKey(suite, derive(suite, secret, { label: `holdfast join 3 ${kind}`, length: 32 }))
}
