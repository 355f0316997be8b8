/** Letting a node in, or vouching for it anew: who may, under which number and for how long, and what it is given. */
import { EdgeError } from '#base/errors.ts'
import type { Instant, NodeId, UserId } from '#base/ids.ts'
import { CERTIFICATE_MS, EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import { aboutNode } from '#model/audit-content.ts'
import { KEYS } from '#model/document-id.ts'
import type { Random } from '#ports/random.ts'
import { audit } from '#sync/audit.ts'
import { epochForDoor } from '#sync/epochs.ts'
import type { Tx } from '#sync/replica.ts'
import {
  issueCertificate,
  NO_RIGHTS,
  nodeIdOf,
  rootIssuer,
  validityOf,
  type Certificate,
  type Issuer,
} from '#trust/identity.ts'
import type { JoinGrant } from '#trust/join-grant.ts'
import type { JoinRequest } from '#trust/joining.ts'
import type { KeyPair } from '#trust/keys.ts'
import type { Roster } from '#trust/roster.ts'
import { insist, isAdministrator, write, type AppContext } from './context.ts'

/** What letting others in takes, beside the right to. */
export interface Admission {
  /** The root's key, where this node has it. */
  readonly root: KeyPair | undefined
  readonly organisationSecret: Uint8Array
  /** What other layers answer to their block of a request, such as a certificate for TLS. */
  readonly answerBlock: (request: Uint8Array, name: string) => Promise<Uint8Array>
}

/** Numbers from here on are drawn at random by nodes that issue; smaller ones are counted by the root's holder. */
const NUMBERS_DRAWN_FROM = 128
/** First number that would take three bytes. */
const NUMBERS_END = 16_384

const CANNOT_ISSUE = 'a node that may not issue certificates'

/** Who signs certificates here: the root, or this node by its right; undefined when neither may. */
export function issuerHere(context: AppContext, root: KeyPair | undefined): Issuer | undefined {
  const { organisation, certificate, sign } = context.sync.identity
  if (root !== undefined) return rootIssuer(organisation.suite, root)
  const mayIssue = certificate.rights.issues && certificate.issuer === undefined
  if (!mayIssue || validityOf(certificate, context.sync.now()) === 'expired') return undefined
  return { organisation, node: certificate.node, sign }
}

/** @throws EdgeError NOT_ALLOWED unless `subject` administers and this node may issue */
export function insistOnAdmitting(
  context: AppContext,
  admission: Admission,
  subject: UserId,
): Issuer {
  insist(context, subject, {
    action: 'invite node',
    isAdministrator: isAdministrator(context, subject),
  })
  const issuer = issuerHere(context, admission.root)
  if (issuer !== undefined) return issuer
  const wanted = 'the node that founded the organisation, or one that the root lets issue'
  throw new EdgeError('NOT_ALLOWED', { action: 'invite node', found: CANNOT_ISSUE, wanted })
}

/** Enrols who asks, in this commit, and gives what it needs. @throws EdgeError JOIN_REFUSED */
export async function admit(
  tx: Tx,
  context: AppContext,
  entrance: {
    readonly admission: Admission
    readonly request: JoinRequest
    readonly block: Uint8Array
  },
): Promise<JoinGrant> {
  const { admission, request, block } = entrance
  const issuer = issuerHere(context, admission.root)
  if (issuer === undefined) throw new EdgeError('JOIN_REFUSED', { found: CANNOT_ISSUE })
  const { identity, roster } = context.sync
  const node = nodeIdOf(request.suite, request.signingKey)
  if (roster.revokedSince(node) !== undefined)
    throw new EdgeError('JOIN_REFUSED', {
      found: 'a revoked node',
      wanted: 'a new node, with new keys',
    })
  const known = roster.byNode(node)
  const { name, role, signingKey } = request
  const certificateBytes = issueCertificate(issuer, {
    number: known?.number ?? freeNumber(roster, issuer.node, context.random),
    name,
    role,
    rights: rightsOf(known, issuer),
    ...validityFrom(context, known),
    signingKey,
  })
  const content = { kind: 'node' as const, certificate: certificateBytes }
  await write(tx, context, { document: KEYS, author: undefined, content })
  const subjects = [aboutNode(node)]
  await audit(tx, context.sync, { deed: 'node admitted', subjects })
  const { name: organisationName, rootKey, code, suite } = identity.organisation
  return {
    organisation: { name: organisationName, suite, rootKey, code },
    organisationSecret: admission.organisationSecret,
    certificateBytes,
    issuerCertificateBytes: identity.certificateBytes,
    epoch: await epochForDoor(tx, context.sync),
    block,
  }
}

/** Writes a new certificate for a node that has one, in this commit. */
export async function renew(
  tx: Tx,
  context: AppContext,
  { issuer, certificate }: { readonly issuer: Issuer; readonly certificate: Certificate },
): Promise<void> {
  const content = { kind: 'node' as const, certificate: renewed(context, issuer, certificate) }
  await write(tx, context, { document: KEYS, author: undefined, content })
  const { node } = certificate
  await audit(tx, context.sync, { deed: 'node renewed', subjects: [aboutNode(node)] })
  tx.afterwards(() => context.sync.log.info('certificate.renewed', { node }))
}

/** A new certificate like one that is known, with a later end. */
function renewed(context: AppContext, issuer: Issuer, certificate: Certificate): Uint8Array {
  const { node, name, role, signingKey } = certificate
  const { roster } = context.sync
  const number =
    roster.byNumber(certificate.number)?.node === node
      ? certificate.number
      : freeNumber(roster, issuer.node, context.random)
  const rights = rightsOf(certificate, issuer)
  const validity = validityFrom(context, certificate)
  return issueCertificate(issuer, { number, name, role, rights, ...validity, signingKey })
}

/** The root leaves a node what it has; a node that issues can give none, and takes none (`roster.ts`). */
function rightsOf(known: Certificate | undefined, issuer: Issuer): Certificate['rights'] {
  return issuer.node === undefined && known !== undefined ? known.rights : NO_RIGHTS
}

/**
 * From now on, by the best this node knows: never before certificates it has seen, so that a clock that woke in 1970 makes
 * none that is expired for everybody else, and after the one that is replaced.
 */
function validityFrom(
  { sync }: AppContext,
  known: Certificate | undefined,
): { readonly validFrom: Instant; readonly validUntil: Instant } {
  const now = sync.now()
  // A clock by which this very node has expired is as wrong as one in 1970.
  const isWrong =
    now < EARLIEST_CREDIBLE_AT || validityOf(sync.identity.certificate, now) !== 'valid'
  const seen = isWrong ? sync.roster.all().map((one) => one.validFrom) : []
  const validFrom = Math.max(
    isWrong ? 0 : now,
    ...seen,
    known === undefined ? 0 : known.validFrom + 1,
  )
  return { validFrom, validUntil: validFrom + CERTIFICATE_MS }
}

/**
 * Counted from 1 by whoever has the root's key, so none of those is given twice; drawn at random by others. Two that draw
 * the same while apart: the roster leaves it to the earlier, and `renewal.ts` gives the later another one.
 */
function freeNumber(roster: Roster, issuer: NodeId | undefined, random: Random): number {
  const taken = new Set(roster.all().map((one) => one.number))
  const counted = [...taken].filter((number) => number < NUMBERS_DRAWN_FROM)
  const next = 1 + Math.max(0, ...counted)
  if (issuer === undefined && next < NUMBERS_DRAWN_FROM) return next
  const span = NUMBERS_END - NUMBERS_DRAWN_FROM
  const [high = 0, low = 0] = random.bytes(2)
  const start = ((high << 8) | low) % span
  for (let step = 0; step < span; step += 1) {
    const number = NUMBERS_DRAWN_FROM + ((start + step) % span)
    if (!taken.has(number)) return number
  }
  return 1 + Math.max(...taken)
}
