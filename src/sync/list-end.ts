/**
 * Where a list ends that forked. It follows from the proofs and anchors in the keys document and from the certificates of
 * hubs, so whoever has heard the same decides the same, whatever came first (PROTOCOL.md, Forks).
 */
import {
  nodePrefix,
  nodePrefixOfActor,
  type ActorId,
  type DocumentId,
  type Trail,
} from '#base/ids.ts'
import { ANCHORS_OF_HUB_MAX, PROOF_PLACES_MAX } from '#base/limits.ts'
import { KEYS } from '#model/document-id.ts'
import type { Anchor, ForkProof, WordPlace } from '#model/fork-content.ts'
import type { Certificate } from '#trust/identity.ts'
import type { Roster } from '#trust/roster.ts'
import { key, range } from './keys.ts'
import { pack, unpack, type AnchorRecord, type ForkRecord } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** One actor's list in one document. */
export interface ListName {
  readonly document: DocumentId
  readonly actor: ActorId
}

/** Where a list that forked may end. */
export interface ListEnd {
  /** The last change before the fork: what counts while no point can be reached. */
  readonly floor: number
  /** What hubs held of the branch that counts, the highest number first. */
  readonly points: readonly Pick<Anchor, 'seq' | 'trail' | 'signature'>[]
}

const NOTHING: ForkRecord = { forkAt: undefined, proofs: [], anchors: [] }

/** What was heard of forks in a list. */
export async function forkOf(
  reader: Pick<Reader, 'get'>,
  { document, actor }: ListName,
): Promise<ForkRecord> {
  return unpack<ForkRecord>(await reader.get(key.fork(document, actor))) ?? NOTHING
}

/** All lists of which somebody said that they forked. */
export async function allForks(reader: Pick<Reader, 'list'>): Promise<readonly ListName[]> {
  const forks = await reader.list(range.forks)
  return forks.map(([place]) => {
    const [document, actor] = place.split('/').slice(1)
    return { document, actor } as ListName
  })
}

/** Where a list ends as far as was heard here; undefined while it was never proved to fork. */
export async function endOf(
  reader: Pick<Reader, 'get'>,
  roster: Roster,
  list: ListName,
): Promise<ListEnd | undefined> {
  return endFrom(roster, list.actor, await forkOf(reader, list))
}

/**
 * The end that follows from a record. Of the anchors the one whose hub comes first decides the branch; of that branch all
 * hubs' anchors count, so that nothing is lost which any of them held. A hub says nothing about its own lists: whoever has
 * its key would say it, too.
 */
export function endFrom(
  roster: Roster,
  actor: ActorId,
  { forkAt, anchors }: ForkRecord,
): ListEnd | undefined {
  if (forkAt === undefined) return undefined
  const ranked = anchors
    .flatMap((anchor) => {
      const hub = roster.ofActor(anchor.by)
      const counts = hub !== undefined && anchor.seq >= forkAt && mayAnchor(roster, hub, anchor)
      const isOfItself = hub !== undefined && nodePrefix(hub.node) === nodePrefixOfActor(actor)
      return counts && !isOfItself ? [{ anchor, rank: rankOf(roster, hub) }] : []
    })
    .toSorted((a, b) =>
      compare([...a.rank, ...placeOf(a.anchor)], [...b.rank, ...placeOf(b.anchor)]),
    )
    .map(({ anchor }) => anchor)
  const [first] = ranked
  const points = ranked.filter(
    ({ forkAt: at, branch }) => at === first?.forkAt && branch === first.branch,
  )
  return { floor: forkAt - 1, points: points.toSorted((a, b) => b.seq - a.seq) }
}

/** How far a list counts that has the trail up to a number which `trailAt` gives. */
export function reachOf(
  { floor, points }: ListEnd,
  trailAt: (seq: number) => Trail | undefined,
): number {
  return points.find(({ seq, trail }) => trailAt(seq) === trail)?.seq ?? floor
}

/** The largest number that may count once all of it has come. */
export function topOf({ floor, points }: ListEnd): number {
  return points[0]?.seq ?? floor
}

/** Notes where a fork was proved; the lowest number counts. */
export async function noteProof(
  tx: Tx,
  { document, actor, seq }: ListName & { readonly seq: number },
  at: WordPlace,
): Promise<void> {
  const known = await forkOf(tx, { document, actor })
  const place = { actor: at.actor, seq: at.seq }
  const isLower = known.forkAt === undefined || seq < known.forkAt
  const proofs = isLower ? [place] : [...known.proofs, place].slice(0, PROOF_PLACES_MAX)
  const forkAt = isLower ? seq : known.forkAt
  tx.put(key.fork(document, actor), pack({ ...known, forkAt, proofs } satisfies ForkRecord))
}

