/** What people see, as plain values: the answers of the app, whichever door they leave by. */
import type { ChannelId, Instant, NodeId, OrganisationId, PostId, UserId } from '#base/ids.ts'
import type { ChannelKind } from '#model/channel-id.ts'
import type { Standing } from '#model/directory-people.ts'
import type { Attributes } from '#model/policy.ts'
import type { FileHeader } from '#model/post-content.ts'
import type { Lane } from '#model/precedence.ts'
import type { AcknowledgementRecord, TimeDoubt } from '#model/view.ts'
import type { Refusal } from '#ports/carrier.ts'
import type { Queued, Unknown } from '#sync/queue.ts'
import type { RoomState } from '#sync/room.ts'
import type { ClockState, NodeClock } from './clock-state.ts'

/** Somebody with an account, on whichever node it was enrolled. */
export interface Person extends Standing {
  readonly id: UserId
  /** Lower case; unique here. Where two nodes enrolled the same name, the later one carries a part of its id. */
  readonly username: string
  readonly displayName: string
  readonly isAdministrator: boolean
  readonly isGuest: boolean
  /** Names of the partner organisations they are of, by the policy; none for our own people. */
  readonly partnerOf: readonly string[]
  readonly homeNode: NodeId
  /** When they chose their picture, on this node; 0 without one. */
  readonly pictureAt: Instant
  /** What they say of themselves, on this node; undefined before they did for the first time. */
  readonly mood?: Mood | undefined
}

/** What somebody says of themselves, as their client words it. Taken back it is empty. */
export interface Mood {
  /** Name of an emoji. */
  readonly emoji: string
  readonly text: string
  /** How long they chose, in a word of their client. */
  readonly duration: string
  /** Until when, as their client writes it; it is clients that stop showing it. */
  readonly expires: string
  readonly at: Instant
}

/** A channel as it stands on this node. */
export interface Channel {
  readonly id: ChannelId
  readonly kind: ChannelKind
  /** For addresses: lower case letters, digits, `-`, `_`. Direct channels: both user ids joined by `__`. */
  readonly name: string
  readonly displayName: string
  readonly purpose: string
  readonly header: string
  /** Undefined for a channel the node itself made. */
  readonly creator: UserId | undefined
  readonly createdAt: Instant
  readonly updatedAt: Instant
  /** 0 while the channel is open. */
  readonly archivedAt: Instant
  /** Messages, replies included, deleted ones not counted out. */
  readonly messageCount: number
  /** Messages that are not replies. */
  readonly rootCount: number
  readonly lastPostAt: Instant
}

/** One person's membership of one channel. */
export interface Membership {
  readonly channel: ChannelId
  readonly person: UserId
  readonly isChannelAdministrator: boolean
  readonly isGuest: boolean
  /** The channel takes something from its members or guests that their role gives elsewhere. */
  readonly isModerated: boolean
  readonly joinedAt: Instant
  /** Messages of the channel when this person last looked, and when that was; kept by this node. */
  readonly seenCount: number
  readonly seenRootCount: number
  readonly viewedAt: Instant
  /** Times this person was mentioned since; of these, in first messages of threads, and in urgent ones. */
  readonly mentionCount: number
  readonly rootMentionCount: number
  readonly urgentMentionCount: number
}

/** One reaction of one person. */
export interface Reaction {
  readonly person: UserId
  readonly emoji: string
  readonly at: Instant
}

/** A message as it stands on this node. */
export interface Message {
  readonly id: PostId
  readonly channel: ChannelId
  readonly author: UserId
  /** The message that began the thread, for a reply. */
  readonly root: PostId | undefined
  /** Empty once deleted. */
  readonly body: string
  readonly lane: Lane
  /** When it was written, by the best knowledge: never before a message its author's node had already seen. */
  readonly createdAt: Instant
  /** What the author's clock claimed. */
  readonly claimedAt: Instant
  /** The claimed time cannot be right; show "time uncertain". */
  readonly isTimeUncertain: boolean
  /** Why; undefined when nothing speaks against it. */
  readonly timeDoubt: TimeDoubt | undefined
  /** When this node last changed its picture of the message, by this node's clock: late arrivals are new here. */
  readonly updatedAt: Instant
  readonly editedAt: Instant
  /** 0 unless deleted. */
  readonly deletedAt: Instant
  readonly replyCount: number
  readonly lastReplyAt: Instant
  readonly reactions: readonly Reaction[]
  /** Node it was written on. */
  readonly origin: NodeId
  /** The client's own id for it, on the node where it was written; otherwise ''. */
  readonly pendingId: string
  /** Why its author sent it beyond the allowance of its lane; undefined when it was within. */
  readonly overrideReason?: string
  readonly label?: Attributes
  readonly files: readonly FileHeader[]
  /** What a program has added: the text of a JSON object, or undefined. */
  readonly props: string | undefined
  /** Its author asks readers to acknowledge it. */
  readonly asksAcknowledgement: boolean
  readonly acknowledgements: readonly AcknowledgementRecord[]
  readonly isPinned: boolean
}

/** A page, newest first. */
export interface MessagePage {
  readonly messages: readonly Message[]
  /** The message just before the oldest of this page, and just after the newest, if any. */
  readonly olderId: PostId | undefined
  readonly newerId: PostId | undefined
}

/** What a client asks for: one of `before`, `after`, or the newest. */
export interface PageRequest {
  readonly limit: number
  /** Pages of `limit` to skip, counted from the newest (or from `before`, `after`). */
  readonly page?: number
  readonly before?: PostId
  readonly after?: PostId
}

