import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { hexFromBytes } from '#base/bytes.ts'
import {
  issueCertificate,
  nodeIdOf,
  openIdentity,
  organisationIdOf,
  readCertificate,
  type NodeRole,
} from '#trust/identity.ts'
import { keyPairFromSeed } from '#trust/keys.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { flip, holds } from '../support/property.ts'

const relief = anOrganisation('relief')

test('a certificate says what the root was asked to say', async (t) => {
  const role = fc.constantFrom<NodeRole[]>('kit', 'hub', 'relay')
  const name = fc.string({ unit: 'grapheme', maxLength: 8 })
  const facts = fc.record({ number: fc.nat(), role, name, issuedAt: fc.maxSafeNat() })

  holds(
    t,
    fc.property(facts, (asked) => {
      const signingKey = keyPairFromSeed('ed25519', seedOf('bravo')).publicBytes
      const sealingKey = keyPairFromSeed('x25519', seedOf('bravo')).publicBytes
      const certificate = { ...asked, signingKey, sealingKey }

      const read = readCertificate(
        relief.organisation.rootKey,
        issueCertificate(relief.root, certificate),
      )

      assert.deepEqual(read, { ...certificate, node: nodeIdOf(signingKey) })
    }),
    50,
  )
})

test('a certificate with any byte changed is refused', async (t) => {
  const { certificateBytes, organisation } = relief.node('alpha')

  holds(
    t,
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, mask) => {
      const altered = flip(certificateBytes, place, mask)

      assert.equal(readCertificate(organisation.rootKey, altered), undefined)
    }),
  )
})

test('whatever bytes come as a certificate, nothing is thrown', async (t) => {
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(readCertificate(relief.organisation.rootKey, bytes), undefined)
    }),
  )
})

test('a certificate of another root is refused', async (t) => {
  const stranger = anOrganisation('stranger').node('alpha')

  t.equal(readCertificate(relief.organisation.rootKey, stranger.certificateBytes), undefined)
})

test('the same node has the same id in every organisation, and organisations differ', async (t) => {
  const stranger = anOrganisation('stranger')

  t.equal(relief.node('alpha').certificate.node, stranger.node('alpha').certificate.node)
  t.not(relief.node('alpha').certificate.node, relief.node('bravo').certificate.node)
  t.not(organisationIdOf(relief.root.publicBytes), organisationIdOf(stranger.root.publicBytes))
})

test('an identity signs with the key its certificate names', async (t) => {
  const alpha = relief.node('alpha')
  const bravo = relief.node('bravo')

  const shared = alpha.agree(bravo.certificate.sealingKey)

  t.same(hexFromBytes(shared), hexFromBytes(bravo.agree(alpha.certificate.sealingKey)))
})

test('no identity opens with a certificate for other keys', async (t) => {
  const { certificateBytes } = relief.node('alpha')
  const signing = seedOf('alpha signing')
  const sealing = seedOf('alpha sealing')
  const openWith = (seeds: { signing: Uint8Array; sealing: Uint8Array }): unknown =>
    openIdentity(relief.organisation, seeds, certificateBytes)

  t.ok(openWith({ signing, sealing }))
  t.equal(openWith({ signing: seedOf('bravo signing'), sealing }), undefined)
  t.equal(openWith({ signing, sealing: seedOf('bravo sealing') }), undefined)
})
