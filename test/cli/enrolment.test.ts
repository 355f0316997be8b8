/** How a node comes to be: by founding an organisation, or by joining one; in both suites. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { beginJoin, finisher, foundOrganisation, newPassword } from '#cli/enrolment.ts'
import type { FolderContents } from '#config/data-folder.ts'
import type { Random } from '#ports/random.ts'
import {
  issueCertificate,
  NO_RIGHTS,
  openIdentity,
  organisationIdOf,
  readCertificate,
  rootIssuer,
  type Certificate,
} from '#trust/identity.ts'
import { joinCodeHash, newJoinCode } from '#trust/join-code.ts'
import { compare, makeChallenge, readReveal } from '#trust/join-compare.ts'
import {
  makeJoinAnswer,
  readJoinRequest,
  readOpenRequest,
  type JoinRequest,
} from '#trust/joining.ts'
import { signingPair, SUITE_NACL, SUITES, suiteOf, type Suite } from '#trust/keys.ts'
import { seededRandom } from '../support/random.ts'

const DRAFT = { organisation: 'Relief', suite: SUITE_NACL, name: 'alpha', role: 'hub' } as const
const CODE = newJoinCode(new Uint8Array(10).fill(3), false)
const AT = 1_790_000_000_000
const clock = { now: () => AT, monotonicMs: () => 0, sleep: async () => undefined }

for (const suite of SUITES)
  test(`a founder has certificate number 1 of the organisation whose root it keeps (${suite.name})`, async (t) => {
    const contents = foundOrganisation({ ...DRAFT, suite }, { clock, random: seededRandom(1) })

    const { keys, organisation, certificate } = contents
    const root = signingPair(suite, must(keys.root, 'a founder keeps the root'))
    t.strictSame(organisation.rootKey, root.publicBytes)
    t.match(organisation, { name: 'Relief', code: /^[a-z0-9]{2}$/, suite: suite.number })
    const authority = { suite, rootKey: root.publicBytes, certificateOf: () => undefined }
    t.match(readCertificate(authority, certificate), {
      number: 1,
      name: 'alpha',
      role: 'hub',
      rights: { administers: true, issues: true },
      validFrom: AT,
    })
    t.ok(identityOf(contents), 'keys and certificate belong together')
  })

test('no two keys of a founder are the same, and other chance gives other keys', async (t) => {
  const all = [1, 2].flatMap((seed) => {
    const { keys } = foundOrganisation(DRAFT, { clock, random: seededRandom(seed) })
    return [keys.signing, keys.organisation, must(keys.root, 'the root')]
  })

  const names = all.map((key) => Buffer.from(key).toString('hex'))
  t.equal(new Set(names).size, names.length)
})

for (const suite of SUITES)
  test(`a node that joins gets the secret, its certificate and that of who let it in, and no root (${suite.name})`, async (t) => {
    const founder = foundOrganisation({ ...DRAFT, suite }, { clock, random: seededRandom(1) })
    const joining = beginJoin({ code: CODE, suite, name: 'bravo', role: 'kit' }, seededRandom(2))

    const { contents } = joining.finish(answerOf(founder, byCode(suite, joining.request)))

    t.strictSame(contents.organisation, founder.organisation)
    t.strictSame(contents.issuer, founder.certificate)
    t.strictSame(contents.keys.organisation, founder.keys.organisation)
    t.equal(contents.keys.root, undefined)
    t.match(identityOf(contents)?.certificate, { number: 2, name: 'bravo', role: 'kit' })
  })

test('by file another run of the program takes the answer, with what was kept', async (t) => {
  const founder = foundOrganisation(DRAFT, { clock, random: seededRandom(1) })
  const draft = { code: undefined, suite: SUITE_NACL, name: 'bravo', role: 'kit' } as const
  const { request, secrets } = beginJoin(draft, seededRandom(2))
  const read = readOpenRequest(request, SUITE_NACL)
  if (!read.ok) throw new Error(read.reason)

  const kept = { suite: SUITE_NACL, code: undefined, ...secrets, request }
  const { contents } = finisher(kept)(answerOf(founder, read.request))

  t.match(identityOf(contents)?.certificate, { number: 2, name: 'bravo' })
})

test('where digits are compared, the answer opens only with what both ends have, and only of that organisation', async (t) => {
  const code = newJoinCode(CODE, true)
  const founder = foundOrganisation(DRAFT, { clock, random: seededRandom(1) })
  const other = foundOrganisation(DRAFT, { clock, random: seededRandom(9) })
  const joining = beginJoin(
    { code, suite: SUITE_NACL, name: 'bravo', role: 'kit' },
    seededRandom(2),
  )
  const request = byCode(SUITE_NACL, joining.request, code)
  const chance = seededRandom(3)
  const theirs = chance.bytes(32)
  const { organisation } = founder
  const challengeBytes = must(
    makeChallenge(request, { organisation, theirs, chance }),
    'a challenge',
  )

  const meeting = joining.meet(challengeBytes)
  const { revealed: mine } = must(readReveal(meeting.reveal), 'a reveal')
  const { digits, secret } = compare({
    requestDigest: request.digest,
    challengeBytes,
    theirs,
    mine,
  })

  t.equal(meeting.digits, digits)
  t.equal(meeting.organisationName, 'Relief')
  t.throws(() => meeting.finish(answerOf(founder, request)), { code: 'JOIN_REFUSED' })
  t.throws(() => meeting.finish(answerOf(other, request, secret)), {
    code: 'JOIN_REFUSED',
    facts: { reason: 'another organisation' },
  })
  const { contents } = meeting.finish(answerOf(founder, request, secret))
  t.match(identityOf(contents)?.certificate, { name: 'bravo' })
})

test('an answer to the request of another is refused', async (t) => {
  const founder = foundOrganisation(DRAFT, { clock, random: seededRandom(1) })
  const draft = { code: CODE, suite: SUITE_NACL, role: 'kit' } as const
  const bravo = beginJoin({ ...draft, name: 'bravo' }, seededRandom(2))
  const charlie = beginJoin({ ...draft, name: 'charlie' }, seededRandom(3))

  t.throws(() => charlie.finish(answerOf(founder, byCode(SUITE_NACL, bravo.request))), {
    code: 'JOIN_REFUSED',
    facts: { reason: 'wrong-seal' },
  })
  t.throws(() => bravo.finish(new Uint8Array(100)), { code: 'JOIN_REFUSED' })
})

test('a password is 16 characters in four groups, and another each time', async (t) => {
  const random: Random = seededRandom(4)

  const [first, second] = [newPassword(random), newPassword(random)]

  t.match(first, /^[a-z0-9]{4}(?:-[a-z0-9]{4}){3}$/)
  t.not(first, second)
})

function identityOf(contents: FolderContents): { readonly certificate: Certificate } | undefined {
  const { organisation, keys, certificate, issuer } = contents
  const suite = must(suiteOf(organisation.suite), 'a suite there is')
  const { rootKey } = organisation
  const authority = { suite, rootKey, certificateOf: () => undefined }
  const known = issuer && readCertificate(authority, issuer)
  return openIdentity(
    {
      organisation: { ...organisation, suite, id: organisationIdOf(suite, rootKey) },
      certificateOf: () => known,
    },
    keys.signing,
    certificate,
  )
}

function byCode(suite: Suite, bytes: Uint8Array, code = CODE): JoinRequest {
  const read = readJoinRequest(bytes, { suite, codeHashes: [joinCodeHash(code)] })
  if (!read.ok) throw new Error(read.reason)
  return read.request
}

/** What the founder answers to a good request. */
function answerOf(founder: FolderContents, request: JoinRequest, secret?: Uint8Array): Uint8Array {
  const { suite, name, role, signingKey } = request
  const root = signingPair(suite, must(founder.keys.root, 'a founder keeps the root'))
  const validity = { validFrom: AT, validUntil: AT + 1_000_000 }
  const facts = { number: 2, name, role, rights: NO_RIGHTS, ...validity, signingKey }
  const grant = {
    organisation: { ...founder.organisation, suite },
    organisationSecret: founder.keys.organisation,
    certificateBytes: issueCertificate(rootIssuer(suite, root), facts),
    issuerCertificateBytes: founder.certificate,
    epoch: undefined,
    block: new Uint8Array(0),
  }
  const chance = seededRandom(9)
  const exchange = secret === undefined ? { chance } : { chance, secret }
  const answer = makeJoinAnswer(request, grant, exchange)
  if (!answer.ok) throw new Error(answer.reason)
  return answer.bytes
}
