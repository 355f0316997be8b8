/** What the node tells of the dictionaries of channels. */
import type { ChannelId, Instant, UserId } from '#base/ids.ts'
import type { Trained } from '#sync/training.ts'

/** A dictionary that a hub has named. */
export interface NamedDictionary {
  /** 64 hexadecimal digits. */
  readonly hash: string
  /** Name of the hub. */
  readonly by: string
  readonly at: Instant
  /** Changes that it is made of. */
  readonly changes: number
  /** Bytes of its text; undefined while not all that it is made of is here. */
  readonly bytes: number | undefined
  /** Names of nodes that have not signed for it and for all that it is made of. */
  readonly lackedBy: readonly string[]
}

/** The dictionaries of one channel, the newest first. */
export interface ChannelDictionaries {
  readonly channel: ChannelId
  readonly name: string
  readonly dictionaries: readonly NamedDictionary[]
}

/** What became of training on one channel. */
export type TrainedChannel = Trained & { readonly name: string }

/** Dictionaries of channels, as those who administer see them. */
export interface Dictionaries {
  /** Of all channels that have some. Only administrators. @throws EdgeError NOT_ALLOWED */
  readonly dictionaries: (subject: UserId) => Promise<readonly ChannelDictionaries[]>
  /** Looks now for better ones; only on a hub. Only administrators. @throws EdgeError NOT_ALLOWED, ALREADY_EXISTS */
  readonly trainDictionaries: (subject: UserId) => Promise<readonly TrainedChannel[]>
}
