/** The records behind the keys of `keys.ts`, and how they become bytes: MessagePack, fields by name. */
import { Decoder, Encoder } from '@msgpack/msgpack'
import type { ActorId, ChangeHash, DocumentId, Instant, Trail } from '#base/ids.ts'
import type { PiecePlace } from '#codec/piece.ts'
import type { Draft } from '#model/entry.ts'
import type { Anchor } from '#model/fork-content.ts'
import type { Clock } from '#model/log.ts'
import type { Stub } from '#model/stub.ts'
import type { PeerId } from '#ports/carrier.ts'

/** What this replica has of a document. */
export interface DocumentRecord {
  readonly clock: Clock
  /** For each actor, 8 hexadecimal digits of its newest change's hash: tells replicas of one clock apart. */
  readonly heads: Readonly<Record<string, string>>
  /** Changes in it, the genesis not counted. */
  readonly size: number
  /** Loose changes lie at indexes from `looseFrom` up to, not including, `looseTo`. */
  readonly looseFrom: number
  readonly looseTo: number
  /** An actor's list ends early in it: what explained others' counters may be gone (`explained.ts`). */
  readonly isCut?: boolean
  /** What was purged of it. */
  readonly stubs?: readonly Stub[]
}

/** The newest segment of a lane. */
export interface SegmentRecord {
  readonly number: number
  readonly openedAt: Instant
}

/** What a sealing key of ours is made from. */
export interface SealingSeedRecord {
  /** 96 bytes. */
  readonly seed: Uint8Array
  readonly madeAt: Instant
}

/** An epoch we hold. */
export interface EpochRecord {
  readonly audience: string
  readonly number: number
  readonly maker: string | undefined
  readonly secret: Uint8Array
  readonly heldSince: Instant
  /** It was handed over at the door. */
  readonly isFromDoor?: boolean
  /** This node has sealed under it; a hub does not note it of its own. */
  readonly isSealedUnder?: boolean
}

/** Somebody we have been in contact with. */
export interface PeerRecord {
  readonly carrier: string
  readonly firstAt: Instant
  /** The life in which it was told all that we have; undefined before, and once it may have forgotten. */
  readonly introducedAs: ActorId | undefined
  /** When it was there last, as far as was noted. */
  readonly lastAt: Instant
}

/** A peer lacks something of a document. */
export interface OutboxRecord {
  /** When the oldest of it was written here or came in. */
  readonly since: Instant
  /** Not to be sent before, by this node's clock: somebody else may be quicker. 0 for at once. */
  readonly notBefore: Instant
}

/** A sealed envelope on its way. */
export interface ParcelRecord {
  readonly bytes: Uint8Array
  /** The document and what of it the envelope holds; undefined for nothing but notes. */
  readonly document: DocumentId | undefined
  /** For each actor, the first and the last of its changes in the envelope. */
  readonly first: Clock
  readonly clock: Clock
  /** The piece of a file that it is. */
  readonly piece?: PiecePlace
  /** Notes in it: they go again when it does not arrive. */
  readonly notes?: readonly QueuedNote[]
  /** They are sealed by the key of the keys document. */
  readonly isForAll?: true
  /** The peer took it, and something before it is still under way. */
  readonly isAnswered?: boolean
}

/** A signed note that waits for a peer, and since when; since 0, it goes at once. */
export interface NoteRecord {
  readonly actor: ActorId
  readonly body: Uint8Array
  readonly signature: Uint8Array
  readonly since: Instant
}

/** A note out of the queue, and its name there. */
export interface QueuedNote extends NoteRecord {
  readonly name: string
}

/** An envelope that cannot be taken yet. */
export interface KeptRecord {
  readonly bytes: Uint8Array
  /** Who handed it over. */
  readonly from: PeerId | undefined
  readonly since: Instant
  /** What must come first, as far as known: more may turn out to be missing. */
  readonly wanted: Clock
  /** Whose share of the room it takes: who handed it over, or at a post office, where it waits for earlier changes, whose it says to be. */
  readonly holder?: PeerId | undefined
}

/** What a parked envelope waits for: a secret, the certificate of somebody named in it, or what it was made small with. */
export type Wait = 'key' | 'certificate' | 'dictionary'

/** How many envelopes each has handed over that wait for one thing, by `<wait>/<peer>`. */
export type ParkedCounts = Readonly<Record<string, number>>

/** Nodes have signed for more of a document than is here. */
export interface AnnouncedRecord extends Announcement {
  /** What was signed for later, while the first of it had not come yet. */
  readonly next?: Announcement
}

/** What was signed for, and since when that is known. */
export interface Announcement {
  readonly since: Instant
  readonly wanted: Clock
}

/** We asked for what we lack. */
export interface QuestionRecord {
  readonly at: Instant
  readonly of: PeerId
}

