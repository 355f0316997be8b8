/**
 * The keys document, folded: who can be sealed for, which epochs there are and whom they cover, who is revoked. Everything
 * only adds, so nodes with the same entries have the same book in whatever order the entries came.
 */
import { hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  bytesFromId,
  type ActorId,
  type ChannelId,
  type Instant,
  type NodeId,
  type OrganisationId,
} from '#base/ids.ts'
import type { Anchor, ForkProof, WordPlace } from './fork-content.ts'
import { isKeyContent, type Wrap } from './key-content.ts'
import type { Logged } from './log.ts'
import { openShareBook, type ShareBook, type ShareNews } from './share-book.ts'
import { epochsOf, type EpochRow, type EpochEntry } from './epoch-rows.ts'

/** Who wrote an entry, as far as its certificate says; undefined for a node whose certificate is not known. */
export interface Writer {
  readonly node: NodeId
  readonly administers: boolean
}

/** A node's newest sealing key. */
export interface SealingKeyFacts {
  /** 16 hexadecimal digits. */
  readonly name: string
  readonly node: NodeId
  readonly actor: ActorId
  readonly generation: number
  readonly publicBytes: Uint8Array
}

/** One epoch, whoever holds it. */
export interface EpochFacts {
  readonly id: string
  readonly audience: OrganisationId | ChannelId | NodeId
  readonly number: number
  readonly maker: NodeId
  /** The earliest time it was written of. */
  readonly madeAt: Instant
  /** Names of the sealing keys it was wrapped for, by whoever has it. */
  readonly covered: ReadonlySet<string>
}

/** A revocation that counts. */
export interface Revocation {
  readonly node: NodeId
  readonly since: Instant
  readonly reason: string
  readonly by: NodeId
  /** None of this node was known before. */
  readonly isFirst: boolean
  /** Where it stands: what a node must have to have heard of it. */
  readonly actor: ActorId
  readonly seq: number
}

/** A wrapped secret as it stands in the book. */
export interface WrapFacts extends Wrap {
  readonly actor: ActorId
  readonly epoch: Omit<EpochFacts, 'covered' | 'madeAt'>
}

/** What an entry changed. */
export type KeyNews =
  | { readonly kind: 'certificate'; readonly certificate: Uint8Array }
  | { readonly kind: 'sealing key'; readonly node: NodeId }
  | {
      readonly kind: 'pair'
      readonly actor: ActorId
      readonly seq: number
      readonly keyName: string
      readonly ciphertext: Uint8Array
    }
  | { readonly kind: 'epoch'; readonly wraps: readonly WrapFacts[] }
  | { readonly kind: 'revocation'; readonly revocation: Revocation }
  | { readonly kind: 'wipe order'; readonly node: NodeId; readonly by: NodeId }
  | { readonly kind: 'wiped'; readonly node: NodeId }
  /** A word on a list that forked, and where it stands: proofs and anchors are judged by whoever acts on them. */
  | { readonly kind: 'fork'; readonly word: ForkProof | Anchor; readonly at: WordPlace }
  | { readonly kind: 'renewal'; readonly node: NodeId }
  | ShareNews
  /** `why`: the writer has no say in it, whatever else is heard. */
  | {
      readonly kind: 'nothing'
      readonly why?: 'not an administrator' | 'revoked' | 'not authentic'
    }

/** Grows by `apply`; asks cost nothing. */
export interface KeyBook {
  readonly apply: (logged: Logged, writer: Writer | undefined) => KeyNews
  readonly certificates: () => readonly Uint8Array[]
  /** The sealing key that counts for a node now. */
  readonly sealingKey: (node: NodeId) => SealingKeyFacts | undefined
  /** The first sealing key that a list published: its generation, and its number in the list. */
  readonly firstKeyOf: (actor: ActorId) => Pick<NewKey, 'generation' | 'seq'> | undefined
  /** Who has published the sealing key that is called so: its owner, and whoever passes it off as their own. */
  readonly ownersOf: (keyName: string) => ReadonlySet<NodeId>
  /** The number of this list's newest pair with a sealing key, or undefined. */
  readonly pairWith: (actor: ActorId, keyName: string) => number | undefined
  /** Pairs made with the owner of a sealing key, in any list. */
  readonly pairsFor: (
    keyName: string,
  ) => readonly { readonly actor: string; readonly seq: number }[]
  readonly epochs: (audience: string) => readonly EpochFacts[]
  readonly audiences: () => readonly string[]
  /** Whether somebody told of an epoch of this audience. */
  readonly hasEpochs: (audience: string) => boolean
  readonly revocation: (node: NodeId) => Revocation | undefined
  readonly revocations: () => readonly Revocation[]
  readonly wipeOrders: () => readonly NodeId[]
  readonly isToBeWiped: (node: NodeId) => boolean
  readonly hasWiped: (node: NodeId) => boolean
  /** Until when the certificate is valid in whose place the node asked for a new one last, to the second; 0 for never. */
  readonly renewalAsked: (node: NodeId) => Instant
  readonly sharePlace: ShareBook['placeOf']
}

