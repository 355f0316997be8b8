import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { issueCertificate, NO_RIGHTS, nodeIdOf, rootIssuer } from '#trust/identity.ts'
import { joinCodeHash } from '#trust/join-code.ts'
import type { JoinGrant } from '#trust/join-grant.ts'
import {
  makeJoinAnswer,
  makeJoinRequest,
  readJoinAnswer,
  readJoinRequest,
  readOpenRequest,
  type JoinDraft,
  type JoinRequest,
} from '#trust/joining.ts'
import { sign, signingPair, SUITE_FIPS, SUITE_NACL, SUITES, type Suite } from '#trust/keys.ts'
import { sealingPair } from '#trust/sealing-key.ts'
import { aJoiner } from '../support/joiners.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { anyBytes, flip, holds } from '../support/property.ts'
import { seededRandom } from '../support/random.ts'

const code = seedOf('code').slice(0, 10)
const otherCode = seedOf('other code').slice(0, 10)
const secret = seedOf('organisation secret')

for (const suite of SUITES)
  test(`a node with the code is understood, and learns all it needs (${suite.name})`, async (t) => {
    const { request, read } = aJoiner('vehicle 7', code, { suite, block: Uint8Array.of(7) })
    const epoch = { number: 3, maker: hubOf(suite).certificate.node, secret: seedOf('epoch') }

    const taken = take(request, suite)
    const grant = { ...aGrant(suite), epoch, block: Uint8Array.of(9, 9) }
    const answer = read(answerTo(taken, grant))

    t.match(taken, { name: 'vehicle 7', role: 'kit', number: 0, block: Uint8Array.of(7) })
    assert.ok(answer.ok)
    const { organisation, certificate, issuer } = answer.answer
    t.same(organisation, anOrganisation('relief', suite).organisation)
    t.equal(hexFromBytes(answer.answer.organisationSecret), hexFromBytes(secret))
    t.match(certificate, { name: 'vehicle 7', node: nodeIdOf(suite, taken.signingKey) })
    t.equal(issuer.node, hubOf(suite).certificate.node)
    t.same(answer.answer.epoch, epoch)
    t.same(answer.answer.block, Uint8Array.of(9, 9))
  })

test('by file a node needs no code, and its answer opens for it alone', async (t) => {
  const { request, read } = aJoiner('bravo', undefined)
  const other = aJoiner('charlie', undefined)
  const opened = readOpenRequest(request, SUITE_NACL)
  assert.ok(opened.ok)

  const answer = answerTo(opened.request, aGrant(SUITE_NACL, 'bravo'))

  t.ok(read(answer).ok)
  t.same(other.read(answer), refusal('wrong-seal'))
  t.same(readJoinRequest(request, hashes(code)), refusal('malformed'), 'it passes for no code')
  t.same(readOpenRequest(aJoiner('bravo', code).request, SUITE_NACL), refusal('malformed'))
})

test('any name and role of a new node arrive as they were sent', async (t) => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
  const fits = name.filter((text) => bytesFromText(text).length <= 64)
  const role = fc.constantFrom('kit' as const, 'hub' as const, 'relay' as const)

  holds(
    t,
    fc.property(fits, role, anyBytes(16), (wanted, wantedRole, nonce) => {
      const request = take(makeJoinRequest(draft({ name: wanted, role: wantedRole, nonce })))

      assert.equal(request.name, wanted)
      assert.equal(request.role, wantedRole)
    }),
    30,
  )
})

test('a request with any byte changed is refused', async (t) => {
  const byCode = aJoiner('bravo', code).request
  const byFile = aJoiner('bravo', undefined).request

  holds(
    t,
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, mask) => {
      assert.equal(readJoinRequest(flip(byCode, place, mask), hashes(code)).ok, false)
      assert.equal(readOpenRequest(flip(byFile, place, mask), SUITE_NACL).ok, false)
    }),
    200,
  )
})

test('an answer with any byte changed is refused', async (t) => {
  const { request, read } = aJoiner('bravo', code)
  const answer = answerTo(take(request))

  holds(
    t,
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, mask) => {
      assert.equal(read(flip(answer, place, mask)).ok, false)
    }),
    200,
  )
})

test('whatever bytes come as request or answer, nothing is thrown and nobody gets in', async (t) => {
  const { read } = aJoiner('bravo', code)
  const head = fc.constantFrom([3, 1, 1], [3, 1, 2], [3, 1, 3], [3, 2, 1], [2, 1, 1], [])

  holds(
    t,
    fc.property(head, fc.uint8Array({ maxLength: 1_600 }), (start, rest) => {
      const bytes = concatBytes(Uint8Array.from(start), rest)

      assert.equal(readJoinRequest(bytes, hashes(code)).ok, false)
      assert.equal(readOpenRequest(bytes, SUITE_NACL).ok, false)
      assert.equal(read(bytes).ok, false)
    }),
  )
})

test('a code that was never given out, or is used up, opens nothing', async (t) => {
  const { request } = aJoiner('bravo', code)

  t.same(readJoinRequest(request, hashes(otherCode)), refusal('unknown-code'))
  t.same(readJoinRequest(request, hashes()), refusal('unknown-code'))
})

test('two codes that share their public 4 bytes are told apart by what they open', async (t) => {
  const { request } = aJoiner('bravo', code)
  const twin = flip(joinCodeHash(code), 31)
  const ours = { suite: SUITE_NACL, codeHashes: [twin] }

  t.same(readJoinRequest(request, ours), refusal('wrong-seal'))
  t.ok(readJoinRequest(request, { ...ours, codeHashes: [twin, joinCodeHash(code)] }).ok)
})

