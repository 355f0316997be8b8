/** What every part of sync works with: who we are, whom we know, and the replica. */
import type { ActorId, ChannelId, DocumentId, Instant, NodeId } from '#base/ids.ts'
import type { Clock as ListClock } from '#model/log.ts'
import type { Trodden } from '#model/trail.ts'
import type { Directory } from '#model/directory.ts'
import type { KeyBook } from '#model/key-book.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Keyring } from '#trust/epoch.ts'
import type { Identity } from '#trust/identity.ts'
import type { Roster } from '#trust/roster.ts'
import type { AuditCounts } from './audit-counts.ts'
import type { Deadlines, OverdueCounts } from './deadlines.ts'
import type { ClockEvidence } from './clock-evidence.ts'
import type { Shelf } from './dictionaries.ts'
import type { FileDesk } from './file-desk.ts'
import type { FileRecord } from './file-records.ts'
import type { PaceDesk } from './pace-desk.ts'
import type { Projector, ViewEvent } from './projector.ts'
import type { Replica, Tx } from './replica.ts'
import type { Room } from './room.ts'
import type { RunningTime } from './running-time.ts'

/** Told after the commit that brought them is on disk. */
export type SyncEvent =
  | ViewEvent
  | { readonly kind: 'delivery'; readonly span: Span }
  | { readonly kind: 'links' }
  /** The disk has more or less room than before. */
  | { readonly kind: 'room' }
  /** Messages of ours have become overdue (`added`), or are not any more. */
  | { readonly kind: 'overdue'; readonly counts: OverdueCounts; readonly added: number }
  /** So many of a hundred of a carrier's budget are spent. */
  | { readonly kind: 'budget'; readonly carrier: string; readonly percent: number }
  /** Another letter stands than before. */
  | { readonly kind: 'pace'; readonly rule: string }
  /** It stood in a list after the point where its node contradicted itself. */
  | { readonly kind: 'withdrawn'; readonly message: MessageRecord }
  /** Some of a file came, or (`isWhole`) it is here now, and right. */
  | {
      readonly kind: 'file'
      readonly file: FileRecord
      readonly have: number
      readonly isWhole: boolean
    }
  /** These sessions of people are over, or are not looked at for now. */
  | { readonly kind: 'sessions-ended'; readonly sessions: readonly string[] }

/** Some of one actor's changes of one document: `from` to `to`, both included. */
export interface Span {
  readonly document: DocumentId
  readonly actor: ActorId
  readonly from: number
  readonly to: number
}

/** Proof that somebody signed two different changes under one number: a captured or copied node. */
export interface Fork {
  readonly document: DocumentId
  readonly actor: ActorId
  /** The first number that has two. */
  readonly seq: number
  /** The changes from `seq` on that this replica does not have; what it has stays. */
  readonly branch: readonly Trodden[]
  /** The actor's node's signature over the last of them; it holds. */
  readonly signature: Uint8Array
}

/** The parts of one node's sync. */
export interface SyncContext {
  readonly identity: Identity
  /** 4 bytes: this life of the store. */
  readonly life: Uint8Array
  readonly roster: Roster
  readonly keyring: Keyring
  readonly replica: Replica
  readonly projector: Projector
  readonly directory: () => Directory
  readonly keyBook: () => KeyBook
  readonly log: Log
  readonly time: RunningTime
  /** Dictionaries of channels. */
  readonly shelf: Shelf
  /** Files, and those on their way. */
  readonly files: FileDesk
  /** Room on the disk. */
  readonly room: Room
  /** When our messages have to be at headquarters. */
  readonly deadlines: Deadlines
  /** For what others cause; deeds of our own are noted by `audit` in their commit. */
  readonly audit: AuditCounts
  readonly now: () => Instant
  readonly random: Random
  /**
   * Peers ever met, in memory: from the commit on that notes one, so that what the rest of its batch brings is for that peer, too. One
   * whose batch fails is met again.
   */
  readonly peers: Set<PeerId>
  readonly emit: (event: SyncEvent) => void
  /** Resolves once those who hear of events have caught up: whatever takes in many at once waits for it. */
  readonly calm: () => Promise<void>
  /** Wakes the loops that send: the outbox has grown. */
  readonly ring: () => void
  /** Folds keys document and directory anew, in a commit that has taken something out of one of them. */
  readonly refold: (tx: Tx) => Promise<void>
  /** Called in the commit that takes the envelope with the other branch. */
  readonly onFork: (fork: Fork, tx: Tx) => Promise<void>
  /** When the organisation was founded, as far as this node can tell: the oldest certificate's beginning. */
  readonly foundedAt: () => Instant
  /** Carriers by which nothing goes for now, in memory. */
  readonly shut: Map<string, Pause>
  /** By which way each channel's messages go. */
  readonly pace: PaceDesk
  /** What this run of the node has heard: see `hearsay.ts`. */
  readonly run: Run
  /** Whether other nodes are told what was read here in a channel. */
  readonly tellsRead: (channel: ChannelId) => boolean
  /** Closes the node, to be opened again in a new life. */
  readonly onRebirth: () => void
}

