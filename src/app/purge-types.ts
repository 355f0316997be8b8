/** Purging as doors see it: orders, holds, and how long messages are kept. */
import type { ChannelId, Instant, PostId, UserId } from '#base/ids.ts'
import type { PurgeReason } from '#model/purge-content.ts'
import type { PurgedPlace } from '#sync/purge-keys.ts'

/** What somebody wants gone: some messages of a channel, or all that stand there before a time. */
export interface PurgeRequest {
  readonly channel: ChannelId
  readonly messages?: readonly PostId[] | undefined
  readonly before?: Instant | undefined
}

/** What it came to: how many messages were named, and how many were not, as they are held. */
export interface PurgeAnswer {
  readonly messages: number
  readonly held: number
}

/** An order to purge, wherever it was given. */
export interface PurgeOrderPicture extends Pick<PurgeAnswer, 'messages'> {
  /** Where they stood. */
  readonly places: readonly PurgedPlace[]
  readonly channel: ChannelId
  readonly reason: PurgeReason
  /** Undefined for a node itself. */
  readonly by: UserId | undefined
  readonly orderedAt: Instant
  /** What became of it on this node: `void` changes nothing here. */
  readonly state: 'done' | 'held' | 'void'
  readonly at: Instant
}

/** What is held, and how long messages are kept. */
export interface Keeping {
  readonly heldChannels: readonly ChannelId[]
  readonly heldPeople: readonly UserId[]
  /** Undefined as channel: all that have no days of their own. */
  /** After how many days what is shown once goes, opened by all or not. */
  readonly onceDays: number
  readonly retention: readonly { readonly channel: ChannelId | undefined; readonly days: number }[]
}

/** The part of the app that takes away for good. All is for administrators, on a node that administers, but for `purges`. */
export interface Purging {
  /**
   * Orders that messages be gone everywhere, and takes them away here.
   * @throws EdgeError NOT_ALLOWED, NOT_FOUND, INPUT_INVALID
   */
  readonly purge: (subject: UserId, request: PurgeRequest) => Promise<PurgeAnswer>
  /** What was purged of a channel, newest first; for whoever may read it, so that nothing goes without a word. */
  readonly purges: (subject: UserId, channel: ChannelId) => Promise<readonly PurgeOrderPicture[]>
  /** Makes this node's disk drop at once what was purged: deleted is not gone. It does by itself within a day. For administrators. */
  readonly compactPurged: (subject: UserId) => Promise<void>
  readonly keeping: (subject: UserId) => Promise<Keeping>
  /** Begins or ends a hold. */
  readonly hold: (
    subject: UserId,
    held: {
      readonly channel?: ChannelId | undefined
      readonly person?: UserId | undefined
      readonly isHeld: boolean
    },
  ) => Promise<Keeping>
  /** After how many days messages are purged: 0 for never, undefined to say nothing of it any more. */
  readonly setRetention: (
    subject: UserId,
    retention: { readonly channel: ChannelId | undefined; readonly days: number | undefined },
  ) => Promise<Keeping>
  /** The days of what is shown once; undefined for those it has by itself. */
  readonly setOnceDays: (subject: UserId, days: number | undefined) => Promise<Keeping>
}