test('nobody gets a certificate for a key that is not theirs', async (t) => {
  const thief = signingPair(SUITE_NACL, seedOf('thief'))
  const stolen = { sign: (message: Uint8Array) => sign(thief.privateKey, message) }

  t.same(readJoinRequest(makeJoinRequest(draft(stolen)), hashes(code)), refusal('wrong-proof'))
  const byFile = makeJoinRequest(draft({ ...stolen, code: undefined }))
  t.same(readOpenRequest(byFile, SUITE_NACL), refusal('wrong-proof'))
})

test('who has the code but not the new node’s key cannot read its answer', async (t) => {
  const { request, joiner } = aJoiner('bravo', code)
  const answer = answerTo(take(request))
  const answerPair = sealingPair(SUITE_NACL, new Uint8Array(96).fill(4))

  t.same(readJoinAnswer(answer, { ...joiner, answerPair }), refusal('wrong-seal'))
})

test('who has the new node’s key but not the code cannot read its answer', async (t) => {
  const { request, joiner } = aJoiner('bravo', code)
  const answer = answerTo(take(request))

  t.same(readJoinAnswer(answer, { ...joiner, code: otherCode }), refusal('wrong-seal'))
})

test('the answer to an earlier request is no answer to this one', async (t) => {
  const earlier = answerTo(take(aJoiner('bravo', code).request))

  t.same(aJoiner('bravo', code, { attempt: 'second' }).read(earlier), refusal('wrong-seal'))
})

test('a request sent back is no answer, and an answer is no request', async (t) => {
  const { request, read } = aJoiner('bravo', code)

  t.notOk(read(request).ok)
  t.notOk(readJoinRequest(answerTo(take(request)), hashes(code)).ok)
})

test('an answer with a certificate for other keys, or by another root, is refused', async (t) => {
  const { request, read } = aJoiner('vehicle 7', code)
  const hub = hubOf(SUITE_NACL)
  const stranger = anOrganisation('stranger').node('hub')
  const forOthers = { ...aGrant(), certificateBytes: hub.certificateBytes }
  const byOthers = { ...aGrant(), issuerCertificateBytes: stranger.certificateBytes }

  t.same(read(answerTo(take(request), forOthers)), refusal('wrong-certificate'))
  t.same(read(answerTo(take(request), byOthers)), refusal('wrong-certificate'))
})

test('a key to answer to that is none gets no answer', async (t) => {
  const request = take(makeJoinRequest(draft({ answerKey: new Uint8Array(32 + 1_184) })))

  const chance = { chance: seededRandom(1) }
  t.same(makeJoinAnswer(request, aGrant(), chance), refusal('weak-key'))
})

test('another version and another suite are named so', async (t) => {
  const { request, read } = aJoiner('bravo', code)
  const older = concatBytes(Uint8Array.of(2), request.subarray(1))

  t.same(readJoinRequest(older, hashes(code)), refusal('unknown-version'))
  t.same(read(older), refusal('unknown-version'))
  t.same(readJoinRequest(request, { ...hashes(code), suite: SUITE_FIPS }), refusal('other-suite'))
})

test('the bytes are those of version 3', async (t) => {
  const { request } = aJoiner('vehicle 7', code)
  const byFile = aJoiner('vehicle 7', undefined).request
  const answer = answerTo(take(request))

  t.strictSame([request, byFile, answer].map(digestOf), [
    '40fabcc41eecdadf',
    'd057bf3011629784',
    'a40c321dcc1ae645',
  ])
})

function digestOf(bytes: Uint8Array): string {
  return hexFromBytes(sha256(bytes).subarray(0, 8))
}

function hashes(...codes: readonly Uint8Array[]) {
  return { suite: SUITE_NACL, codeHashes: codes.map(joinCodeHash) }
}

function hubOf(suite: Suite) {
  return anOrganisation('relief', suite).node('hub', { role: 'hub' })
}

function draft(changes: Partial<JoinDraft> = {}): JoinDraft {
  const { joiner } = aJoiner('vehicle 7', code)
  const signing = signingPair(SUITE_NACL, seedOf('vehicle 7 signing'))
  return {
    code,
    name: 'vehicle 7',
    role: 'kit',
    suite: SUITE_NACL,
    number: 0,
    signingKey: signing.publicBytes,
    answerKey: joiner.answerPair.publicBytes,
    sign: (message) => sign(signing.privateKey, message),
    nonce: new Uint8Array(16).fill(1),
    commitment: new Uint8Array(32),
    block: new Uint8Array(0),
    ...changes,
  }
}

function aGrant(suite: Suite = SUITE_NACL, name = 'vehicle 7'): JoinGrant {
  const relief = anOrganisation('relief', suite)
  const certificateBytes = issueCertificate(rootIssuer(suite, relief.root), {
    number: 2,
    name,
    role: 'kit',
    rights: NO_RIGHTS,
    validFrom: 1_770_000_000_000,
    validUntil: 1_830_000_000_000,
    signingKey: signingPair(suite, seedOf(`${name} signing`)).publicBytes,
  })
  return {
    organisation: relief.organisation,
    organisationSecret: secret,
    certificateBytes,
    issuerCertificateBytes: hubOf(suite).certificateBytes,
    epoch: undefined,
    block: new Uint8Array(0),
  }
}

function take(bytes: Uint8Array, suite: Suite = SUITE_NACL): JoinRequest {
  const codeHashes = [otherCode, code].map(joinCodeHash)
  const result = readJoinRequest(bytes, { suite, codeHashes })
  assert.ok(result.ok, 'the request is taken')
  return result.request
}

function answerTo(request: JoinRequest, grant = aGrant()): Uint8Array {
  const result = makeJoinAnswer(request, grant, { chance: seededRandom(2) })
  assert.ok(result.ok, 'the request is answered')
  return result.bytes
}

function refusal(reason: string): object {
  return { ok: false, reason }
}
