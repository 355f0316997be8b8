/** PROTOCOL.md, “Release”: a share handed over, asked for and given. */
import { bytesOf, concat, hash, must, properText, readWhole, readerOf, text } from './bytes.ts'
import {
  derive,
  mac,
  pairSecret,
  sealOnce,
  sealingLengths,
  suiteOf,
  unsealOnce,
  type Suite,
} from './suites.ts'

export interface Share {
  readonly id: Uint8Array
  readonly keyName: Uint8Array
  readonly ciphertext: Uint8Array
  readonly sealed: Uint8Array
}

export interface Question {
  readonly suite: Suite
  readonly id: Buffer
  readonly nonce: Buffer
  readonly address: string
  readonly publicKey: Buffer
}

const VERSION = 1
const PROOF_BYTES = 32

export function authenticationKey(suite: Suite, device: Uint8Array, id: Uint8Array): Buffer {
  return derive(suite, concat(device, id), 'holdfast release authentication')
}

/** What a hub finds in an entry of kind 31: the share, then the authentication key. */
export function openShare(
  suite: Suite,
  share: Share,
  { node, seed }: { readonly node: string; readonly seed: Uint8Array },
): readonly [Buffer, Buffer] {
  const key = derive(suite, pairSecret(suite, seed, share.ciphertext), 'holdfast share')
  const bound = concat(text('holdfast share 1\0'), bytesOf(node), share.id, share.keyName)
  const opened = unsealOnce(suite, key, { bound, bytes: share.sealed })
  must(opened?.length === 64, 'a share that does not open')
  return [opened.subarray(0, 32), opened.subarray(32)]
}

/** Reads a question and checks that it comes from who has the authentication key. */
export function readQuestion(bytes: Uint8Array, key: Uint8Array): Question {
  const before = bytes.subarray(0, -PROOF_BYTES)
  const question = readWhole(before, (reader) => {
    must(reader.byte() === VERSION, 'a question of another version')
    const suite = suiteOf(reader.byte())
    const [id, nonce] = [reader.take(16), reader.take(16)]
    const address = properText(reader.block(300))
    must(address.length > 0, 'no address')
    return { suite, id, nonce, address, publicKey: reader.take(sealingLengths(suite).key) }
  })
  const all = concat(text('holdfast release request 1\0'), before)
  const proof = mac(question.suite, key, all).subarray(0, PROOF_BYTES)
  must(proof.equals(bytes.subarray(-PROOF_BYTES)), 'a question without proof')
  return question
}

/** The share in an answer. */
export function readReleaseAnswer(
  answer: Uint8Array,
  { question, key, seed }: Readonly<Record<'question' | 'key' | 'seed', Uint8Array>>,
): { readonly nonce: Buffer; readonly share: Buffer } {
  const reader = readerOf(answer)
  must(reader.byte() === VERSION, 'an answer of another version')
  const suite = suiteOf(reader.byte())
  const nonce = reader.take(16)
  const ciphertext = reader.take(sealingLengths(suite).ciphertext)
  const header = Buffer.from(answer.subarray(0, reader.at()))
  const secret = concat(key, pairSecret(suite, seed, ciphertext), hash(question, header))
  const sealing = derive(suite, secret, 'holdfast release answer')
  const share = unsealOnce(suite, sealing, { bound: header, bytes: reader.rest() })
  must(share?.length === 32, 'an answer that does not open')
  must(sealOnce(suite, sealing, { bound: header, bytes: share }).length === 48, 'another length')
  return { nonce, share }
}
