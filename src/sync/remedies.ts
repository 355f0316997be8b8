/**
 * What follows from values that damage took (`mending.ts`): peers are offered anew what they may lack, the view is folded from its
 * documents again, secrets are asked for by a new sealing key. What nobody vouches for any more is fetched anew.
 */
import { codeOf } from '#base/errors.ts'
import {
  nodePrefix,
  nodePrefixOfActor,
  type ActorId,
  type ChannelId,
  type DocumentId,
} from '#base/ids.ts'
import { auditDocument, channelOfDocument, KEYS, parseDocumentId } from '#model/document-id.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import type { PeerId } from '#ports/carrier.ts'
import { recordAudit, type PieceRecord } from './audit.ts'
import { isNode, type SyncContext } from './context.ts'
import { publishSealingKey } from './epochs.ts'
import { takeAllForkWords } from './freeze.ts'
import { noteHole } from './healing.ts'
import { key, range } from './keys.ts'
import { allDocuments, clockOf, hasOf, setHas } from './ledger.ts'
import { passOnAgain } from './notes.ts'
import { recountParked } from './parking.ts'
import { carryOut } from './purge.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'
import { reproject } from './reproject.ts'
import { searchKey } from './search-marks.ts'
import { noteSegment } from './segments.ts'
import { keepSpare } from './spare.ts'

/** Does what is due for all that was found damaged since. Does nothing in a life that ends. */
export async function remedyAll(tx: Tx, context: SyncContext): Promise<void> {
  if (context.run.isOver) return
  const marks = (await tx.list(range.damage)).map(([place]) => place)
  if (marks.length === 0) return
  for (const place of marks) tx.delete(place)
  const names = marks.map((place) => place.slice(range.damage.from.length).split('/'))
  const under: Under = (...parts) => names.filter(([part = '']) => parts.includes(part))
  await remedyPeers(tx, context, under)
  await remedyChannels(tx, context, under('seg'))
  if (under('epoch', 'seal', 'pair').length > 0) await publishSealingKey(tx, context)
  if (under('spare').length > 0) await keepSpares(tx, context)
  if (under('fork').length > 0) await takeAllForkWords(tx, context)
  if (under('park', 'parked').length > 0) await recountParked(tx)
  if (under('search').length > 0) tx.put(searchKey.anew, pack(''))
  if (names.some(isAudit)) await remedyAudit(tx, context)
  await remedyPurged(tx, context, under('doc', 'purge'))
  await remedyView(
    tx,
    context,
    under('view').filter((name) => !isAudit(name)),
  )
}

/** What was purged of a document, and how far an order was carried out, follows from the orders. */
async function remedyPurged(tx: Tx, context: SyncContext, found: readonly Name[]): Promise<void> {
  const channels = found.map(([part, name]) =>
    part === 'purge' ? (name as ChannelId) : channelOfDocument(name as DocumentId),
  )
  for (const channel of new Set(channels))
    if (channel !== undefined) await carryOut(tx, context, channel)
}

/** Does the same in a commit of its own. What the disk refuses now is done at the next start at the latest. */
export async function remedySoon(context: SyncContext): Promise<void> {
  try {
    await context.replica.commit((tx) => remedyAll(tx, context))
    context.ring() // what is lacking now is asked for
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'STOPPING') context.log.warn('sync.disk', { code: code ?? 'unknown' })
  }
}

function isAudit([part, kind]: Name): boolean {
  return part === 'audit' || (part === 'view' && kind === 'audit')
}

/** A damaged value's name, in its parts. */
type Name = readonly string[]
/** Damaged values by the word that their names begin with. */
type Under = (...parts: readonly string[]) => readonly Name[]

async function remedyPeers(tx: Tx, context: SyncContext, under: Under): Promise<void> {
  for (const [, document, actor] of under('att'))
    await fetchUnsigned(tx, context, { document: document as DocumentId, actor: actor as ActorId })
  const peers = under('has', 'fly', 'note').map(([, peer]) => peer as PeerId)
  for (const peer of new Set(peers)) await offerAgain(tx, context, peer)
}