/** What lies with a peer and is not signed for: since when, and how often it was asked about. */
export interface Watch {
  lookAt: Instant
  readonly watched: Map<
    DocumentId,
    { readonly at: Instant; readonly clock: ListClock; readonly times: number }
  >
}

/** One run of the node, from its start to its end. */
export interface Run {
  readonly startedAt: Instant
  /** It knew others before, and none of them has said yet what they know of us. */
  isUnsure: boolean
  /** When it was first to send something of its own meanwhile. */
  unsureSince: Instant | undefined
  /** The life is over: nothing of our own that was never sent may leave before the next. */
  isOver: boolean
  /** Some list has forked, as far as is known here. */
  hasForks: boolean
  /** The keys document says so of a list whose node is not known yet. */
  hasDoubts: boolean
  /** Lists that forked are about to be looked at again. */
  isLooking: boolean
  /** When a node last asked for a document, and how often: of all documents here and all nodes at most. */
  readonly asked: Map<string, { readonly at: Instant; readonly times: number }>
  /** What of documents lies with a peer by our books, whatever contact is open: many are shorter than anybody's patience. */
  readonly watches: Map<PeerId, Watch>
  /** When a peer was last asked what it means by a document, of which changes, and how often. */
  readonly meanings: Map<
    string,
    { readonly at: Instant; readonly clock: ListClock; readonly times: number }
  >
  /** When a node last said something at each post office, or on a stick that is known: it may say nothing at another. */
  readonly heard: Map<PeerId, Map<NodeId, Instant>>
  /** Who said to hold more of us than we ever sent: since when their proof is waited for, and how often it was. */
  readonly doubts: Map<NodeId, { readonly at: Instant; readonly times: number }>
  /** How much of us they said to hold, of documents where we have changes that were never sent. */
  readonly claimed: Map<DocumentId, number>
  /** How far other clocks are from ours (`clock-evidence.ts`), by the part of a node's id that its actors carry. */
  readonly clocks: Map<string, ClockEvidence>
  /** When something that was set aside on a mere word is to be waited for no longer. */
  asideUntil: Instant | undefined
}

/** Why nothing goes by a carrier, though it could be reached. */
export interface Pause {
  readonly why: 'no budget until' | 'link closed until'
  readonly until: Instant
}

/** What became of an envelope. */
export type Outcome =
  | { readonly kind: 'applied'; readonly document: DocumentId; readonly changes: number }
  | { readonly kind: 'noted' }
  /** Kept until `document` has what some of it goes on from; `changes` of it were applied. */
  | { readonly kind: 'waiting'; readonly document: DocumentId; readonly changes: number }
  /** Kept until the directory has its sender, author or channel. */
  | { readonly kind: 'parked' }
  | { readonly kind: 'refused'; readonly reason: string }

/** An envelope and who handed it over. */
export interface Incoming {
  readonly bytes: Uint8Array
  readonly from: PeerId | undefined
  /** When it first came, for one that was kept. */
  readonly since?: Instant
  /** Whose share of the room it takes while it waits, where that is not `from`. */
  readonly holder?: PeerId | undefined
}

/** Whether `peer` is a node rather than a post office. */
export function isNode(peer: PeerId): peer is NodeId {
  return !peer.startsWith('post:')
}
