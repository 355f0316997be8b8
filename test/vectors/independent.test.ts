/**
 * The golden vectors opened from PROTOCOL.md alone: no line of our own source, but Node's crypto and zlib, tweetnacl,
 * @msgpack/msgpack and @noble/post-quantum. What `independent/` cannot do, another implementer could not either.
 */
import { isDeepStrictEqual } from 'node:util'
import { test } from 'tap'
import {
  casesOf,
  idle,
  vectorFiles,
  vectors,
  type Opener,
  type Openers,
} from './independent/ledger.ts'
import { AUDIT_OPENERS, WORD_OPENERS } from './independent/open-audit.ts'
import { FRAME_OPENERS } from './independent/open-frames.ts'
import { joinOpeners } from './independent/open-join.ts'
import { MODEL_OPENERS } from './independent/open-model.ts'
import { TEXT_OPENERS } from './independent/open-texts.ts'
import { trustOpeners } from './independent/open-trust.ts'
import { WIRE_OPENERS } from './independent/open-wire.ts'

const OPENERS: Readonly<Record<string, Openers>> = {
  'audit.json': AUDIT_OPENERS,
  'frames.json': FRAME_OPENERS,
  'join.json': joinOpeners(),
  'model.json': MODEL_OPENERS,
  'texts.json': TEXT_OPENERS,
  'trust.json': trustOpeners(),
  'wire.json': WIRE_OPENERS,
  'words.json': WORD_OPENERS,
}

test('every file of vectors has openers, and every opener something to open', async (t) => {
  t.strictSame(vectorFiles(), Object.keys(OPENERS).toSorted())
  for (const [file, openers] of Object.entries(OPENERS))
    t.strictSame(idle(vectors(file), openers), [], file)
})

for (const [file, openers] of Object.entries(OPENERS))
  test(`${file}: every case comes out of its bytes as it stands there`, async (t) => {
    for (const { path, value, opener } of casesOf(vectors(file), openers)) {
      if (opener === undefined) t.fail(`${path}: nobody opens it`)
      else if (opener !== 'given') t.strictSame(opener(value as never), value, path)
    }
  })

for (const [file, openers] of Object.entries(OPENERS))
  test(`${file}: of a byte that is another nothing comes out, or something else`, async (t) => {
    for (const { path, value, opener } of casesOf(vectors(file), openers)) {
      if (opener === undefined || opener === 'given') continue
      for (const bent of bends(value)) t.notOk(isOpened(opener, bent), path)
    }
    t.pass('whatever was bent')
  })

/** The case with one bit of its bytes turned over, for each of its fields that are what others send. */
function bends(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return /^([0-9a-f]{2}){8,}$/u.test(value) ? [turned(value)] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'string' && SENT.has(name) ? [{ ...value, [name]: turned(inner) }] : [],
  )
}

const SENT: ReadonlySet<string> = new Set([
  'bytes',
  'request',
  'answer',
  'challenge',
  'question',
  'ciphertext',
  'sealed',
])

/** With the lowest bit of the byte in the middle turned over. */
function turned(digits: string): string {
  const bytes = Buffer.from(digits, 'hex')
  const at = bytes.length >> 1
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes.toString('hex')
}

function isOpened(opener: Opener, value: unknown): boolean {
  try {
    return isDeepStrictEqual(opener(value as never), value)
  } catch {
    return false
  }
}
