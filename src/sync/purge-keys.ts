/** Keys of orders to purge: a part of the disk format, as those of `keys.ts` are. What was purged of a document stands in its record. */
import type { ActorId, ChannelId, DocumentId, Instant, PostId, UserId } from '#base/ids.ts'
import type { PurgeReason } from '#model/purge-content.ts'
import { padded, within } from './keys.ts'

/** Makers of keys. */
export const purgeKey = {
  /** PurgeRecord, by where the order stands in the channel's settings: follows from documents. */
  order: (channel: ChannelId, actor: ActorId, seq: number) =>
    `purge/${channel}/${actor}/${padded(seq)}`,
} as const

/** Ranges that are walked as a whole. */
export const purgeRange = {
  orders: within('purge/'),
  ordersIn: (channel: ChannelId) => within(`purge/${channel}/`),
  cutOff: (document: DocumentId, actor: ActorId) => within(`cut/${document}/${actor}/`),
} as const

/** Where messages stood that an order names. */
export interface PurgedPlace {
  /** Of the first of them, as far as who never had them can tell. */
  readonly id: PostId
  /** When the last that was said there was said. */
  readonly at: Instant
  readonly messages: number
}

/** An order to purge, and how far it was carried out here. */
export interface PurgeRecord {
  readonly reason: PurgeReason
  /** Who ordered it; undefined for a node itself. */
  readonly by: UserId | undefined
  readonly orderedAt: Instant
  /** How many messages it names. */
  readonly messages: number
  readonly places: readonly PurgedPlace[]
  /**
   * `held`: some of it is here and may not be purged now. `void`: its node has no say in it, or it tells of a list otherwise
   * than that is here.
   */
  readonly state: 'done' | 'held' | 'void'
  /** Since when it is so. */
  readonly at: Instant
}
