/** A node is lost, or might be: shutting it out, ordering its keys destroyed, and saying what its loss means. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, Instant, NodeId, PostId, UserId } from '#base/ids.ts'
import { aboutNode } from '#model/audit-content.ts'
import { KEYS } from '#model/document-id.ts'
import type { KeyContent } from '#model/key-content.ts'
import { EMPTY_CHANNEL, type ChannelRecord, type MessageRecord } from '#model/view.ts'
import { nodesOf } from '#sync/audience.ts'
import { audit, revocationDeed } from '#sync/audit.ts'
import { ensureEpoch } from '#sync/epochs.ts'
import { exposureOf, openAudiences, unawareOf, type ChannelExposure } from '#sync/exposure.ts'
import { keptKey, keptRange } from '#sync/kept-keys.ts'
import { key } from '#sync/keys.ts'
import { orderHere } from '#sync/orders.ts'
import { unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import type { Certificate } from '#trust/identity.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import type { Action } from '#trust/access.ts'
import type { KeyPair } from '#trust/keys.ts'
import { issuerHere, renew } from './admission.ts'
import {
  insist,
  insistOnAdministeringNode,
  isAdministrator,
  peopleOf,
  write,
  type AppContext,
} from './context.ts'
import type { EdgeNode, RevocationRequest } from './node.ts'
import type { CapturedChannel, CaptureReport } from './types.ts'

type Revoking = Pick<EdgeNode, 'revokeNode' | 'wipeNode' | 'captureReport'>

/** Files that are read together. */
const FILES_AT_ONCE = 500
/** Bytes of one wrap in an epoch entry, and of a pair that has to be made first. */
const WRAP_COST = 51
const PAIR_COST = 1_150

/** The part of the app that deals with lost nodes. */
export function openRevoking(
  context: AppContext,
  authority: { readonly root: KeyPair | undefined },
): Revoking {
  return {
    revokeNode: (subject, request) => revokeNode(context, authority, { subject, request }),
    wipeNode: async (subject, node) => {
      insistOnAuthority(context, subject, 'wipe node')
      certificateOf(context, node)
      const { identity, now } = context.sync
      const content = orderHere(identity, { kind: 'wipe order', node, at: now() })
      await context.sync.replica.commit(async (tx) => {
        await append(tx, context, content)
        const subjects = [aboutNode(node)]
        await audit(tx, context.sync, { deed: 'wipe ordered', by: subject, subjects })
      })
    },
    captureReport: async (subject, node) => {
      insist(context, subject, {
        action: 'look into a capture',
        isAdministrator: isAdministrator(context, subject),
      })
      const certificate = certificateOf(context, node)
      if (context.sync.roster.revokedSince(node) === undefined)
        await context.sync.replica.commit((tx) =>
          audit(tx, context.sync, { deed: 'drill held', by: subject, subjects: [aboutNode(node)] }),
        )
      return reportOf(context, certificate)
    },
  }
}

async function revokeNode(
  context: AppContext,
  { root }: { readonly root: KeyPair | undefined },
  { subject, request }: { readonly subject: UserId; readonly request: RevocationRequest },
): Promise<CaptureReport> {
  insistOnAuthority(context, subject, 'revoke node')
  const certificate = certificateOf(context, request.node)
  const { sync } = context
  if (certificate.node === sync.identity.certificate.node)
    throw new EdgeError('NOT_ALLOWED', {
      action: 'revoke node',
      found: 'this very node',
      do: 'Revoke it from another node that administers.',
    })
  await sync.replica.commit(async (tx) => {
    const { node, since = sync.now(), reason = '' } = request
    const opened = openAudiences(sync, node)
    await vouchAnew(tx, context, { root, fallen: node, since })
    const content = orderHere(sync.identity, { kind: 'revocation', node, since, reason })
    await append(tx, context, content)
    await audit(tx, sync, { ...revocationDeed({ node, since }), by: subject })
    // The new keys leave in the same commit: whoever hears of the revocation can go on at once.
    for (const audience of opened) await ensureEpoch(tx, sync, audience)
  })
  return reportOf(context, certificate)
}

/** Whoever only the lost node vouched for would fall with it: those it let in before are vouched for here. */
async function vouchAnew(
  tx: Tx,
  context: AppContext,
  { root, fallen, since }: { root: KeyPair | undefined; fallen: NodeId; since: Instant },
): Promise<void> {
  const issuer = issuerHere(context, root)
  if (issuer === undefined) return
  for (const certificate of context.sync.roster.all()) {
    if (certificate.issuer !== fallen || certificate.validFrom >= since) continue
    await renew(tx, context, { issuer, certificate })
  }
}

