/** PROTOCOL.md, “Keys” and “Envelope”: the keys of a scope, and what is sealed under them. */
import { brotliDecompressSync, inflateRawSync } from 'node:zlib'
import { byte, bytesOf, concat, must, readerOf, text } from './bytes.ts'
import { unmixed, type Learned } from './mixing.ts'
import { LENGTHS, derive, untwin, type Suite } from './suites.ts'

export interface Epoch {
  readonly audience: string
  readonly number: number
  /** A node's id, or nothing for epoch 0. */
  readonly maker?: string
  readonly secret: Uint8Array
}

export interface ScopeKeys {
  readonly suite: Suite
  readonly scope: string
  readonly secret: Buffer
  readonly hint: Buffer
  readonly commitment: Buffer
  readonly bound: Buffer
}

export interface Header {
  readonly version: number
  readonly compression: number
  readonly isSigned: boolean
  readonly hasDictionary: boolean
  readonly hint: Buffer
  readonly sender: number
  readonly generation: number
  readonly life: Buffer | undefined
  readonly bytes: Buffer
}

/** Who sealed an envelope. */
export interface Sender {
  readonly node: string
  readonly signingKey: Uint8Array
  readonly life: Uint8Array
}

export interface Opened {
  readonly header: Header
  readonly signature: Buffer | undefined
  /** As it was sealed, still packed. */
  readonly packed: Buffer
}

/** What compressed bodies are read with: texts of the page, and a channel's own where bit 5 is set. */
export interface Texts {
  readonly dictionary: Uint8Array
  readonly learned: Learned
}

const ENVELOPE_BYTES_MAX = 60_000
const BODY_BYTES_MAX = 1_000_000
const PRESET_BYTES = 32_506
const VERSION = 2

export function epochId(suite: Suite, { audience, number: count, maker, secret }: Epoch): Buffer {
  return derive(suite, secret, `holdfast epoch ${audience} ${count} ${maker ?? 'door'}`, 16)
}

/** What a node is given at the door, and the two epochs that follow from it. */
export function doorEpochs(
  suite: Suite,
  organisation: string,
  door: Uint8Array,
): readonly [Epoch, Epoch] {
  const of = (label: string): Epoch => ({
    audience: organisation,
    number: 0,
    secret: derive(suite, door, label),
  })
  return [of('holdfast keys document'), of('holdfast first epoch')]
}

export function scopeKeys(
  suite: Suite,
  organisation: string,
  { scope, epoch }: { readonly scope: string; readonly epoch: Epoch },
): ScopeKeys {
  const id = epochId(suite, epoch).toString('hex')
  const secret = derive(suite, epoch.secret, `holdfast scope ${scope} ${id}`)
  const commitment = derive(suite, secret, 'holdfast commitment')
  const bound = concat(byte(suite), bytesOf(organisation), text(scope), commitment)
  return {
    suite,
    scope,
    secret,
    hint: derive(suite, secret, 'holdfast hint', 2),
    commitment,
    bound,
  }
}

export function senderKey({ suite, secret }: ScopeKeys, node: string): Buffer {
  return derive(suite, secret, `holdfast seal ${node}`)
}

function readHeader(envelope: Uint8Array): Header {
  must(envelope.length <= ENVELOPE_BYTES_MAX, 'an envelope that is too long')
  const reader = readerOf(envelope)
  const flags = reader.byte()
  const compression = (flags >> 2) & 3
  const hasDictionary = ((flags >> 5) & 1) === 1
  must((flags & 3) === VERSION, `an envelope of version ${flags & 3}`)
  must(!hasDictionary || compression === 1 || compression === 3, 'a dictionary for nothing')
  const hint = reader.take(2)
  const sender = reader.uint()
  const generation = flags >> 6 === 3 ? reader.uint() : flags >> 6
  must(flags >> 6 < 3 || generation > 2, 'a generation that is not in its shortest form')
  const life = generation === 0 ? reader.take(4) : undefined
  return {
    version: VERSION,
    compression,
    isSigned: ((flags >> 4) & 1) === 1,
    hasDictionary,
    hint,
    sender,
    generation,
    life,
    bytes: Buffer.from(envelope.subarray(0, reader.at())),
  }
}

/** Opens the seal; `dictionary` is the hash of the channel's text. Nothing when another key or dictionary did it. */
export function open(
  envelope: Uint8Array,
  keys: ScopeKeys,
  { sender, dictionary }: { readonly sender: Sender; readonly dictionary?: Uint8Array },
): Opened | undefined {
  const header = readHeader(envelope)
  const length = header.isSigned ? LENGTHS[keys.suite].signature : 0
  const end = envelope.length - length
  must(end >= header.bytes.length + 16, 'an envelope that is too short')
  if (!header.hint.equals(keys.hint)) return undefined
  const { signingKey, life } = sender
  const named = header.hasDictionary ? (dictionary ?? Buffer.alloc(0)) : Buffer.alloc(0)
  const packed = untwin(keys.suite, senderKey(keys, sender.node), {
    bound: concat(header.bytes, keys.bound, signingKey, life, named),
    bytes: envelope.subarray(header.bytes.length, end),
  })
  if (packed === undefined) return undefined
  const signature = header.isSigned ? Buffer.from(envelope.subarray(end)) : undefined
  return { header, packed, signature }
}

/** The body of an envelope that was opened. */
export function unpacked({ header, packed }: Opened, { dictionary, learned }: Texts): Buffer {
  const options = { maxOutputLength: BODY_BYTES_MAX }
  switch (header.compression) {
    case 0:
      return packed
    case 1:
      return inflateRawSync(packed, { ...options, dictionary: dictionary.subarray(-PRESET_BYTES) })
    case 2:
      return brotliDecompressSync(packed, options)
    default:
      return unmixed(packed, learned)
  }
}
