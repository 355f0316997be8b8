import assert from 'node:assert/strict'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { sha256 } from '#base/hash.ts'
import { joinCodeHash, newJoinCode } from '#trust/join-code.ts'
import {
  commitmentTo,
  compare,
  isRevealOf,
  isWait,
  makeChallenge,
  makeWait,
  readChallenge,
  readReveal,
} from '#trust/join-compare.ts'
import { readJoinRequest, type JoinRequest } from '#trust/joining.ts'
import { SUITE_NACL } from '#trust/keys.ts'
import { aJoiner } from '../support/joiners.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { flip } from '../support/property.ts'
import { seededRandom } from '../support/random.ts'

const code = newJoinCode(seedOf('code').subarray(0, 10), true)
const { organisation } = anOrganisation('relief')

test('both ends show the same digits and share the same secret', async (t) => {
  const kit = aJoiner('bravo', code)
  const hub = aHub(kit.request)

  const shown = kit.meet(hub.challenge)

  t.match(shown.digits, /^\d{6}$/)
  t.same(shown, hub.compare(kit.reveal))
})

test('who stands in the middle with the code makes the two ends show other digits', async (t) => {
  let equal = 0
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const kit = aJoiner('bravo', code, { attempt: `${attempt}` })
    const thief = aJoiner('mallory', code, { attempt: `${attempt}` })
    const hub = aHub(thief.request, attempt)
    const falseHub = aHub(kit.request, 1_000 + attempt)

    const atTheKit = kit.meet(falseHub.challenge)
    const atTheHub = hub.compare(thief.reveal)

    if (atTheKit.digits === atTheHub.digits) equal += 1
  }
  t.equal(equal, 0)
})

test('after it has seen the other end’s random bytes nobody can choose its own anew', async (t) => {
  const thief = aJoiner('mallory', code)
  const hub = aHub(thief.request)
  thief.meet(hub.challenge)
  const others = Array.from({ length: 50 }, (_, at) =>
    aJoiner('mallory', code, { attempt: `grind ${at}` }),
  )

  for (const other of others) {
    const reveal = must(readReveal(other.reveal), 'a reveal')
    const under = { ...reveal, ticket: sha256(thief.request).subarray(0, 16) }
    t.notOk(isRevealOf(under, hub.request))
  }
  t.ok(isRevealOf(must(readReveal(thief.reveal), 'a reveal'), hub.request))
})

test('a challenge opens for the new node alone, and not once it was changed', async (t) => {
  const kit = aJoiner('bravo', code)
  const { challenge } = aHub(kit.request)

  t.match(readChallenge(challenge, kit.joiner), {
    ok: true,
    challenge: { organisationName: organisation.name, rootKey: organisation.rootKey },
  })
  t.notOk(readChallenge(challenge, aJoiner('mallory', code).joiner).ok)
  for (const place of [3, 40, challenge.length - 1])
    t.notOk(readChallenge(flip(challenge, place), kit.joiner).ok)
  t.notOk(kit.read(challenge).ok, 'it is no answer')
})

test('every part of the exchange changes the digits and the secret', async (t) => {
  const parts = {
    requestDigest: seedOf('request'),
    challengeBytes: seedOf('challenge'),
    theirs: seedOf('theirs'),
    mine: seedOf('mine'),
  }
  const all = [
    compare(parts),
    ...Object.keys(parts).map((name) => compare({ ...parts, [name]: seedOf('another') })),
  ]

  t.equal(new Set(all.map(({ digits }) => digits)).size, 5)
  t.equal(new Set(all.map(({ secret }) => Buffer.from(secret).toString('hex'))).size, 5)
})

test('what is no reveal and no wait is taken for neither', async (t) => {
  const { reveal } = aJoiner('bravo', code)

  t.equal(readReveal(reveal.subarray(1)), undefined)
  t.equal(readReveal(reveal.subarray(0, -1)), undefined)
  t.equal(readReveal(flip(reveal, 2)), undefined)
  t.ok(isWait(makeWait(SUITE_NACL)))
  t.notOk(isWait(reveal))
  t.notOk(isWait(new Uint8Array(0)))
})

test('a commitment says nothing twice the same for two values', async (t) => {
  t.notSame(commitmentTo(seedOf('a')), commitmentTo(seedOf('b')))
})

/** The end that answers. */
function aHub(requestBytes: Uint8Array, seed = 7) {
  const codeHashes = [joinCodeHash(code)]
  const read = readJoinRequest(requestBytes, { suite: SUITE_NACL, codeHashes })
  assert.ok(read.ok)
  const request: JoinRequest = read.request
  const chance = seededRandom(seed)
  const theirs = chance.bytes(32)
  const challenge = must(makeChallenge(request, { organisation, theirs, chance }), 'a challenge')
  return {
    request,
    challenge,
    compare: (revealBytes: Uint8Array) => {
      const reveal = must(readReveal(revealBytes), 'a reveal')
      assert.ok(isRevealOf(reveal, request))
      const exchange = { requestDigest: request.digest, challengeBytes: challenge, theirs }
      return compare({ ...exchange, mine: reveal.revealed })
    },
  }
}
