/**
 * Makes a body small: raw, deflate with the base dictionary, or brotli, whichever is smallest.
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

/** How a body was made small; the number stands in the envelope's flags. */
export type Compression = 0 | 1 | 2

/** A body as it will be sealed. */
export interface Compressed {
  readonly compression: Compression
  readonly bytes: Uint8Array
}

const NONE = 0
const DEFLATE_WITH_DICTIONARY = 1
const BROTLI = 2
/** Below this, brotli never won over deflate with the dictionary. */
const BROTLI_BYTES_MIN = 1_024
const DICTIONARY = Buffer.from(DICTIONARY_TEXT, 'utf8').subarray(-32_506)

/** The smallest form of `body`. */
export function compress(body: Uint8Array): Compressed {
  const forms: Compressed[] = [
    { compression: NONE, bytes: body },
    {
      compression: DEFLATE_WITH_DICTIONARY,
      bytes: deflateRawSync(body, { level: 9, memLevel: 9, dictionary: DICTIONARY }),
    },
  ]
  if (body.length >= BROTLI_BYTES_MIN) forms.push({ compression: BROTLI, bytes: brotli(body) })
  return forms.reduce((best, form) => (form.bytes.length < best.bytes.length ? form : best))
}

/** The body again, or undefined when the bytes are damaged or would inflate beyond BODY_BYTES_MAX. */
export function decompress(compressed: Compressed): Uint8Array | undefined {
  const { compression, bytes } = compressed
  const limit = { maxOutputLength: BODY_BYTES_MAX }
  try {
    if (compression === NONE) return bytes.length <= BODY_BYTES_MAX ? bytes : undefined
    if (compression === BROTLI) return brotliDecompressSync(bytes, limit)
    return inflateRawSync(bytes, { ...limit, dictionary: DICTIONARY })
  } catch {
    return undefined
  }
}

function brotli(body: Uint8Array): Uint8Array {
  return brotliCompressSync(body, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: body.length > 16_384 ? 9 : 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    },
  })
}
