import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import nacl from 'tweetnacl'
import { bytesFromHex, bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import {
  agree,
  derive,
  keyPairFromSeed,
  open,
  publicKeyFromBytes,
  seal,
  sealKey,
  sign,
  verify,
} from '#trust/keys.ts'
import { anyBytes, flip, holds } from '../support/property.ts'

test('an Ed25519 key signs as RFC 8032 §7.1 test 1 says', async (t) => {
  const seed = bytesFromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')

  const pair = keyPairFromSeed('ed25519', seed)

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
    keyPairFromSeed('x25519', alice).privateKey,
    keyPairFromSeed('x25519', bob).publicBytes,
  )

  t.equal(hexFromBytes(shared), '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742')
})

test('ChaCha20-Poly1305 seals as RFC 8439 §2.8.2 says', async (t) => {
  const key = sealKey(Uint8Array.from({ length: 32 }, (_, index) => 0x80 + index))
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

test('HKDF derives as RFC 5869 appendix A.3 says', async (t) => {
  const secret = new Uint8Array(22).fill(0x0b)

  const derived = derive(secret, '', 42)

  t.equal(
    hexFromBytes(derived),
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  )
})

test('tweetnacl makes the same signing keys and the same signatures from the same seed', async (t) => {
  holds(
    t,
    fc.property(anyBytes(32), fc.uint8Array({ maxLength: 300 }), (seed, message) => {
      const ours = keyPairFromSeed('ed25519', seed)
      const theirs = nacl.sign.keyPair.fromSeed(seed)

      const signature = sign(ours.privateKey, message)

      assert.deepEqual(hexFromBytes(ours.publicBytes), hexFromBytes(theirs.publicKey))
      assert.deepEqual(
        hexFromBytes(signature),
        hexFromBytes(nacl.sign.detached(message, theirs.secretKey)),
      )
    }),
    15,
  )
})

test('we and tweetnacl accept each other’s signatures and refuse the same altered ones', async (t) => {
  holds(
    t,
    fc.property(anyBytes(32), fc.nat(63), fc.integer({ min: 1, max: 255 }), (seed, at, mask) => {
      const theirs = nacl.sign.keyPair.fromSeed(seed)
      const message = bytesFromText('the bridge is closed')
      const signature = nacl.sign.detached(message, theirs.secretKey)
      const altered = flip(signature, at, mask)
      const key = publicKeyFromBytes('ed25519', theirs.publicKey)

      assert.ok(verify(key, message, signature))
      assert.ok(!verify(key, message, altered))
      assert.ok(!nacl.sign.detached.verify(message, altered, theirs.publicKey))
    }),
    15,
  )
})

test('a signature of any other length than 64 bytes is refused without a throw', async (t) => {
  const pair = keyPairFromSeed('ed25519', new Uint8Array(32))
  const message = bytesFromText('the bridge is closed')
  const key = publicKeyFromBytes('ed25519', pair.publicBytes)
  const signature = sign(pair.privateKey, message)

  t.notOk(verify(key, message, signature.subarray(1)))
  t.notOk(verify(key, message, concatBytes(signature, new Uint8Array(1))))
  t.notOk(verify(key, message, new Uint8Array(0)))
})

test('tweetnacl agrees on the same secret', async (t) => {
  holds(
    t,
    fc.property(anyBytes(32), anyBytes(32), (mine, theirs) => {
      const ours = keyPairFromSeed('x25519', mine)
      const other = nacl.box.keyPair.fromSecretKey(theirs)

      const shared = agree(ours.privateKey, other.publicKey)

      assert.deepEqual(
        hexFromBytes(shared),
        hexFromBytes(nacl.scalarMult(theirs, ours.publicBytes)),
      )
    }),
    15,
  )
})

test('what was sealed opens only with the same key, nonce, bound bytes and ciphertext', async (t) => {
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (plain, place) => {
      const key = sealKey(new Uint8Array(32).fill(1))
      const nonce = new Uint8Array(12)
      const bound = bytesFromText('bound')
      const sealed = seal(key, nonce, { bytes: plain, bound })

      assert.deepEqual(open(key, nonce, { bytes: sealed, bound }), Buffer.from(plain))
      assert.equal(open(sealKey(new Uint8Array(32)), nonce, { bytes: sealed, bound }), undefined)
      assert.equal(open(key, flip(nonce, 3, 1), { bytes: sealed, bound }), undefined)
      assert.equal(open(key, nonce, { bytes: sealed, bound: bytesFromText('other') }), undefined)
      assert.equal(open(key, nonce, { bytes: flip(sealed, place, 1), bound }), undefined)
      assert.equal(open(key, nonce, { bytes: sealed.subarray(0, 15), bound }), undefined)
    }),
  )
})
