/**
 * Wishes for files: whom to ask for what is fetched here, one at a time, and what others have asked for. A wish of another that
 * nobody here can fulfil is passed on in our own name: we need not be able to read the file to carry it.
 */
import type { Instant, NodeId } from '#base/ids.ts'
import { WISH_HOPS_MAX, WISH_KEPT_MS, WISHES_MAX } from '#base/limits.ts'
import { joinSpans, withoutSpans, type Spans } from '#base/spans.ts'
import type { FileName, PiecePlace } from '#codec/piece.ts'
import { decodeWishes, encodeWishes, type Wish } from '#codec/wish.ts'
import type { PeerId } from '#ports/carrier.ts'
import { noteStatement } from '#trust/attestation.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { endFetch, fetchOf, putFetch } from './file-desk.ts'
import {
  fileKey,
  fileRange,
  placeOfWish,
  type FetchRecord,
  type WishRecord,
} from './file-records.ts'
import { queueNote } from './note-queue.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** Who wants something of a file, by which peer, and what. */
export interface Wisher {
  readonly peer: PeerId
  readonly name: FileName
  readonly node: NodeId
  readonly wish: WishRecord
}

/** Takes what a node says it wants; why not, when it is malformed. */
export async function takeWishes(
  tx: Tx,
  context: SyncContext,
  said: { readonly body: Uint8Array; readonly node: NodeId; readonly from: PeerId | undefined },
): Promise<string | undefined> {
  const { body, node, from: peer } = said
  const wishes = decodeWishes(body)
  if (wishes === undefined) return 'malformed'
  if (peer === undefined || node === context.identity.certificate.node) return undefined
  const known = await tx.list({ ...fileRange.wishes, limit: WISHES_MAX })
  let room = WISHES_MAX - known.length
  for (const { name, ...wish } of wishes) {
    const place = fileKey.wish(peer, name, node)
    if (wish.spans.length === 0) await takeBackWish(tx, context, { peer, name, node })
    else if ((await tx.get(place)) !== undefined || room > 0) {
      room -= 1
      tx.put(place, pack({ ...wish, at: context.now(), movedAt: 0 } satisfies WishRecord))
      await carryFor(tx, context, { name, wish })
    }
  }
  tx.afterwards(context.ring)
  return undefined
}

/** A wish that nobody here can fulfil becomes one of ours, within limits. */
async function carryFor(
  tx: Tx,
  { files, now }: SyncContext,
  { name, wish }: { readonly name: FileName; readonly wish: Omit<Wish, 'name'> },
): Promise<void> {
  if ((await tx.get(fileKey.named(name))) !== undefined || wish.hops >= WISH_HOPS_MAX) return
  const known = await fetchOf(tx, name)
  const { isAsked, bytes } = wish
  const hops = Math.min(wish.hops + 1, known?.hops ?? WISH_HOPS_MAX)
  const fresh = { file: undefined, have: [], since: now(), movedAt: 0, givers: [], liars: [] }
  const record: FetchRecord =
    known === undefined
      ? { ...fresh, bytes, isAsked, hops }
      : { ...known, hops: known.file === undefined ? hops : 0, isAsked: known.isAsked || isAsked }
  putFetch(tx, files, { name, fetch: record })
  tx.afterwards(files.changed)
}

/** Everybody who wants something of a file. */
export async function wishesFor(tx: Pick<Tx, 'list'>, name: FileName): Promise<readonly Wisher[]> {
  const all = await tx.list({ ...fileRange.wishes, limit: WISHES_MAX })
  return all.flatMap(([place, bytes]) => wisherOf(place, bytes)).filter((one) => one.name === name)
}

/** What is wanted by a peer. */
export async function wishesAt(tx: Pick<Tx, 'list'>, peer: PeerId): Promise<readonly Wisher[]> {
  const all = await tx.list({ ...fileRange.wishesAt(peer), limit: WISHES_MAX })
  return all.flatMap(([place, bytes]) => wisherOf(place, bytes))
}

function wisherOf(place: string, bytes: Uint8Array): readonly Wisher[] {
  const wish = unpack<WishRecord>(bytes)
  return wish === undefined ? [] : [{ ...placeOfWish(place), wish }]
}