/** Notes an anchor. Of one hub those that stand earliest are kept: what it says once it was taken changes nothing then. */
export async function noteAnchor(tx: Tx, anchor: Anchor, at: WordPlace): Promise<void> {
  const known = await forkOf(tx, anchor)
  const { forkAt, branch, seq, trail, signature } = anchor
  const where = { by: at.actor, place: at.seq, placeAt: at.placeAt }
  const added = { ...where, forkAt, branch, seq, trail, signature }
  const isOfHub = ({ by }: AnchorRecord): boolean =>
    nodePrefixOfActor(by) === nodePrefixOfActor(at.actor)
  const earliest = [...known.anchors.filter(isOfHub), added].toSorted((a, b) =>
    compare([a.placeAt, ...placeOf(a)], [b.placeAt, ...placeOf(b)]),
  )
  const isFirst = (one: AnchorRecord, index: number): boolean =>
    earliest.findIndex((other) => isSameAnchor(one, other)) === index
  const kept = earliest.filter(isFirst).slice(0, ANCHORS_OF_HUB_MAX)
  const anchors = [...known.anchors.filter((one) => !isOfHub(one)), ...kept]
  tx.put(key.fork(anchor.document, anchor.actor), pack({ ...known, anchors } satisfies ForkRecord))
}

/** Forgets the words on a list that no longer stand where they were read: the list they stood in was cut. */
export async function forgetFallen(tx: Tx, list: ListName): Promise<void> {
  const known = await forkOf(tx, list)
  const keys = await tx.log(KEYS)
  const wordAt = (by: ActorId, place: number): ForkProof | Anchor | undefined => {
    const content = keys.find(by, place)?.entry.content
    const isWord = content?.kind === 'fork' || content?.kind === 'anchor'
    const isOfList = isWord && content.document === list.document && content.actor === list.actor
    return isOfList ? content : undefined
  }
  const proofs = known.proofs.filter(({ actor, seq }) => wordAt(actor, seq)?.kind === 'fork')
  const anchors = known.anchors.filter((one) => {
    const word = wordAt(one.by, one.place)
    return word?.kind === 'anchor' && isSameAnchor(one, word)
  })
  const record: ForkRecord = { ...known, proofs, anchors }
  tx.put(key.fork(list.document, list.actor), pack(record))
}

/** Whether a word tells nothing that was not noted before. */
export async function isKnown(
  reader: Pick<Reader, 'get'>,
  word: ForkProof | Anchor,
  at: WordPlace,
): Promise<boolean> {
  const { forkAt, proofs, anchors } = await forkOf(reader, word)
  if (word.kind === 'anchor')
    return anchors.some(
      (one) => one.by === at.actor && one.placeAt <= at.placeAt && isSameAnchor(one, word),
    )
  const isProved = proofs.some(({ actor, seq }) => actor === at.actor && seq === at.seq)
  return forkAt !== undefined && (forkAt < word.seq || (forkAt === word.seq && isProved))
}

/** Whether two anchors say the same. */
function isSameAnchor(
  a: Pick<Anchor, 'forkAt' | 'branch' | 'seq' | 'trail'>,
  b: Pick<Anchor, 'forkAt' | 'branch' | 'seq' | 'trail'>,
): boolean {
  return compare(placeOf(a), placeOf(b)) === 0
}

/** A hub, and not yet revoked by its own account of the time. */
function mayAnchor(roster: Roster, hub: Certificate, { placeAt }: AnchorRecord): boolean {
  const since = roster.revokedSince(hub.node)
  return hub.role === 'hub' && (since === undefined || placeAt < since)
}

/** Hubs that are not revoked first, then those of the root, then by number: what came late has the last word nowhere. */
function rankOf(
  roster: Roster,
  { node, issuer, number }: Certificate,
): readonly (number | string)[] {
  const isRevoked = roster.revokedSince(node) !== undefined
  return [isRevoked ? 1 : 0, issuer === undefined ? 0 : 1, number, node]
}

function placeOf({
  forkAt,
  branch,
  seq,
  trail,
}: Pick<Anchor, 'forkAt' | 'branch' | 'seq' | 'trail'>): readonly (number | string)[] {
  return [forkAt, -seq, branch, trail]
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [index, one] of a.entries()) {
    const other = b[index] ?? one
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}