async function reportOf(context: AppContext, certificate: Certificate): Promise<CaptureReport> {
  const { sync } = context
  const { node, number, name, role, rights, validUntil } = certificate
  const revokedSince = sync.roster.revokedSince(node)
  const exposed = await exposureOf(sync, node)
  const unaware = await unawareOf(sync, node)
  const homed = sync
    .directory()
    .people()
    .filter(({ id }) => sync.roster.homeOf(id)?.node === node)
  const book = sync.keyBook()
  return {
    node: { id: node, number, name, role, isThisNode: node === sync.identity.certificate.node },
    isExercise: revokedSince === undefined,
    revokedSince,
    certificateUntil: validUntil,
    administers: rights.administers,
    issues: rights.issues,
    people: peopleOf(
      context,
      homed.map(({ id }) => id),
    ).map(({ username }) => username),
    channels: await Promise.all(exposed.map((one) => captured(context, one))),
    files: await filesIn(context, new Set(exposed.map(({ channel }) => channel))),
    unaware: unaware.map(({ node: id, heardAt }) => ({
      id,
      name: sync.roster.byNode(id)?.name ?? '',
      heardAt,
    })),
    isToBeWiped: book.isToBeWiped(node),
    hasWiped: book.hasWiped(node),
    rekeyBytes: rekeyBytes(context, node),
  }
}

/** Files of messages in channels, each once. */
async function filesIn(
  { sync }: AppContext,
  channels: ReadonlySet<ChannelId>,
): Promise<CaptureReport['files']> {
  const { read } = sync.replica
  let [count, bytes] = [0, 0]
  for (let from = keptRange.filesSeen.from; ;) {
    // oxlint-disable-next-line no-await-in-loop -- some after the others: there may be many
    const some = await read.list({ ...keptRange.filesSeen, from, limit: FILES_AT_ONCE })
    for (const [place, value] of some) {
      const message = unpack<PostId>(value)
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const record = message && unpack<MessageRecord>(await read.get(key.message(message)))
      const file = record?.files?.find(({ id }) => place === keptKey.fileSeen(id))
      if (record === undefined || file === undefined || !channels.has(record.channel)) continue
      count += 1
      bytes += file.bytes
    }
    const [last] = some.at(-1) ?? []
    if (last === undefined || some.length < FILES_AT_ONCE) return { count, bytes }
    from = `${last}\0`
  }
}

async function captured({ sync }: AppContext, exposure: ChannelExposure): Promise<CapturedChannel> {
  const { channel: id, entries, heldThere, opensNow, rekeyedAt } = exposure
  const record = unpack<ChannelRecord>(await sync.replica.read.get(key.channel(id)))
  const { settings } = record ?? EMPTY_CHANNEL
  const name = settings.displayName || settings.name || id
  return { id, name, kind: kindOfChannel(id), entries, heldThere, opensNow, rekeyedAt }
}

/** What wrapping new secrets for everybody else takes, by what this node shares with them already. */
function rekeyBytes({ sync }: AppContext, node: NodeId): number {
  const book = sync.keyBook()
  const paired = new Set<string>()
  let bytes = 0
  for (const audience of openAudiences(sync, node)) {
    for (const other of nodesOf(sync, audience)) {
      const sealing = book.sealingKey(other)
      if (other === node || other === sync.identity.certificate.node || sealing === undefined)
        continue
      const isPaired = book.pairWith(sync.replica.actor, sealing.name) !== undefined
      bytes += WRAP_COST + (isPaired || paired.has(sealing.name) ? 0 : PAIR_COST)
      paired.add(sealing.name)
    }
  }
  return bytes
}

/** Both the person and the node must have a say: others would pass over what it writes. */
function insistOnAuthority(context: AppContext, subject: UserId, action: Action): void {
  insist(context, subject, { action, isAdministrator: isAdministrator(context, subject) })
  insistOnAdministeringNode(context, action)
}

function certificateOf(context: AppContext, node: NodeId): Certificate {
  const certificate = context.sync.roster.byNode(node)
  if (certificate === undefined) throw new EdgeError('NOT_FOUND', { what: 'node', id: node })
  return certificate
}

async function append(tx: Tx, context: AppContext, content: KeyContent): Promise<void> {
  await write(tx, context, { document: KEYS, author: undefined, content })
}
