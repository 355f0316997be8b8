/**
 * The whole app as one interface, with one stream of events. Doors (REST, WebSocket, command line, bridges)
 * hold this and nothing else. Every method that changes something resolves only once it is on disk.
 * Refusals are EdgeErrors: NOT_ALLOWED, NOT_FOUND, INPUT_INVALID, ALREADY_EXISTS, TOO_LARGE, STORE_FULL.
 */
import type { ChannelId, Instant, NodeId, PostId, UserId } from '#base/ids.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import type { ChannelKind } from '#model/channel-id.ts'
import type { PolicyPart } from '#model/policy.ts'
import type { Settings } from '#model/settings.ts'
import type { CourierReport } from '#ports/courier.ts'
import type { AuditNote } from '#sync/audit.ts'
import type { AuditQuery } from '#sync/audit-reading.ts'
import type { NodeRole } from '#trust/identity.ts'
import type { Accounts } from './account-types.ts'
import type { BookmarkNews, Bookmarks } from './bookmarks.ts'
import type { Dictionaries } from './dictionary-types.ts'
import type { Reporting } from './gap-types.ts'
import type { Governing } from './policy-types.ts'
import type { Purging } from './purge-types.ts'
import type { Pacing } from './pace-types.ts'
import type { Planning } from './plan-types.ts'
import type { Releasing } from './release-types.ts'
import type { AuditFeed, Opening } from './audit-types.ts'
import type { BackingUp, CourierProgress, CourierStatus } from './carrying-types.ts'
import type { ConversationEvent, Conversations } from './conversation-types.ts'
import type { FileProgress, Files } from './file-types.ts'
import type { HomeKit } from './homes.ts'
import type { Kept, KeptEvent, MemberChanged } from './kept-types.ts'
import type { Searching } from './search-types.ts'
import type {
  CaptureReport,
  Channel,
  DeliveryStory,
  KnownNode,
  Membership,
  Message,
  MessagePage,
  NodeStatus,
  PageRequest,
  Person,
  Reaction,
} from './types.ts'

/** A new channel. `members` are added beside its creator. */
export interface ChannelDraft {
  readonly kind: ChannelKind
  readonly name: string
  readonly displayName: string
  readonly purpose?: string
  readonly header?: string
  readonly members?: readonly UserId[]
  /** Whoever is added later does not get to read what was written before; not for public channels. */
  readonly hidesHistory?: boolean
}

/** A new account, enrolled here. */
export interface PersonDraft {
  readonly username: string
  readonly displayName: string
  readonly password: string
  readonly isAdministrator: boolean
}

/** A setting a client keeps with us (Mattermost preferences): text under a category and a name. */
export interface Preference {
  readonly category: string
  readonly name: string
  readonly value: string
}

/** What a node that wants to join sends, and what it gets; see `#trust/joining.ts` for the bytes. */
export interface JoinExchange {
  readonly request: Uint8Array
}

/** A node to be shut out, since when, and why. */
export interface RevocationRequest {
  readonly node: NodeId
  /** Now unless given. */
  readonly since?: Instant
  /** At most 200 characters; every node can read it, the revoked one too. */
  readonly reason?: string
}

/** What an administrator decides about the node that a code lets in. */
export interface InvitationDraft {
  /** The only role the code lets in; `kit` unless given. */
  readonly role?: NodeRole
  /** Whether people compare six digits before the node is let in. Not unless asked for: see `#trust/join-compare.ts`. */
  readonly isCompared?: boolean
}

/** A node that shows six digits and waits until an administrator says that they are the same. */
export interface WaitingJoin {
  readonly name: string
  readonly role: NodeRole
  readonly digits: string
  readonly since: Instant
}

/** The answer to a request that came in a file, and what people compare of it. */
export interface AdmissionByFile {
  readonly answer: Uint8Array
  readonly name: string
  readonly role: NodeRole
  readonly fingerprint: string
}

