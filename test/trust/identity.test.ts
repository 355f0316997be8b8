import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, concatBytes } from '#base/bytes.ts'
import { CERTIFICATE_GRACE_MS, EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import {
  ALL_RIGHTS,
  issueCertificate,
  issuerOf,
  nodeIdOf,
  NO_RIGHTS,
  openIdentity,
  organisationIdOf,
  readCertificate,
  rootIssuer,
  validityOf,
  verifierOf,
  type Authority,
  type Certificate,
  type Identity,
  type NodeRole,
} from '#trust/identity.ts'
import { signingPair, SUITE_FIPS, SUITE_NACL, SUITES, verify } from '#trust/keys.ts'
import { anOrganisation, seedOf, type TestOrganisation } from '../support/organisation.ts'
import { flip, holds } from '../support/property.ts'

type Facts = Parameters<typeof issueCertificate>[1]

const DAY_MS = 24 * 3_600_000
const relief = anOrganisation('relief')
const hub = relief.node('hub', { number: 1, role: 'hub' })

for (const suite of SUITES) {
  const here = anOrganisation('relief', suite)

  test(`${suite.name}: a certificate says what the root was asked to say`, async (t) => {
    const [from, lasts] = [fc.nat(), fc.nat()]
    const facts = fc.record({
      number: fc.integer({ min: 1 }),
      role: fc.constantFrom<NodeRole[]>('kit', 'hub', 'relay'),
      rights: fc.constantFrom(
        NO_RIGHTS,
        ALL_RIGHTS,
        { administers: true, issues: false },
        { administers: false, issues: true },
      ),
      name: fc.string({ unit: 'grapheme', maxLength: 8 }),
    })
    holds(
      t,
      fc.property(facts, from, lasts, (asked, validFrom, length) => {
        const signingKey = signingPair(suite, seedOf('bravo')).publicBytes
        const told: Facts = { ...asked, validFrom, validUntil: validFrom + length, signingKey }

        const bytes = issueCertificate(rootIssuer(suite, here.root), told)

        const node = nodeIdOf(suite, signingKey)
        const read = readCertificate(authorityOf(here), bytes)
        assert.deepEqual(read, { ...told, node, issuer: undefined })
        assert.equal(issuerOf(suite, bytes), 'root')
      }),
      50,
    )
  })

  test(`${suite.name}: a certificate with any byte changed, cut or added is refused`, async (t) => {
    const { certificateBytes } = here.node('alpha')
    const authority = authorityOf(here)

    holds(
      t,
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, mask) => {
        assert.equal(readCertificate(authority, flip(certificateBytes, place, mask)), undefined)
        const cut = certificateBytes.subarray(0, place % certificateBytes.length)
        assert.equal(readCertificate(authority, cut), undefined)
      }),
    )
    t.equal(readCertificate(authority, concatBytes(certificateBytes, Uint8Array.of(0))), undefined)
    t.ok(readCertificate(authority, certificateBytes))
  })

  test(`${suite.name}: whatever bytes come as a certificate, nothing is thrown`, async (t) => {
    holds(
      t,
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        assert.equal(readCertificate(authorityOf(here), bytes), undefined)
        issuerOf(suite, bytes)
      }),
    )
  })

  test(`${suite.name}: a node that may issue lets others in, without rights`, async (t) => {
    const issuer = here.node('hub', { number: 1, role: 'hub' })
    const bytes = issuedBy(issuer, {})

    t.match(readCertificate(authorityOf(here, issuer), bytes), {
      name: 'delta',
      issuer: issuer.certificate.node,
      rights: NO_RIGHTS,
    })
    t.equal(issuerOf(suite, bytes), issuer.certificate.node)
    t.equal(readCertificate(authorityOf(here), bytes), undefined, 'its issuer is not known')
  })

  test(`${suite.name}: an identity signs with the key its certificate names`, async (t) => {
    const alpha = here.node('alpha')
    const statement = bytesFromText('I have it')

    const signature = alpha.sign(statement)

    t.ok(verify(verifierOf(suite, alpha.certificate), statement, signature))
    t.notOk(verify(verifierOf(suite, here.node('bravo').certificate), statement, signature))
  })
}