/** Our changes from `from` to the one in the key left by a carrier. */
export interface DepartureRecord {
  readonly from: number
  readonly carrier: string
  readonly at: Instant
}

/** A message was not at headquarters in time. */
export interface LateRecord {
  readonly since: Instant
}

/** Where the running time of this node stood, and when that was by its wall clock. */
export interface RunningTimeRecord {
  readonly ms: number
  readonly at: Instant
}

/** When this hub last looked for better dictionaries, in running time. */
export interface TrainedRecord {
  readonly ms: number
}

/** This node was put back to an earlier state of its disk. */
export interface RebornRecord {
  /** The life that has to end. */
  readonly actor: ActorId
  /** For each document, how many of its changes others were proved to hold. */
  readonly heard: Clock
  /** Where its list ends in documents in which it forked. */
  readonly ends?: Clock | undefined
  /** How that came to light. */
  readonly why: 'others know more' | 'copied elsewhere' | 'own changes damaged'
  /** How many others said to hold, without a proof, where we had some that were never sent. */
  readonly said?: Clock
}

/** What the keys document says of a list: that it forked, and what hubs held of it before they heard of that. */
export interface ForkRecord {
  /** The lowest number that was proved to have two changes; undefined while only anchors have come. */
  readonly forkAt: number | undefined
  /** Where in the keys document that is proved. */
  readonly proofs: readonly { readonly actor: ActorId; readonly seq: number }[]
  readonly anchors: readonly AnchorRecord[]
}

/** An anchor, whose list it stands in, and the number and time of its earliest place there. */
export interface AnchorRecord extends Pick<
  Anchor,
  'forkAt' | 'branch' | 'seq' | 'trail' | 'signature'
> {
  readonly by: ActorId
  readonly place: number
  readonly placeAt: Instant
}

/** A change that was cut off a list, in case its branch is the one that counts. */
export interface CutRecord {
  /** The list's trail up to the change before it. */
  readonly before: Trail
  readonly value: Uint8Array
  readonly signature: Uint8Array | undefined
}

/** A change of an ended life that others may lack. */
export interface AsideRecord {
  readonly actor: ActorId
  readonly seq: number
  /** Undefined when only the view still knew of it. */
  readonly hash: ChangeHash | undefined
  readonly entry: Draft
  /** Others hold the life's changes up to this number: whether this is one of them shows when they have come. */
  readonly target: number
  /** Nobody has proved that they do; it is not waited for without end. */
  readonly doubtedSince?: Instant
}

/** Some of a document was lost to damage. */
export interface HoleRecord {
  readonly since: Instant
  /** What was there before. */
  readonly wanted: Clock
}

/** What is known of the clocks of those who wrote in a channel, by the part of a node's id that its actors carry. */
export interface ClocksRecord {
  /** The latest day that a node has claimed in a post: its first millisecond. */
  readonly claims: Readonly<Record<string, Instant>>
  /** Nodes to whose time somebody objected: see `placing.ts`. */
  readonly objected: Readonly<Record<string, ObjectedRecord>>
  /** Nodes that objected, and the least time they named. */
  readonly objecting: Readonly<Record<string, Instant>>
}

/** Objections to one node's time, all in one: what they name at least and at most, and where the last of them stands. */
export interface ObjectedRecord {
  readonly from: Instant
  readonly until: Instant
  readonly lastAt: Instant
}

/** One objection: by which node, from where on, and the place of the post that objects. */
export interface ObjectionRecord {
  readonly by: string
  readonly from: Instant
  readonly at: Instant
}

/** How far a person has read a channel, and how often they were mentioned since. */
export interface ViewedRecord {
  readonly count: number
  readonly rootCount: number
  readonly at: Instant
  readonly mentions: number
  /** Of these, in messages that are no replies, and in urgent ones; 0 unless given. */
  readonly rootMentions?: number
  readonly urgentMentions?: number
}

/** One for all records: making one takes as long as reading a small record. */
const [DECODER, ENCODER] = [new Decoder(), new Encoder({ ignoreUndefined: true })]

/** The bytes of a record. */
export function pack(record: unknown): Uint8Array {
  return ENCODER.encode(record)
}

/** The record in bytes that `pack` gave, or undefined for undefined. The store has already vouched for them. */
export function unpack<T>(bytes: Uint8Array | undefined): T | undefined {
  return bytes === undefined ? undefined : (DECODER.decode(bytes) as T)
}

/** Records that were read before: those of open contacts are looked at again and again, and stay the same bytes in memory. */
const read = new WeakMap<Uint8Array, unknown>()

/** As `unpack`, for records that are mostly read again as they are: whoever gets one must not change it. */
export function unpackOnce<T>(bytes: Uint8Array | undefined): T | undefined {
  if (bytes === undefined) return undefined
  const known = read.get(bytes)
  if (known !== undefined) return known as T
  const record = unpack<T>(bytes)
  read.set(bytes, record)
  return record
}
