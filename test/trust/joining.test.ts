import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { issueCertificate, nodeIdOf } from '#trust/identity.ts'
import { joinCodeHash } from '#trust/join-code.ts'
import {
  makeJoinAnswer,
  makeJoinRequest,
  readJoinAnswer,
  readJoinRequest,
  type JoinDraft,
  type Joiner,
  type JoinGrant,
  type JoinRequest,
} from '#trust/joining.ts'
import { agree, keyPairFromSeed, sign } from '#trust/keys.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { anyBytes, flip, holds } from '../support/property.ts'

const relief = anOrganisation('relief')
const hub = relief.node('hub', { role: 'hub' })
const signing = keyPairFromSeed('ed25519', seedOf('new signing'))
const sealing = keyPairFromSeed('x25519', seedOf('new sealing'))
const code = seedOf('code').subarray(0, 10)
const otherCode = seedOf('other code').subarray(0, 10)
const secret = seedOf('organisation secret')

test('a node with the code is understood, and learns all it needs', async (t) => {
  const requestBytes = makeJoinRequest(draft())
  const request = taken(requestBytes)
  const answer = readJoinAnswer(answerTo(request), joiner(requestBytes))

  t.match(request, { name: 'vehicle 7', role: 'kit' })
  t.equal(hexFromBytes(request.codeHash), hexFromBytes(joinCodeHash(code)))
  assert.ok(answer.ok)
  t.same(answer.answer.organisation, relief.organisation)
  t.equal(hexFromBytes(answer.answer.organisationSecret), hexFromBytes(secret))
  t.match(answer.answer.certificate, { name: 'vehicle 7', node: nodeIdOf(signing.publicBytes) })
  t.equal(answer.answer.issuer.node, hub.certificate.node)
})

test('any name and role of a new node arrive as they were sent', async (t) => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
  const fits = name.filter((text) => bytesFromText(text).length <= 64)
  const role = fc.constantFrom('kit' as const, 'hub' as const, 'relay' as const)

  holds(
    t,
    fc.property(fits, role, anyBytes(16), (wanted, wantedRole, nonce) => {
      const request = taken(makeJoinRequest(draft({ name: wanted, role: wantedRole, nonce })))

      assert.equal(request.name, wanted)
      assert.equal(request.role, wantedRole)
    }),
  )
})

test('a request with any byte changed is refused', async (t) => {
  const request = makeJoinRequest(draft())

  holds(
    t,
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, mask) => {
      assert.equal(readJoinRequest(flip(request, place, mask), [joinCodeHash(code)]).ok, false)
    }),
    200,
  )
})

test('an answer with any byte changed is refused', async (t) => {
  const requestBytes = makeJoinRequest(draft())
  const answer = answerTo(taken(requestBytes))

  holds(
    t,
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, mask) => {
      assert.equal(readJoinAnswer(flip(answer, place, mask), joiner(requestBytes)).ok, false)
    }),
    200,
  )
})

test('whatever bytes come as request or answer, nothing is thrown and nobody gets in', async (t) => {
  const requestBytes = makeJoinRequest(draft())

  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const versioned = concatBytes(Uint8Array.of(1), bytes)

      assert.equal(readJoinRequest(bytes, [joinCodeHash(code)]).ok, false)
      assert.equal(readJoinRequest(versioned, [joinCodeHash(code)]).ok, false)
      assert.equal(readJoinAnswer(bytes, joiner(requestBytes)).ok, false)
      assert.equal(readJoinAnswer(versioned, joiner(requestBytes)).ok, false)
    }),
  )
})

test('a code that was never given out, or is used up, opens nothing', async (t) => {
  const request = makeJoinRequest(draft())

  t.same(readJoinRequest(request, [joinCodeHash(otherCode)]), refusal('unknown-code'))
  t.same(readJoinRequest(request, []), refusal('unknown-code'))
})

test('two codes that share their public 4 bytes are told apart by what they open', async (t) => {
  const request = makeJoinRequest(draft())
  const twin = joinCodeHash(code).slice()
  twin[31] = (twin[31] ?? 0) ^ 1

  t.same(readJoinRequest(request, [twin]), refusal('wrong-seal'))
  t.ok(readJoinRequest(request, [twin, joinCodeHash(code)]).ok)
})

test('nobody gets a certificate for a key that is not theirs', async (t) => {
  const thief = keyPairFromSeed('ed25519', seedOf('thief'))
  const request = makeJoinRequest(draft({ sign: (message) => sign(thief.privateKey, message) }))

  t.same(readJoinRequest(request, [joinCodeHash(code)]), refusal('wrong-proof'))
})

