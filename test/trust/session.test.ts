import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  issueCertificate,
  NO_RIGHTS,
  openIdentity,
  type Certificate,
  type Identity,
} from '#trust/identity.ts'
import { signingPair, SUITE_FIPS } from '#trust/keys.ts'
import {
  beginSession,
  openFrame,
  readHello,
  readProof,
  sealFrame,
  SEAL_BYTES,
  type Opening,
  type Session,
} from '#trust/session.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { flip, holds } from '../support/property.ts'
import { aParty } from '../support/sessions.ts'

const relief = anOrganisation('relief')
const alpha = relief.node('alpha')
const bravo = relief.node('bravo', { number: 2 })

test('two nodes of one organisation authenticate each other and can talk both ways', async (t) => {
  const { first, second } = met(alpha, bravo)

  t.equal(first.peer.node, bravo.certificate.node)
  t.equal(second.peer.node, alpha.certificate.node)
  t.same(openFrame(second, 0, sealFrame(first, 0, bytesFromText('hello'))), bytesFromText('hello'))
  t.same(openFrame(first, 0, sealFrame(second, 0, bytesFromText('aye'))), bytesFromText('aye'))
})

test('a sealed frame is 16 bytes longer than what is in it', async (t) => {
  const { first } = met(alpha, bravo)

  t.equal(sealFrame(first, 7, new Uint8Array(100)).length, 100 + SEAL_BYTES)
})

test('a node of another organisation is no member', async (t) => {
  const stranger = anOrganisation('stranger').node('alpha')

  t.same(readHello(opening(bravo, 'responder'), opening(stranger, 'initiator').hello), {
    ok: false,
    reason: 'not-a-member',
  })
})

test('a hello in our own name is refused, and so is our own hello sent back', async (t) => {
  const mine = opening(alpha, 'initiator', 'one')

  t.same(readHello(mine, opening(alpha, 'responder', 'two').hello), refusal('ourselves'))
  t.same(readHello(mine, mine.hello), refusal('reflected'))
})

test('our own proof sent back is no proof', async (t) => {
  const mine = opening(alpha, 'initiator')
  const meeting = meet(mine, opening(bravo, 'responder').hello)

  t.same(readProof(meeting, meeting.proof), refusal('wrong-proof'))
})

test('a proof made in the other role is no proof', async (t) => {
  const mine = opening(alpha, 'initiator')
  const theirs = opening(bravo, 'initiator')

  const meeting = meet(mine, theirs.hello)

  t.same(readProof(meeting, meet(theirs, mine.hello).proof), refusal('wrong-proof'))
})

test('a member cannot speak in the name of another member', async (t) => {
  const mine = opening(alpha, 'initiator')
  const charlie = opening(relief.node('charlie'), 'responder')
  const posing = { ...charlie, hello: opening(bravo, 'responder').hello }

  t.same(
    readProof(meet(mine, posing.hello), meet(posing, mine.hello).proof),
    refusal('wrong-proof'),
  )
})

test('a recorded meeting replayed to a node that begins anew proves nothing', async (t) => {
  const recorded = met(alpha, bravo)

  const again = meet(opening(alpha, 'initiator', 'another day'), recorded.secondHello)

  t.same(readProof(again, recorded.secondProof), refusal('wrong-proof'))
})

test('a recorded initiator replayed to a node proves nothing', async (t) => {
  const recorded = met(alpha, bravo)

  const again = meet(opening(bravo, 'responder', 'another day'), recorded.firstHello)

  t.same(readProof(again, recorded.firstProof), refusal('wrong-proof'))
})

test('an ephemeral key that gives everybody the same secret is refused', async (t) => {
  const weak = withEphemeral(opening(bravo, 'responder'), new Uint8Array(32))
  const mine = opening(alpha, 'initiator')

  const result = readProof(meet(mine, weak.hello), meet(weak, mine.hello).proof)

  t.same(result, refusal('weak-key'))
})

test('a hello of another version is named so', async (t) => {
  const { hello } = opening(alpha, 'initiator')

  t.same(
    readHello(opening(bravo, 'responder'), concatBytes(Uint8Array.of(9), hello.subarray(1))),
    refusal('unknown-version'),
  )
})

