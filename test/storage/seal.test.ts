/** The two ways of sealing at rest. */
import { test } from 'tap'
import { bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import {
  algorithmFrom,
  deriveKey,
  openBytes,
  sealBytes,
  sealingKey,
  tryOpenBytes,
} from '#storage/seal.ts'

const PLAIN = bytesFromText('ready')
const NONCE = new Uint8Array(12).fill(5)
const BOUND = bytesFromText('doc/a')

test('each algorithm opens what it sealed and nothing else does', async (t) => {
  for (const algorithm of [1, 2] as const) {
    const key = sealingKey(algorithm, new Uint8Array(32).fill(7))
    const bytes = concatBytes(...sealBytes(key, { bytes: PLAIN, nonce: NONCE, bound: BOUND }))

    t.equal(Buffer.compare(openBytes(key, { bytes, nonce: NONCE, bound: BOUND }), PLAIN), 0)
    const other = sealingKey(algorithm === 1 ? 2 : 1, new Uint8Array(32).fill(7))
    t.equal(tryOpenBytes(other, { bytes, nonce: NONCE, bound: BOUND }), undefined)
    t.equal(tryOpenBytes(key, { bytes, nonce: NONCE, bound: PLAIN }), undefined)
    t.equal(
      tryOpenBytes(key, { bytes: bytes.subarray(0, 3), nonce: NONCE, bound: BOUND }),
      undefined,
    )
  }
})

test('keys for different purposes and algorithms differ', async (t) => {
  const secret = new Uint8Array(32).fill(1)
  const salt = new Uint8Array(16)
  const made = ([1, 2] as const).flatMap((algorithm) =>
    ['values', 'names'].map((label) => hexFromBytes(deriveKey(algorithm, secret, { salt, label }))),
  )

  t.equal(new Set(made).size, 4)
})

test('only the two known numbers name an algorithm', async (t) => {
  t.strictSame([0, 1, 2, 3, undefined].map(algorithmFrom), [undefined, 1, 2, undefined, undefined])
})