test('rights come from the root alone', async (t) => {
  const authority = authorityOf(relief, hub)
  for (const rights of [
    { administers: true, issues: false },
    { administers: false, issues: true },
    ALL_RIGHTS,
  ])
    t.equal(readCertificate(authority, issuedBy(hub, { rights })), undefined)
  t.ok(readCertificate(authority, issuedBy(hub, { rights: NO_RIGHTS })))
})

test('a node without the right to issue lets nobody in, whatever else it may', async (t) => {
  const plain = relief.node('alpha', { number: 2 })
  const administering = withRights(relief, 'charlie', { administers: true, issues: false })

  for (const issuer of [plain, administering])
    t.equal(readCertificate(authorityOf(relief, issuer), issuedBy(issuer, {})), undefined)
})

test('a node that was let in by another one lets nobody in', async (t) => {
  const delta = must(
    openIdentity(
      { organisation: relief.organisation, certificateOf: () => hub.certificate },
      seedOf('delta signing'),
      issuedBy(hub, {}),
    ),
    'it opens',
  )
  const claiming = { ...delta.certificate, rights: ALL_RIGHTS }

  const bytes = issuedBy(delta, { signingKey: keyOf('echo') })

  t.equal(readCertificate(authorityOf(relief, delta), bytes), undefined)
  const fooled = { ...authorityOf(relief), certificateOf: () => claiming }
  t.equal(readCertificate(fooled, bytes), undefined, 'even if somebody believed its rights')
})

test('a kit that may issue makes no hub, a hub does', async (t) => {
  const kit = withRights(relief, 'charlie', { administers: false, issues: true })

  t.equal(readCertificate(authorityOf(relief, kit), issuedBy(kit, { role: 'hub' })), undefined)
  t.match(readCertificate(authorityOf(relief, kit), issuedBy(kit, { role: 'relay' })), {
    role: 'relay',
  })
  t.match(readCertificate(authorityOf(relief, hub), issuedBy(hub, { role: 'hub' })), {
    role: 'hub',
  })
})

test('nobody makes its own time longer', async (t) => {
  const { signingKey } = hub.certificate

  t.equal(readCertificate(authorityOf(relief, hub), issuedBy(hub, { signingKey })), undefined)
})

test('an issuer signs for its own organisation only', async (t) => {
  const { organisation } = anOrganisation('stranger')
  const { certificate, sign } = hub
  const issuer = { organisation, node: certificate.node, sign }

  const bytes = issueCertificate(issuer, factsOf({}))

  t.equal(readCertificate(authorityOf(relief, hub), bytes), undefined)
})

test('a certificate that ends before it begins, has no number or too long a name is none', async (t) => {
  const root = rootIssuer(SUITE_NACL, relief.root)
  const authority = authorityOf(relief)
  const reads = (facts: Partial<Facts>): boolean =>
    readCertificate(authority, issueCertificate(root, factsOf(facts))) !== undefined

  t.ok(reads({ validFrom: 7, validUntil: 7 }))
  t.notOk(reads({ validFrom: 8, validUntil: 7 }))
  t.ok(reads({ name: 'x'.repeat(64) }))
  t.notOk(reads({ name: 'x'.repeat(65) }))
  t.notOk(reads({ number: 0 }))
})

test('a certificate of another root or suite is refused', async (t) => {
  const stranger = anOrganisation('stranger').node('alpha')
  const fips = anOrganisation('relief', SUITE_FIPS).node('alpha')

  for (const { certificateBytes } of [stranger, fips])
    t.equal(readCertificate(authorityOf(relief), certificateBytes), undefined)
})

