import assert from 'node:assert/strict'
import type { KeyObject, webcrypto } from 'node:crypto'
import fc from 'fast-check'
import { test } from 'tap'
import nacl from 'tweetnacl'
import { must } from '#base/assert.ts'
import { bytesFromHex, bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import {
  agree,
  agreementPair,
  derive,
  open,
  seal,
  sealKey,
  sign,
  signingPair,
  SUITE_FIPS,
  SUITE_NACL,
  suiteOf,
  SUITES,
  verify,
  verifyingKey,
} from '#trust/keys.ts'
import { anyBytes, flip, holds } from '../support/property.ts'

const bridge = bytesFromText('the bridge is closed')

test('an Ed25519 key signs as RFC 8032 §7.1 test 1 says', async (t) => {
  const seed = bytesFromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')

  const pair = signingPair(SUITE_NACL, seed)

  t.equal(
    hexFromBytes(pair.publicBytes),
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  )
  t.equal(
    hexFromBytes(sign(pair.privateKey, new Uint8Array(0))),
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  )
})

test('two X25519 keys agree as RFC 7748 §6.1 says', async (t) => {
  const alice = bytesFromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a')
  const bob = bytesFromHex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb')

  const shared = agree(
    SUITE_NACL,
    agreementPair(SUITE_NACL, alice).privateKey,
    agreementPair(SUITE_NACL, bob).publicBytes,
  )

  t.equal(
    hexFromBytes(must(shared, 'they agree')),
    '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
  )
})

test('ChaCha20-Poly1305 seals as RFC 8439 §2.8.2 says', async (t) => {
  const key = sealKey(
    SUITE_NACL,
    Uint8Array.from({ length: 32 }, (_, index) => 0x80 + index),
  )
  const nonce = bytesFromHex('070000004041424344454647')
  const bound = bytesFromHex('50515253c0c1c2c3c4c5c6c7')
  const text =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."

  const sealed = seal(key, nonce, { bytes: bytesFromText(text), bound })

  t.equal(
    hexFromBytes(sealed),
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6' +
      '3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36' +
      '92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc' +
      '3ff4def08e4b7a9de576d26586cec64b6116' +
      '1ae10b594f09e26a7e902ecbd0600691',
  )
})

test('HKDF-SHA-256 derives as RFC 5869 appendix A.3 says', async (t) => {
  const secret = new Uint8Array(22).fill(0x0b)

  const derived = derive(SUITE_NACL, secret, { label: '', length: 42 })

  t.equal(
    hexFromBytes(derived),
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  )
})

test('tweetnacl makes the same signing keys and the same signatures from the same seed', async (t) => {
  holds(
    t,
    fc.property(anyBytes(32), fc.uint8Array({ maxLength: 300 }), (seed, message) => {
      const ours = signingPair(SUITE_NACL, seed)
      const theirs = nacl.sign.keyPair.fromSeed(seed)

      const signature = sign(ours.privateKey, message)

      assert.equal(hexFromBytes(ours.publicBytes), hexFromBytes(theirs.publicKey))
      assert.equal(
        hexFromBytes(signature),
        hexFromBytes(nacl.sign.detached(message, theirs.secretKey)),
      )
      assert.ok(nacl.sign.detached.verify(message, signature, theirs.publicKey))
    }),
  )
})

test('we and tweetnacl accept each other’s signatures and refuse the same altered ones', async (t) => {
  holds(
    t,
    fc.property(anyBytes(32), fc.nat(63), fc.integer({ min: 1, max: 255 }), (seed, at, mask) => {
      const theirs = nacl.sign.keyPair.fromSeed(seed)
      const signature = nacl.sign.detached(bridge, theirs.secretKey)
      const altered = flip(signature, at, mask)
      const key = must(verifyingKey(SUITE_NACL, theirs.publicKey), 'a key')

      assert.ok(verify(key, bridge, signature))
      assert.ok(!verify(key, bridge, altered))
      assert.ok(!nacl.sign.detached.verify(bridge, altered, theirs.publicKey))
    }),
    50,
  )
})

test('tweetnacl agrees on the same secret', async (t) => {
  holds(
    t,
    fc.property(anyBytes(32), anyBytes(32), (mine, theirs) => {
      const ours = agreementPair(SUITE_NACL, mine)
      const other = nacl.box.keyPair.fromSecretKey(theirs)

      const shared = must(agree(SUITE_NACL, ours.privateKey, other.publicKey), 'they agree')

      assert.equal(hexFromBytes(shared), hexFromBytes(nacl.scalarMult(theirs, ours.publicBytes)))
    }),
  )
})

test('WebCrypto accepts our ECDSA signatures and we accept its, over P-384 with SHA-384', async (t) => {
  const { subtle } = globalThis.crypto
  const ecdsa = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }
  const property = fc.asyncProperty(
    anyBytes(32),
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(95),
    async (seed, message, at) => {
      const ours = signingPair(SUITE_FIPS, seed)
      const privateKey = await subtle.importKey('jwk', jwkOf(ours), ecdsa, false, ['sign'])
      const { d: _, ...publicJwk } = jwkOf(ours)
      const publicKey = await subtle.importKey('jwk', publicJwk, ecdsa, false, ['verify'])
      const key = must(verifyingKey(SUITE_FIPS, ours.publicBytes), 'a key')

      const signature = sign(ours.privateKey, message)
      const theirs = new Uint8Array(await subtle.sign(ecdsa, privateKey, own(message)))

      const isTheirs = (bytes: Uint8Array): Promise<boolean> =>
        subtle.verify(ecdsa, publicKey, own(bytes), own(message))
      assert.equal(signature.length, SUITE_FIPS.signatureBytes)
      assert.ok(await isTheirs(signature))
      assert.ok(verify(key, message, theirs))
      assert.ok(!verify(key, message, flip(theirs, at)))
      assert.ok(!(await isTheirs(flip(signature, at))))
    },
  )
  const details = await fc.check(property, { numRuns: 50 })
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'they agree')
})

