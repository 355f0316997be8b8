/** How a node comes to be: by founding an organisation, or by joining one; in both suites. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { sha256 } from '#base/hash.ts'
import { CERTIFICATE_MS } from '#base/limits.ts'
import { beginJoin, foundOrganisation, newPassword, type FoundingDraft } from '#cli/enrolment.ts'
import type { FolderContents } from '#config/data-folder.ts'
import type { Random } from '#ports/random.ts'
import {
  ALL_RIGHTS,
  issueCertificate,
  NO_RIGHTS,
  openIdentity,
  organisationIdOf,
  readCertificate,
  rootIssuer,
  type Authority,
  type Identity,
  type Organisation,
} from '#trust/identity.ts'
import { joinCodeHash } from '#trust/join-code.ts'
import { makeJoinAnswer, readJoinRequest } from '#trust/joining.ts'
import { signingPair, suiteOf, SUITES, type KeyPair, type Suite } from '#trust/keys.ts'

const CODE = new Uint8Array(10).fill(3)
const AT = 1_790_000_000_000
const clock = { now: () => AT, monotonicMs: () => 0, sleep: async () => undefined }

for (const suite of SUITES) {
  test(`${suite.name}: a founder has certificate number 1 of the organisation whose root it keeps`, async (t) => {
    const contents = foundOrganisation(draftOf(suite), { clock, random: chance('a') })

    const { organisation, certificate } = contents
    t.strictSame(organisation.rootKey, rootOf(contents).publicBytes)
    t.match(organisation, { name: 'Relief', code: /^[a-z0-9]{2}$/, suite: suite.number })
    t.match(readCertificate(authorityOf(contents), certificate), {
      number: 1,
      name: 'alpha',
      role: 'hub',
      rights: ALL_RIGHTS,
      validFrom: AT,
      validUntil: AT + CERTIFICATE_MS,
    })
    t.ok(identityOf(contents), 'keys and certificate belong together')
  })

  test(`${suite.name}: a node that joins gets the secret, its certificate and that of who let it in, and no root`, async (t) => {
    const founder = foundOrganisation(draftOf(suite), { clock, random: chance('a') })
    const joining = beginJoin({ code: CODE, suite, name: 'bravo', role: 'kit' }, chance('b'))

    const contents = joining.finish(answerOf(founder, joining.request))

    t.strictSame(contents.organisation, founder.organisation)
    t.strictSame(contents.issuer, founder.certificate)
    t.strictSame(contents.keys.organisation, founder.keys.organisation)
    t.equal(contents.keys.root, undefined)
    t.match(identityOf(contents)?.certificate, { number: 2, name: 'bravo', rights: NO_RIGHTS })
  })

  test(`${suite.name}: an answer to the request of another is refused`, async (t) => {
    const founder = foundOrganisation(draftOf(suite), { clock, random: chance('a') })
    const bravo = beginJoin({ code: CODE, suite, name: 'bravo', role: 'kit' }, chance('b'))
    const charlie = beginJoin({ code: CODE, suite, name: 'charlie', role: 'kit' }, chance('c'))

    t.throws(() => charlie.finish(answerOf(founder, bravo.request)), {
      code: 'JOIN_REFUSED',
      facts: { reason: 'wrong-seal' },
    })
    t.throws(() => bravo.finish(new Uint8Array(100)), { code: 'JOIN_REFUSED' })
  })
}

test('no two keys of a founder are the same, and other chance gives other keys', async (t) => {
  const [suite] = SUITES
  const draft = draftOf(must(suite, 'there is a suite'))
  const one = foundOrganisation(draft, { clock, random: chance('a') })
  const other = foundOrganisation(draft, { clock, random: chance('b') })

  const all = [...Object.values(one.keys), ...Object.values(other.keys)].map((key) =>
    Buffer.from(key ?? []).toString('hex'),
  )
  t.equal(new Set(all).size, all.length)
})

test('a password is 16 characters in four groups, and another each time', async (t) => {
  const random = chance('p')

  const [first, second] = [newPassword(random), newPassword(random)]

  t.match(first, /^[a-z0-9]{4}(?:-[a-z0-9]{4}){3}$/)
  t.not(first, second)
})

function draftOf(suite: Suite): FoundingDraft {
  return { organisation: 'Relief', suite, name: 'alpha', role: 'hub' }
}

/** Bytes that follow from a name, never the same twice. Nothing here seals for a node. */
function chance(name: string): Random {
  let count = 0
  return {
    bytes: (length) =>
      new Uint8Array(sha256(Buffer.from(`${name} ${(count += 1)}`)).subarray(0, length)),
    encapsulate: () => undefined,
  }
}

function organisationOf({ organisation }: FolderContents): Organisation {
  const suite = must(suiteOf(organisation.suite), 'there is such a suite')
  return { ...organisation, suite, id: organisationIdOf(suite, organisation.rootKey) }
}

/** Whom a node believes that knows only who let it in. */
function authorityOf(contents: FolderContents): Authority {
  const { suite, rootKey } = organisationOf(contents)
  return { suite, rootKey, certificateOf: () => undefined }
}

function identityOf(contents: FolderContents): Identity | undefined {
  const organisation = organisationOf(contents)
  const authority = { organisation, certificateOf: () => undefined }
  return openIdentity(authority, contents.keys.signing, contents.certificate)
}

function rootOf(contents: FolderContents): KeyPair {
  const seed = must(contents.keys.root, 'a founder keeps the root')
  return signingPair(organisationOf(contents).suite, seed)
}

/** What the founder answers to a good request. */
function answerOf(founder: FolderContents, request: Uint8Array): Uint8Array {
  const organisation = organisationOf(founder)
  const { suite } = organisation
  const read = readJoinRequest(request, { suite, codeHashes: [joinCodeHash(CODE)] })
  if (!read.ok) throw new Error(read.reason)
  const { name, role, signingKey } = read.request
  const validUntil = AT + CERTIFICATE_MS
  const rights = NO_RIGHTS
  const facts = { number: 2, name, role, rights, validFrom: AT, validUntil, signingKey }
  const grant = {
    organisation,
    organisationSecret: founder.keys.organisation,
    certificateBytes: issueCertificate(rootIssuer(suite, rootOf(founder)), facts),
    issuerCertificateBytes: founder.certificate,
  }
  const answer = makeJoinAnswer(read.request, grant, new Uint8Array(32).fill(9))
  if (!answer.ok) throw new Error(answer.reason)
  return answer.bytes
}
