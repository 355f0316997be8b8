/** How a node comes to be: by founding an organisation, or by joining one. */
import { test } from 'tap'
import { sha256 } from '#base/hash.ts'
import { must } from '#base/assert.ts'
import { beginJoin, foundOrganisation, newPassword } from '#cli/enrolment.ts'
import {
  issueCertificate,
  openIdentity,
  organisationIdOf,
  readCertificate,
} from '#trust/identity.ts'
import { joinCodeHash } from '#trust/join-code.ts'
import { makeJoinAnswer, readJoinRequest } from '#trust/joining.ts'
import { keyPairFromSeed } from '#trust/keys.ts'
import type { FolderContents } from '#config/data-folder.ts'
import type { Random } from '#ports/random.ts'

const DRAFT = { organisation: 'Relief', name: 'alpha', role: 'hub' } as const
const CODE = new Uint8Array(10).fill(3)
const AT = 1_790_000_000_000
const clock = { now: () => AT, monotonicMs: () => 0, sleep: async () => undefined }

test('a founder has certificate number 1 of the organisation whose root it keeps', async (t) => {
  const contents = foundOrganisation(DRAFT, { clock, random: chance('a') })

  const { keys, organisation, certificate } = contents
  const root = keyPairFromSeed('ed25519', must(keys.root, 'a founder keeps the root'))
  t.strictSame(organisation.rootKey, root.publicBytes)
  t.match(organisation, { name: 'Relief', code: /^[a-z0-9]{2}$/ })
  t.match(readCertificate(root.publicBytes, certificate), {
    number: 1,
    name: 'alpha',
    role: 'hub',
    issuedAt: AT,
  })
  t.ok(identityOf(contents), 'keys and certificate belong together')
})

test('no two keys of a founder are the same, and other chance gives other keys', async (t) => {
  const one = foundOrganisation(DRAFT, { clock, random: chance('a') })
  const other = foundOrganisation(DRAFT, { clock, random: chance('b') })

  const all = [...Object.values(one.keys), ...Object.values(other.keys)].map((key) =>
    Buffer.from(key ?? []).toString('hex'),
  )
  t.equal(new Set(all).size, all.length)
})

test('a node that joins gets the secret, its certificate and that of who let it in, and no root', async (t) => {
  const founder = foundOrganisation(DRAFT, { clock, random: chance('a') })
  const joining = beginJoin({ code: CODE, name: 'bravo', role: 'kit' }, chance('b'))

  const contents = joining.finish(answerOf(founder, joining.request))

  t.strictSame(contents.organisation, founder.organisation)
  t.strictSame(contents.issuer, founder.certificate)
  t.strictSame(contents.keys.organisation, founder.keys.organisation)
  t.equal(contents.keys.root, undefined)
  t.match(identityOf(contents)?.certificate, { number: 2, name: 'bravo', role: 'kit' })
})

test('an answer to the request of another is refused', async (t) => {
  const founder = foundOrganisation(DRAFT, { clock, random: chance('a') })
  const bravo = beginJoin({ code: CODE, name: 'bravo', role: 'kit' }, chance('b'))
  const charlie = beginJoin({ code: CODE, name: 'charlie', role: 'kit' }, chance('c'))

  t.throws(() => charlie.finish(answerOf(founder, bravo.request)), {
    code: 'JOIN_REFUSED',
    facts: { reason: 'wrong-seal' },
  })
  t.throws(() => bravo.finish(new Uint8Array(100)), { code: 'JOIN_REFUSED' })
})

test('a password is 16 characters in four groups, and another each time', async (t) => {
  const random = chance('p')

  const [first, second] = [newPassword(random), newPassword(random)]

  t.match(first, /^[a-z0-9]{4}(?:-[a-z0-9]{4}){3}$/)
  t.not(first, second)
})

/** Bytes that follow from a name, never the same twice. */
function chance(name: string): Random {
  let count = 0
  return {
    bytes: (length) =>
      new Uint8Array(sha256(Buffer.from(`${name} ${(count += 1)}`)).subarray(0, length)),
  }
}

function identityOf({
  organisation,
  keys,
  certificate,
}: FolderContents): ReturnType<typeof openIdentity> {
  const id = organisationIdOf(organisation.rootKey)
  return openIdentity({ ...organisation, id }, keys, certificate)
}

/** What the founder answers to a good request. */
function answerOf(founder: FolderContents, request: Uint8Array): Uint8Array {
  const read = readJoinRequest(request, [joinCodeHash(CODE)])
  if (!read.ok) throw new Error(read.reason)
  const root = keyPairFromSeed('ed25519', must(founder.keys.root, 'a founder keeps the root'))
  const { name, role, signingKey, sealingKey } = read.request
  const facts = { number: 2, name, role, issuedAt: AT, signingKey, sealingKey }
  const grant = {
    organisation: founder.organisation,
    organisationSecret: founder.keys.organisation,
    certificateBytes: issueCertificate(root, facts),
    issuerCertificateBytes: founder.certificate,
  }
  const answer = makeJoinAnswer(read.request, grant, new Uint8Array(32).fill(9))
  if (!answer.ok) throw new Error(answer.reason)
  return answer.bytes
}
