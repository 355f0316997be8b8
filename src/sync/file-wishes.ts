/**
 * What others want of files, as they said to us or at a post office. A wish stands until all of it was given, or it is taken back, or a
 * new direct contact begins in which it is not said again. What nobody here can give is fetched for others, within limits: we need not be
 * able to read a file to carry it.
 */
import type { ActorId, NodeId } from '#base/ids.ts'
import { WISHES_MAX } from '#base/limits.ts'
import { joinSpans, withoutSpans, type Spans } from '#base/spans.ts'
import type { FileName } from '#codec/piece.ts'
import { decodeWishes, type Wish } from '#codec/wish.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { crowdedOut } from './file-crowd.ts'
import { endFetch, fetchOf, putFetch } from './file-desk.ts'
import { fileKey, fileRange, placeOf, type FetchRecord, type WishRecord } from './file-records.ts'
import { denyLying } from './file-words.ts'
import { lifeOf } from './lives.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** Who wants something of a file, by which peer, and what. */
export interface Wisher {
  readonly peer: PeerId
  readonly name: FileName
  readonly node: NodeId
  readonly wish: WishRecord
}

/** What a node says it wants. */
interface Said {
  readonly body: Uint8Array
  readonly actor: ActorId
  readonly node: NodeId
  readonly from: PeerId | undefined
}

/** Takes what a node says it wants; why not, when it is malformed. */
export async function takeWishes(
  tx: Tx,
  context: SyncContext,
  { body, actor, node, from: peer }: Said,
): Promise<string | undefined> {
  const { files, identity, time, ring } = context
  const said = decodeWishes(body)
  if (said === undefined) return 'malformed'
  if (peer === undefined || node === identity.certificate.node) return undefined
  // What was said in a life that is over comes late.
  if ((await lifeOf(tx, node, actor))?.isCurrent === false) return undefined
  const { number } = said
  let hasMore = false
  for (const { name, ...wish } of said.wishes) {
    const place = fileKey.wish(peer, name, node)
    const known = unpack<WishRecord>(await tx.get(place))
    // Notes come twice, and overtake each other.
    if (known?.actor === actor && known.number >= number) continue
    if (wish.spans.length === 0) await dropWish(tx, context, { peer, name, node })
    else {
      hasMore ||= known === undefined
      await denyLying(tx, context, { peer, name, wanted: wish.spans })
      const heard = { ...wish, actor, number, heardMs: time.nowMs(), movedMs: 0 }
      tx.put(place, pack(heard satisfies WishRecord))
      await carry(tx, context, { name, wish })
    }
  }
  if (hasMore) await makeRoom(tx, context)
  tx.afterwards(files.changed)
  tx.afterwards(ring)
  return undefined
}

/** Where there are too many, some give way. */
async function makeRoom(tx: Tx, context: SyncContext): Promise<void> {
  const all = (await tx.list(fileRange.wishes)).flatMap(([place, bytes]) => wisherOf(place, bytes))
  const crowd = all.map((one) => ({ ...one, heardMs: one.wish.heardMs }))
  const out = crowdedOut(crowd, WISHES_MAX)
  const left = Map.groupBy(new Set(crowd).difference(new Set(out)), ({ name }) => name)
  for (const { peer, name, node } of out)
    await dropWish(tx, context, { peer, name, node, left: left.get(name) ?? [] })
}

/** A wish for what is not here is one more thing to fetch. */
async function carry(
  tx: Tx,
  { files, now, time }: SyncContext,
  { name, wish: { bytes } }: { readonly name: FileName; readonly wish: Pick<Wish, 'bytes'> },
): Promise<void> {
  if ((await tx.get(fileKey.named(name))) !== undefined) return
  const before = await fetchOf(tx, name)
  // Who said first how large it is may have said too little.
  if (before !== undefined && before.file === undefined && before.bytes < bytes)
    putFetch(tx, files, { name, fetch: { ...before, bytes } })
  if (before !== undefined) return
  const begun = { since: now(), begunMs: time.nowMs(), movedMs: 0 }
  const fetch: FetchRecord = {
    ...begun,
    bytes,
    file: undefined,
    isAsked: false,
    have: [],
    givers: [],
    liars: [],
  }
  putFetch(tx, files, { name, fetch })
}

