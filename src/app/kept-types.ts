/** What this node keeps for each person and tells no other node, as doors ask for it: part of `EdgeNode`. */
import type { ChannelId, FileId, Instant, PostId, UserId } from '#base/ids.ts'
import type { Lane } from '#model/precedence.ts'
import type { Membership, Message, Mood } from './types.ts'

/** A thread, as one person sees it. */
export interface Thread {
  readonly root: Message
  /** Who has written in it, in the order of their first reply; its author first. */
  readonly participants: readonly UserId[]
  readonly isFollowing: boolean
  readonly viewedAt: Instant
  readonly unreadReplies: number
  readonly unreadMentions: number
}

/** How far somebody has read: to the end, to a time, or to before a message. */
export type ReadUntil = { readonly at: Instant } | { readonly before: PostId }

/** Threads and who follows them. */
export interface Threads {
  /** Those that `subject` follows, the newest reply first. */
  readonly threads: (subject: UserId) => Promise<readonly Thread[]>
  /** The thread that begins with `root`. */
  readonly threadOf: (subject: UserId, root: PostId) => Promise<Thread>
  readonly followThread: (subject: UserId, root: PostId, isFollowing: boolean) => Promise<Thread>
  readonly readThread: (subject: UserId, root: PostId, until: ReadUntil) => Promise<Thread>
  readonly readAllThreads: (subject: UserId) => Promise<void>
  /** `id` and what came after it is unread again. */
  readonly unreadFrom: (subject: UserId, id: PostId) => Promise<Membership>
}

/** Something not sent yet; it belongs to one place. */
export interface Unsent {
  readonly channel: ChannelId
  readonly root: PostId | undefined
  readonly body: string
  readonly lane: Lane
  readonly asksAcknowledgement: boolean
  readonly files: readonly FileId[]
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** What a person writes for later. */
export type UnsentDraft = Omit<Unsent, 'createdAt' | 'updatedAt'>

/** What is to be sent later. */
export interface Scheduled extends Unsent {
  readonly id: PostId
  readonly at: Instant
  /** When it was tried and refused; 0 before. */
  readonly refusedAt: Instant
  /** Why, as an error code; '' before. */
  readonly refusal: string
}

/** What somebody has not sent yet. */
export interface Unsents {
  readonly drafts: (subject: UserId) => Promise<readonly Unsent[]>
  readonly keepDraft: (subject: UserId, draft: UnsentDraft) => Promise<Unsent>
  /** Gives what was there. */
  readonly dropDraft: (
    subject: UserId,
    channel: ChannelId,
    root?: PostId,
  ) => Promise<Unsent | undefined>
  readonly scheduled: (subject: UserId) => Promise<readonly Scheduled[]>
  /** The node sends it when it is time, whether its author is there or not. `id`: instead of that one. */
  readonly schedule: (
    subject: UserId,
    draft: UnsentDraft & { readonly at: Instant; readonly id?: PostId },
  ) => Promise<Scheduled>
  readonly unschedule: (subject: UserId, id: PostId) => Promise<Scheduled>
}

/** One part of a person's list of channels. */
export interface SidebarPart {
  readonly id: string
  readonly kind: 'favorites' | 'channels' | 'direct_messages' | 'custom'
  readonly name: string
  /** Clients' own words for an order; '' for theirs. */
  readonly sorting: string
  readonly isMuted: boolean
  readonly isCollapsed: boolean
  readonly channels: readonly ChannelId[]
}

/** Somebody who stays a member has another role in the channel. `notify`: what they want to be told of it. */
export interface MemberChanged {
  readonly kind: 'member-changed'
  readonly membership: Membership
  readonly notify: Readonly<Record<string, string>>
}

/** How people sort what they see, and what they want to be told of. */
export interface Arrangements {
  /** As it was set; undefined when nothing was. */
  readonly sidebar: (subject: UserId) => Promise<readonly SidebarPart[] | undefined>
  readonly setSidebar: (subject: UserId, parts: readonly SidebarPart[]) => Promise<void>
  /** What of a channel a person wants to be told of, in the words of clients. */
  readonly notifyProps: (
    person: UserId,
  ) => Promise<ReadonlyMap<ChannelId, Readonly<Record<string, string>>>>
  readonly setNotifyProps: (
    subject: UserId,
    channel: ChannelId,
    props: Readonly<Record<string, string>>,
  ) => Promise<void>
}

/** An address to which a program posts; its id is the secret. */
export interface Hook {
  readonly id: FileId
  readonly channel: ChannelId
  readonly creator: UserId
  readonly displayName: string
  readonly description: string
  readonly username: string
  readonly iconUrl: string
  readonly isLocked: boolean
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** What may be chosen of it. */
export type HookDraft = Omit<Hook, 'id' | 'creator' | 'createdAt' | 'updatedAt'>

/** What a program posts by it. */
export interface HookPost {
  readonly body: string
  readonly lane: Lane
  readonly asksAcknowledgement: boolean
  readonly props: string
  /** Another channel than the hook's: its name, or `@` and a person's. */
  readonly channel?: string
  readonly root?: PostId
}

/** Addresses for programs. */
export interface Hooks {
  readonly hooks: (subject: UserId) => Promise<readonly Hook[]>
  readonly hook: (subject: UserId, id: FileId) => Promise<Hook>
  readonly makeHook: (subject: UserId, draft: HookDraft) => Promise<Hook>
  readonly changeHook: (subject: UserId, id: FileId, draft: HookDraft) => Promise<Hook>
  readonly removeHook: (subject: UserId, id: FileId) => Promise<void>
  /** The hook that a program names; undefined when there is none. */
  readonly hookCalled: (id: FileId) => Promise<Hook | undefined>
  /** Posts in the name of whoever made it, who must still be allowed to. */
  readonly postByHook: (hook: Hook, post: HookPost) => Promise<Message>
}

/** What somebody is about to say of themselves. */
export type MoodDraft = Omit<Mood, 'at'>

/** What people say of themselves. */
export interface Moods {
  /** Says it, or takes it back. @throws EdgeError INPUT_INVALID */
  readonly setMood: (subject: UserId, draft: MoodDraft | undefined) => Promise<void>
}

/** All of it. */
export interface Kept extends Threads, Unsents, Arrangements, Hooks, Moods {}

/** What doors hear of all this. */
export type KeptEvent =
  | {
      readonly kind: 'thread-changed'
      readonly person: UserId
      readonly thread: Thread
      /** A reply came; the person has read; the person follows or not. */
      readonly by: 'reply' | 'read' | 'follow'
      /** What was unread before. */
      readonly before: { readonly replies: number; readonly mentions: number }
    }
  | { readonly kind: 'threads-read'; readonly person: UserId; readonly at: Instant }
  | { readonly kind: 'unread-from'; readonly membership: Membership; readonly message: PostId }
  | {
      readonly kind: 'draft-kept' | 'draft-dropped'
      readonly person: UserId
      readonly draft: Unsent
    }
  | {
      readonly kind: 'scheduled' | 'rescheduled' | 'unscheduled'
      readonly person: UserId
      readonly scheduled: Scheduled
    }
