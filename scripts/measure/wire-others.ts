/**
 * The same posts as others would send them, at their best: channel, organisation and key are agreed beforehand, people are numbers, replies
 * count back. What is sealed, is sealed by tweetnacl's secretbox with its nonce and signed by it; ten posts are sealed and signed once.
 */
import { constants, deflateRawSync, zstdCompressSync, brotliCompressSync } from 'node:zlib'
import * as Automerge from '@automerge/automerge'
import { cbor } from '@automerge/automerge-repo'
import nacl from 'tweetnacl'
import { DICTIONARY_TEXT } from '#codec/dictionary-text.ts'
import type { PlannedMessage } from '../trial/messages.ts'
import { openFloor } from './wire-floor.ts'
import { BEGAN_AT, MESSAGE_EVERY_MS } from './wire-world.ts'
import { mean, rounded } from './statistics.ts'

/** Bytes a post, alone and in tens; undefined where a form has no such thing. */
export interface Form {
  readonly name: string
  readonly single: number | undefined
  readonly ten: number | undefined
}

type Compressor = (bytes: Uint8Array) => Uint8Array

/** As much as deflate uses of it. */
const DICTIONARY = Buffer.from(DICTIONARY_TEXT).subarray(-32_506)
const TEN = 10
/** Posts for what is slow. */
const SLOW_POSTS = 300
const ZSTD_LEVEL = 19
/** Every zstd frame begins with them, so they need not be sent. */
const ZSTD_MAGIC_BYTES = 4

const COMPRESSORS: Readonly<Record<string, Compressor>> = {
  cbor: (bytes) => bytes,
  cbor_deflate: (bytes) => deflateRawSync(bytes, { level: 9 }),
  cbor_deflate_dictionary: (bytes) => deflateRawSync(bytes, { level: 9, dictionary: DICTIONARY }),
  cbor_brotli: (bytes) => brotliCompressSync(bytes),
  cbor_zstd: (bytes) => zstd(bytes, {}),
  cbor_zstd_dictionary: (bytes) => zstd(bytes, { dictionary: DICTIONARY }),
}

/** All of them. */
export function formsOfOthers(messages: readonly PlannedMessage[]): readonly Form[] {
  const seal = sealBytes()
  const records = messages.map(recordOf)
  return [
    ...Object.entries(COMPRESSORS).map(([name, compress]) => ({
      name,
      single: meanOf(records, 1, (some) => seal + compress(cbor.encode(some[0])).length),
      ten: meanOf(records, TEN, (some) => seal + compress(cbor.encode(some)).length),
    })),
    ...automergeForms(messages, seal),
    automergeRepoForm(messages),
  ]
}

/**
 * What is possible: the texts alone, without author, time, seal or signature, by a model that has read our dictionary and those texts of
 * the same file that are not measured.
 */
export function floorOf(messages: readonly PlannedMessage[], others: readonly string[]): Form {
  const floor = openFloor(Buffer.from(`${DICTIONARY_TEXT}\n${others.join('\n')}\n`))
  const texts = sampleOf(messages).map(({ text }) => text)
  const bytes = (some: readonly string[]): number => floor.bytesFor(Buffer.from(some.join('\n')))
  return { name: 'floor', single: meanOf(texts, 1, bytes), ten: meanOf(texts, TEN, bytes) }
}

interface PostRecord {
  readonly a: number
  readonly t: number
  readonly m: string
  readonly r?: number
}

/** Author, time in seconds, text, and how many messages back the one is that it answers. */
function recordOf({ author, number, text, replyTo }: PlannedMessage): PostRecord {
  const t = Math.floor((BEGAN_AT + number * MESSAGE_EVERY_MS) / 1_000)
  return { a: author, t, m: text, ...(replyTo === undefined ? {} : { r: number - replyTo }) }
}

/** What is slow is done for these: groups of ten that follow each other, evenly out of all. */
function sampleOf(messages: readonly PlannedMessage[]): readonly PlannedMessage[] {
  const groups = Math.floor(messages.length / TEN)
  const most = Math.min(groups, SLOW_POSTS / TEN)
  return Array.from({ length: most }, (_, at) => Math.floor((at * groups) / most) * TEN).flatMap(
    (from) => messages.slice(from, from + TEN),
  )
}

/** Bytes a post of all groups of `size`. */
function meanOf<T>(items: readonly T[], size: number, bytesOf: (some: T[]) => number): number {
  const each: number[] = []
  for (let from = 0; from + size <= items.length; from += size)
    each.push(bytesOf(items.slice(from, from + size)) / size)
  return rounded(mean(each))
}