interface Book {
  readonly certificates: Uint8Array[]
  readonly sealing: Map<NodeId, SealingKeyFacts>
  readonly owners: Map<string, Set<NodeId>>
  /** By actor and number: the sealing key a pair was made for. */
  readonly pairs: Map<string, string>
  readonly newestPair: Map<string, number>
  /** By actor: the newest sealing key in its list. */
  readonly ownKeys: Map<ActorId, string>
  /** By actor: the first sealing key in its list. */
  readonly firstKeys: Map<ActorId, Pick<NewKey, 'generation' | 'seq'>>
  readonly epochs: Map<string, Map<string, EpochRow>>
  readonly revocations: Map<NodeId, Revocation>
  readonly wipes: Set<NodeId>
  readonly wiped: Set<NodeId>
  readonly asked: Map<NodeId, Instant>
  readonly shares: ShareBook
}

/** 16 hexadecimal digits that name a node's sealing key; nobody else can publish one of the same name. */
export function nameOfSealingKey(node: NodeId, publicBytes: Uint8Array): string {
  return hexFromBytes(sha256(bytesFromId(node), publicBytes).subarray(0, 8))
}

/** An empty book. */
export function openKeyBook(): KeyBook {
  const book: Book = {
    certificates: [],
    sealing: new Map(),
    owners: new Map(),
    pairs: new Map(),
    newestPair: new Map(),
    ownKeys: new Map(),
    firstKeys: new Map(),
    epochs: new Map(),
    revocations: new Map(),
    wipes: new Set(),
    wiped: new Set(),
    asked: new Map(),
    shares: openShareBook(),
  }
  return {
    apply: (logged, writer) => applyEntry(book, logged, writer),
    certificates: () => book.certificates,
    sealingKey: (node) => book.sealing.get(node),
    ownersOf: (keyName) => book.owners.get(keyName) ?? NOBODY,
    firstKeyOf: (actor) => book.firstKeys.get(actor),
    pairWith: (actor, keyName) => book.newestPair.get(`${actor} ${keyName}`),
    pairsFor: (keyName) =>
      [...book.pairs]
        .filter(([, name]) => name === keyName)
        .map(([place]) => {
          const [actor = '', seq] = place.split(' ')
          return { actor, seq: Number(seq) }
        }),
    epochs: (audience) => epochsOf(book, audience),
    audiences: () => [...book.epochs.keys()],
    hasEpochs: (audience) => book.epochs.has(audience),
    revocation: (node) => book.revocations.get(node),
    revocations: () => [...book.revocations.values()],
    wipeOrders: () => [...book.wipes],
    isToBeWiped: (node) => book.wipes.has(node),
    hasWiped: (node) => book.wiped.has(node),
    renewalAsked: (node) => book.asked.get(node) ?? 0,
    sharePlace: book.shares.placeOf,
  }
}

const NOBODY: ReadonlySet<NodeId> = new Set()
const NOTHING: KeyNews = { kind: 'nothing' }
const NO_SAY: KeyNews = { kind: 'nothing', why: 'not an administrator' }