test('WebCrypto agrees on the same secret over P-384', async (t) => {
  const { subtle } = globalThis.crypto
  const ecdh = { name: 'ECDH', namedCurve: 'P-384' }
  const property = fc.asyncProperty(anyBytes(32), anyBytes(32), async (mine, theirs) => {
    const [ours, other] = [mine, theirs].map((seed) => agreementPair(SUITE_FIPS, seed))
    assert.ok(ours !== undefined && other !== undefined)
    const privateKey = await subtle.importKey('jwk', jwkOf(other), ecdh, false, ['deriveBits'])
    const { d: _, ...jwk } = jwkOf(ours)
    const publicKey = await subtle.importKey('jwk', jwk, ecdh, false, [])

    const shared = must(agree(SUITE_FIPS, ours.privateKey, other.publicBytes), 'they agree')

    const bits = await subtle.deriveBits({ name: 'ECDH', public: publicKey }, privateKey, 384)
    assert.equal(hexFromBytes(shared), hexFromBytes(new Uint8Array(bits)))
  })
  const details = await fc.check(property, { numRuns: 50 })
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'they agree')
})

test('WebCrypto opens what AES-256-GCM sealed here, and seals what we open', async (t) => {
  const { subtle } = globalThis.crypto
  const anyText = fc.uint8Array({ maxLength: 300 })
  const property = fc.asyncProperty(
    fc.tuple(anyBytes(32), anyBytes(12)),
    anyText,
    anyText,
    async ([secret, nonce], bytes, bound) => {
      const key = sealKey(SUITE_FIPS, secret)
      const gcm = { name: 'AES-GCM', iv: own(nonce), additionalData: own(bound), tagLength: 128 }
      const theirs = await subtle.importKey('raw', own(secret), 'AES-GCM', false, [
        'encrypt',
        'decrypt',
      ])

      const sealed = seal(key, nonce, { bytes, bound })

      assert.equal(
        hexFromBytes(sealed),
        hexFromBytes(new Uint8Array(await subtle.encrypt(gcm, theirs, own(bytes)))),
      )
      const opened = new Uint8Array(await subtle.decrypt(gcm, theirs, own(sealed)))
      assert.equal(hexFromBytes(opened), hexFromBytes(bytes))
    },
  )
  const details = await fc.check(property, { numRuns: 100 })
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'they agree')
})

test('WebCrypto derives the same bytes in either suite', async (t) => {
  const { subtle } = globalThis.crypto
  const property = fc.asyncProperty(
    fc.constantFrom(...SUITES),
    fc.uint8Array({ minLength: 1, maxLength: 80 }),
    fc.string({ maxLength: 80 }),
    fc.integer({ min: 1, max: 96 }),
    async (suite, secret, label, length) => {
      const base = await subtle.importKey('raw', own(secret), 'HKDF', false, ['deriveBits'])
      const hash = suite.hash === 'sha256' ? 'SHA-256' : 'SHA-384'
      const hkdf = { name: 'HKDF', hash, salt: new Uint8Array(0), info: own(bytesFromText(label)) }

      const derived = derive(suite, secret, { label, length })

      const theirs = new Uint8Array(await subtle.deriveBits(hkdf, base, length * 8))
      assert.equal(hexFromBytes(derived), hexFromBytes(theirs))
    },
  )
  const details = await fc.check(property, { numRuns: 60 })
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'they agree')
})

