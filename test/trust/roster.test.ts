import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText } from '#base/bytes.ts'
import { actorOf } from '#base/ids.ts'
import { issueCertificate } from '#trust/identity.ts'
import { openRoster } from '#trust/roster.ts'
import { anOrganisation } from '../support/organisation.ts'
import { flip } from '../support/property.ts'

const relief = anOrganisation('relief')
const alpha = relief.node('alpha', { number: 7 })
const bravo = relief.node('bravo', { number: 2, role: 'hub' })
const life = Uint8Array.of(1, 2, 3, 4)

test('whoever is introduced is found by node, by number and by any of their actors', async (t) => {
  const roster = openRoster(relief.organisation.rootKey)

  t.strictSame(roster.introduce(alpha.certificateBytes), alpha.certificate)
  roster.introduce(bravo.certificateBytes)

  const { node } = alpha.certificate
  t.strictSame(roster.byNode(node), alpha.certificate)
  t.strictSame(roster.byNumber(7), alpha.certificate)
  t.strictSame(roster.ofActor(actorOf(node, life)), alpha.certificate)
  t.strictSame(roster.ofActor(actorOf(node, new Uint8Array(4))), alpha.certificate)
  t.same(roster.bytesOf(node), alpha.certificateBytes)
  t.strictSame(roster.all(), [bravo.certificate, alpha.certificate], 'sorted by number')
})

test('nobody else is found', async (t) => {
  const roster = openRoster(relief.organisation.rootKey)
  const { node } = alpha.certificate

  t.equal(roster.byNode(node), undefined)
  t.equal(roster.byNumber(0), undefined)
  t.equal(roster.ofActor(actorOf(node, life)), undefined)
  t.equal(roster.bytesOf(node), undefined)
  t.strictSame(roster.all(), [])
})

test('what the root did not sign introduces nobody', async (t) => {
  const roster = openRoster(relief.organisation.rootKey)
  const stranger = anOrganisation('stranger').node('alpha')

  t.equal(roster.introduce(flip(alpha.certificateBytes, 3)), undefined)
  t.equal(roster.introduce(stranger.certificateBytes), undefined)
  t.equal(roster.introduce(new Uint8Array(0)), undefined)
  t.strictSame(roster.all(), [])
})

test('a signature counts for exactly its statement and its node', async (t) => {
  const roster = openRoster(relief.organisation.rootKey)
  roster.introduce(alpha.certificateBytes)
  const statement = bytesFromText('I have it')
  const signature = alpha.sign(statement)
  const { node } = alpha.certificate

  t.equal(roster.verify(node, statement, signature), true)
  t.equal(roster.verify(node, bytesFromText('I have it!'), signature), false)
  t.equal(roster.verify(node, statement, flip(signature, 40)), false)
  t.equal(roster.verify(node, statement, signature.subarray(1)), false)
  t.equal(roster.verify(node, statement, bravo.sign(statement)), false)
  t.equal(roster.verify(bravo.certificate.node, statement, bravo.sign(statement)), false)
})

test('an older certificate of a node does not take the place of a newer one', async (t) => {
  const { node: _, ...facts } = alpha.certificate
  const renewed = { ...facts, name: 'alpha at sea', issuedAt: facts.issuedAt + 1 }
  const newer = issueCertificate(relief.root, renewed)
  for (const order of [
    [newer, alpha.certificateBytes],
    [alpha.certificateBytes, newer],
  ]) {
    const roster = openRoster(relief.organisation.rootKey)
    for (const bytes of order) roster.introduce(bytes)

    const known = must(roster.byNode(alpha.certificate.node), 'it was introduced')
    t.equal(known.name, 'alpha at sea')
    t.strictSame(roster.byNumber(7), known)
    t.same(roster.bytesOf(known.node), newer)
  }
})

test('where two nodes were given one number, it stays with the one that had it first', async (t) => {
  const double = relief.node('delta', { number: alpha.certificate.number })
  const { node: _, ...facts } = double.certificate
  const later = issueCertificate(relief.root, { ...facts, issuedAt: facts.issuedAt + 1 })
  for (const order of [
    [later, alpha.certificateBytes],
    [alpha.certificateBytes, later],
  ]) {
    const roster = openRoster(relief.organisation.rootKey)
    for (const bytes of order) roster.introduce(bytes)

    t.equal(roster.byNumber(facts.number)?.node, alpha.certificate.node)
    t.ok(roster.byNode(double.certificate.node), 'the other is known all the same')
  }
})