async function remedyChannels(tx: Tx, context: SyncContext, lanes: readonly Name[]): Promise<void> {
  if (lanes.length === 0) return
  for (const document of await allDocuments(tx))
    if (lanes.some(([, channel]) => channel === channelOfDocument(document)))
      await noteSegment(tx, document, context.now())
}

/** Changes that nobody vouches for any more cannot be passed on: they are taken out, and asked for with their signature. */
async function fetchUnsigned(
  tx: Tx,
  context: SyncContext,
  list: { readonly document: DocumentId; readonly actor: ActorId },
): Promise<void> {
  const { document, actor } = list
  const isOwn = nodePrefixOfActor(actor) === nodePrefix(context.identity.certificate.node)
  if (isOwn) return // what it wrote it can sign again
  const clock = await clockOf(tx, document)
  const signed = (await tx.list(range.attestations(document, actor))).at(-1)?.[0]
  const seq = signed === undefined ? 0 : Number(signed.slice(signed.lastIndexOf('/') + 1))
  if (seq >= (clock[actor] ?? 0)) return
  await tx.cutBack(document, { actor, seq })
  await noteHole(tx, document, {
    since: context.now(),
    lost: clock,
    clock: await clockOf(tx, document),
  })
}

/** A peer is offered all that it may lack, and told again what it was to be told. */
async function offerAgain(tx: Tx, context: SyncContext, peer: PeerId): Promise<void> {
  for (const document of await allDocuments(tx)) {
    await setHas(tx, context, { peer, document, clock: await hasOf(tx, peer, document) })
    tx.put(key.owed(peer, document), pack(context.now()))
  }
  if (isNode(peer)) await passOnAgain(tx, context, { peer })
}

async function keepSpares(tx: Tx, { roster }: SyncContext): Promise<void> {
  for (const { entry } of (await tx.log(KEYS)).since({})) keepSpare(tx, entry.content)
  for (const { node } of roster.all()) {
    const certificate = roster.bytesOf(node)
    if (certificate !== undefined) keepSpare(tx, { kind: 'node', certificate })
  }
}

/** Where this node's audit goes on, and the records that read it. */
async function remedyAudit(tx: Tx, context: SyncContext): Promise<void> {
  const { node } = context.identity.certificate
  const audits = (await allDocuments(tx)).filter((one) => parseDocumentId(one)?.kind === 'audit')
  const own = audits.flatMap((one) => {
    const name = parseDocumentId(one)
    return name?.kind === 'audit' && name.node === node ? [name.number] : []
  })
  const number = Math.max(-1, ...own)
  if (number >= 0 && (await tx.get(key.auditPiece)) === undefined) {
    const { actor } = context.replica
    const hasWritten = (await clockOf(tx, auditDocument(node, number)))[actor] !== undefined
    const record: PieceRecord = { number, openedAt: context.now(), actor }
    if (hasWritten) tx.put(key.auditPiece, pack(record))
  }
  const [newest] = await tx.list({ ...range.auditRecords, reverse: true, limit: 1 })
  const last = newest?.[0] ?? '0'
  tx.put(key.auditNewest, pack(Number(last.slice(last.lastIndexOf('/') + 1))))
  const recorded = new Set(
    (await tx.list(range.auditRecords)).map(([, bytes]) => {
      const record = unpack<AuditRecord>(bytes)
      return `${record?.document} ${record?.actor} ${record?.seq}`
    }),
  )
  for (const document of audits)
    for (const logged of (await tx.log(document)).since({}))
      if (!recorded.has(`${document} ${logged.actor} ${logged.seq}`))
        await recordAudit(tx, context, { document, logged })
}

/** Folds the channels again of which some of the view is gone: all of them where a name does not say which. */
async function remedyView(tx: Tx, context: SyncContext, folded: readonly Name[]): Promise<void> {
  if (folded.length === 0) return
  const all = context
    .directory()
    .channels()
    .map(({ id }) => id)
  const named = folded.map(([, kind, channel]) =>
    kind === 'post' || kind === 'file' || kind === 'thread' || kind === 'orphan' || kind === 'held'
      ? undefined
      : (channel as ChannelId),
  )
  for (const channel of named.includes(undefined) ? all : all.filter((id) => named.includes(id)))
    await reproject(tx, context, channel)
}
