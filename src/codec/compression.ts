/**
 * Makes a body small: raw, deflate with the base dictionary, brotli, or for thin links the mixing coder, whichever is
 * smallest.
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
import { sampleBodies } from './mixing-text.ts'
import { openMixing, type Mixing } from './mixing.ts'

/** How a body was made small; the number stands in the envelope's flags. */
export type Compression = 0 | 1 | 2 | 3

/** A body as it will be sealed. */
export interface Compressed {
  readonly compression: Compression
  readonly bytes: Uint8Array
}

const NONE = 0
const DEFLATE_WITH_DICTIONARY = 1
const BROTLI = 2
const MIXING = 3
/** Below this, brotli never won over deflate with the dictionary. */
const BROTLI_BYTES_MIN = 1_024
const DICTIONARY = Buffer.from(DICTIONARY_TEXT, 'utf8').subarray(-32_506)

/** Primed at its first use: it takes a while, and many nodes never meet a thin link. */
let mixing: Mixing | undefined

/** The smallest form of `body`; for a thin link, where a byte is worth a hundred times the work, also of the slow ones. */
export function compress(body: Uint8Array, { isThin = false } = {}): Compressed {
  const forms: Compressed[] = [
    { compression: NONE, bytes: body },
    {
      compression: DEFLATE_WITH_DICTIONARY,
      bytes: deflateRawSync(body, { level: 9, memLevel: 9, dictionary: DICTIONARY }),
    },
  ]
  if (body.length >= BROTLI_BYTES_MIN) forms.push({ compression: BROTLI, bytes: brotli(body) })
  const mixed = isThin ? mixer().encode(body) : undefined
  if (mixed !== undefined) forms.push({ compression: MIXING, bytes: mixed })
  return forms.reduce((best, form) => (form.bytes.length < best.bytes.length ? form : best))
}

/** The body again, or undefined when the bytes are damaged or would inflate beyond BODY_BYTES_MAX. */
export function decompress(compressed: Compressed): Uint8Array | undefined {
  const { compression, bytes } = compressed
  const limit = { maxOutputLength: BODY_BYTES_MAX }
  try {
    if (compression === NONE) return bytes.length <= BODY_BYTES_MAX ? bytes : undefined
    if (compression === MIXING) return mixer().decode(bytes)
    if (compression === BROTLI) return brotliDecompressSync(bytes, limit)
    return inflateRawSync(bytes, { ...limit, dictionary: DICTIONARY })
  } catch {
    return undefined
  }
}

function mixer(): Mixing {
  mixing ??= openMixing(DICTIONARY, sampleBodies())
  return mixing
}

function brotli(body: Uint8Array): Uint8Array {
  return brotliCompressSync(body, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: body.length > 16_384 ? 9 : 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    },
  })
}