function applyEntry(book: Book, logged: Logged, writer: Writer | undefined): KeyNews {
  const { content } = logged.entry
  if (content.kind === 'node') {
    book.certificates.push(content.certificate)
    return { kind: 'certificate', certificate: content.certificate }
  }
  const place = { actor: logged.actor, seq: logged.seq }
  if (content.kind === 'fork' || content.kind === 'anchor')
    return { kind: 'fork', word: content, at: { ...place, placeAt: logged.entry.placeAt } }
  if (!isKeyContent(content) || writer === undefined) return NOTHING
  switch (content.kind) {
    case 'sealing key':
      return addSealingKey(book, { ...content, ...place, node: writer.node })
    case 'pair': {
      const { keyName, ciphertext } = content
      book.pairs.set(`${place.actor} ${place.seq}`, keyName)
      book.newestPair.set(`${place.actor} ${keyName}`, place.seq)
      return { kind: 'pair', ...place, keyName, ciphertext }
    }
    case 'epoch':
      return addEpoch(book, {
        ...content,
        actor: logged.actor,
        writer: writer.node,
        madeAt: logged.entry.placeAt,
      })
    case 'revocation':
      return writer.administers ? revoke(book, { ...content, ...place, by: writer.node }) : NO_SAY
    case 'wipe order':
      if (!writer.administers) return NO_SAY
      if (book.wipes.has(content.node)) return NOTHING
      book.wipes.add(content.node)
      return { kind: 'wipe order', node: content.node, by: writer.node }
    case 'wiped':
      if (book.wiped.has(writer.node)) return NOTHING
      book.wiped.add(writer.node)
      return { kind: 'wiped', node: writer.node }
    case 'renewal': {
      const { node } = writer
      book.asked.set(node, Math.max(content.until, book.asked.get(node) ?? 0))
      return { kind: 'renewal', node }
    }
    case 'share': {
      const { id, parcel } = content
      const news = { kind: 'share' as const, node: writer.node, id, parcel }
      return book.shares.add(news, place) ? news : NOTHING
    }
  }
}

type NewKey = Omit<SealingKeyFacts, 'name'> & { readonly seq: number }

function addSealingKey(book: Book, key: NewKey): KeyNews {
  const { node, actor, seq, generation, publicBytes } = key
  const name = nameOfSealingKey(node, publicBytes)
  const known = book.sealing.get(node)
  book.owners.set(name, (book.owners.get(name) ?? new Set<NodeId>()).add(node))
  book.ownKeys.set(actor, name)
  if (!book.firstKeys.has(actor)) book.firstKeys.set(actor, { generation, seq })
  const isNewer =
    known === undefined ||
    generation > known.generation ||
    (generation === known.generation && `${name} ${actor}` > `${known.name} ${known.actor}`)
  if (!isNewer) return NOTHING
  book.sealing.set(node, { name, node, actor, generation, publicBytes })
  return { kind: 'sealing key', node }
}

/**
 * An epoch, or more wraps of one. Facts that are not those its id commits to make another row, which nobody can unwrap.
 * Who makes one has it, and is covered as long as its sealing key stays the same.
 */
function addEpoch(book: Book, entry: EpochEntry): KeyNews {
  const { audience, number, actor, madeAt, epoch: id, wraps, writer } = entry
  const maker = entry.maker ?? writer
  const known = book.epochs.get(audience) ?? new Map<string, EpochRow>()
  const place = `${id} ${number} ${maker}`
  const facts = { id, audience, number, maker }
  const row = known.get(place) ?? { ...facts, madeAt, isMade: false, given: new Map() }
  known.set(place, row)
  book.epochs.set(audience, known)
  row.madeAt = Math.min(madeAt, row.madeAt)
  row.isMade ||= maker === writer
  const given = row.given.get(writer) ?? new Set<string>()
  row.given.set(writer, given)
  const own = entry.maker === undefined ? book.ownKeys.get(actor) : undefined
  if (own !== undefined) given.add(own)
  for (const { pair } of wraps) {
    const keyName = book.pairs.get(`${actor} ${pair}`)
    if (keyName !== undefined) given.add(keyName)
  }
  return { kind: 'epoch', wraps: wraps.map((wrap) => ({ ...wrap, actor, epoch: facts })) }
}

/** Of two revocations of one node the one that goes further back counts. */
function revoke(book: Book, entry: Omit<Revocation, 'isFirst'>): KeyNews {
  const known = book.revocations.get(entry.node)
  if (known !== undefined && known.since <= entry.since) return NOTHING
  const { node, since, reason, by, actor, seq } = entry
  const isFirst = known === undefined
  const revocation = { node, since, reason, by, isFirst, actor, seq }
  book.revocations.set(node, revocation)
  return { kind: 'revocation', revocation }
}