/** Something changed, is on disk, and may be shown. `isLate` says that it came in from another node. */
export type NodeEvent =
  | {
      readonly kind: 'posted'
      readonly message: Message
      readonly channel: Channel
      readonly isLate: boolean
    }
  | { readonly kind: 'edited'; readonly message: Message }
  | { readonly kind: 'deleted'; readonly message: Message }
  | { readonly kind: 'reaction-added'; readonly message: Message; readonly reaction: Reaction }
  | { readonly kind: 'reaction-removed'; readonly message: Message; readonly reaction: Reaction }
  | { readonly kind: 'channel-created'; readonly channel: Channel }
  /** `isRestored`: it was archived before. */
  | { readonly kind: 'channel-updated'; readonly channel: Channel; readonly isRestored?: true }
  | { readonly kind: 'bookmarks-changed'; readonly changes: readonly BookmarkNews[] }
  | { readonly kind: 'member-added'; readonly channel: Channel; readonly person: UserId }
  | { readonly kind: 'member-removed'; readonly channel: Channel; readonly person: UserId }
  | MemberChanged
  | { readonly kind: 'person-updated'; readonly person: Person; readonly isNew: boolean }
  | {
      readonly kind: 'viewed'
      readonly person: UserId
      readonly channel: ChannelId
      readonly at: Instant
    }
  | {
      readonly kind: 'preferences-changed'
      readonly person: UserId
      readonly preferences: readonly Preference[]
    }
  /** Who may what is another than before: what is open ends where it is not allowed any more. */
  | { readonly kind: 'access-changed'; readonly part: PolicyPart }
  | { readonly kind: 'delivery-changed'; readonly messages: readonly PostId[] }
  | { readonly kind: 'links-changed' }
  /** More of a file is here, or all of it. */
  | { readonly kind: 'file-changed'; readonly file: FileProgress }
  | ConversationEvent
  | KeptEvent
  | { readonly kind: 'room-changed'; readonly disk: NodeStatus['disk'] }
  /** More or fewer messages of this node are overdue; more when it is an alarm. */
  | {
      readonly kind: 'overdue-changed'
      readonly overdue: NodeStatus['overdue']
      readonly isAlarm: boolean
    }
  /** These sessions are over: whoever has one of them is not to be served any more. */
  | { readonly kind: 'sessions-ended'; readonly sessions: readonly string[] }
  | { readonly kind: 'node-revoked'; readonly node: NodeId }
  | { readonly kind: 'refusals-changed' }
  /** Headquarters wants this very node to destroy its keys; its answer is on its way. */
  | { readonly kind: 'wipe-ordered' }

