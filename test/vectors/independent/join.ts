/** PROTOCOL.md, “Joining”: what a node that joins and the one that lets it in say to each other. */
import {
  byte,
  concat,
  hash,
  hash16,
  idOf,
  must,
  properText,
  readWhole,
  readerOf,
  text,
} from './bytes.ts'
import type { Reader } from './bytes.ts'
import {
  LENGTHS,
  derive,
  isSigned,
  pairSecret,
  sealingLengths,
  suiteOf,
  unsealOnce,
  type Suite,
} from './suites.ts'

export interface Claim {
  readonly role: number
  readonly name: string
  readonly number: number
  readonly signingKey: Buffer
  readonly answerKey: Buffer
  readonly commitment: Buffer
  readonly rest: Buffer
}

export interface Grant {
  readonly name: string
  readonly code: Buffer
  readonly suite: Suite
  readonly rootKey: Buffer
  readonly secret: Buffer
  readonly certificate: Buffer
  readonly issuer: Buffer
  readonly epoch: number
  readonly maker?: string
  readonly epochSecret?: Buffer
  readonly rest: Buffer
}

export interface Challenge {
  readonly name: string
  readonly rootKey: Buffer
  readonly s: Buffer
}

const VERSION = 3
const [KIND_REQUEST, KIND_FILE, KIND_ANSWER, KIND_CHALLENGE] = [1, 2, 3, 4]
const [CODE_BYTES, HEAD_BYTES, MESSAGE_BYTES_MAX, REST_BYTES_MAX] = [10, 3, 8_192, 4_096]

function codeHash(code: Uint8Array): Buffer {
  must(code.length === CODE_BYTES, 'a code')
  return hash(text('holdfast join code 1\0'), code)
}

/** Whether the digits of both sides are compared. */
export function isCompared(code: Uint8Array): boolean {
  return (code.at(-1) ?? 0) % 2 === 1
}

/** Opens a request, or one by file where there is no code, and checks its signature. */
export function readRequest(message: Uint8Array, code?: Uint8Array): Claim {
  const { suite, reader } = headOf(message, code === undefined ? KIND_FILE : KIND_REQUEST)
  const known = code === undefined ? undefined : codeHash(code)
  if (known !== undefined) must(reader.take(4).equals(known.subarray(0, 4)), 'another code')
  reader.take(16)
  const header = Buffer.from(message.subarray(0, reader.at()))
  const rest = reader.rest()
  const opened =
    known === undefined
      ? rest
      : unsealOnce(suite, derive(suite, concat(known, header), 'holdfast join 3 request'), {
          bound: header,
          bytes: rest,
        })
  must(opened !== undefined, 'a request that does not open')
  const { signature: length } = LENGTHS[suite]
  const [bytes, signature] = [opened.subarray(0, -length), opened.subarray(-length)]
  const claim = readWhole(bytes, (inner) => readClaim(inner, suite))
  const signed = concat(text('holdfast join request 3\0'), header, bytes)
  must(isSigned(suite, claim.signingKey, { signed, signature }), 'a request that is not signed')
  return claim
}

/** What opens an answer or a challenge: the request's bytes, the code, and `secret` where digits are compared. */
export interface AnswerKeys {
  readonly seed: Uint8Array
  readonly request: Uint8Array
  readonly code?: Uint8Array
  readonly secret?: Uint8Array
}

export function readAnswer(message: Uint8Array, keys: AnswerKeys): Grant {
  const { suite, text: bytes } = openAnswer(message, keys, KIND_ANSWER)
  return readWhole(bytes, (reader) => {
    const name = properText(reader.block())
    const code = reader.block()
    must(suiteOf(reader.byte()) === suite, 'a grant of another suite')
    const rootKey = reader.take(LENGTHS[suite].signingKey)
    const secret = reader.take(32)
    const [certificate, issuer] = [reader.block(), reader.block()]
    const epoch = reader.uint()
    const more = epoch === 0 ? {} : { maker: idOf(reader.take(16)), epochSecret: reader.take(32) }
    const rest = reader.block(REST_BYTES_MAX)
    return { name, code, suite, rootKey, secret, certificate, issuer, epoch, ...more, rest }
  })
}

export function readChallenge(message: Uint8Array, keys: AnswerKeys): Challenge {
  const { suite, text: bytes } = openAnswer(message, keys, KIND_CHALLENGE)
  return readWhole(bytes, (reader) => ({
    name: properText(reader.block()),
    rootKey: reader.take(LENGTHS[suite].signingKey),
    s: reader.take(32),
  }))
}

/** What both sides know once the challenge and the reveal are there. */
export interface Comparison {
  readonly request: Uint8Array
  readonly challenge: Uint8Array
  readonly s: Uint8Array
  readonly r: Uint8Array
}

export function digitsOf(comparison: Comparison): string {
  const six = hash(text('holdfast join digits 3\0'), together(comparison)).readUIntBE(0, 6)
  return String(six % 1_000_000).padStart(6, '0')
}

export function comparedSecret(comparison: Comparison): Buffer {
  return hash(text('holdfast join secret 3\0'), together(comparison))
}

export function commitmentOf(r: Uint8Array): Buffer {
  return hash(text('holdfast join commitment 3\0'), r)
}

/** The message that shows r, and the one that asks to wait. */
export function reveal(suite: Suite, request: Uint8Array, r: Uint8Array): Buffer {
  return concat(byte(VERSION, suite, 5), hash16(request), r)
}

export function waitMessage(suite: Suite): Buffer {
  return byte(VERSION, suite, 6)
}

/** What people compare of a file. */
export function fingerprint(message: Uint8Array): string {
  const all = idOf(hash16(text('holdfast fingerprint 1\0'), message)).slice(0, 20)
  return all.replace(/.{4}(?=.)/gu, '$&-')
}

function together({ request, challenge, s, r }: Comparison): Buffer {
  return concat(hash(request), hash(challenge), s, r)
}

function openAnswer(
  message: Uint8Array,
  { seed, request, code, secret }: AnswerKeys,
  kind: number,
): { readonly suite: Suite; readonly text: Buffer } {
  const { suite, reader } = headOf(message, kind)
  const ciphertext = reader.take(sealingLengths(suite).ciphertext)
  const header = Buffer.from(message.subarray(0, reader.at()))
  const label = `holdfast join 3 ${kind === KIND_ANSWER ? 'answer' : 'challenge'}`
  const none = Buffer.alloc(0)
  const secrets = concat(
    pairSecret(suite, seed, ciphertext),
    hash(request),
    code === undefined ? none : codeHash(code),
    secret ?? none,
  )
  const opened = unsealOnce(suite, derive(suite, secrets, label), {
    bound: header,
    bytes: reader.rest(),
  })
  must(opened !== undefined, 'an answer that does not open')
  return { suite, text: opened }
}

function readClaim(reader: Reader, suite: Suite): Claim {
  return {
    role: reader.byte(),
    name: properText(reader.block(64)),
    number: reader.uint(),
    signingKey: reader.take(LENGTHS[suite].signingKey),
    answerKey: reader.take(sealingLengths(suite).key),
    commitment: reader.take(32),
    rest: reader.block(REST_BYTES_MAX),
  }
}

function headOf(
  message: Uint8Array,
  kind: number,
): { readonly suite: Suite; readonly reader: Reader } {
  must(message.length <= MESSAGE_BYTES_MAX, 'a message that is too long')
  const reader = readerOf(message)
  const [version = 0, suite = 0, found = 0] = reader.take(HEAD_BYTES)
  must(version === VERSION && found === kind, `a message of kind ${found}`)
  return { suite: suiteOf(suite), reader }
}
