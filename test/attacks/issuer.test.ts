/** A node that may issue certificates, in wrong hands: what it can give, to whom, and what it cannot take. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { KEYS } from '#model/document-id.ts'
import {
  issueCertificate,
  openIdentity,
  rootIssuer,
  type Certificate,
  type Issuer,
  type NodeRole,
  type Rights,
} from '#trust/identity.ts'
import { signingPair, SUITE_NACL } from '#trust/keys.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import { sign } from '#trust/keys.ts'
import { anInsider, unnamed } from '../support/adversary.ts'
import { anIdentity, organisation, root, seedOf } from '../support/nodes.ts'
import { arrive, aSync } from '../support/sync.ts'

const AT = 1_800_000_000_000
const hub = anIdentity('alpha', 1, 'hub')
const kit = anIdentity('bravo', 2)

interface Draft extends Partial<Pick<Certificate, 'number' | 'validFrom' | 'validUntil'>> {
  readonly role?: NodeRole
  readonly rights?: Rights
}

function certified(issuer: Issuer, name: string, draft: Draft = {}): Uint8Array {
  return issueCertificate(issuer, {
    number: 200,
    name,
    role: 'kit',
    rights: { administers: false, issues: false },
    validFrom: AT,
    validUntil: AT + 1e10,
    signingKey: signingPair(SUITE_NACL, seedOf(`${name} signing`)).publicBytes,
    ...draft,
  })
}

const theRoot = rootIssuer(SUITE_NACL, root)
const issuing = certified(theRoot, 'mallory', {
  number: 9,
  rights: { administers: false, issues: true },
})

/** A roster that knows headquarters, a kit and the issuer; and the issuer. */
function aScene(): { readonly roster: Roster; readonly mallory: Issuer } {
  const roster = openRoster(organisation)
  for (const { certificateBytes } of [hub, kit]) roster.introduce(certificateBytes)
  const { node } = must(roster.introduce(issuing), 'the root signed it')
  const { privateKey } = signingPair(SUITE_NACL, seedOf('mallory signing'))
  return { roster, mallory: { organisation, node, sign: (bytes) => sign(privateKey, bytes) } }
}

test('it gives no rights and no role that reads everything', async (t) => {
  const { roster, mallory } = aScene()
  for (const draft of [
    { rights: { administers: true, issues: false } },
    { rights: { administers: false, issues: true } },
  ])
    t.equal(roster.introduce(certified(mallory, 'friend', draft)), undefined)
  const made = roster.introduce(certified(mallory, 'second hub', { role: 'hub' }))
  t.not(made?.role, 'hub')
})

test('what it certifies beyond its right stands in the audit of who hears it', async (t) => {
  const { mallory } = aScene()
  const seed = seedOf('mallory signing')
  const issuer = must(
    openIdentity({ organisation, certificateOf: () => undefined }, seed, issuing),
    'it fits',
  )
  await using alpha = await aSync('alpha', { role: 'hub', knows: [kit, issuer] })
  const insider = anInsider(issuer, { knows: [hub, kit] })
  const rights = { administers: true, issues: false }
  const certificate = certified(mallory, 'friend', { rights })
  insider.write(KEYS, { content: { kind: 'node', certificate } })

  await arrive(alpha, insider.envelope(KEYS))

  t.equal(alpha.context.roster.byNumber(200), undefined)
  t.strictSame(await unnamed(alpha, 'falseCertificate'), [])
})

test('it takes no rights, role, number or time from what the root certified, in any order', async (t) => {
  const draft = { number: 77, validFrom: AT + 5_000, validUntil: AT + 6_000, role: 'kit' } as const
  const { roster, mallory } = aScene()
  roster.introduce(certified(mallory, 'alpha', draft))
  const late = openRoster(organisation)
  late.introduce(issuing)
  late.introduce(certified(mallory, 'alpha', draft))
  late.introduce(hub.certificateBytes)

  for (const one of [roster, late]) {
    const known = one.byNode(hub.certificate.node)
    t.match(known, { number: 1, role: 'hub', rights: { administers: true, issues: true } })
    t.equal(known?.validUntil, hub.certificate.validUntil)
  }
})

test('it gives nobody the number of a node that the root certified, however early it dates that', async (t) => {
  const { roster, mallory } = aScene()

  roster.introduce(certified(mallory, 'friend', { number: 1, validFrom: 0 }))

  t.equal(roster.byNumber(1)?.node, hub.certificate.node)
})

test('it renews nothing of its own, and signs for itself what the root did not', async (t) => {
  const { roster, mallory } = aScene()
  const node = must(mallory.node, 'a node')
  const until = roster.byNode(node)?.validUntil

  roster.introduce(
    certified(mallory, 'mallory', { number: 9, validFrom: AT + 9_000, validUntil: AT + 9e12 }),
  )

  t.equal(roster.byNode(node)?.rights.issues, true)
  t.equal(roster.byNode(node)?.validUntil, until)
})

test('an older certificate replayed after a newer one changes nothing', async (t) => {
  const { roster } = aScene()
  const newer = certified(theRoot, 'charlie', { number: 3, validFrom: AT + 10 })
  const older = certified(theRoot, 'charlie', { number: 3, validFrom: AT, role: 'hub' })
  roster.introduce(newer)

  roster.introduce(older)

  t.equal(roster.byNumber(3)?.role, 'kit')
})

test('once it is revoked, whom it lets in is out as well, whatever the date says', async (t) => {
  const { roster, mallory } = aScene()
  roster.revoke(must(mallory.node, 'a node'), AT)

  const sybil = roster.introduce(certified(mallory, 'sybil', { validFrom: AT - 5_000 }))

  t.ok(sybil === undefined || roster.revokedSince(sybil.node) !== undefined)
})