for (const suite of SUITES) {
  test(`${suite.name}: keys, signatures and secrets are as long as the suite says`, async (t) => {
    const [signing, agreement] = [signingPair(suite, aSeed(1)), agreementPair(suite, aSeed(1))]

    t.equal(signing.publicBytes.length, suite.signingKeyBytes)
    t.equal(agreement.publicBytes.length, suite.agreementKeyBytes)
    t.equal(sign(signing.privateKey, bridge).length, suite.signatureBytes)
    t.equal(suiteOf(suite.number), suite)
  })

  test(`${suite.name}: one seed gives other keys for signing than for agreeing`, async (t) => {
    const [signing, agreement] = [signingPair(suite, aSeed(1)), agreementPair(suite, aSeed(1))]

    t.notSame(signing.publicBytes, agreement.publicBytes)
  })

  test(`${suite.name}: a signature of another length is refused without a throw`, async (t) => {
    const pair = signingPair(suite, aSeed(1))
    const key = must(verifyingKey(suite, pair.publicBytes), 'a key')
    const signature = sign(pair.privateKey, bridge)

    t.ok(verify(key, bridge, signature))
    for (const wrong of [
      signature.subarray(1),
      signature.subarray(0, -1),
      concatBytes(signature, new Uint8Array(1)),
      new Uint8Array(0),
      new Uint8Array(suite.signatureBytes),
      new Uint8Array(suite.signatureBytes).fill(255),
    ])
      t.notOk(verify(key, bridge, wrong))
  })

  test(`${suite.name}: whatever bytes come as a key, nothing is thrown`, async (t) => {
    const { privateKey } = agreementPair(suite, aSeed(1))
    const length = fc.constantFrom(0, 32, 48, 49, 97)

    holds(
      t,
      fc.property(
        length.chain((most) => fc.uint8Array({ maxLength: most })),
        anyBytes(suite.agreementKeyBytes),
        (anything, fitting) => {
          for (const bytes of [anything, fitting]) {
            verifyingKey(suite, bytes)
            agree(suite, privateKey, bytes)
          }
        },
      ),
    )
    t.equal(verifyingKey(suite, new Uint8Array(suite.signingKeyBytes + 1)), undefined)
    t.equal(agree(suite, privateKey, new Uint8Array(suite.agreementKeyBytes)), undefined)
  })

  test(`${suite.name}: what was sealed opens only with the same key, nonce, bound bytes and ciphertext`, async (t) => {
    const key = sealKey(suite, aSeed(1))
    const [nonce, bound] = [new Uint8Array(12), bytesFromText('bound')]

    holds(
      t,
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (plain, place) => {
        const sealed = seal(key, nonce, { bytes: plain, bound })

        assert.deepEqual(open(key, nonce, { bytes: sealed, bound }), Buffer.from(plain))
        const strange = sealKey(suite, aSeed(2))
        assert.equal(open(strange, nonce, { bytes: sealed, bound }), undefined)
        assert.equal(open(key, flip(nonce, 3, 1), { bytes: sealed, bound }), undefined)
        assert.equal(open(key, nonce, { bytes: sealed, bound: bytesFromText('other') }), undefined)
        assert.equal(open(key, nonce, { bytes: flip(sealed, place, 1), bound }), undefined)
        assert.equal(open(key, nonce, { bytes: sealed.subarray(0, 15), bound }), undefined)
      }),
    )
  })
}

test('what one suite sealed or signed, the other does not take', async (t) => {
  const [nonce, bound] = [new Uint8Array(12), new Uint8Array(0)]
  const sealed = seal(sealKey(SUITE_NACL, aSeed(1)), nonce, { bytes: bridge, bound })
  const ours = signingPair(SUITE_NACL, aSeed(1))

  t.equal(open(sealKey(SUITE_FIPS, aSeed(1)), nonce, { bytes: sealed, bound }), undefined)
  t.equal(verifyingKey(SUITE_FIPS, ours.publicBytes), undefined)
  t.equal(agree(SUITE_FIPS, agreementPair(SUITE_FIPS, aSeed(1)).privateKey, aSeed(9)), undefined)
})

test('on P-384 only the compressed form of a point is a key, and both points of one x differ', async (t) => {
  const { publicBytes } = signingPair(SUITE_FIPS, aSeed(1))
  const prefixes = Array.from({ length: 256 }, (_, prefix) => prefix)

  const taken = prefixes.filter((prefix) => {
    const bytes = concatBytes(Uint8Array.of(prefix), publicBytes.subarray(1))
    return verifyingKey(SUITE_FIPS, bytes) !== undefined
  })

  t.strictSame(taken, [2, 3])
})

test('an X25519 key of small order agrees with nobody', async (t) => {
  const { privateKey } = agreementPair(SUITE_NACL, aSeed(1))
  const smallOrder = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ]

  for (const hex of smallOrder)
    t.equal(agree(SUITE_NACL, privateKey, bytesFromHex(hex)), undefined, hex)
})

function aSeed(value: number): Uint8Array {
  return new Uint8Array(32).fill(value)
}

/** A P-384 pair as WebCrypto takes it. */
function jwkOf({ privateKey }: { readonly privateKey: KeyObject }): webcrypto.JsonWebKey {
  return privateKey.export({ format: 'jwk' })
}

/** The same bytes in memory of their own: WebCrypto takes no shared memory, and the types say so. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