test('the same node has the same id in every organisation, another in each suite', async (t) => {
  const stranger = anOrganisation('stranger')
  const key = relief.node('alpha').certificate.signingKey

  t.equal(relief.node('alpha').certificate.node, stranger.node('alpha').certificate.node)
  t.not(relief.node('alpha').certificate.node, relief.node('bravo').certificate.node)
  t.not(nodeIdOf(SUITE_NACL, key), nodeIdOf(SUITE_FIPS, key))
  t.not(relief.organisation.id, stranger.organisation.id)
  t.equal(relief.organisation.id, organisationIdOf(SUITE_NACL, relief.root.publicBytes))
})

test('no identity opens with a certificate for another key', async (t) => {
  const { certificateBytes } = relief.node('alpha')
  const openWith = (seed: Uint8Array): unknown =>
    openIdentity(
      { organisation: relief.organisation, certificateOf: () => undefined },
      seed,
      certificateBytes,
    )

  t.ok(openWith(seedOf('alpha signing')))
  t.equal(openWith(seedOf('bravo signing')), undefined)
})

test('a certificate counts from a month before it begins to a month after its end', async (t) => {
  const validFrom = EARLIEST_CREDIBLE_AT + 100 * DAY_MS
  const validUntil = validFrom + 365 * DAY_MS
  const at = (now: number): string => validityOf({ validFrom, validUntil }, now)

  t.equal(at(validFrom), 'valid')
  t.equal(at(validUntil), 'valid')
  t.equal(at(validFrom - CERTIFICATE_GRACE_MS), 'valid')
  t.equal(at(validFrom - CERTIFICATE_GRACE_MS - 1), 'not yet valid')
  t.equal(at(validUntil + CERTIFICATE_GRACE_MS), 'valid')
  t.equal(at(validUntil + CERTIFICATE_GRACE_MS + 1), 'expired')
})

test('a clock that cannot be right refuses nobody; one that stands in 2060 refuses until it is set', async (t) => {
  const { certificate } = hub

  for (const now of [0, -1, Date.UTC(2000, 0, 1), EARLIEST_CREDIBLE_AT - 1])
    t.equal(validityOf(certificate, now), 'valid')
  t.equal(validityOf(certificate, Date.UTC(2160, 0, 1)), 'expired')
})

function authorityOf({ organisation }: TestOrganisation, ...known: readonly Identity[]): Authority {
  const { suite, rootKey } = organisation
  const certificates = new Map(known.map(({ certificate }) => [certificate.node, certificate]))
  return { suite, rootKey, certificateOf: (node) => certificates.get(node) }
}

function factsOf(part: Partial<Facts>): Facts {
  return {
    number: 300,
    name: 'delta',
    role: 'kit',
    rights: NO_RIGHTS,
    validFrom: 1_770_000_000_000,
    validUntil: 1_900_000_000_000,
    signingKey: keyOf('delta'),
    ...part,
  }
}

function keyOf(name: string): Uint8Array {
  return signingPair(SUITE_NACL, seedOf(`${name} signing`)).publicBytes
}

/** A certificate that a node signed, whether it may or not. */
function issuedBy({ organisation, certificate, sign }: Identity, part: Partial<Facts>): Uint8Array {
  const { suite } = organisation
  const signingKey = signingPair(suite, seedOf('delta signing')).publicBytes
  return issueCertificate(
    { organisation, node: certificate.node, sign },
    factsOf({ signingKey, ...part }),
  )
}

/** A kit to which the root gave these rights. */
function withRights(
  { organisation, root }: TestOrganisation,
  name: string,
  rights: Certificate['rights'],
): Identity {
  const { suite } = organisation
  const seed = seedOf(`${name} signing`)
  const bytes = issueCertificate(
    rootIssuer(suite, root),
    factsOf({ name, rights, signingKey: signingPair(suite, seed).publicBytes }),
  )
  const identity = openIdentity({ organisation, certificateOf: () => undefined }, seed, bytes)
  return must(identity, 'it opens')
}
