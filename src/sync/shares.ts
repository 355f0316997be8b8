/**
 * Shares at work: a kit hands half of what opens it to every hub, and a hub keeps it in the commit that brought it. It goes
 * when its kit calls it back, is revoked, or is to be wiped: what is not there cannot be given by mistake. By what stays
 * of it the hub still knows, and tells, when somebody tries to start a kit that is out.
 */
import type { ActorId, NodeId } from '#base/ids.ts'
import { KEYS } from '#model/document-id.ts'
import type { SealingKeyFacts } from '#model/key-book.ts'
import type { KeyContent } from '#model/key-content.ts'
import type { ShareNews } from '#model/share-book.ts'
import { openShare, sealShare, type ShareSecrets } from '#trust/release.ts'
import { sealingPair } from '#trust/sealing-key.ts'
import { isGood } from './audience.ts'
import { writeHere } from './author.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { receiptOf } from './ledger.ts'
import { pack, unpack, type SealingSeedRecord } from './records.ts'
import type { OwnShareRecord, ShareRecord } from './share-records.ts'
import type { Reader, Tx } from './replica.ts'

/** A hub, and whether it has said that this node's share is on its disk. */
export interface Keeper {
  readonly node: NodeId
  readonly hasConfirmed: boolean
}

/** A share that this hub keeps. */
export interface KeptShare extends ShareSecrets {
  readonly node: NodeId
  readonly id: string
  readonly takenAs: ActorId
}

/** Takes a share that is meant for this node, or forgets one. */
export async function takeShare(tx: Tx, context: SyncContext, news: ShareNews): Promise<void> {
  const { node, id, parcel } = news
  const place = key.share(id, node)
  if (parcel === undefined) return tx.delete(place)
  const { identity, roster, replica } = context
  if (identity.certificate.role !== 'hub' || isOut(context, node)) return
  const seed = unpack<SealingSeedRecord>(await tx.get(key.sealingSeed(parcel.keyName)))?.seed
  if (seed === undefined) return
  const binding = { node, id, keyName: parcel.keyName }
  const secrets = openShare(sealingPair(roster.suite, seed), parcel, binding)
  if (secrets === undefined) {
    tx.afterwards(() => context.log.warn('share.refused', { node, reason: 'wrong seal' }))
    return
  }
  tx.put(place, pack({ ...secrets, takenAs: replica.actor } satisfies ShareRecord))
  tx.afterwards(() => context.log.info('share.kept', { node }))
}

/** The node is out: nothing here opens it any more. */
export async function destroySharesOf(tx: Tx, context: SyncContext, node: NodeId): Promise<void> {
  const gone = (await keptShares(tx)).filter((one) => one.node === node && one.share.length > 0)
  for (const { id, authentication, takenAs } of gone) {
    const record: ShareRecord = { share: new Uint8Array(), authentication, takenAs }
    tx.put(key.share(id, node), pack(record))
  }
  if (gone.length > 0) tx.afterwards(() => context.log.info('share.destroyed', { node }))
}

/** From now on hubs can release this node with this share; the one before is called back. */
export async function setOwnShare(
  tx: Tx,
  context: SyncContext,
  share: OwnShareRecord,
): Promise<void> {
  await callBack(tx, context)
  tx.put(key.ownShare, pack(share))
  await handOutShare(tx, context)
}

/** From now on no hub can release this node. True when one could. */
export async function dropOwnShare(tx: Tx, context: SyncContext): Promise<boolean> {
  const had = await callBack(tx, context)
  tx.delete(key.ownShare)
  return had
}

/** Hands this node's share to each hub that it was not handed to yet: a new one, or one with a new sealing key. */
export async function handOutShare(tx: Tx, context: SyncContext): Promise<void> {
  const own = await ownShareOf(tx)
  if (own === undefined) return
  const { identity, random } = context
  const { suite } = identity.organisation
  const { node } = identity.certificate
  for (const { name: keyName, publicBytes } of hubKeys(context)) {
    const binding = { node, id: own.id, keyName }
    if (context.keyBook().sharePlace(binding) !== undefined) continue
    const sealed = sealShare({ suite, publicKey: publicBytes, chance: random }, own, binding)
    if (sealed === undefined) continue
    await append(tx, context, { kind: 'share', id: own.id, parcel: { keyName, ...sealed } })
  }
}

/** The share that opens this node, or undefined. */
export async function ownShareOf(reader: Pick<Reader, 'get'>): Promise<OwnShareRecord | undefined> {
  return unpack<OwnShareRecord>(await reader.get(key.ownShare))
}

/** The hubs that this node's share was handed to. Only a hub's signed receipt says that the share is on its disk. */
export async function keepersOf(
  reader: Pick<Reader, 'get'>,
  context: SyncContext,
  id: string,
): Promise<readonly Keeper[]> {
  const { node: self } = context.identity.certificate
  const keepers: Keeper[] = []
  for (const { node, name: keyName } of hubKeys(context)) {
    const place = context.keyBook().sharePlace({ node: self, id, keyName })
    const said = (await receiptOf(reader, node, KEYS))?.clock ?? {}
    const hasConfirmed = place !== undefined && (said[place.actor] ?? 0) >= place.seq
    keepers.push({ node, hasConfirmed })
  }
  return keepers
}

/** The shares of this name that this hub keeps: more than one where somebody took another's name for theirs. */
export async function sharesCalled(
  reader: Pick<Reader, 'list'>,
  id: string,
): Promise<readonly KeptShare[]> {
  return sharesIn(await reader.list(range.sharesCalled(id)))
}

/** All shares that this hub keeps. */
export async function keptShares(reader: Pick<Reader, 'list'>): Promise<readonly KeptShare[]> {
  return sharesIn(await reader.list(range.shares))
}

/** Whether a node is revoked, or is to be wiped, whatever it has answered. */
export function isOut({ roster, keyBook }: SyncContext, node: NodeId): boolean {
  return roster.revokedSince(node) !== undefined || keyBook().isToBeWiped(node)
}

/** The sealing keys of the other hubs. */
function hubKeys(context: SyncContext): readonly SealingKeyFacts[] {
  const { node: self } = context.identity.certificate
  return context.roster
    .all()
    .filter((one) => one.role === 'hub' && one.node !== self && isGood(context, one))
    .flatMap(({ node }) => context.keyBook().sealingKey(node) ?? [])
}

function sharesIn(entries: readonly (readonly [string, Uint8Array])[]): readonly KeptShare[] {
  return entries.flatMap(([place, bytes]) => {
    const record = unpack<ShareRecord>(bytes)
    return record === undefined ? [] : [{ ...record, ...namedBy(place) }]
  })
}

function namedBy(place: string): { readonly id: string; readonly node: NodeId } {
  const [, id = '', node = ''] = place.split('/')
  return { id, node: node as NodeId }
}

async function callBack(tx: Tx, context: SyncContext): Promise<boolean> {
  const own = await ownShareOf(tx)
  if (own === undefined) return false
  await append(tx, context, { kind: 'share', id: own.id, parcel: undefined })
  return true
}

async function append(tx: Tx, context: SyncContext, content: KeyContent): Promise<void> {
  const entry = { author: undefined, claimedAt: context.now(), content }
  await writeHere(tx, context, { document: KEYS, entry })
}
