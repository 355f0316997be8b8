import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'tap'
import {
  checkGrant,
  parseGrant,
  readDoorEpoch,
  writeDoorEpoch,
  writeGrant,
  type JoinGrant,
} from '#trust/join-grant.ts'
import { SUITE_FIPS, SUITE_NACL } from '#trust/keys.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { holds } from '../support/property.ts'

const relief = anOrganisation('relief')
const hub = relief.node('hub', { role: 'hub' })
const kit = relief.node('kit', { number: 2 })
const epoch = { number: 4, maker: hub.certificate.node, secret: seedOf('epoch') }
const { id: _id, ...organisation } = relief.organisation
const grant: JoinGrant = {
  organisation,
  organisationSecret: seedOf('secret'),
  certificateBytes: kit.certificateBytes,
  issuerCertificateBytes: hub.certificateBytes,
  epoch,
  block: Uint8Array.of(1, 2, 3),
}

test('a grant comes back as it was, with an epoch and without', async (t) => {
  t.same(parseGrant(writeGrant(grant)), grant)
  t.same(parseGrant(writeGrant({ ...grant, epoch: undefined })), { ...grant, epoch: undefined })
})

test('a grant that is cut short, or is something else, is none', async (t) => {
  const bytes = writeGrant(grant)
  for (let length = 0; length < bytes.length; length += 1)
    t.equal(parseGrant(bytes.subarray(0, length)), undefined)

  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 300 }), (any) => {
      assert.equal(parseGrant(any), undefined)
    }),
  )
})

test('a grant is checked against the key and the suite that asked', async (t) => {
  const ours = { suite: SUITE_NACL, signingKey: kit.certificate.signingKey }

  t.match(checkGrant(grant, ours), { organisation: relief.organisation })
  t.equal(checkGrant(grant, { ...ours, suite: SUITE_FIPS }), undefined)
  t.equal(checkGrant(grant, { ...ours, signingKey: hub.certificate.signingKey }), undefined)
})

test('an epoch survives its file', async (t) => {
  const bytes = writeDoorEpoch(epoch)

  t.same(readDoorEpoch(bytes), epoch)
  t.equal(readDoorEpoch(bytes.subarray(1)), undefined)
  t.equal(readDoorEpoch(new Uint8Array(0)), undefined)
})
