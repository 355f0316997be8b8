/** Golden vectors of how a node gets in, and of how a locked one is opened: both suites, every message. */
import { must } from '#base/assert.ts'
import { bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { joinCodeHash, newJoinCode } from '#trust/join-code.ts'
import { makeChallenge, makeWait } from '#trust/join-compare.ts'
import type { JoinGrant } from '#trust/join-grant.ts'
import { fingerprintOf } from '#trust/join-message.ts'
import {
  makeJoinAnswer,
  readJoinRequest,
  readOpenRequest,
  type JoinRequest,
} from '#trust/joining.ts'
import { SUITES, type Suite } from '#trust/keys.ts'
import {
  answerRelease,
  askRelease,
  authenticationKey,
  readReleaseRequest,
  sealShare,
} from '#trust/release.ts'
import { sealingPair } from '#trust/sealing-key.ts'
import { aJoiner, type TestJoiner } from '../support/joiners.ts'
import { seedOf } from '../support/organisation.ts'
import { seededRandom } from '../support/random.ts'
import { organisationSecret } from '../support/wire.ts'
import type { Vectors } from './make.ts'
import { vectorNodes } from './make-trust.ts'

/** Everything in `join.json`; in suite 2 other bytes in every run. */
export function joinVectors(): Vectors {
  return { suites: SUITES.map(exchanges) }
}

function exchanges(suite: Suite): Vectors {
  return {
    suite: suite.number,
    answerSeed: hexFromBytes(answerSeed()),
    byCode: byCode(suite),
    compared: compared(suite),
    byFile: byFile(suite),
    release: release(suite),
  }
}

/** Bravo, which the hub has let in with number 128. */
function joiner(suite: Suite, code: Uint8Array | undefined): TestJoiner {
  return aJoiner('bravo', code, { role: 'relay', suite, block: bytesFromText('for TLS') })
}

function answerSeed(): Uint8Array {
  return concatBytes(...['a', 'b', 'c'].map((part) => seedOf(`bravo answering ${part}`)))
}

function codeOf(isCompared: boolean): Uint8Array {
  return newJoinCode(seedOf('join code').subarray(0, 10), isCompared)
}

function grantOf(suite: Suite, isLater: boolean): JoinGrant {
  const { relief, hub, issued } = vectorNodes(suite)
  return {
    organisation: relief.organisation,
    organisationSecret,
    certificateBytes: issued,
    issuerCertificateBytes: hub.certificateBytes,
    epoch: isLater
      ? { number: 3, maker: hub.certificate.node, secret: seedOf('epoch secret') }
      : undefined,
    block: bytesFromText('from TLS'),
  }
}

function grantVector(grant: JoinGrant): Vectors {
  const { organisation, epoch } = grant
  return {
    name: organisation.name,
    code: organisation.code,
    rootKey: hexFromBytes(organisation.rootKey),
    secret: hexFromBytes(grant.organisationSecret),
    certificate: hexFromBytes(grant.certificateBytes),
    issuer: hexFromBytes(grant.issuerCertificateBytes),
    epoch: epoch === undefined ? null : { ...epoch, secret: hexFromBytes(epoch.secret) },
    block: hexFromBytes(grant.block),
  }
}

function claimVector(
  { joiner: { signingKey, answerPair } }: TestJoiner,
  commitment: Uint8Array,
): Vectors {
  return {
    role: 'relay',
    name: 'bravo',
    number: 0,
    signingKey: hexFromBytes(signingKey),
    answerKey: hexFromBytes(answerPair.publicBytes),
    commitment: hexFromBytes(commitment),
    block: hexFromBytes(bytesFromText('for TLS')),
  }
}

function readBy(suite: Suite, code: Uint8Array, request: Uint8Array): JoinRequest {
  const read = readJoinRequest(request, { suite, codeHashes: [joinCodeHash(code)] })
  return must(read.ok ? read.request : undefined, 'a vector reads')
}

function answerTo(request: JoinRequest, grant: JoinGrant, secret?: Uint8Array): string {
  const chance = seededRandom(41)
  const answer = makeJoinAnswer(request, grant, { chance, ...(secret && { secret }) })
  return hexFromBytes(must(answer.ok ? answer.bytes : undefined, 'its key is one'))
}

function byCode(suite: Suite): Vectors {
  const code = codeOf(false)
  const one = joiner(suite, code)
  const request = readBy(suite, code, one.request)
  const grant = grantOf(suite, false)
  return {
    code: hexFromBytes(code),
    request: hexFromBytes(one.request),
    claim: claimVector(one, request.commitment),
    answer: answerTo(request, grant),
    grant: grantVector(grant),
  }
}

function compared(suite: Suite): Vectors {
  const code = codeOf(true)
  const one = joiner(suite, code)
  const request = readBy(suite, code, one.request)
  const theirs = seedOf('challenge')
  const { organisation } = vectorNodes(suite).relief
  const challenge = must(
    makeChallenge(request, { organisation, theirs, chance: seededRandom(42) }),
    'its key is one',
  )
  const { digits, secret } = one.meet(challenge)
  const grant = grantOf(suite, true)
  return {
    code: hexFromBytes(code),
    request: hexFromBytes(one.request),
    claim: claimVector(one, request.commitment),
    challenge: hexFromBytes(challenge),
    s: hexFromBytes(theirs),
    r: hexFromBytes(seedOf('bravo reveal ')),
    reveal: hexFromBytes(one.reveal),
    wait: hexFromBytes(makeWait(suite)),
    digits,
    secret: hexFromBytes(secret),
    answer: answerTo(request, grant, secret),
    grant: grantVector(grant),
  }
}

function byFile(suite: Suite): Vectors {
  const one = joiner(suite, undefined)
  const read = readOpenRequest(one.request, suite)
  const request = must(read.ok ? read.request : undefined, 'a vector reads')
  const grant = grantOf(suite, true)
  return {
    request: hexFromBytes(one.request),
    claim: claimVector(one, request.commitment),
    fingerprint: fingerprintOf(one.request),
    answer: answerTo(request, grant),
    grant: grantVector(grant),
  }
}

/** A share of alpha's that a hub keeps, asked for and given. */
function release(suite: Suite): Vectors {
  const { alpha } = vectorNodes(suite)
  const { node } = alpha.certificate
  const random = seededRandom(43)
  const [id, keyName] = ['00112233445566778899aabbccddeeff', '0123456789abcdef']
  const [device, share, seed] = [seedOf('device secret'), seedOf('share'), random.bytes(96)]
  const authentication = authenticationKey(suite, device, id)
  const secrets = { share, authentication }
  const target = { suite, publicKey: sealingPair(suite, seed).publicBytes, chance: random }
  const parcel = must(sealShare(target, secrets, { node, id, keyName }), 'it is a key')
  const address = 'hub.example.org:8065'
  const [questionSeed, nonce] = [random.bytes(96), random.bytes(16)]
  const asking = askRelease(suite, { id, address, authentication }, (length) =>
    length === 96 ? questionSeed : nonce,
  )
  const question = must(readReleaseRequest(suite, asking.bytes), 'it reads')
  const answer = must(answerRelease(question, secrets, random), 'it is a key')
  return {
    node,
    id,
    keyName,
    device: hexFromBytes(device),
    authentication: hexFromBytes(authentication),
    share: hexFromBytes(share),
    hubSeed: hexFromBytes(seed),
    ciphertext: hexFromBytes(parcel.ciphertext),
    sealed: hexFromBytes(parcel.sealed),
    address,
    nonce: hexFromBytes(nonce),
    questionSeed: hexFromBytes(questionSeed),
    question: hexFromBytes(asking.bytes),
    answer: hexFromBytes(answer),
  }
}
