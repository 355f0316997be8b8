/** Sealing for one node: held against @noble/post-quantum, which makes every number of ML-KEM-768 in its own way. */
import assert from 'node:assert/strict'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { realRandom } from '#ports/real.ts'
import { agree, derive, SUITES } from '#trust/keys.ts'
import {
  KEM_CIPHERTEXT_BYTES,
  KEM_KEY_BYTES,
  openSecret,
  sealingKeyBytes,
  sealingPair,
  sealSecret,
  type SealingChance,
} from '#trust/sealing-key.ts'
import { anyBytes, flip, holds } from '../support/property.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom(17)

test('ML-KEM-768: the same seed makes the same public key there', async (t) => {
  holds(
    t,
    fc.property(fc.constantFrom(...SUITES), anyBytes(96), (suite, seed) => {
      const { publicBytes } = sealingPair(suite, seed)

      const { publicKey } = ml_kem768.keygen(seed.subarray(32))

      const kem = publicBytes.subarray(suite.agreementKeyBytes)
      assert.equal(hexFromBytes(kem), hexFromBytes(publicKey))
    }),
    25,
  )
})

test('ML-KEM-768: what the system sealed opens there, and what was sealed there opens here', async (t) => {
  const ports = { 'node:crypto': realRandom(), noble: random }
  const port = fc.constantFrom<('node:crypto' | 'noble')[]>('node:crypto', 'noble')
  holds(
    t,
    fc.property(fc.constantFrom(...SUITES), anyBytes(96), port, (suite, seed, name) => {
      const pair = sealingPair(suite, seed)

      const sealed = must(sealSecret(suite, pair.publicBytes, ports[name]), 'it is sealed')

      const { secretKey } = ml_kem768.keygen(seed.subarray(32))
      const kemPart = sealed.ciphertext.subarray(suite.agreementKeyBytes)
      const kemSecret = ml_kem768.decapsulate(kemPart, secretKey)
      const fresh = sealed.ciphertext.subarray(0, suite.agreementKeyBytes)
      const shared = must(agree(suite, pair.classic.privateKey, fresh), 'they agree')
      const digest = sha256(pair.publicBytes, sealed.ciphertext)
      const label = `holdfast sealing ${hexFromBytes(digest)}`
      const expected = derive(suite, concatBytes(shared, kemSecret), { label, length: 32 })
      assert.equal(hexFromBytes(sealed.secret), hexFromBytes(expected))
      const opened = must(openSecret(pair, sealed.ciphertext), 'it opens')
      assert.equal(hexFromBytes(opened), hexFromBytes(sealed.secret))
    }),
    25,
  )
})

for (const suite of SUITES) {
  const alpha = sealingPair(suite, seedOf('alpha'))
  const bravo = sealingPair(suite, seedOf('bravo'))

  test(`${suite.name}: every sealing gives another secret`, async (t) => {
    const secrets = Array.from({ length: 5 }, () =>
      hexFromBytes(must(sealSecret(suite, alpha.publicBytes, random), 'it is sealed').secret),
    )

    t.equal(new Set(secrets).size, 5)
    t.equal(alpha.publicBytes.length, suite.agreementKeyBytes + KEM_KEY_BYTES)
    t.equal(sealingKeyBytes(suite), alpha.publicBytes.length)
  })

  test(`${suite.name}: another's key finds another secret`, async (t) => {
    const { secret, ciphertext } = must(sealSecret(suite, alpha.publicBytes, random), 'sealed')

    t.notSame(openSecret(bravo, ciphertext), secret)
    t.same(openSecret(alpha, ciphertext), secret)
  })

  test(`${suite.name}: who has only one half of the private key finds another secret`, async (t) => {
    const { secret, ciphertext } = must(sealSecret(suite, alpha.publicBytes, random), 'sealed')
    const { publicBytes } = alpha

    t.notSame(openSecret({ ...bravo, publicBytes, kem: alpha.kem }, ciphertext), secret)
    t.notSame(openSecret({ ...bravo, publicBytes, classic: alpha.classic }, ciphertext), secret)
    t.same(
      openSecret({ ...bravo, publicBytes, classic: alpha.classic, kem: alpha.kem }, ciphertext),
      secret,
    )
  })

  test(`${suite.name}: with any byte changed the secret is another or none, and nothing is thrown`, async (t) => {
    const { secret, ciphertext } = must(sealSecret(suite, alpha.publicBytes, random), 'sealed')

    holds(
      t,
      fc.property(
        fc.nat(ciphertext.length - 1),
        fc.integer({ min: 1, max: 255 }),
        (place, mask) => {
          const opened = openSecret(alpha, flip(ciphertext, place, mask))
          assert.notEqual(opened && hexFromBytes(opened), hexFromBytes(secret))
        },
      ),
      60,
    )
    for (const wrong of [ciphertext.subarray(1), concatBytes(ciphertext, new Uint8Array(1))])
      t.equal(openSecret(alpha, wrong), undefined)
  })

  test(`${suite.name}: a copied ciphertext under another public key is another secret`, async (t) => {
    const { secret, ciphertext } = must(sealSecret(suite, alpha.publicBytes, random), 'sealed')

    const posing = { ...alpha, publicBytes: bravo.publicBytes }

    t.notSame(openSecret(posing, ciphertext), secret)
  })

  test(`${suite.name}: nothing is sealed for what is no sealing key`, async (t) => {
    const wrong = [
      new Uint8Array(0),
      alpha.publicBytes.subarray(1),
      concatBytes(alpha.publicBytes, new Uint8Array(1)),
      // Coefficients beyond the modulus: FIPS 203 §7.2 has them refused.
      concatBytes(alpha.classic.publicBytes, new Uint8Array(KEM_KEY_BYTES).fill(255)),
      concatBytes(
        new Uint8Array(suite.agreementKeyBytes),
        alpha.publicBytes.subarray(suite.agreementKeyBytes),
      ),
    ]
    const chances: readonly SealingChance[] = [random, realRandom()]

    for (const chance of chances)
      for (const bytes of wrong) t.equal(sealSecret(suite, bytes, chance), undefined)
  })
}

test('a ciphertext is as long as its parts', async (t) => {
  for (const suite of SUITES) {
    const { publicBytes } = sealingPair(suite, seedOf('alpha'))
    const { ciphertext } = must(sealSecret(suite, publicBytes, random), 'sealed')
    t.equal(ciphertext.length, suite.agreementKeyBytes + KEM_CIPHERTEXT_BYTES)
  }
})

function seedOf(name: string): Uint8Array {
  const part = (of: string): Uint8Array => sha256(bytesFromText(`${name} ${of}`))
  return concatBytes(part('classic'), part('first'), part('second'))
}
