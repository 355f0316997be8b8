import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, concatBytes } from '#base/bytes.ts'
import { companionOf, jointStatement } from '#trust/attestation.ts'
import { actorOf } from '#base/ids.ts'
import {
  ALL_RIGHTS,
  issueCertificate,
  NO_RIGHTS,
  openIdentity,
  readCertificate,
  rootIssuer,
  type Identity,
} from '#trust/identity.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { flip } from '../support/property.ts'

type Facts = Parameters<typeof issueCertificate>[1]

const relief = anOrganisation('relief')
const alpha = relief.node('alpha', { number: 7 })
const bravo = relief.node('bravo', { number: 2, role: 'hub' })
const hub = relief.node('hub', { number: 1, role: 'hub' })
const life = Uint8Array.of(1, 2, 3, 4)

test('whoever is introduced is found by node, by number and by any of their actors', async (t) => {
  const roster = openRoster(relief.organisation)

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

test('a certificate is to be saved once, however often it is shown', async (t) => {
  const roster = openRoster(relief.organisation)
  roster.introduce(alpha.certificateBytes)
  roster.introduce(alpha.certificateBytes)
  roster.introduce(new Uint8Array(0))
  t.same(roster.unsaved(), [alpha.certificateBytes])

  roster.saved(alpha.certificateBytes)
  roster.introduce(alpha.certificateBytes)

  t.same(roster.unsaved(), [])
})

test('nobody else is found', async (t) => {
  const roster = openRoster(relief.organisation)
  const { node } = alpha.certificate

  t.equal(roster.byNode(node), undefined)
  t.equal(roster.byNumber(0), undefined)
  t.equal(roster.ofActor(actorOf(node, life)), undefined)
  t.equal(roster.bytesOf(node), undefined)
  t.strictSame(roster.all(), [])
})

test('what the root did not sign introduces nobody', async (t) => {
  const roster = openRoster(relief.organisation)
  const stranger = anOrganisation('stranger').node('alpha')

  t.equal(roster.introduce(flip(alpha.certificateBytes, 3)), undefined)
  t.equal(roster.introduce(stranger.certificateBytes), undefined)
  t.equal(roster.introduce(new Uint8Array(0)), undefined)
  t.strictSame(roster.all(), [])
})

test('a signature counts for exactly its statement and its node', async (t) => {
  const roster = openRoster(relief.organisation)
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

test('two statements under one signature are proved each with what stands for the other, and nothing else is', async (t) => {
  const roster = openRoster(relief.organisation)
  roster.introduce(alpha.certificateBytes)
  const { node } = alpha.certificate
  const stated = {
    change: { part: 'change', statement: bytesFromText('I wrote it') },
    note: { part: 'note', statement: bytesFromText('I have it') },
  } as const
  const { change, note } = stated
  const [wrote, have] = [change, note].map(({ part, statement }) => companionOf(part, statement))
  const both = { change: must(wrote, 'it stands for it'), note: must(have, 'it stands for it') }
  const signature = alpha.sign(jointStatement(both))
  const proofOf = (companion: Uint8Array): Uint8Array => concatBytes(signature, companion)
  const other = { ...change, statement: bytesFromText('I saw it') }

  t.equal(roster.proves(node, change, proofOf(both.note)), true)
  t.equal(roster.proves(node, note, proofOf(both.change)), true)
  t.equal(roster.proves(node, change, alpha.sign(change.statement)), true)
  t.equal(roster.proves(node, note, alpha.sign(note.statement)), true)
  t.equal(roster.proves(node, change, signature), false)
  t.equal(roster.proves(node, change, proofOf(both.change)), false)
  t.equal(roster.proves(node, other, proofOf(both.note)), false)
  t.equal(roster.proves(node, change, proofOf(flip(both.note, 3))), false)
  t.equal(roster.proves(node, change, concatBytes(alpha.sign(change.statement), both.note)), false)
  t.equal(roster.proves(bravo.certificate.node, change, proofOf(both.note)), false)
  const swapped = [{ ...change, part: 'note' } as const, { ...note, part: 'change' } as const]
  for (const one of swapped)
    for (const companion of [both.change, both.note])
      t.equal(roster.proves(node, one, proofOf(companion)), false, 'a change is no note')
  for (const { statement } of [change, note])
    for (const companion of [both.change, both.note])
      t.equal(roster.verify(node, statement, proofOf(companion)), false, 'nor is either an order')
})

test('an older certificate of a node does not take the place of a newer one', async (t) => {
  const renewed = byRoot(alpha, { name: 'alpha at sea', validFrom: from(alpha) + 1 })

  inEveryOrder([renewed, alpha.certificateBytes], (roster) => {
    const known = must(roster.byNode(alpha.certificate.node), 'it was introduced')
    t.equal(known.name, 'alpha at sea')
    t.strictSame(roster.byNumber(7), known)
    t.same(roster.bytesOf(known.node), renewed)
  })
})

test('of two certificates of one moment the same one counts everywhere', async (t) => {
  const names = inEveryOrder(
    [byRoot(alpha, { name: 'one' }), byRoot(alpha, { name: 'two' })],
    (roster) => roster.byNode(alpha.certificate.node)?.name,
  )

  t.equal(new Set(names).size, 1)
})

test('where two nodes were given one number, it stays with the one that had it first', async (t) => {
  const double = relief.node('delta', { number: alpha.certificate.number })
  const later = byRoot(double, { validFrom: from(double) + 1 })

  inEveryOrder([later, alpha.certificateBytes], (roster) => {
    t.equal(roster.byNumber(7)?.node, alpha.certificate.node)
    t.ok(roster.byNode(double.certificate.node), 'the other is known all the same')
  })
})

test('a node that renews its certificate keeps its number, whoever is heard of first', async (t) => {
  const renewed = byRoot(alpha, { validFrom: from(alpha) + 100 })
  const double = relief.node('delta', { number: 7 })
  const between = byRoot(double, { validFrom: from(alpha) + 50 })

  inEveryOrder([alpha.certificateBytes, renewed, between], (roster) =>
    t.equal(roster.byNumber(7)?.node, alpha.certificate.node),
  )
})

test('a number that the root gave is not taken by dating another certificate back', async (t) => {
  const thief = byNode(hub, relief.node('delta'), { number: 7, validFrom: 0 })

  inEveryOrder([hub.certificateBytes, alpha.certificateBytes, thief], (roster) =>
    t.equal(roster.byNumber(7)?.node, alpha.certificate.node),
  )
})

test('whom a node let in is known once that node is, in whatever order they come', async (t) => {
  const delta = relief.node('delta')
  const bytes = byNode(hub, delta, { number: 200 })

  inEveryOrder([hub.certificateBytes, bytes], (roster) => {
    t.match(roster.byNumber(200), { node: delta.certificate.node, issuer: hub.certificate.node })
    t.same(roster.bytesOf(delta.certificate.node), bytes)
  })
  const roster = openRoster(relief.organisation)
  t.equal(roster.introduce(bytes), undefined)
  t.strictSame(roster.all(), [])
})

test('a node that gets the right to issue later brings in whom it had let in', async (t) => {
  const delta = relief.node('delta')
  const bytes = byNode(alpha, delta, { number: 200 })
  const promoted = byRoot(alpha, { rights: ALL_RIGHTS, validFrom: from(alpha) + 1 })

  inEveryOrder([alpha.certificateBytes, promoted, bytes], (roster) =>
    t.ok(roster.byNode(delta.certificate.node)),
  )
})

test('no more strangers are kept than there is room for', async (t) => {
  const roster = openRoster(relief.organisation)
  const strangers = Array.from({ length: 70 }, (_, at) => relief.node(`stranger ${at}`))
  strangers.forEach((node, at) => roster.introduce(byNode(hub, node, { number: 200 + at })))

  roster.introduce(hub.certificateBytes)

  t.equal(roster.all().length, 1 + 64)
})

test('what a node issued makes another’s time longer, and takes no rights, role, name or time from it', async (t) => {
  const other = withRights('charlie', ALL_RIGHTS)
  const end = hub.certificate.validUntil
  const { node } = hub.certificate
  const attacks = [
    byNode(other, hub, { role: 'kit', name: 'nobody', number: 99, validFrom: from(hub) + 1 }),
    byNode(other, hub, { validFrom: 2 ** 52, validUntil: 2 ** 52, role: 'relay' }),
    byNode(other, hub, { validFrom: 0, validUntil: 1, role: 'relay' }),
  ]
  const renewal = byNode(other, hub, { validUntil: end + 5, validFrom: from(hub) + 9, role: 'kit' })
  const known = [hub.certificateBytes, other.certificateBytes]

  for (const attack of attacks)
    inEveryOrder([...known, attack], (roster) => {
      const { role, rights, name, number } = hub.certificate
      t.match(roster.byNode(node), { role, rights, name, number, issuer: undefined })
      t.ok((roster.byNode(node)?.validUntil ?? 0) >= end)
    })
  inEveryOrder([...known, renewal], (roster) =>
    t.match(roster.byNode(node), { validUntil: end + 5, rights: ALL_RIGHTS, role: 'hub' }),
  )
})

test('a node is revoked since the earliest moment that was said, and stays known', async (t) => {
  const roster = relief.roster(alpha, bravo)
  const { node } = alpha.certificate
  const statement = bytesFromText('I had it')

  t.equal(roster.revokedSince(node), undefined)
  for (const since of [300, 100, 200]) roster.revoke(node, since)

  t.equal(roster.revokedSince(node), 100)
  t.equal(roster.revokedSince(bravo.certificate.node), undefined)
  t.strictSame(roster.byNode(node), alpha.certificate)
  t.ok(
    roster.verify(node, statement, alpha.sign(statement)),
    'what it wrote before is still its own',
  )
})

test('with the orders forgotten nobody is revoked or awaited, who was let in stays, and orders count anew', async (t) => {
  const roster = relief.roster(alpha)
  const { node } = alpha.certificate
  roster.revoke(node, 100)
  roster.awaitWipe(node, true)

  roster.forgetOrders()

  t.equal(roster.revokedSince(node), undefined)
  t.equal(roster.awaitsWipe(node), false)
  t.ok(roster.authority.certificateOf(node))
  roster.revoke(node, 200)
  t.equal(roster.revokedSince(node), 200)
  t.equal(roster.authority.certificateOf(node), undefined)
})

test('a node may be revoked before it is known', async (t) => {
  const roster = openRoster(relief.organisation)
  roster.revoke(alpha.certificate.node, 5)

  roster.introduce(alpha.certificateBytes)

  t.equal(roster.revokedSince(alpha.certificate.node), 5)
})

test('with a revoked issuer fall all whom nobody else let in, dated back or not', async (t) => {
  const delta = relief.node('delta')
  const { node } = delta.certificate
  const bytes = byNode(hub, delta, { number: 200, validFrom: 0 })
  const roster = relief.roster(hub, alpha)
  roster.introduce(bytes)
  t.equal(roster.revokedSince(node), undefined)

  roster.revoke(hub.certificate.node, 50)

  t.equal(roster.revokedSince(node), 50)
  t.equal(roster.revokedSince(alpha.certificate.node), undefined, 'the root let it in')
  t.equal(readCertificate(roster.authority, bytes), undefined)
  const made = byNode(hub, relief.node('echo'), { number: 201 })
  t.equal(readCertificate(roster.authority, made), undefined)
  roster.introduce(made)
  t.equal(roster.revokedSince(relief.node('echo').certificate.node), 50)
})

test('an honest node whose issuer fell is back once another one vouches for it', async (t) => {
  const delta = relief.node('delta')
  const { node } = delta.certificate
  const other = withRights('charlie', ALL_RIGHTS)
  const anew = byNode(other, delta, { number: 200, validFrom: 0, name: 'delta again' })
  const poison = byNode(hub, delta, { number: 200, validFrom: 2 ** 52, validUntil: 2 ** 53 - 1 })
  const known = [hub.certificateBytes, other.certificateBytes]

  inEveryOrder([...known, poison, anew], (roster) => {
    roster.revoke(hub.certificate.node, 50)
    t.equal(roster.revokedSince(node), undefined)
    t.match(roster.byNode(node), {
      name: 'delta again',
      validUntil: delta.certificate.validUntil,
      issuer: other.certificate.node,
    })
  })
})

function from({ certificate }: Identity): number {
  return certificate.validFrom
}

/** What `look` sees in rosters to which these were introduced in every order. */
function inEveryOrder<Seen>(
  certificates: readonly Uint8Array[],
  look: (roster: Roster) => Seen,
): readonly Seen[] {
  return ordersOf(certificates).map((order) => {
    const roster = openRoster(relief.organisation)
    for (const bytes of order) roster.introduce(bytes)
    return look(roster)
  })
}

function ordersOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((item, at) =>
    ordersOf(items.toSpliced(at, 1)).map((order) => [item, ...order]),
  )
}

/** Another certificate of a node by the root. */
function byRoot({ certificate }: Identity, part: Partial<Facts>): Uint8Array {
  const { node: _, issuer: __, ...facts } = certificate
  const { suite } = relief.organisation
  return issueCertificate(rootIssuer(suite, relief.root), { ...facts, ...part })
}

/** A certificate of one node by another one, without rights. */
function byNode(issuer: Identity, of: Identity, part: Partial<Facts>): Uint8Array {
  const { node: _, issuer: __, ...facts } = of.certificate
  const { organisation, certificate, sign } = issuer
  return issueCertificate(
    { organisation, node: certificate.node, sign },
    { ...facts, rights: NO_RIGHTS, ...part },
  )
}

/** A kit to which the root gave these rights. */
function withRights(name: string, rights: Facts['rights']): Identity {
  const { organisation } = relief
  const bytes = byRoot(relief.node(name, { number: 5 }), { rights })
  const authority = { organisation, certificateOf: () => undefined }
  return must(openIdentity(authority, seedOf(`${name} signing`), bytes), 'it opens')
}
