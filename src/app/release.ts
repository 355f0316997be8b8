/**
 * Releasing kits that start locked. A hub gives what it keeps to the kit that proves to be the one, unless the kit is out,
 * an operator holds it back, or this hub cannot know: one that was put back to an earlier state has not heard yet of what
 * was revoked since. Whoever asks never learns why not; the log does.
 */
import { EdgeError } from '#base/errors.ts'
import { hexFromBytes } from '#base/bytes.ts'
import type { NodeId, UserId } from '#base/ids.ts'
import { aboutNode } from '#model/audit-content.ts'
import { audit } from '#sync/audit.ts'
import { isInDoubt } from '#sync/hearsay.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { HoldRecord } from '#sync/share-records.ts'
import type { Reader, Tx } from '#sync/replica.ts'
import {
  dropOwnShare,
  isOut,
  keepersOf,
  keptShares,
  ownShareOf,
  setOwnShare,
  sharesCalled,
  type KeptShare,
} from '#sync/shares.ts'
import { answerRelease, isProven, readReleaseRequest } from '#trust/release.ts'
import { insist, isAdministrator, type AppContext } from './context.ts'
import type {
  ReleaseExchange,
  ReleaseObjection,
  ReleaseStatus,
  Releasing,
} from './release-types.ts'

/** Questions that were answered and are not answered again; the oldest are forgotten. */
const ANSWERED_MAX = 10_000
/** How long after a start a hub that knew others waits for somebody's first word, in milliseconds. */
const FIRST_WORD_MS = 60_000
/** Compared with the proof when no share has this name, so that the answer takes as long. */
const NO_KEY = new Uint8Array(32)

/** The part of the app that deals with locked kits. */
export function openReleasing(context: AppContext): Releasing {
  const { sync } = context
  const desk: Desk = { context, startedAt: sync.now(), answered: new Set() }
  return {
    setShare: async (subject, share) => {
      insistOnAdministrator(context, subject)
      await sync.replica.commit((tx) => setOwnShare(tx, sync, share))
    },
    dropShare: async (subject) => {
      insistOnAdministrator(context, subject)
      await sync.replica.commit((tx) => dropOwnShare(tx, sync))
    },
    releaseStatus: async (subject) => {
      insistOnAdministrator(context, subject)
      return statusOf(desk)
    },
    holdRelease: async (subject, node, isHeld) => {
      insistOnAdministrator(context, subject)
      insistOnHub(context, node)
      const record: HoldRecord = { isHeld, decidedAs: sync.replica.actor }
      const deed = isHeld ? 'release held' : 'release allowed'
      await sync.replica.commit(async (tx) => {
        tx.put(key.hold(node), pack(record))
        await audit(tx, sync, { deed, by: subject, subjects: [aboutNode(node)] })
      })
      sync.log.info(isHeld ? 'release.held' : 'release.allowed', { node })
    },
    releaseKit: (exchange) => sync.replica.commit((tx) => releaseKit(tx, desk, exchange)),
  }
}

interface Desk {
  readonly context: AppContext
  readonly startedAt: number
  /** Share and nonce of each question that was answered. */
  readonly answered: Set<string>
}

type Refusal =
  'malformed' | 'unknown share' | 'wrong proof' | 'replayed' | 'weak key' | ReleaseObjection

/** In a commit, so that it comes after every revocation that came before it. */
async function releaseKit(
  tx: Tx,
  desk: Desk,
  { request: bytes, admit }: ReleaseExchange,
): Promise<Uint8Array> {
  const { sync } = desk.context
  const request = readReleaseRequest(sync.identity.organisation.suite, bytes)
  if (request === undefined) throw refused(desk, 'malformed')
  const known = await sharesCalled(tx, request.id)
  const kept = known.find(({ authentication }) => isProven(request, authentication))
  if (kept === undefined) {
    if (known.length === 0) isProven(request, NO_KEY)
    throw refused(desk, known.length === 0 ? 'unknown share' : 'wrong proof', known[0]?.node)
  }
  const name = `${request.id} ${hexFromBytes(request.nonce)}`
  if (desk.answered.has(name)) throw refused(desk, 'replayed', kept.node)
  admit(`${request.id} ${kept.node}`)
  remember(desk, name)
  const objection = await objectionTo(tx, desk, kept)
  if (objection !== undefined) throw refused(desk, objection, kept.node)
  const answer = answerRelease(request, kept, desk.context.random)
  if (answer === undefined) throw refused(desk, 'weak key', kept.node)
  await audit(tx, sync, { deed: 'release given', subjects: [aboutNode(kept.node)] })
  sync.log.info('release.given', { node: kept.node })
  return answer
}

/** Says it here, and to whoever asks no more than that it is so. */
function refused({ context }: Desk, reason: Refusal, node?: NodeId): EdgeError {
  context.sync.log.warn('release.refused', { reason, ...(node === undefined ? {} : { node }) })
  const subjects = node === undefined ? [] : [aboutNode(node)]
  context.sync.audit.count({ deed: 'release refused', result: 'refused', reason, subjects })
  return new EdgeError('NOT_ALLOWED', { action: 'release', found: 'no release for this kit' })
}

/** Why a kit that proved who it is gets nothing now. */
async function objectionTo(
  reader: Pick<Reader, 'get'>,
  { context, startedAt }: Desk,
  { node, takenAs, share }: KeptShare,
): Promise<ReleaseObjection | undefined> {
  const { sync } = context
  if (sync.roster.revokedSince(node) !== undefined) return 'revoked'
  if (isOut(sync, node) || share.length === 0) return 'to be wiped'
  const hold = unpack<HoldRecord>(await reader.get(key.hold(node)))
  if (hold?.isHeld === true) return 'held'
  const { actor } = sync.replica
  if (takenAs !== actor && hold?.decidedAs !== actor) return 'restored'
  const waitedMs = sync.now() - startedAt
  const mayHear = sync.run.isUnsure && waitedMs >= 0 && waitedMs < FIRST_WORD_MS
  return sync.run.isOver || mayHear || isInDoubt(sync) ? 'unsure' : undefined
}

function remember({ answered }: Desk, name: string): void {
  answered.add(name)
  if (answered.size <= ANSWERED_MAX) return
  for (const oldest of answered) {
    answered.delete(oldest)
    return
  }
}

async function statusOf(desk: Desk): Promise<ReleaseStatus> {
  const { sync } = desk.context
  const { read } = sync.replica
  const own = await ownShareOf(read)
  const hubs = own === undefined ? [] : await keepersOf(read, sync, own.id)
  const nameOf = (node: NodeId): string => sync.roster.byNode(node)?.name ?? ''
  const kept = await keptShares(read)
  return {
    share: own?.id,
    hubs: hubs.map(({ node: id, hasConfirmed }) => ({ id, name: nameOf(id), hasConfirmed })),
    kits: await Promise.all(
      kept.map(async (one) => ({
        id: one.node,
        name: nameOf(one.node),
        answer: (await objectionTo(read, desk, one)) ?? ('given' as const),
      })),
    ),
  }
}

function insistOnAdministrator(context: AppContext, subject: UserId): void {
  insist(context, subject, {
    action: 'manage release',
    isAdministrator: isAdministrator(context, subject),
  })
}

function insistOnHub({ sync }: AppContext, node: NodeId): void {
  if (sync.identity.certificate.role !== 'hub')
    throw new EdgeError('NOT_ALLOWED', {
      action: 'manage release',
      found: 'a node that releases nobody',
      wanted: 'a hub',
    })
  if (sync.roster.byNode(node) === undefined)
    throw new EdgeError('NOT_FOUND', { what: 'node', id: node })
}
