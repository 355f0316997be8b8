/** Writing and what goes with it, as doors ask for it: part of `EdgeNode`. */
import type { ChannelId, FileId, PostId, UserId } from '#base/ids.ts'
import type { Attributes } from '#model/policy.ts'
import type { Lane } from '#model/precedence.ts'
import type { Message, Reaction } from './types.ts'

/** A new message, as its author wrote it. */
export interface Draft {
  readonly channel: ChannelId
  /** May be empty where there are files or props. */
  readonly body: string
  readonly root?: PostId
  /** Routine unless given. */
  readonly lane?: Lane
  /** The client's own id: the same id from the same person is the same message for ever. */
  readonly pendingId?: string
  /** What it is marked with, no higher than its channel; as its channel is unless given. */
  readonly label?: Attributes
  /** Why it cannot wait, for one beyond the allowance of its lane; at most 200 characters, every reader sees it. */
  readonly overrideReason?: string
  /** Files that its author has handed in here, and that no other message has yet. */
  readonly files?: readonly FileId[]
  /** What a program has added: the text of a JSON object. */
  readonly props?: string
  /** Readers are asked to acknowledge it. */
  readonly asksAcknowledgement?: boolean
}

/** Which item of a checklist, and what is said of it. */
export interface Tick {
  /** The item's words, as written. */
  readonly item: string
  /** How many items of the same words stand before it. */
  readonly before: number
  readonly isSet: boolean
}

/** Writing, and saying something of what was written. */
export interface Conversations {
  readonly post: (subject: UserId, draft: Draft) => Promise<Message>
  readonly edit: (subject: UserId, id: PostId, body: string) => Promise<Message>
  readonly deletePost: (subject: UserId, id: PostId) => Promise<void>
  readonly react: (subject: UserId, id: PostId, emoji: string) => Promise<Reaction>
  readonly unreact: (subject: UserId, id: PostId, emoji: string) => Promise<void>
  /** Pins a message to its channel, for everybody, or takes it off again. */
  readonly pin: (subject: UserId, id: PostId, isSet: boolean) => Promise<Message>
  /** Ticks an item of a message's checklist, or takes that back. @throws EdgeError INPUT_INVALID when there is no such item now */
  readonly tick: (subject: UserId, id: PostId, tick: Tick) => Promise<Message>
  /** `subject` has taken note. That cannot be taken back: others may have acted on it. */
  readonly acknowledge: (subject: UserId, id: PostId) => Promise<Message>
  /**
   * What a message that is shown once says, to whoever opens it: their acknowledgement is written first, and after its time it is
   * refused. To its author always. @throws EdgeError NOT_ALLOWED, NOT_FOUND
   */
  readonly openOnce: (subject: UserId, id: PostId) => Promise<Message>
  /** Messages that are pinned to a channel, newest first. */
  readonly pinned: (subject: UserId, channel: ChannelId) => Promise<readonly Message[]>
}

/** What doors hear of it beside what every message tells. */
export type ConversationEvent = {
  readonly kind: 'acknowledged'
  readonly message: Message
  readonly person: UserId
}
