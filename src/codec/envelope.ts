/**
 * The unit a carrier moves. Compressed, then sealed for the members of a scope, then signed where there is
 * something of the sender's own to vouch for.
 *
 *     flags 1 | key hint 2 | sender varint | generation varint where it is large | life 4 where it is 0 |
 *     ciphertext | tag 16 | signature 0, 64 or 96
 *
 * flags: version (2 bits, 2), compression (2 bits), signed (1 bit), with a channel's dictionary (1 bit), generation (2 bits). Bound
 * but never sent: organisation, scope, epoch, a commitment to its secret, the sender's signing key and life, the dictionary's hash.
 * Nothing numbers it: the seal needs no nonce (`trust/twin-seal.ts`).
 * `PROTOCOL.md` has it all.
 */
import {
  byteReader,
  byteWriter,
  concatBytes,
  MalformedBytes,
  type ByteReader,
} from '#base/bytes.ts'
import { actorOf, type ActorId } from '#base/ids.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import type { EpochKey, Keyring, Scope } from '#trust/epoch.ts'
import type { Certificate } from '#trust/identity.ts'
import type { Suite } from '#trust/keys.ts'
import type { Roster } from '#trust/roster.ts'
import { openTwin, sealTwin } from '#trust/twin-seal.ts'
import {
  compress,
  decompress,
  usesDictionary,
  type Compressed,
  type Compression,
} from './compression.ts'
import type { TrainedDictionary } from './trained-dictionary.ts'

/** What goes into an envelope. */
export interface Sealing {
  readonly sender: Certificate
  /** 4 bytes: this life of the sender's store. */
  readonly life: Uint8Array
  /** By what readers know this life: the generation of a sealing key that it published. 0: by nothing yet. */
  readonly generation: number
  readonly key: EpochKey
  readonly body: Uint8Array
  /** Whether it goes over a link where each byte counts. */
  readonly isThin?: boolean
  /** The body cannot be made smaller. */
  readonly isSmall?: boolean
  /** The channel's own dictionary, when all who are to read it have it. */
  readonly dictionary?: TrainedDictionary | undefined
  /** A signature over what `header` and `body` are to be vouched for, or undefined. */
  readonly sign: ((header: Uint8Array) => Uint8Array) | undefined
}

/** What came out of an envelope. Its signature is not yet checked: what it covers depends on the body. */
export interface Opened {
  readonly ok: true
  readonly sender: Certificate
  /** The sender's actor in this life. */
  readonly actor: ActorId
  readonly key: EpochKey
  readonly header: Uint8Array
  readonly body: Uint8Array
  readonly signature: Uint8Array | undefined
}

/**
 * Why an envelope stays shut. `unknown sender` and `unknown key` may change when the directory grows, `unknown dictionary` when
 * the channel does.
 */
export interface Unopened {
  readonly ok: false
  readonly reason:
    'malformed' | 'unknown sender' | 'unknown key' | 'unknown dictionary' | 'not authentic'
  /** The dictionary that it was made small with, when that is one of which only the hash was given: it is authentic. */
  readonly hash?: Uint8Array
}

/** What an envelope is opened with. */
export interface Opener extends Pick<Keyring, 'byHint'> {
  /** Of channels that it may be of. The hash alone tells which one it is, before anybody makes its text. */
  readonly dictionaries?: readonly Readable[]
}

type Readable = TrainedDictionary | Pick<TrainedDictionary, 'hash'>

const VERSION = 2
const SIGNED = 16
const WITH_DICTIONARY = 32
const LIFE_BYTES = 4
/** In the flags, in place of a generation as large: it follows. */
const LARGE_GENERATION = 3
const COMPRESSIONS: readonly Compression[] = [0, 1, 2, 3]

/** A sealed envelope. */
export function sealEnvelope(sealing: Sealing): Uint8Array {
  const { compression, bytes, dictionary } = compressed(sealing)
  const writer = byteWriter()
  const generation = Math.min(sealing.generation, LARGE_GENERATION)
  const signed = sealing.sign === undefined ? 0 : SIGNED
  const trained = dictionary === undefined ? 0 : WITH_DICTIONARY
  writer.byte(VERSION | (compression << 2) | signed | trained | (generation << 6))
  writer.raw(sealing.key.hint)
  writer.uint(sealing.sender.number)
  if (generation === LARGE_GENERATION) writer.uint(sealing.generation)
  if (generation === 0) writer.raw(sealing.life)
  const header = writer.bytes()
  const bound = boundOf(header, sealing.key, { ...sealing, dictionary })
  const sealed = sealTwin(sealing.key.keyOf(sealing.sender.node), { bytes, bound })
  return concatBytes(header, sealed, sealing.sign?.(header) ?? new Uint8Array(0))
}

function compressed(sealing: Sealing): Compressed {
  const { body, isSmall } = sealing
  return isSmall === true ? { compression: 0, bytes: body } : compress(body, sealing)
}

