import { test } from 'tap'
import { issueCertificate, NO_RIGHTS, rootIssuer, type Certificate } from '#trust/identity.ts'
import { SUITE_NACL } from '#trust/keys.ts'
import { livingIdentity } from '#trust/living-identity.ts'
import { anOrganisation } from '../support/organisation.ts'

const relief = anOrganisation('relief')
const hub = relief.node('hub', { role: 'hub' })
const kit = relief.node('kit', { number: 2 })

test('a certificate that is renewed counts at once, and one that is older does not', async (t) => {
  const roster = relief.roster()
  const living = livingIdentity(kit, roster)
  t.equal(living.certificate.validFrom, kit.certificate.validFrom)

  const later = renewal(kit.certificate, { validFrom: kit.certificate.validFrom + 1 })
  roster.introduce(later)
  roster.introduce(renewal(kit.certificate, { validFrom: kit.certificate.validFrom - 1 }))

  t.equal(living.certificate.validFrom, kit.certificate.validFrom + 1)
  t.same(living.certificateBytes, later)
})

test('what the root lets a node do, a node that issues cannot take back, whichever came first', async (t) => {
  const issuer = relief.node('issuer', { role: 'hub', number: 9 })
  const { organisation } = relief
  const { validFrom } = hub.certificate
  const robbed = issueCertificate(
    { organisation, node: issuer.certificate.node, sign: issuer.sign },
    { ...hub.certificate, rights: NO_RIGHTS, validFrom: validFrom + 5 },
  )
  const orders = [
    [hub.certificateBytes, robbed],
    [robbed, hub.certificateBytes],
  ]

  for (const order of orders) {
    const roster = relief.roster(issuer)
    for (const bytes of order) roster.introduce(bytes)
    t.match(roster.byNode(hub.certificate.node)?.rights, { administers: true, issues: true })
  }
  const demoted = renewal(hub.certificate, { rights: NO_RIGHTS, validFrom: validFrom + 1 })
  for (const order of [...orders.map((two) => [...two, demoted]), [demoted, robbed]]) {
    const roster = relief.roster(issuer)
    for (const bytes of order) roster.introduce(bytes)
    t.match(roster.byNode(hub.certificate.node)?.rights, NO_RIGHTS)
  }
})

function renewal(certificate: Certificate, changes: Partial<Certificate>): Uint8Array {
  const { node: _node, issuer: _issuer, ...facts } = { ...certificate, ...changes }
  return issueCertificate(rootIssuer(SUITE_NACL, relief.root), facts)
}