/** Where a message stands on its way to one node; each word only on its proof. */
export type DeliveryWord =
  /** Written here, on disk, and nothing is to be sent to this destination now. */
  | 'on this kit'
  /** Waits here for a link: the fields from `link` on say which, what goes before it, and for how long. */
  | 'queued'
  /** The link took it (`carrier`, `at`); nobody has yet promised to hold it. */
  | 'left this kit'
  /** The destination's signed receipt says that it is on disk there. */
  | 'stored'
  /** Somebody there has had it on a screen. */
  | 'read'

/** The way of one message to one destination node. */
export interface Delivery {
  readonly destination: NodeId
  readonly destinationName: string
  /** Headquarters: its custody is what "stored at HQ" means. */
  readonly isHub: boolean
  readonly word: DeliveryWord
  readonly carrier: string | undefined
  readonly at: Instant | undefined
  /** Of what is `queued`: the link by which it is likely to leave first, by the name of its peer. */
  readonly link: string | undefined
  /** Changes that leave by that link before it, 0 is next; and about how many bytes those are. */
  readonly place: number | undefined
  readonly bytesAhead: number | undefined
  /** Until the link has taken it, by what the link was measured to carry. */
  readonly estimateMs: number | undefined
  /** Why there is no estimate. */
  readonly unknown: Unknown | undefined
  /** When the link was there last, or answered last, where that is why. */
  readonly linkAt: Instant | undefined
  /** The rule that lets it go by these letters alone, where that is why. */
  readonly rule: Queued['rule']
}

/** The ways of one message to all nodes that should have it. */
export interface DeliveryStory {
  readonly message: PostId
  readonly savedAt: Instant
  /** Since when it should be stored at headquarters, by its lane, and is not; only on the node where it was written. */
  readonly overdueSince: Instant | undefined
  /** Why the time at which it says it was written cannot be right; undefined when nothing speaks against it. */
  readonly timeDoubt: TimeDoubt | undefined
  readonly deliveries: readonly Delivery[]
}

/** One carrier and peer, now. */
export interface Link {
  readonly carrier: string
  /** A node's name, or the name of a post office. */
  readonly peer: string
  readonly isUp: boolean
  readonly since: Instant
  /** Since start, envelope bytes. */
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Changes not yet handed over to this peer, by lane. */
  readonly queued: Readonly<Record<Lane, number>>
}

/** A node of the organisation, as this node knows it. */
export interface NodeSummary {
  readonly id: NodeId
  readonly number: number
  readonly name: string
  readonly role: 'kit' | 'hub' | 'relay'
  readonly isThisNode: boolean
}

/** One channel, seen from a node that somebody took. */
export interface CapturedChannel {
  readonly id: ChannelId
  readonly name: string
  readonly kind: ChannelKind
  /** Entries of the channel that we have, and how many of them the taken node has said are on its disk. */
  readonly entries: number
  readonly heldThere: number
  /** Its keys open what is sealed now. */
  readonly opensNow: boolean
  /** Since when new messages are sealed under a key that it has not. */
  readonly rekeyedAt: Instant | undefined
}

/** What it means that somebody has a node, and what has been done about it. */
export interface CaptureReport {
  readonly node: NodeSummary
  /** Nothing was revoked: what would be. */
  readonly isExercise: boolean
  readonly revokedSince: Instant | undefined
  readonly certificateUntil: Instant
  readonly administers: boolean
  readonly issues: boolean
  /** People whose home it is: whoever has it can speak for them until it is revoked. */
  readonly people: readonly string[]
  readonly channels: readonly CapturedChannel[]
  /** Files of messages in these channels, as far as they are known here: it has fetched some of them, and which nobody can tell. */
  readonly files: { readonly count: number; readonly bytes: number }
  /** Nodes that have not confirmed the revocation: they still believe the node and seal for it. */
  readonly unaware: readonly {
    readonly id: NodeId
    readonly name: string
    readonly heardAt: Instant | undefined
  }[]
  readonly isToBeWiped: boolean
  readonly hasWiped: boolean
  /** About how many bytes new keys cost, for everybody together, where they are not made yet. */
  readonly rekeyBytes: number
}

/** A node with what its certificate says, and when it gave its last sign of life. */
export interface KnownNode extends NodeSummary {
  readonly administers: boolean
  readonly issues: boolean
  readonly validFrom: Instant
  readonly validUntil: Instant
  readonly validity: 'valid' | 'expired' | 'not yet valid'
  /** By this node's clock; 0 when nothing was heard of it yet. */
  readonly lastHeardAt: Instant
  /** 0 unless it is revoked. */
  readonly revokedSince: Instant
  readonly clock: NodeClock
}

/** The node in a few words, for `holdfast status` and the status endpoint. */
export interface NodeStatus {
  readonly node: NodeSummary
  readonly organisation: OrganisationId
  readonly organisationName: string
  readonly version: string
  readonly startedAt: Instant
  readonly nodes: readonly NodeSummary[]
  readonly links: readonly Link[]
  readonly channels: number
  readonly messages: number
  /** Changes that wait for others which have not arrived: gaps. */
  readonly waitingChanges: number
  /** Messages written here that are not at headquarters in time, by lane. */
  readonly overdue: Readonly<Record<Lane, number>>
  /** Room on the disk: `full` means that nothing new is taken in. */
  readonly disk: RoomState
  /** This very node is shut out, and has heard so: nothing of it reaches the others any more. */
  readonly isRevoked: boolean
  /** Who will not talk to this node, and why, as they say: nobody has proven it. `from`: a node's name, or where it was dialled. */
  readonly refusals: readonly (Pick<Refusal, 'why' | 'since'> & { readonly from: string })[]
  /** Headquarters ordered this node to destroy its keys. */
  readonly isToBeWiped: boolean
  /** Its own clock, which nothing but its machine ever sets. */
  readonly clock: ClockState
}