/** Everything a door may ask of the node. `subject` is the person who asks; decisions are made here. */
export interface EdgeNode
  extends
    Accounts,
    BackingUp,
    Bookmarks,
    Reporting,
    Dictionaries,
    Governing,
    Purging,
    Releasing,
    Planning,
    Pacing,
    Conversations,
    Files,
    Kept,
    Searching {
  /** Calls `listener` for each event, in order, after its batch is on disk. Returns how to stop. */
  readonly subscribe: (listener: (event: NodeEvent) => void) => () => void

  /**
   * First run: an administrator's account enrolled here, and the channel `town-square` when the workspace has none.
   * @throws EdgeError NOT_ALLOWED when somebody is enrolled on this node already
   */
  readonly setUp: (administrator: PersonDraft) => Promise<Person>

  readonly people: (ids: readonly UserId[]) => Promise<readonly Person[]>
  readonly personByName: (username: string) => Promise<Person | undefined>
  /** Everybody, by username. */
  readonly allPeople: () => Promise<readonly Person[]>
  readonly enrolPerson: (subject: UserId, draft: PersonDraft) => Promise<Person>
  readonly preferences: (subject: UserId) => Promise<readonly Preference[]>
  readonly setPreferences: (subject: UserId, preferences: readonly Preference[]) => Promise<void>
  readonly deletePreferences: (subject: UserId, preferences: readonly Preference[]) => Promise<void>

  /** Channels `subject` is a member of, by display name. */
  readonly channelsOf: (subject: UserId) => Promise<readonly Channel[]>
  readonly publicChannels: (subject: UserId) => Promise<readonly Channel[]>
  /** Archived ones that `subject` may read, by display name. */
  readonly archivedChannels: (subject: UserId) => Promise<readonly Channel[]>
  readonly channel: (subject: UserId, id: ChannelId) => Promise<Channel>
  readonly channelByName: (subject: UserId, name: string) => Promise<Channel>
  readonly createChannel: (subject: UserId, draft: ChannelDraft) => Promise<Channel>
  /** The direct channel of two people, made when it is not there yet; the same on every node. */
  readonly directChannel: (subject: UserId, other: UserId) => Promise<Channel>
  readonly members: (subject: UserId, channel: ChannelId) => Promise<readonly Membership[]>
  readonly membership: (channel: ChannelId, person: UserId) => Promise<Membership | undefined>
  readonly membershipsOf: (person: UserId) => Promise<readonly Membership[]>
  /** Changes what a channel says of itself; `isArchived` closes it, or opens it again. */
  readonly changeChannel: (
    subject: UserId,
    channel: ChannelId,
    settings: Pick<Settings, 'name' | 'displayName' | 'purpose' | 'header' | 'isArchived'>,
  ) => Promise<Channel>
  readonly addMember: (subject: UserId, channel: ChannelId, person: UserId) => Promise<Membership>
  readonly removeMember: (subject: UserId, channel: ChannelId, person: UserId) => Promise<void>
  /** `subject` has the channel on a screen: unread counts go to zero, read receipts may follow. */
  readonly viewChannel: (subject: UserId, channel: ChannelId) => Promise<void>

  readonly message: (subject: UserId, id: PostId) => Promise<Message>
  readonly page: (subject: UserId, channel: ChannelId, request: PageRequest) => Promise<MessagePage>
  /** Messages changed here at or after `since` (this node's clock), deleted ones included, newest first. */
  readonly changedSince: (
    subject: UserId,
    channel: ChannelId,
    since: Instant,
  ) => Promise<readonly Message[]>
  /** The root and all replies, oldest first. */
  readonly thread: (subject: UserId, root: PostId) => Promise<readonly Message[]>
  readonly delivery: (subject: UserId, id: PostId) => Promise<DeliveryStory>
  readonly status: () => Promise<NodeStatus>

  /**
   * Shuts a node out: nobody who has heard believes it or seals for it any more. `since`: what it claims to have
   * written later counts no longer. @throws EdgeError NOT_ALLOWED, NOT_FOUND
   */
  readonly revokeNode: (subject: UserId, request: RevocationRequest) => Promise<CaptureReport>
  /** Orders a node to destroy its keys as soon as it hears. */
  readonly wipeNode: (subject: UserId, node: NodeId) => Promise<void>
  /** What it means that somebody has a node. Changes nothing. */
  readonly captureReport: (subject: UserId, node: NodeId) => Promise<CaptureReport>
  /** Entries of audits, of this node and of those that forward theirs to it. Only administrators. */
  readonly audit: (subject: UserId, query: AuditQuery) => Promise<readonly AuditRecord[]>
  /** A file that proves itself (PROTOCOL.md, Audit) with all audits here, or one node's. Only administrators. */
  readonly exportAudit: (subject: UserId, node?: NodeId) => Promise<Uint8Array>
  /** All entries in the order in which they came, for a SIEM that the operator has set up. Doors never use this. */
  readonly auditFeed: AuditFeed
  /** Counts in the audit what somebody outside of the node causes. */
  readonly noteFound: (note: AuditNote) => void
  /** Notes how the node was opened and what it is set to do, when it starts. */
  readonly noteStart: (opening: Opening) => Promise<void>
  /**
   * Notes that the node is about to be locked: by `subject`, or because nobody was there. What cannot be noted holds nobody
   * up. @throws EdgeError NOT_ALLOWED
   */
  readonly noteLock: (subject: UserId | undefined) => Promise<void>

  /** The nodes of the organisation as this node knows them, by number. Only administrators. */
  readonly nodes: (subject: UserId) => Promise<readonly KnownNode[]>
  /** Where those of `people` live who do not live here. Nothing for guests: with whom the node has to do is not theirs to know. */
  readonly homesOf: (
    subject: UserId,
    people: readonly UserId[],
  ) => Promise<ReadonlyMap<UserId, HomeKit>>
  /**
   * Asks for a new certificate of this node's own when two thirds of its life are over, and renews those of others that
   * are due where this node may. How many it renewed.
   */
  readonly renewCertificates: () => Promise<number>
  /** Writes all there is for a stick into its folder; only administrators, like the next two. @throws EdgeError STICK_FULL */
  readonly exportCourier: (subject: UserId, folder: string) => Promise<CourierReport>
  /** Takes what lies there and is not here yet. Nothing on it can do more than be refused. @throws EdgeError STORE_FULL */
  readonly importCourier: (subject: UserId, folder: string) => Promise<CourierReport>
  readonly courierStatus: (subject: UserId, folder: string) => Promise<CourierStatus>
  /** What is being done with a stick now, if anything is. Answers at once. */
  readonly courierProgress: (subject: UserId) => CourierProgress | undefined
  /** A code that lets one new node join, once, within a day. Only administrators. */
  readonly makeJoinCode: (
    subject: UserId,
    draft?: InvitationDraft,
  ) => Promise<{ readonly code: string; readonly expiresAt: Instant }>
  /** Answers a joining node; the code inside is checked and used up. @throws EdgeError JOIN_REFUSED */
  readonly admitNode: (exchange: JoinExchange) => Promise<Uint8Array>
  /** Answers a request whose fingerprint people have compared. @throws EdgeError NOT_ALLOWED, JOIN_REFUSED */
  readonly admitByFile: (subject: UserId, file: Uint8Array) => Promise<AdmissionByFile>
  /** Nodes that wait for somebody to compare digits. Only administrators. */
  readonly waitingJoins: (subject: UserId) => Promise<readonly WaitingJoin[]>
  /** Lets in the node whose screen shows these digits. @throws EdgeError NOT_FOUND */
  readonly confirmJoin: (subject: UserId, digits: string) => Promise<WaitingJoin>
  /** Sends the node with these digits away for good. @throws EdgeError NOT_FOUND */
  readonly refuseJoin: (subject: UserId, digits: string) => Promise<WaitingJoin>
}
