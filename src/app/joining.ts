/** How another node joins: an administrator here makes a code, the new node shows that it knows it. */
import { EdgeError } from '#base/errors.ts'
import { equalBytes, hexFromBytes } from '#base/bytes.ts'
import { CERTIFICATE_MS, EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import type { Instant, UserId } from '#base/ids.ts'
import { aboutNode } from '#model/audit-content.ts'
import { KEYS } from '#model/document-id.ts'
import { audit } from '#sync/audit.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import {
  issueCertificate,
  nodeIdOf,
  NO_RIGHTS,
  rootIssuer,
  validityOf,
  type Certificate,
} from '#trust/identity.ts'
import { formatJoinCode, JOIN_CODE_BYTES, joinCodeHash } from '#trust/join-code.ts'
import { makeJoinAnswer, readJoinRequest } from '#trust/joining.ts'
import type { KeyPair } from '#trust/keys.ts'
import { insist, isAdministrator, write, type AppContext } from './context.ts'
import type { EdgeNode } from './node.ts'

interface JoinCodeRecord {
  readonly hash: Uint8Array
  readonly expiresAt: Instant
}

/** How long a join code may be used: a day. */
const JOIN_CODE_MS = 24 * 3_600_000

interface Admission {
  readonly root: KeyPair | undefined
  readonly organisationSecret: Uint8Array
}

/** The joining part of the app. Without the root's key (`root` undefined) this node cannot let others in. */
export function openJoining(
  context: AppContext,
  admission: Admission,
): Pick<EdgeNode, 'makeJoinCode' | 'admitNode'> {
  return {
    makeJoinCode: (subject) => makeJoinCode(context, admission, subject),
    admitNode: ({ request }) => {
      const work = context.sync.replica.commit((tx) =>
        admitNode(tx, context, { admission, request }),
      )
      return work.catch((error: unknown) => {
        context.sync.audit.count({ deed: 'join refused', result: 'refused' })
        throw error
      })
    },
  }
}

async function makeJoinCode(
  context: AppContext,
  admission: Admission,
  subject: UserId,
): Promise<{ readonly code: string; readonly expiresAt: Instant }> {
  insist(context, subject, {
    action: 'invite node',
    isAdministrator: isAdministrator(context, subject),
  })
  if (admission.root === undefined) {
    const wanted = 'the node that founded the organisation'
    throw new EdgeError('NOT_ALLOWED', { action: 'invite node', found: NO_ROOT, wanted })
  }
  const code = context.random.bytes(JOIN_CODE_BYTES)
  const hash = joinCodeHash(code)
  const expiresAt = context.sync.now() + JOIN_CODE_MS
  const place = key.joinCode(hexFromBytes(hash.subarray(0, 8)))
  const record: JoinCodeRecord = { hash, expiresAt }
  await context.sync.replica.commit(async (tx) => {
    await sweep(tx, context.sync.now())
    tx.put(place, pack(record))
    await audit(tx, context.sync, { deed: 'node invited', by: subject })
  })
  return { code: formatJoinCode(code), expiresAt }
}

/** Codes that are too old leave the disk when a new one is made. */
async function sweep(tx: Tx, now: Instant): Promise<void> {
  for (const [place, bytes] of await tx.list(range.joinCodes)) {
    const record = unpack<JoinCodeRecord>(bytes)
    if (record === undefined || record.expiresAt <= now) tx.delete(place)
  }
}

const NO_ROOT = 'a node without the root key'

/** The code is used up in the same commit that enrols the node. */
async function admitNode(
  tx: Tx,
  context: AppContext,
  { admission, request }: { readonly admission: Admission; readonly request: Uint8Array },
): Promise<Uint8Array> {
  const { root, organisationSecret } = admission
  if (root === undefined) throw new EdgeError('JOIN_REFUSED', { found: NO_ROOT })
  const codes = await validCodes(tx, context.sync.now())
  const { organisation, certificateBytes: issuerCertificateBytes } = context.sync.identity
  const { suite } = organisation
  const codeHashes = codes.map(({ hash }) => hash)
  const read = readJoinRequest(request, { suite, codeHashes })
  if (!read.ok) throw new EdgeError('JOIN_REFUSED', { found: read.reason })
  for (const { place, hash } of codes) if (equalBytes(hash, read.request.codeHash)) tx.delete(place)
  const { name, role, signingKey } = read.request
  const number = nextNumber(context.sync.roster.all())
  const validFrom = issuedAt(context)
  const validUntil = validFrom + CERTIFICATE_MS
  const facts = { number, name, role, rights: NO_RIGHTS, validFrom, validUntil, signingKey }
  const certificateBytes = issueCertificate(rootIssuer(suite, root), facts)
  const content = { kind: 'node' as const, certificate: certificateBytes }
  await write(tx, context, { document: KEYS, author: undefined, content })
  const subjects = [aboutNode(nodeIdOf(suite, signingKey))]
  await audit(tx, context.sync, { deed: 'node admitted', subjects, facts: { number } })
  const { name: organisationName, rootKey, code } = organisation
  const grant = {
    organisation: { name: organisationName, suite, rootKey, code },
    organisationSecret,
    certificateBytes,
    issuerCertificateBytes,
  }
  const answer = makeJoinAnswer(read.request, grant, context.random.bytes(32))
  if (!answer.ok) throw new EdgeError('JOIN_REFUSED', { found: answer.reason })
  return answer.bytes
}

/** Now, unless our clock cannot be right: then a certificate would be over, or not yet valid, for everybody else. */
function issuedAt({ sync }: AppContext): Instant {
  const now = sync.now()
  const { certificate } = sync.identity
  const isCredible = now >= EARLIEST_CREDIBLE_AT && validityOf(certificate, now) === 'valid'
  return isCredible ? now : Math.max(...sync.roster.all().map((one) => one.validFrom))
}

async function validCodes(
  tx: Tx,
  now: Instant,
): Promise<readonly { readonly place: string; readonly hash: Uint8Array }[]> {
  const kept = await tx.list(range.joinCodes)
  return kept.flatMap(([place, bytes]) => {
    const record = unpack<JoinCodeRecord>(bytes)
    return record === undefined || record.expiresAt <= now ? [] : [{ place, hash: record.hash }]
  })
}

/** Numbers are given by the one node that has the root's key, so none is given twice. */
function nextNumber(known: readonly Certificate[]): number {
  return 1 + Math.max(0, ...known.map((one) => one.number))
}