test('with any byte changed on its way, no two nodes believe they have a session', async (t) => {
  const message = fc.constantFrom('first hello', 'second hello', 'first proof', 'second proof')

  holds(
    t,
    fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (name, place, mask) => {
      const pass = (what: string, bytes: Uint8Array): Uint8Array =>
        what === name ? flip(bytes, place, mask) : bytes

      const [first, second] = exchange(pass)

      const isHarmed = name === 'first proof' ? second : first
      assert.equal(isHarmed, undefined)
      assert.ok(first === undefined || second === undefined)
    }),
    200,
  )
})

test('whatever bytes come as hello or proof, nothing is thrown and nobody gets in', async (t) => {
  const mine = opening(alpha, 'initiator')
  const meeting = meet(mine, opening(bravo, 'responder').hello)

  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.equal(readHello(mine, bytes).ok, false)
      assert.equal(readProof(meeting, bytes).ok, false)
    }),
  )
})

test('a frame opens once, in its place, unchanged, and in its own direction only', async (t) => {
  const { first, second } = met(alpha, bravo)
  const anyFrame = fc.uint8Array({ maxLength: 300 })

  holds(
    t,
    fc.property(
      anyFrame,
      fc.tuple(fc.nat(1000), fc.nat(1000)),
      fc.nat(),
      (bytes, numbers, place) => {
        const [number, other] = numbers
        const sealed = sealFrame(first, number, bytes)

        assert.deepEqual(openFrame(second, number, sealed), Buffer.from(bytes))
        assert.equal(openFrame(second, number, flip(sealed, place)), undefined)
        assert.equal(openFrame(first, number, sealed), undefined)
        if (other !== number) assert.equal(openFrame(second, other, sealed), undefined)
      },
    ),
  )
})

test('frames of one session do not open in another session of the same nodes', async (t) => {
  const one = met(alpha, bravo)
  const two = met(alpha, bravo, 'another day')

  t.equal(openFrame(two.second, 0, sealFrame(one.first, 0, bytesFromText('hello'))), undefined)
})

test('who is revoked, expired or unknown gets no session, and learns why', async (t) => {
  const hub = relief.node('hub', { number: 3, role: 'hub' })
  for (const reason of ['revoked', 'expired'] as const) {
    const party = { ...aParty(bravo), objectionTo: () => reason }
    const mine = beginSession(party, 'responder', new Uint8Array(48))
    t.same(readHello(mine, opening(alpha, 'initiator').hello), refusal(reason))
  }
  const issued = issuedBy(hub, 'delta')
  const roster = relief.roster(hub)
  const party = { ...aParty(bravo), authority: roster.authority }
  const knowing = beginSession(party, 'responder', new Uint8Array(48))
  const { hello } = opening(issued, 'initiator')

  t.same(readHello(opening(bravo, 'responder'), hello), refusal('not-a-member'))
  t.equal(readHello(knowing, hello).ok, true)
  roster.revoke(hub.certificate.node, 0)
  t.same(readHello(knowing, hello), refusal('not-a-member'), 'its issuer is not believed any more')
})

test('a session of the other suite is made of its keys, and the suites do not meet', async (t) => {
  const fips = anOrganisation('relief', SUITE_FIPS)
  const [one, other] = [fips.node('alpha'), fips.node('bravo', { number: 2 })]

  const { first, second } = met(one, other)

  t.same(openFrame(second, 0, sealFrame(first, 0, bytesFromText('hello'))), bytesFromText('hello'))
  t.same(openFrame(first, 1, sealFrame(second, 1, bytesFromText('aye'))), bytesFromText('aye'))
  const strange = readHello(opening(bravo, 'responder'), opening(one, 'initiator').hello)
  t.equal(strange.ok, false)
})

