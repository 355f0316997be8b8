/** The single pieces of work that the trust bench measures; each is tried once before, so that none measures a failure. */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { gcm } from '@noble/ciphers/aes.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p384 } from '@noble/curves/nist.js'
import nacl from 'tweetnacl'
import { must } from '#base/assert.ts'
import type { Random } from '#ports/random.ts'
import { epochOf, unwrapEpoch, wrapEpoch } from '#trust/epoch.ts'
import { issueCertificate, NO_RIGHTS, readCertificate, rootIssuer } from '#trust/identity.ts'
import { nodeIdOf, organisationIdOf } from '#trust/identity.ts'
import {
  open,
  seal,
  sealKey,
  sign,
  signingPair,
  SUITE_FIPS,
  SUITE_NACL,
  SUITES,
  verify,
  verifyingKey,
  type Suite,
} from '#trust/keys.ts'
import { openSecret, SEALING_SEED_BYTES, sealingPair, sealSecret } from '#trust/sealing-key.ts'
import type { Works } from './rates.ts'

/** As long as what a node signs for each document it sends something of (`attestationOf`). */
const STATEMENT_BYTES = 100
const NONCE_BYTES = 12

/** Signing and verifying one attestation. */
export function signWorks(random: Random): Works {
  const message = random.bytes(STATEMENT_BYTES)
  const seed = random.bytes(32)
  const peer = nacl.sign.keyPair.fromSeed(seed)
  const signature = nacl.sign.detached(message, peer.secretKey)
  const fipsKey = p384.utils.randomSecretKey()
  const fipsPublic = p384.getPublicKey(fipsKey)
  const fipsSignature = p384.sign(message, fipsKey)
  return tried({
    ...Object.assign({}, ...SUITES.map((suite) => ownSigning(suite, seed, message))),
    sign_tweetnacl: () => nacl.sign.detached(message, peer.secretKey),
    verify_tweetnacl: () => nacl.sign.detached.verify(message, signature, peer.publicKey),
    sign_noble: () => ed25519.sign(message, seed),
    verify_noble: () => ed25519.verify(signature, message, peer.publicKey),
    sign_noble_fips: () => p384.sign(message, fipsKey),
    verify_noble_fips: () => p384.verify(fipsSignature, message, fipsPublic),
  })
}

function ownSigning(suite: Suite, seed: Uint8Array, message: Uint8Array): Works {
  const { privateKey, publicBytes } = signingPair(suite, seed)
  const key = must(verifyingKey(suite, publicBytes), 'a public key is one')
  const signature = sign(privateKey, message)
  return {
    [`sign_${suite.name}`]: () => sign(privateKey, message),
    [`verify_${suite.name}`]: () => verify(key, message, signature),
  }
}

/** Sealing and opening so many bytes. */
export function sealWorks(random: Random, length: number): Works {
  const size = length >= 1_024 ? `${Math.round(length / 1_024)}k` : String(length)
  const [bytes, key, bound] = [random.bytes(length), random.bytes(32), random.bytes(60)]
  const nonce = random.bytes(NONCE_BYTES)
  const longNonce = random.bytes(nacl.secretbox.nonceLength)
  const box = nacl.secretbox(bytes, longNonce, key)
  const sealed = chacha20poly1305(key, nonce, bound).encrypt(bytes)
  const sealedFips = gcm(key, nonce, bound).encrypt(bytes)
  return tried({
    ...Object.assign(
      {},
      ...SUITES.map((suite): Works => {
        const own = sealKey(suite, key)
        const closed = seal(own, nonce, { bytes, bound })
        return {
          [`seal_${size}_${suite.name}`]: () => seal(own, nonce, { bytes, bound }),
          [`open_${size}_${suite.name}`]: () => open(own, nonce, { bytes: closed, bound }),
        }
      }),
    ),
    [`seal_${size}_tweetnacl`]: () => nacl.secretbox(bytes, longNonce, key),
    [`open_${size}_tweetnacl`]: () => nacl.secretbox.open(box, longNonce, key),
    [`seal_${size}_noble`]: () => chacha20poly1305(key, nonce, bound).encrypt(bytes),
    [`open_${size}_noble`]: () => chacha20poly1305(key, nonce, bound).decrypt(sealed),
    [`seal_${size}_noble_fips`]: () => gcm(key, nonce, bound).encrypt(bytes),
    [`open_${size}_noble_fips`]: () => gcm(key, nonce, bound).decrypt(sealedFips),
  })
}

/** A secret for the owner of a sealing key, and finding it there. */
export function hybridWorks(random: Random): Works {
  return tried(
    Object.assign(
      {},
      ...SUITES.map((suite): Works => {
        const pair = sealingPair(suite, random.bytes(SEALING_SEED_BYTES))
        const made = must(sealSecret(suite, pair.publicBytes, random), 'a sealing key is one')
        return {
          [`hybrid_seal_${suite.name}`]: () => sealSecret(suite, pair.publicBytes, random),
          [`hybrid_open_${suite.name}`]: () => openSecret(pair, made.ciphertext),
        }
      }),
    ) as Works,
  )
}

/** An epoch's secret for somebody with whom a secret is shared already. */
export function wrapWorks(random: Random): Works {
  const works = SUITES.map((suite): Works => {
    const root = signingPair(suite, random.bytes(32))
    const shared = random.bytes(32)
    const { secret, ...facts } = epochOf(suite, {
      audience: organisationIdOf(suite, root.publicBytes),
      number: 1,
      maker: nodeIdOf(suite, root.publicBytes),
      secret: random.bytes(32),
    })
    const bytes = wrapEpoch(suite, shared, { ...facts, secret })
    return {
      [`wrap_${suite.name}`]: () => wrapEpoch(suite, shared, { ...facts, secret }),
      [`unwrap_${suite.name}`]: () => unwrapEpoch(suite, shared, { facts, bytes }),
    }
  })
  return tried(Object.assign({}, ...works) as Works)
}

/** Reading and checking a certificate that the root issued. */
export function certificateWorks(random: Random): Works {
  const work = (suite: Suite): (() => unknown) => {
    const root = signingPair(suite, random.bytes(32))
    const bytes = issueCertificate(rootIssuer(suite, root), {
      number: 2,
      name: 'bravo',
      role: 'kit',
      rights: NO_RIGHTS,
      validFrom: 1_790_000_000_000,
      validUntil: 1_850_000_000_000,
      signingKey: signingPair(suite, random.bytes(32)).publicBytes,
    })
    const authority = { suite, rootKey: root.publicBytes, certificateOf: () => undefined }
    return () => readCertificate(authority, bytes)
  }
  return tried({ certificate_nacl: work(SUITE_NACL), certificate_fips: work(SUITE_FIPS) })
}

function tried(works: Works): Works {
  for (const [name, work] of Object.entries(works)) {
    const outcome = work()
    if (outcome === undefined || outcome === null || outcome === false)
      throw new Error(`${name} does not do what is to be measured`)
  }
  return works
}