test('who has the code but not the new node’s key cannot read its answer', async (t) => {
  const requestBytes = makeJoinRequest(draft())
  const answer = answerTo(taken(requestBytes))
  const thief = keyPairFromSeed('x25519', seedOf('thief'))
  const agreeAsThief = (theirs: Uint8Array): Uint8Array => agree(thief.privateKey, theirs)

  t.same(
    readJoinAnswer(answer, { ...joiner(requestBytes), agree: agreeAsThief }),
    refusal('wrong-seal'),
  )
})

test('who has the new node’s key but not the code cannot read its answer', async (t) => {
  const requestBytes = makeJoinRequest(draft())
  const answer = answerTo(taken(requestBytes))

  t.same(
    readJoinAnswer(answer, { ...joiner(requestBytes), code: otherCode }),
    refusal('wrong-seal'),
  )
})

test('the answer to an earlier request is no answer to this one', async (t) => {
  const earlier = answerTo(taken(makeJoinRequest(draft())))
  const now = makeJoinRequest(draft({ nonce: new Uint8Array(16).fill(2) }))

  t.same(readJoinAnswer(earlier, joiner(now)), refusal('wrong-seal'))
})

test('a request sent back is no answer, and an answer is no request', async (t) => {
  const requestBytes = makeJoinRequest(draft())

  t.notOk(readJoinAnswer(requestBytes, joiner(requestBytes)).ok)
  t.notOk(readJoinRequest(answerTo(taken(requestBytes)), [joinCodeHash(code)]).ok)
})

test('an answer with a certificate for other keys is refused', async (t) => {
  const requestBytes = makeJoinRequest(draft())
  const grant = { ...aGrant(), certificateBytes: hub.certificateBytes }

  const answer = answerTo(taken(requestBytes), grant)

  t.same(readJoinAnswer(answer, joiner(requestBytes)), refusal('wrong-certificate'))
})

test('an answer with a certificate by another root is refused', async (t) => {
  const requestBytes = makeJoinRequest(draft())
  const stranger = anOrganisation('stranger').node('hub')
  const grant = { ...aGrant(), issuerCertificateBytes: stranger.certificateBytes }

  const answer = answerTo(taken(requestBytes), grant)

  t.same(readJoinAnswer(answer, joiner(requestBytes)), refusal('wrong-certificate'))
})

test('a sealing key that gives everybody the same secret gets no answer', async (t) => {
  const request = taken(makeJoinRequest(draft({ sealingKey: new Uint8Array(32) })))

  t.same(makeJoinAnswer(request, aGrant(), seedOf('answer')), refusal('weak-key'))
})

test('another version is named so', async (t) => {
  const requestBytes = makeJoinRequest(draft())
  const answer = answerTo(taken(requestBytes))

  t.same(readJoinRequest(ofVersion2(requestBytes), []), refusal('unknown-version'))
  t.same(readJoinAnswer(ofVersion2(answer), joiner(requestBytes)), refusal('unknown-version'))
})

test('the bytes are those of version 1', async (t) => {
  const requestBytes = makeJoinRequest(draft())
  const answer = answerTo(taken(requestBytes))

  t.strictSame([requestBytes, answer].map(digestOf), ['0ccc3c9dfd675fc3', 'c4d3d20a5d49748e'])
})

function digestOf(bytes: Uint8Array): string {
  return hexFromBytes(sha256(bytes).subarray(0, 8))
}

function ofVersion2(bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(2), bytes.subarray(1))
}

function draft(changes: Partial<JoinDraft> = {}): JoinDraft {
  return {
    code,
    name: 'vehicle 7',
    role: 'kit',
    signingKey: signing.publicBytes,
    sealingKey: sealing.publicBytes,
    sign: (message) => sign(signing.privateKey, message),
    nonce: new Uint8Array(16).fill(1),
    ...changes,
  }
}

function joiner(requestBytes: Uint8Array): Joiner {
  return {
    code,
    requestBytes,
    signingKey: signing.publicBytes,
    sealingKey: sealing.publicBytes,
    agree: (theirs) => agree(sealing.privateKey, theirs),
  }
}

function aGrant(): JoinGrant {
  const certificateBytes = issueCertificate(relief.root, {
    number: 2,
    name: 'vehicle 7',
    role: 'kit',
    issuedAt: 1_770_000_000_000,
    signingKey: signing.publicBytes,
    sealingKey: sealing.publicBytes,
  })
  const { organisation } = relief
  const issuerCertificateBytes = hub.certificateBytes
  return { organisation, organisationSecret: secret, certificateBytes, issuerCertificateBytes }
}

function taken(bytes: Uint8Array): JoinRequest {
  const result = readJoinRequest(bytes, [joinCodeHash(otherCode), joinCodeHash(code)])
  assert.ok(result.ok, 'the request is taken')
  return result.request
}

function answerTo(request: JoinRequest, grant = aGrant()): Uint8Array {
  const result = makeJoinAnswer(request, grant, seedOf('answer'))
  assert.ok(result.ok, 'the request is answered')
  return result.bytes
}

function refusal(reason: string): object {
  return { ok: false, reason }
}
