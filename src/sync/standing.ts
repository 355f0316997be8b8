/**
 * What follows when the keys document or the directory has grown: secrets are wrapped for those who came in, documents
 * are offered to those who may hold them now, and whoever is out is shut out.
 */
import type { Directory, DirectoryChange } from '#model/directory.ts'
import type { Content } from '#model/entry.ts'
import type { KeyNews } from '#model/key-book.ts'
import { channelOfDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import { countBeyond, meetClocks, type Clock, type Logged } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import {
  nodePrefix,
  nodePrefixOfActor,
  type ActorId,
  type ChannelId,
  type DocumentId,
  type NodeId,
} from '#base/ids.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import type { PolicyPart } from '#model/policy.ts'
import { auditKeyNews } from './audit.ts'
import { writeHere } from './author.ts'
import { audienceOf, audiencesOf, nodesOf } from './audience.ts'
import { isNode, type SyncContext } from './context.ts'
import { cover, coverSealed, ensureSealingKey, heldAudiences, takeKeyNews } from './epochs.ts'
import { lookAtForks, takeForkWord } from './freeze.ts'
import { markUneven } from './gap-marks.ts'
import { allDocuments, clockOf, coveredByAll, hasOf, receiptOf, setHas } from './ledger.ts'
import { range } from './keys.ts'
import { pack, unpack, type ParcelRecord } from './records.ts'
import type { Tx } from './replica.ts'
import { foundAgain } from './refound.ts'
import { reproject } from './reproject.ts'
import { endSessions } from './session-book.ts'
import { destroySharesOf, handOutShare, takeShare } from './shares.ts'
import { channelsMeant, isMarkedAlike, markAnew } from './marking.ts'
import { keepSpare } from './spare.ts'
import { dropHeldBy } from './waiting.ts'

/** An entry of the keys document was folded, in the commit that added it. */
export async function keysChanged(
  tx: Tx,
  context: SyncContext,
  { news, content }: { readonly news: KeyNews; readonly content: Content },
): Promise<void> {
  const { roster } = context
  if (news.kind !== 'nothing') keepSpare(tx, content)
  if (news.kind === 'certificate') {
    roster.introduce(news.certificate)
    await offerAnew(tx, context, () => true) // until now it may have been for nobody else
  }
  if (news.kind === 'revocation') {
    const { node, since } = news.revocation
    roster.revoke(node, since)
    await destroySharesOf(tx, context, node)
    tx.afterwards(() => context.log.warn('node.revoked', { node }))
    await dropHeldBy(tx, node)
    await offerForRevoked(tx, context, node)
    await offerUnderNew(tx, context, node)
    await withdrawLate(tx, context, node)
    // Whoever has the node may have the phones of its people. At home, who knows a password signs in again; nowhere else.
    const isOwn = node === context.identity.certificate.node
    await endSessions(tx, context, ({ by, person }) =>
      isOwn ? by !== 'operator' : roster.homeOf(person)?.node === node,
    )
  }
  if (news.kind === 'wipe order') {
    roster.awaitWipe(news.node, !context.keyBook().hasWiped(news.node))
    await destroySharesOf(tx, context, news.node)
  }
  if (news.kind === 'wiped') roster.awaitWipe(news.node, false)
  if (news.kind === 'fork') await takeForkWord(tx, context, news)
  // In a commit of its own: of a run that is being added now the rest is still to come.
  if (news.kind === 'certificate' || news.kind === 'revocation')
    tx.afterwards(() => lookAtForks(context))
  if (news.kind === 'share') await takeShare(tx, context, news)
  await takeKeyNews(tx, context, news)
  await auditKeyNews(tx, context, news)
  if (news.kind === 'wipe order' && news.node === context.identity.certificate.node) {
    // While there is somebody to tell their browsers: what these keep goes, too.
    await endSessions(tx, context, ({ by }) => by !== 'operator')
    await confirmWipe(tx, context)
  }
}

/** Takes out of the view what a revoked node says it wrote after it was lost. */
async function withdrawLate(tx: Tx, context: SyncContext, node: NodeId): Promise<void> {
  const since = context.roster.revokedSince(node)
  if (since === undefined) return
  const prefix = nodePrefix(node)
  const channels = new Set<ChannelId>()
  for (const document of await allDocuments(tx)) {
    const channel = channelOfDocument(document)
    if (channel === undefined || channels.has(channel)) continue
    const actors = Object.keys(await clockOf(tx, document))
    if (!actors.some((actor) => nodePrefixOfActor(actor as ActorId) === prefix)) continue
    const isLate = ({ actor, entry }: Logged): boolean =>
      nodePrefixOfActor(actor) === prefix && entry.placeAt >= since
    if ((await tx.log(document)).since({}).some(isLate)) channels.add(channel)
  }
  for (const channel of channels) {
    const gone = await reproject(tx, context, channel)
    for (const message of gone) tx.afterwards(() => context.emit({ kind: 'withdrawn', message }))
    const { length: count } = gone
    tx.afterwards(() => context.log.warn('messages.withdrawn', { node, channel, count }))
  }
}

/** The answer is written before anything is destroyed: afterwards nobody could sign it. */
async function confirmWipe(tx: Tx, context: SyncContext): Promise<void> {
  if (context.keyBook().hasWiped(context.identity.certificate.node)) return
  const entry = { author: undefined, claimedAt: context.now(), content: { kind: 'wiped' as const } }
  await writeHere(tx, context, { document: KEYS, entry })
}

/** An entry of the directory was folded, in the commit that added it. */
export async function directoryChanged(
  tx: Tx,
  context: SyncContext,
  change: DirectoryChange,
): Promise<void> {
  if (change.kind === 'nothing') return
  if (change.kind === 'channel') addChannel(context, change.channel.id)
  await coverAll(tx, context, undefined)
  if (change.kind === 'person' && change.person.deactivatedAt > 0)
    await endSessions(tx, context, ({ person }) => person === change.person.id)
  if (change.kind === 'policy') return policyChanged(tx, context, change.part)
  const channel =
    change.kind === 'channel'
      ? change.channel.id
      : change.kind === 'members'
        ? change.channel
        : undefined
  if (channel === undefined) return
  const isNew = change.kind === 'channel' && change.isNew
  if (kindOfChannel(channel) === 'public' && !isNew) return
  addChannel(context, channel) // somebody may read a part of it only
  await offerAnew(tx, context, (document) => channelOfDocument(document) === channel)
}

/** Who may read what is the same, whatever they say. */
const ABOUT_KEEPING: ReadonlySet<PolicyPart['about']> = new Set([
  'retention',
  'shown once',
  'channel hold',
  'person hold',
])

/** Others may read a channel than before: who may now is offered it, and what a label kept out or let in is looked at again. */
async function policyChanged(tx: Tx, context: SyncContext, part: PolicyPart): Promise<void> {
  if (ABOUT_KEEPING.has(part.about)) return
  const isMeant = channelsMeant(context.directory(), part)
  await offerAnew(tx, context, (document) => {
    const channel = channelOfDocument(document)
    return channel !== undefined && kindOfChannel(channel) !== 'public' && isMeant(channel)
  })
  if (part.about === 'label' || part.about === 'levels')
    await markAnew(tx, context, (channel) => !isMeant(channel))
}

/** What the directory says was folded anew: nobody can tell what of it changed since `before`. */
export async function foldedAnew(tx: Tx, context: SyncContext, before: Directory): Promise<void> {
  await foundAgain(tx, context, before)
  await markAnew(tx, context, (channel) => isMarkedAlike(before, context.directory(), channel))
  for (const { id } of context.directory().channels()) addChannel(context, id)
  await offerAnew(tx, context, () => true)
}

/** Names a channel's audiences to the keyring. */
export function addChannel(context: SyncContext, channel: ChannelId): void {
  for (const audience of audiencesOf(context, channel)) context.keyring.addScope(channel, audience)
}

/** What is due once what came in has changed either document. */
export async function settle(
  tx: Tx,
  context: SyncContext,
  { document, from }: { readonly document: DocumentId; readonly from: PeerId | undefined },
): Promise<void> {
  if (document !== KEYS && document !== DIRECTORY) return
  await ensureSealingKey(tx, context)
  await coverAll(tx, context, from)
  await handOutShare(tx, context)
}

/**
 * Hubs and makers wrap for whoever lacks a secret, everybody for the node that is right here and has just told its sealing
 * key or who was let in.
 */
async function coverAll(tx: Tx, context: SyncContext, from: PeerId | undefined): Promise<void> {
  const { node, role } = context.identity.certificate
  for (const audience of heldAudiences(context)) {
    const isMaker = context
      .keyBook()
      .epochs(audience)
      .some(({ maker }) => maker === node)
    const isForAll = role === 'hub' || isMaker
    if (isForAll) await cover(tx, context, { audience })
    else if (from !== undefined && isNode(from)) await cover(tx, context, { audience, only: from })
    await coverSealed(tx, context, audience)
  }
}

/** Wraps for a node that is right here what its audiences seal under: nobody else may be in reach. */
export async function coverPeer(tx: Tx, context: SyncContext, only: NodeId): Promise<void> {
  for (const audience of heldAudiences(context)) await cover(tx, context, { audience, only })
}

/**
 * Offers documents to peers that may hold them and lack some of them; takes back what may not be given any more. Of a peer that
 * showed its certificate in a contact alone, before the last start, nothing is known until it does so again: its offers stay.
 */
async function offerAnew(
  tx: Tx,
  context: SyncContext,
  isMeant: (document: DocumentId) => boolean,
): Promise<void> {
  const documents = (await allDocuments(tx)).filter(isMeant)
  for (const document of documents) await markUneven(tx, document, context.now())
  for (const peer of context.peers) {
    if (isNode(peer) && context.roster.byNode(peer) === undefined) continue
    for (const document of documents)
      await setHas(tx, context, { peer, document, clock: await hasOf(tx, peer, document) })
  }
}

/**
 * What a revoked node put into a post office itself is refused there by whoever has heard. What we took in time and others
 * may lack is offered there in envelopes of our own.
 */
async function offerForRevoked(tx: Tx, context: SyncContext, node: NodeId): Promise<void> {
  const { roster, identity, peers } = context
  const isOther = (one: NodeId): boolean =>
    one !== node && one !== identity.certificate.node && roster.revokedSince(one) === undefined
  const others = roster.all().flatMap((one) => (isOther(one.node) ? [one.node] : []))
  const isTheirs = (actor: string): boolean =>
    nodePrefixOfActor(actor as ActorId) === nodePrefix(node)
  for (const document of await allDocuments(tx)) {
    const covered = await coveredByAll(tx, others, document)
    for (const peer of peers) {
      if (isNode(peer)) continue
      const has = Object.entries(await hasOf(tx, peer, document))
      const clock = Object.fromEntries(
        has.map(([actor, seq]) => [
          actor,
          isTheirs(actor) ? Math.min(seq, covered[actor as ActorId] ?? 0) : seq,
        ]),
      )
      if (has.some(([actor, seq]) => clock[actor] !== seq))
        await setHas(tx, context, { peer, document, clock })
    }
  }
}

/**
 * Who hears of a revocation first takes no secret from the lost node any more, and cannot open what others still sealed under
 * one: what was not signed for is offered once more, under another.
 */
async function offerUnderNew(tx: Tx, context: SyncContext, lost: NodeId): Promise<void> {
  const { identity, peers, keyring } = context
  for (const document of await allDocuments(tx)) {
    const audience = audienceOf(context, document)
    const epochs = audience === undefined ? [] : keyring.held(audience)
    if (audience === undefined || !epochs.some(({ maker }) => maker === lost)) continue
    const readers = nodesOf(context, audience).difference(new Set([identity.certificate.node]))
    for (const peer of peers) {
      const has = await hasOf(tx, peer, document)
      const clock = meetClocks(has, await signedBy(tx, { peer, readers, document }))
      if (countBeyond(has, clock) > 0) await setHas(tx, context, { peer, document, clock })
      await discount(tx, peer, document)
    }
  }
}

/** What is under way to a peer of a document proves nothing when the peer takes it. */
async function discount(tx: Tx, peer: PeerId, document: DocumentId): Promise<void> {
  for (const [place, bytes] of await tx.list(range.parcels(peer))) {
    const record = unpack<ParcelRecord>(bytes)
    if (record?.document === document) tx.put(place, pack({ ...record, document: undefined }))
  }
}

/** What a node, or all who read at a post office, have signed for. */
async function signedBy(
  tx: Tx,
  at: {
    readonly peer: PeerId
    readonly readers: ReadonlySet<NodeId>
    readonly document: DocumentId
  },
): Promise<Clock> {
  const { peer, readers, document } = at
  if (isNode(peer)) return (await receiptOf(tx, peer, document))?.clock ?? {}
  return coveredByAll(tx, [...readers], document)
}