/** Somebody wants nothing of a file any more; what was carried for nobody else goes. */
async function dropWish(
  tx: Tx,
  context: SyncContext,
  { peer, name, node }: Pick<Wisher, 'peer' | 'name' | 'node'>,
): Promise<void> {
  tx.delete(fileKey.wish(peer, name, node))
  const fetch = await fetchOf(tx, name)
  if (fetch === undefined || fetch.file !== undefined) return
  if ((await wishesFor(tx, name)).length === 0) await endFetch(tx, context.files, name)
  else await dropCarried(tx, context, name)
}

/** Who was to get it for us need not any more. */
async function takeBackWish(
  tx: Tx,
  context: SyncContext,
  wisher: Pick<Wisher, 'peer' | 'name' | 'node'>,
): Promise<void> {
  const { name } = wisher
  const fetch = await fetchOf(tx, name)
  await dropWish(tx, context, wisher)
  if (fetch !== undefined && (await fetchOf(tx, name)) === undefined)
    sayNoMore(tx, context, { name, fetch })
}

/** Tells whoever was asked for a file that it is wanted no more. */
export function sayNoMore(
  tx: Tx,
  context: SyncContext,
  { name, fetch }: { readonly name: FileName; readonly fetch: FetchRecord },
): void {
  const { source, bytes, isAsked } = fetch
  if (source === undefined) return
  const wish = { name, bytes, isAsked, hops: 0, pieceBytes: 0, spans: [] }
  queueWishes(tx, context, { peer: source.peer, wishes: [wish] })
  tx.afterwards(context.ring)
}

/** Some of a file was given at a peer: whoever wanted it there wants it no more. */
export async function noteGiven(
  tx: Tx,
  context: SyncContext,
  { peer, piece }: { readonly peer: PeerId; readonly piece: PiecePlace },
): Promise<void> {
  const { name, from, to } = piece
  for (const [place, bytes] of await tx.list(fileRange.wishesFor(peer, name)))
    for (const { node, wish } of wisherOf(place, bytes)) {
      const spans = withoutSpans(wish.spans, [[from, to]])
      if (spans.length === 0) await dropWish(tx, context, { peer, name, node })
      else tx.put(place, pack({ ...wish, spans, movedAt: context.now() } satisfies WishRecord))
    }
  await dropCarried(tx, context, name)
}

/** A piece that was carried for others goes once nobody wants it any more. */
async function dropCarried(tx: Tx, { files }: SyncContext, name: FileName): Promise<void> {
  const fetch = await fetchOf(tx, name)
  if (fetch === undefined || fetch.file !== undefined) return
  const wanted = spansOf(await wishesFor(tx, name))
  const idle = withoutSpans(fetch.have, wanted)
  if (idle.length === 0) return
  let have = fetch.have
  for (const [place, bytes] of await tx.list(fileRange.pieces(name))) {
    const from = Number(place.slice(place.lastIndexOf('/') + 1))
    const { to = from } = unpack<{ to: number }>(bytes) ?? {}
    if (withoutSpans([[from, to]], idle).length > 0) continue
    tx.delete(place)
    have = withoutSpans(have, [[from, to]])
  }
  putFetch(tx, files, { name, fetch: { ...fetch, have } })
}

/** All of a file that somebody wants. */
export function spansOf(wishers: readonly Wisher[]): Spans {
  return wishers.reduce<Spans>((all, { wish }) => joinSpans(all, wish.spans), [])
}

/** In a new contact a node says anew what it wants: what it was given in the last one may have come without a word. */
export async function forgetWishes(
  tx: Tx,
  context: SyncContext,
  { peer, isMetered }: ContactState,
): Promise<void> {
  const isOld = (at: Instant): boolean => Math.abs(context.now() - at) > WISH_KEPT_MS
  for (const { wish, ...wisher } of await wishesAt(tx, peer))
    if ((isNode(peer) && isMetered !== true) || isOld(wish.at)) {
      // Not `dropWish`: what is carried for it is still wanted.
      tx.delete(fileKey.wish(peer, wisher.name, wisher.node))
    }
}

/** Puts wishes on their way to a peer. */
export function queueWishes(
  tx: Tx,
  context: SyncContext,
  { peer, wishes }: { readonly peer: PeerId; readonly wishes: readonly Wish[] },
): void {
  const { identity, replica } = context
  const { actor } = replica
  const body = encodeWishes(wishes)
  const signature = identity.sign(noteStatement(identity.organisation.id, { actor, body }))
  // One that waits for a peer is not overwritten by one about other files.
  const name = `!file.${wishes.map((one) => one.name.slice(0, 8)).join('')}`.slice(0, 64)
  queueNote(tx, peer, { name, since: 0, note: { actor, body, signature } })
}
