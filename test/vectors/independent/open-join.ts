/** Opens join.json: how a node gets in by a code, by compared digits and by a file; how a locked one is opened. */
import { hex, must } from './bytes.ts'
import {
  commitmentOf,
  comparedSecret,
  digitsOf,
  fingerprint,
  isCompared,
  readAnswer,
  readChallenge,
  readRequest,
  reveal,
  waitMessage,
  type AnswerKeys,
  type Claim,
  type Grant,
} from './join.ts'
import { vectors, type Openers } from './ledger.ts'
import { isIssued, organisationId, readCertificate } from './names.ts'
import { authenticationKey, openShare, readQuestion, readReleaseAnswer } from './release.ts'
import { sealingKeyOf, type Suite } from './suites.ts'

type Facts<Names extends string> = Readonly<Record<Names, string>>
type Exchange = Facts<'code' | 'request' | 'answer'>
type Compared = Exchange & Facts<'challenge' | 'r'>
type Release = Facts<
  | 'node'
  | 'id'
  | 'keyName'
  | 'device'
  | 'hubSeed'
  | 'ciphertext'
  | 'sealed'
  | 'questionSeed'
  | 'question'
  | 'answer'
>

interface SuiteVectors {
  readonly suite: Suite
  readonly answerSeed: string
}

const JOIN = vectors<{ readonly suites: readonly SuiteVectors[] }>('join.json')
const ROLES = ['kit', 'hub', 'relay']

/** One suite's vectors stand below its place in the file. */
export function joinOpeners(): Openers {
  const all: Record<string, Openers[string]> = {}
  for (const [at, { suite, answerSeed }] of JOIN.suites.entries()) {
    const seed = hex(answerSeed)
    all[`suites.${at}.suite`] = 'given'
    all[`suites.${at}.answerSeed`] = 'given'
    all[`suites.${at}.byCode`] = (value: Exchange) => codeCase(suite, seed, value)
    all[`suites.${at}.compared`] = (value: Compared) => comparedCase(suite, seed, value)
    all[`suites.${at}.byFile`] = (value: Exchange) => fileCase(suite, seed, value)
    all[`suites.${at}.release`] = (value: Release) => releaseCase(suite, value)
  }
  return all
}

function codeCase(suite: Suite, seed: Buffer, { code, request, answer }: Exchange): unknown {
  const claim = readRequest(hex(request), hex(code))
  must(!isCompared(hex(code)) && claim.commitment.every((one) => one === 0), 'a commitment')
  checkKey(suite, seed, claim)
  const grant = readAnswer(hex(answer), { seed, request: hex(request), code: hex(code) })
  return { code, request, claim: saidBy(claim), answer, grant: givenBy(grant, claim) }
}

function comparedCase(suite: Suite, seed: Buffer, value: Compared): unknown {
  const [code, request, challenge, r] = [
    hex(value.code),
    hex(value.request),
    hex(value.challenge),
    hex(value.r),
  ]
  const keys: AnswerKeys = { seed, request, code }
  const claim = readRequest(request, code)
  must(isCompared(code) && commitmentOf(r).equals(claim.commitment), 'another commitment')
  checkKey(suite, seed, claim)
  const { s, rootKey } = readChallenge(challenge, keys)
  const comparison = { request, challenge, s, r }
  const secret = comparedSecret(comparison)
  const grant = readAnswer(hex(value.answer), { ...keys, secret })
  must(grant.rootKey.equals(rootKey), 'the root of another')
  return {
    code: value.code,
    request: value.request,
    claim: saidBy(claim),
    challenge: value.challenge,
    s: digits(s),
    r: value.r,
    reveal: digits(reveal(suite, request, r)),
    wait: digits(waitMessage(suite)),
    digits: digitsOf(comparison),
    secret: digits(secret),
    answer: value.answer,
    grant: givenBy(grant, claim),
  }
}

function fileCase(suite: Suite, seed: Buffer, { request, answer }: Exchange): unknown {
  const claim = readRequest(hex(request))
  checkKey(suite, seed, claim)
  const grant = readAnswer(hex(answer), { seed, request: hex(request) })
  return {
    request,
    claim: saidBy(claim),
    fingerprint: fingerprint(hex(request)),
    answer,
    grant: givenBy(grant, claim),
  }
}

function checkKey(suite: Suite, seed: Buffer, { answerKey }: Claim): void {
  must(sealingKeyOf(suite, seed).equals(answerKey), 'the answer key of another')
}

function saidBy({ role, name, number, ...bytes }: Claim): unknown {
  return {
    role: ROLES[role],
    name,
    number,
    signingKey: digits(bytes.signingKey),
    answerKey: digits(bytes.answerKey),
    commitment: digits(bytes.commitment),
    block: digits(bytes.rest),
  }
}

/** What was given, once both certificates are by the root it names, or ours by the one it let in. */
function givenBy(grant: Grant, { signingKey }: Claim): unknown {
  const organisation = organisationId(grant.suite, grant.rootKey)
  const [own, issuer] = [readCertificate(grant.certificate), readCertificate(grant.issuer)]
  must(isIssued(issuer, organisation, grant.rootKey), 'an issuer of nobody')
  const key = own.issuer === null ? grant.rootKey : issuer.signingKey
  must(isIssued(own, organisation, key) && own.signingKey.equals(signingKey), 'no certificate')
  const { epoch: number, maker, epochSecret } = grant
  return {
    name: grant.name,
    code: grant.code.toString('utf8'),
    rootKey: digits(grant.rootKey),
    secret: digits(grant.secret),
    certificate: digits(grant.certificate),
    issuer: digits(grant.issuer),
    epoch: epochSecret === undefined ? null : { number, maker, secret: digits(epochSecret) },
    block: digits(grant.rest),
  }
}

function releaseCase(suite: Suite, value: Release): unknown {
  const [id, key] = [hex(value.id), authenticationKey(suite, hex(value.device), hex(value.id))]
  const parcel = {
    id,
    keyName: hex(value.keyName),
    ciphertext: hex(value.ciphertext),
    sealed: hex(value.sealed),
  }
  const [share, kept] = openShare(suite, parcel, { node: value.node, seed: hex(value.hubSeed) })
  must(kept.equals(key), 'another authentication key')
  const question = readQuestion(hex(value.question), kept)
  const seed = hex(value.questionSeed)
  must(question.id.equals(id) && question.suite === suite, 'another question')
  must(sealingKeyOf(suite, seed).equals(question.publicKey), 'the key of another')
  const given = readReleaseAnswer(hex(value.answer), { question: hex(value.question), key, seed })
  must(given.share.equals(share), 'another share')
  return {
    ...value,
    authentication: digits(key),
    share: digits(given.share),
    address: question.address,
    nonce: digits(question.nonce),
  }
}

function digits(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
