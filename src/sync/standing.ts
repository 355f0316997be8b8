/**
 * What follows when the keys document or the directory has grown: secrets are wrapped for those who came in, documents
 * are offered to those who may hold them now, and whoever is out is shut out.
 */
import type { DirectoryChange } from '#model/directory.ts'
import type { KeyNews } from '#model/key-book.ts'
import { KEYS } from '#model/document-id.ts'
import type { DocumentId } from '#base/ids.ts'
import type { AudienceId } from '#trust/epoch.ts'
import { writeHere } from './author.ts'
import { audienceOfScope, mayHold, scopeOf } from './audience.ts'
import { isNode, type SyncContext } from './context.ts'
import { cover, ensureSealingKey, heldAudiences, takeKeyNews } from './epochs.ts'
import { takeForkProof } from './freeze.ts'
import { allDocuments, hasOf, setHas } from './ledger.ts'
import type { Tx } from './replica.ts'
import { destroySharesOf, handOutShare, takeShare } from './shares.ts'

/** An entry of the keys document was folded, in the commit that added it. */
export async function keysChanged(tx: Tx, context: SyncContext, news: KeyNews): Promise<void> {
  const { roster } = context
  if (news.kind === 'certificate') roster.introduce(news.certificate)
  if (news.kind === 'revocation') {
    const { node, since } = news.revocation
    roster.revoke(node, since)
    await destroySharesOf(tx, context, node)
    tx.afterwards(() => context.log.warn('node.revoked', { node }))
  }
  if (news.kind === 'wipe order') {
    roster.awaitWipe(news.node, !context.keyBook().hasWiped(news.node))
    await destroySharesOf(tx, context, news.node)
  }
  if (news.kind === 'wiped') roster.awaitWipe(news.node, false)
  if (news.kind === 'fork') await takeForkProof(tx, context, news.proof)
  if (news.kind === 'share') await takeShare(tx, context, news)
  await takeKeyNews(tx, context, news)
  if (news.kind === 'wipe order' && news.node === context.identity.certificate.node)
    await confirmWipe(tx, context)
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
  await coverAll(tx, context)
  const channel =
    change.kind === 'channel'
      ? change.channel.id
      : change.kind === 'members'
        ? change.channel
        : undefined
  if (channel === undefined) return
  const audience = audienceOfScope(context, channel)
  if (audience !== channel) return
  await offerAnew(tx, context, (document) => scopeOf(document) === channel)
}

/** Names a channel's audience to the keyring. */
export function addChannel(context: SyncContext, channel: AudienceId): void {
  const scope = channel as Parameters<typeof audienceOfScope>[1]
  const audience = audienceOfScope(context, scope)
  if (audience !== undefined) context.keyring.addScope(scope, audience)
}

/** What is due once the keys document has grown by what came in. */
export async function settleKeys(tx: Tx, context: SyncContext): Promise<void> {
  await ensureSealingKey(tx, context)
  await coverAll(tx, context)
  await handOutShare(tx, context)
}

/** Wraps what this node is to wrap: a hub for everybody, any node for the epochs it made. */
async function coverAll(tx: Tx, context: SyncContext): Promise<void> {
  const { node, role } = context.identity.certificate
  for (const audience of heldAudiences(context)) {
    const isMaker = context
      .keyBook()
      .epochs(audience)
      .some(({ maker }) => maker === node)
    if (role === 'hub' || isMaker) await cover(tx, context, audience)
  }
}

/** Wraps for a node that is right here what its audiences seal under: nobody else may be in reach. */
export async function coverPeer(tx: Tx, context: SyncContext): Promise<void> {
  for (const audience of heldAudiences(context)) await cover(tx, context, audience)
}

/** Offers documents to peers that may hold them and lack some of them. */
async function offerAnew(
  tx: Tx,
  context: SyncContext,
  isMeant: (document: DocumentId) => boolean,
): Promise<void> {
  const documents = (await allDocuments(tx)).filter(isMeant)
  for (const peer of context.peers) {
    if (!isNode(peer)) continue
    for (const document of documents) {
      if (!mayHold(context, peer, document)) continue
      await setHas(tx, context, { peer, document, clock: await hasOf(tx, peer, document) })
    }
  }
}