/** Opens an envelope for a member. Never throws; the bytes may be anything. */
export function openEnvelope(bytes: Uint8Array, roster: Roster, opener: Opener): Opened | Unopened {
  const parts = split(roster.suite, bytes)
  if (parts === undefined) return { ok: false, reason: 'malformed' }
  const sender = roster.byNumber(parts.senderNumber)
  if (sender === undefined) return { ok: false, reason: 'unknown sender' }
  const keys = opener.byHint(parts.hint)
  if (keys.length === 0) return { ok: false, reason: 'unknown key' }
  const lives =
    parts.life === undefined ? roster.livesOf(sender.node, parts.generation) : [parts.life]
  if (lives.length === 0) return { ok: false, reason: 'unknown sender' }
  for (const trial of trialsOf(parts, { keys, lives, opener })) {
    const { key, life, dictionary } = trial
    const plain = openTwin(key.keyOf(sender.node), {
      bytes: parts.sealed,
      bound: boundOf(parts.header, key, { sender, life, dictionary }),
    })
    if (plain === undefined) continue
    if (dictionary !== undefined && !isMade(dictionary))
      return { ok: false, reason: 'unknown dictionary', hash: dictionary.hash }
    const body = decompress({ compression: parts.compression, bytes: plain, dictionary })
    if (body === undefined) return { ok: false, reason: 'malformed' }
    const { header, signature } = parts
    const actor = actorOf(sender.node, life)
    return { ok: true, sender, actor, key, header, body, signature }
  }
  return { ok: false, reason: parts.isTrained ? 'unknown dictionary' : 'not authentic' }
}

/** The scopes whose dictionaries an envelope may need; none where it was made without. */
export function scopesToRead(
  bytes: Uint8Array,
  suite: Suite,
  { byHint }: Opener,
): readonly Scope[] {
  const { isTrained = false, hint } = split(suite, bytes) ?? {}
  if (!isTrained || hint === undefined) return []
  return [...new Set(byHint(hint).map(({ scope }) => scope))]
}

/** What may have sealed it. */
interface Trial {
  readonly key: EpochKey
  readonly life: Uint8Array
  readonly dictionary: Readable | undefined
}

function isMade(dictionary: Readable): dictionary is TrainedDictionary {
  return 'text' in dictionary
}

function trialsOf(
  { isTrained }: Parts,
  by: {
    readonly keys: readonly EpochKey[]
    readonly lives: readonly Uint8Array[]
    readonly opener: Opener
  },
): readonly Trial[] {
  const dictionaries = isTrained ? (by.opener.dictionaries ?? []) : [undefined]
  return by.keys.flatMap((key) =>
    by.lives.flatMap((life) => dictionaries.map((dictionary) => ({ key, life, dictionary }))),
  )
}

interface Parts {
  readonly compression: Compression
  readonly hint: Uint8Array
  /** It was made with a channel's own dictionary. */
  readonly isTrained: boolean
  readonly senderNumber: number
  /** Undefined when the generation says which life it is. */
  readonly life: Uint8Array | undefined
  readonly generation: number
  readonly header: Uint8Array
  readonly sealed: Uint8Array
  readonly signature: Uint8Array | undefined
}

function split(suite: Suite, bytes: Uint8Array): Parts | undefined {
  if (bytes.length > ENVELOPE_BYTES_MAX) return undefined
  try {
    const reader = byteReader(bytes)
    const flags = reader.byte()
    const compression = COMPRESSIONS[(flags >> 2) & 3]
    if ((flags & 3) !== VERSION || compression === undefined) return undefined
    const hint = reader.raw(2)
    const isTrained = (flags & WITH_DICTIONARY) !== 0
    // Nothing is made with a dictionary and without.
    if (isTrained && !usesDictionary(compression)) return undefined
    const senderNumber = reader.uint()
    const generation = readGeneration(reader, flags)
    const life = generation === 0 ? reader.raw(LIFE_BYTES) : undefined
    const end = bytes.length - ((flags & SIGNED) === 0 ? 0 : suite.signatureBytes)
    if (end < reader.at()) return undefined
    const header = bytes.subarray(0, reader.at())
    const sealed = bytes.subarray(reader.at(), end)
    const signature = end === bytes.length ? undefined : bytes.subarray(end)
    const who = { senderNumber, life, generation }
    return { compression, hint, isTrained, ...who, header, sealed, signature }
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

function readGeneration(reader: ByteReader, flags: number): number {
  const short = flags >> 6
  if (short < LARGE_GENERATION) return short
  const generation = reader.uint()
  if (generation < LARGE_GENERATION)
    throw new MalformedBytes('a generation is not in its short form')
  return generation
}

function boundOf(
  header: Uint8Array,
  key: EpochKey,
  { sender, life, dictionary }: Pick<Sealing, 'sender' | 'life'> & Pick<Trial, 'dictionary'>,
): Uint8Array {
  const read = dictionary?.hash ?? new Uint8Array(0)
  return concatBytes(header, key.bound, sender.signingKey, life, read)
}