/** A file is here no longer: whoever wants it is given it by others now. */
export async function carryAgain(tx: Tx, context: SyncContext, name: FileName): Promise<void> {
  const wishers = await wishesFor(tx, name)
  if (wishers.length === 0) return
  for (const wisher of wishers) await carry(tx, context, wisher)
  tx.afterwards(context.files.changed)
  tx.afterwards(context.ring)
}

/** Everybody who wants something of any file. */
export async function allWishers(tx: Pick<Tx, 'list'>): Promise<readonly Wisher[]> {
  const all = await tx.list({ ...fileRange.wishes, limit: WISHES_MAX })
  return all.flatMap(([place, bytes]) => wisherOf(place, bytes))
}

/** Everybody who wants something of a file. */
export async function wishesFor(tx: Pick<Tx, 'list'>, name: FileName): Promise<readonly Wisher[]> {
  const all = await tx.list({ ...fileRange.wishes, limit: WISHES_MAX })
  return all.flatMap(([place, bytes]) =>
    placeOf(place).name === name ? wisherOf(place, bytes) : [],
  )
}

/** What is wanted by a peer, or at it. */
export async function wishesAt(tx: Pick<Tx, 'list'>, peer: PeerId): Promise<readonly Wisher[]> {
  const all = await tx.list({ ...fileRange.wishesAt(peer), limit: WISHES_MAX })
  return all.flatMap(([place, bytes]) => wisherOf(place, bytes))
}

function wisherOf(place: string, bytes: Uint8Array): readonly Wisher[] {
  const wish = unpack<WishRecord>(bytes)
  return wish === undefined ? [] : [{ ...placeOf(place), wish }]
}

/** Somebody wants nothing of a file any more; what was carried for nobody else goes. */
export async function dropWish(
  tx: Tx,
  context: SyncContext,
  {
    peer,
    name,
    node,
    left,
  }: Pick<Wisher, 'peer' | 'name' | 'node'> & {
    /** Who else wants something of it, where that is known. */
    readonly left?: readonly Wisher[]
  },
): Promise<void> {
  tx.delete(fileKey.wish(peer, name, node))
  tx.afterwards(context.files.changed)
  const fetch = await fetchOf(tx, name)
  if (fetch === undefined || fetch.file !== undefined) return
  const others = left ?? (await wishesFor(tx, name))
  if (others.length === 0) await endFetch(tx, context, name)
  else await dropCarried(tx, context, { name, wishers: others })
}

/** Some of a file was given at a peer: whoever wanted it there wants it no more. */
export async function noteGiven(
  tx: Tx,
  context: SyncContext,
  {
    peer,
    name,
    spans: given,
    by,
  }: {
    readonly peer: PeerId
    readonly name: FileName
    readonly spans: Spans
    readonly by: NodeId
  },
): Promise<void> {
  for (const [place, bytes] of await tx.list(fileRange.wishesFor(peer, name)))
    for (const { node, wish } of wisherOf(place, bytes)) {
      const spans = withoutSpans(wish.spans, given)
      const moved = { ...wish, spans, movedMs: context.time.nowMs(), giver: by }
      if (spans.length === 0) await dropWish(tx, context, { peer, name, node })
      else tx.put(place, pack(moved satisfies WishRecord))
    }
  await dropCarried(tx, context, { name })
}

/** A piece that was carried for others goes once nobody wants it any more. */
async function dropCarried(
  tx: Tx,
  { files }: SyncContext,
  { name, wishers }: { readonly name: FileName; readonly wishers?: readonly Wisher[] },
): Promise<void> {
  const fetch = await fetchOf(tx, name)
  if (fetch === undefined || fetch.file !== undefined) return
  const wanted = spansOf(wishers ?? (await wishesFor(tx, name)))
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
  tx.afterwards(files.changed) // there is room for more
}

/** All of a file that somebody wants. */
function spansOf(wishers: readonly Wisher[]): Spans {
  return wishers.reduce<Spans>((all, { wish }) => joinSpans(all, wish.spans), [])
}

/**
 * In a new contact a node says anew what it wants: what it was given in the last one may have come without a word. Until it does, what is
 * fetched for it is fetched on. Where every byte is paid for it says so only when it has to.
 */
export async function ageWishes(
  tx: Tx,
  { peer, isMetered }: Pick<ContactState, 'peer' | 'isMetered'>,
): Promise<void> {
  if (!isNode(peer) || isMetered === true) return
  for (const { name, node, wish } of await wishesAt(tx, peer))
    tx.put(fileKey.wish(peer, name, node), pack({ ...wish, isStale: true } satisfies WishRecord))
}
