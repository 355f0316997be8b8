/**
 * What follows when the keys document or the directory has grown: secrets are wrapped for those who came in, documents
 * are offered to those who may hold them now, and whoever is out is shut out.
 */
import type { DirectoryChange } from '#model/directory.ts'
import type { KeyNews } from '#model/key-book.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { DocumentId } from '#base/ids.ts'
import type { AudienceId } from '#trust/epoch.ts'
import { auditKeyNews } from './audit.ts'
import { audienceOfScope, mayHold, scopeOf } from './audience.ts'
import { isNode, type SyncContext } from './context.ts'
import { cover, ensureSealingKey, heldAudiences, takeKeyNews } from './epochs.ts'
import { allDocuments, hasOf, setHas } from './ledger.ts'
import type { Tx } from './replica.ts'

/** An entry of the keys document was folded, in the commit that added it. */
export async function keysChanged(tx: Tx, context: SyncContext, news: KeyNews): Promise<void> {
  const { roster } = context
  if (news.kind === 'certificate') roster.introduce(news.certificate)
  if (news.kind === 'revocation') {
    const { node, since } = news.revocation
    roster.revoke(node, since)
    tx.afterwards(() => context.log.warn('node.revoked', { node }))
  }
  await takeKeyNews(tx, context, news)
  await auditKeyNews(tx, context, news)
}

/** An entry of the directory was folded, in the commit that added it. */
export async function directoryChanged(
  tx: Tx,
  context: SyncContext,
  change: DirectoryChange,
): Promise<void> {
  if (change.kind === 'channel') addChannel(context, change.channel.id)
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

/** What is due once a commit has changed either document. Wraps what this node is to wrap. */
export async function settle(tx: Tx, context: SyncContext, document: DocumentId): Promise<void> {
  if (document !== KEYS && document !== DIRECTORY) return
  if (document === KEYS) await ensureSealingKey(tx, context)
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