/** What sealing and signing add, by doing both. */
function sealBytes(): number {
  const plain = new Uint8Array(100)
  const nonce = nacl.randomBytes(nacl.secretbox.nonceLength)
  const box = nacl.secretbox(plain, nonce, nacl.randomBytes(nacl.secretbox.keyLength))
  const signature = nacl.sign.detached(box, nacl.sign.keyPair().secretKey)
  return nonce.length + box.length + signature.length - plain.length
}

function zstd(bytes: Uint8Array, options: { readonly dictionary?: Buffer }): Uint8Array {
  const params = {
    [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
    [constants.ZSTD_c_contentSizeFlag]: 0,
    [constants.ZSTD_c_dictIDFlag]: 0,
  }
  return zstdCompressSync(bytes, { ...options, params }).subarray(ZSTD_MAGIC_BYTES)
}

interface Channel extends Record<string, unknown> {
  readonly posts: object[]
}

/** A list of maps; texts are no collaborative texts, which would be twice as large. */
function channel(): Automerge.Doc<Channel> {
  return Automerge.from<Channel>({ posts: [] }, { actor: 'a1b2c3d4' })
}

function posted(doc: Automerge.Doc<Channel>, message: PlannedMessage): Automerge.Doc<Channel> {
  const { m, ...rest } = recordOf(message)
  const change = (draft: Channel): void => {
    draft.posts.push({ ...rest, m: new Automerge.ImmutableString(m) })
  }
  return Automerge.change(doc, { time: 0 }, change)
}

function automergeForms(messages: readonly PlannedMessage[], seal: number): readonly Form[] {
  let doc = channel()
  const changes = sampleOf(messages).map((message) => {
    doc = posted(doc, message)
    return Automerge.getLastLocalChange(doc) ?? new Uint8Array(0)
  })
  Automerge.free(doc)
  const form = (name: string, compress: Compressor): Form => {
    const bytes = (some: Uint8Array[]): number => seal + compress(Buffer.concat(some)).length
    return { name, single: meanOf(changes, 1, bytes), ten: meanOf(changes, TEN, bytes) }
  }
  const { cbor_deflate: deflate, cbor_deflate_dictionary: dictionary } = COMPRESSORS
  return [
    form('automerge', (bytes) => bytes),
    ...(deflate === undefined ? [] : [form('automerge_deflate', deflate)]),
    ...(dictionary === undefined ? [] : [form('automerge_deflate_dictionary', dictionary)]),
  ]
}

/** Its message to a peer that had everything before; nothing of it is sealed, and the peer's answer is not counted. */
function automergeRepoForm(messages: readonly PlannedMessage[]): Form {
  const bytesFor = (size: number): number => {
    const all = sampleOf(messages)
    let [doc, far] = [channel(), Automerge.init<Channel>()]
    let [state, farState] = [Automerge.initSyncState(), Automerge.initSyncState()]
    let spent = 0
    const talk = (isCounted: boolean): void => {
      for (let silent = 0, turn = 0; silent < 2; turn += 1) {
        const isHere = turn % 2 === 0
        const [next, message] = isHere
          ? Automerge.generateSyncMessage(doc, state)
          : Automerge.generateSyncMessage(far, farState)
        if (isHere) state = next
        else farState = next
        silent = message === null ? silent + 1 : 0
        if (message === null) continue
        if (isCounted && turn === 0) spent += cbor.encode(repoMessage(message)).length
        if (isHere) [far, farState] = Automerge.receiveSyncMessage(far, farState, message)
        else [doc, state] = Automerge.receiveSyncMessage(doc, state, message)
      }
    }
    talk(false)
    for (let from = 0; from + size <= all.length; from += size) {
      for (const message of all.slice(from, from + size)) doc = posted(doc, message)
      talk(true)
    }
    Automerge.free(doc)
    Automerge.free(far)
    return rounded(spent / all.length)
  }
  return { name: 'automerge_repo_unsealed', single: bytesFor(1), ten: bytesFor(TEN) }
}

/** As its network adapters encode it; ids as short as it makes them. */
function repoMessage(data: Uint8Array): object {
  return {
    type: 'sync',
    senderId: 'peer-k3x9q1zp',
    targetId: 'peer-8s0d2mwa',
    documentId: '4NMNnkMhL8jXrdJ9jamS58PAVdXu',
    data,
  }
}