test('the bytes are those of version 2', async (t) => {
  const { first, second, firstHello, secondHello, firstProof, secondProof } = met(alpha, bravo)
  const sealed = [sealFrame(first, 0, bytesFromText('hello')), sealFrame(second, 258, Buffer.of())]

  t.strictSame([firstHello, secondHello, firstProof, secondProof].map(digestOf), [
    'a04b02baa7112984',
    '415702ee601b6651',
    'd0f30e4d5a437f1d',
    '667624a454789e76',
  ])
  t.strictSame(sealed.map(hexFromBytes), [
    'ebb57610688f6e8e6cc3d41c02870af5f865f61381',
    'c729b763fafb9f2b8a608d0f06d114b3',
  ])
})

/** A node that another one let in. */
function issuedBy(issuer: Identity, name: string): Identity {
  const { organisation } = relief
  const seed = seedOf(`${name} signing`)
  const certificate = issueCertificate(
    { organisation, node: issuer.certificate.node, sign: issuer.sign },
    {
      number: 200,
      name,
      role: 'kit',
      rights: NO_RIGHTS,
      validFrom: issuer.certificate.validFrom,
      validUntil: issuer.certificate.validUntil,
      signingKey: signingPair(organisation.suite, seed).publicBytes,
    },
  )
  const certificateOf = (): Certificate => issuer.certificate
  return must(openIdentity({ organisation, certificateOf }, seed, certificate), 'it opens')
}

function digestOf(bytes: Uint8Array): string {
  return hexFromBytes(sha256(bytes).subarray(0, 8))
}

function opening(identity: Identity, role: Opening['role'], chance = 'any'): Opening {
  const seed = (part: string): Uint8Array =>
    seedOf(`${identity.certificate.name} ${chance} ${part}`)
  return beginSession(
    aParty(identity),
    role,
    concatBytes(seed('ephemeral'), seed('nonce').subarray(0, 16)),
  )
}

function meet(mine: Opening, hello: Uint8Array): Meeting {
  const result = readHello(mine, hello)
  assert.ok(result.ok, 'the hello is taken')
  return result.meeting
}

type Meeting = Extract<ReturnType<typeof readHello>, { ok: true }>['meeting']

interface Met {
  readonly first: Session
  readonly second: Session
  readonly firstHello: Uint8Array
  readonly secondHello: Uint8Array
  readonly firstProof: Uint8Array
  readonly secondProof: Uint8Array
}

function met(one: Identity, other: Identity, chance = 'any'): Met {
  const initiator = opening(one, 'initiator', chance)
  const responder = opening(other, 'responder', chance)
  const ours = meet(initiator, responder.hello)
  const theirs = meet(responder, initiator.hello)
  return {
    first: must(sessionOf(readProof(ours, theirs.proof)), 'the initiator has a session'),
    second: must(sessionOf(readProof(theirs, ours.proof)), 'the responder has a session'),
    firstHello: initiator.hello,
    secondHello: responder.hello,
    firstProof: ours.proof,
    secondProof: theirs.proof,
  }
}

/** A whole handshake in which `pass` is the network. */
function exchange(
  pass: (what: string, bytes: Uint8Array) => Uint8Array,
): readonly [Session | undefined, Session | undefined] {
  const initiator = opening(alpha, 'initiator')
  const responder = opening(bravo, 'responder')
  const theirs = readHello(responder, pass('first hello', initiator.hello))
  if (!theirs.ok) return [undefined, undefined]
  const ours = readHello(initiator, pass('second hello', responder.hello))
  if (!ours.ok) return [undefined, undefined]
  const first = sessionOf(readProof(ours.meeting, pass('second proof', theirs.meeting.proof)))
  if (first === undefined) return [undefined, undefined]
  return [first, sessionOf(readProof(theirs.meeting, pass('first proof', ours.meeting.proof)))]
}

function sessionOf(result: ReturnType<typeof readProof>): Session | undefined {
  return result.ok ? result.session : undefined
}

/** The opening of a node that lies about its ephemeral key, which stands before the 16 bytes of nonce. */
function withEphemeral(honest: Opening, key: Uint8Array): Opening {
  const hello = concatBytes(honest.hello.subarray(0, -48), key, honest.hello.subarray(-16))
  return { ...honest, hello }
}

function refusal(reason: string): object {
  return { ok: false, reason }
}
