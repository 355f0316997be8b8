/**
 * Makes a body small: raw, deflate with a dictionary, brotli, or for thin links the mixing coder, whichever is
 * smallest. The dictionary is the base one, or that and what a channel has learned of itself (`trained-dictionary.ts`).
 * Node 24 silently ignores brotli's dictionary, and deflate uses at most 32,506 bytes of one (research/wire.md 1).
 */
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  inflateRawSync,
} from 'node:zlib'
import { BODY_BYTES_MAX } from '#base/limits.ts'
import { DICTIONARY_TEXT } from './dictionary-text.ts'
import { learnedText, sampleBodies } from './mixing-text.ts'
import { openMixing, type Mixing } from './mixing.ts'
import { forDeflate, mixerOf, type TrainedDictionary } from './trained-dictionary.ts'

/** How a body was made small; the number stands in the envelope's flags. */
export type Compression = 0 | 1 | 2 | 3

/** A body as it will be sealed. */
export interface Compressed {
  readonly compression: Compression
  readonly bytes: Uint8Array
  /** It was made with a channel's own dictionary, and needs it again; absent where it needs none. */
  readonly dictionary?: TrainedDictionary | undefined
}

/** How a body is to be made small. */
export interface Squeeze {
  /** For a thin link, where a byte is worth a hundred times the work: also the slow way. */
  readonly isThin?: boolean | undefined
  /** What all who are to read it have. */
  readonly dictionary?: TrainedDictionary | undefined
}

const NONE = 0
const DEFLATE_WITH_DICTIONARY = 1
const BROTLI = 2
const MIXING = 3
/** Below this, brotli never won over deflate with the dictionary. */
const BROTLI_BYTES_MIN = 1_024
/** What the quick way has to save for the slow way to be worth its work. */
const BROTLI_SAVING_MIN = 1 / 16
const DICTIONARY = Buffer.from(DICTIONARY_TEXT, 'utf8').subarray(-32_506)
/** What the mixing coder has read. */
const LEARNED = learnedText(DICTIONARY)

/** Primed at its first use: it takes a while, and many nodes never meet a thin link. */
let mixing: Mixing | undefined

/** The smallest form of `body`. */
export function compress(
  body: Uint8Array,
  { isThin = false, dictionary }: Squeeze = {},
): Compressed {
  const preset = dictionary === undefined ? DICTIONARY : forDeflate(DICTIONARY, dictionary)
  const forms: Compressed[] = [
    { compression: NONE, bytes: body },
    {
      compression: DEFLATE_WITH_DICTIONARY,
      bytes: deflateRawSync(body, { level: 9, memLevel: 9, dictionary: preset }),
      dictionary,
    },
  ]
  if (body.length >= BROTLI_BYTES_MIN) forms.push({ compression: BROTLI, bytes: brotli(body) })
  const mixed = isThin ? mixer(dictionary).encode(body) : undefined
  if (mixed !== undefined) forms.push({ compression: MIXING, bytes: mixed, dictionary })
  return forms.reduce((best, form) => (form.bytes.length < best.bytes.length ? form : best))
}

/** Whether what was made small in this way needs a dictionary again. */
export function usesDictionary(compression: Compression): boolean {
  return compression === DEFLATE_WITH_DICTIONARY || compression === MIXING
}

/** The body again, or undefined when the bytes are damaged or would inflate beyond BODY_BYTES_MAX. */
export function decompress(compressed: Compressed): Uint8Array | undefined {
  const { compression, bytes, dictionary } = compressed
  const limit = { maxOutputLength: BODY_BYTES_MAX }
  try {
    if (compression === NONE) return bytes.length <= BODY_BYTES_MAX ? bytes : undefined
    if (compression === MIXING) return mixer(dictionary).decode(bytes)
    if (compression === BROTLI) return brotliDecompressSync(bytes, limit)
    const preset = dictionary === undefined ? DICTIONARY : forDeflate(DICTIONARY, dictionary)
    return inflateRawSync(bytes, { ...limit, dictionary: preset })
  } catch {
    return undefined
  }
}

function mixer(dictionary: TrainedDictionary | undefined): Mixing {
  if (dictionary !== undefined) return mixerOf(LEARNED, dictionary)
  mixing ??= openMixing(LEARNED, sampleBodies())
  return mixing
}

/** The slow way takes fifty times as long as the quick one, and has nothing to gain where that has hardly: keys, ciphertext, signatures. */
function brotli(body: Uint8Array): Uint8Array {
  const quick = brotliOf(body, 5)
  if (body.length - quick.length < body.length * BROTLI_SAVING_MIN) return quick
  return brotliOf(body, body.length > 16_384 ? 9 : 11)
}

/** In a window no larger than it needs: 4 MB to be made ready for a few KB would take longer than the rest, here and where it is read. */
function brotliOf(body: Uint8Array, quality: number): Uint8Array {
  const windowBits = Math.min(22, Math.max(16, Math.ceil(Math.log2(body.length + 16))))
  return brotliCompressSync(body, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_LGWIN]: windowBits,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    },
  })
}
