/** Searching messages, as doors ask for it. */
import type { ChannelId, PostId, UserId } from '#base/ids.ts'
import type { Message } from './types.ts'

/** What somebody looks for. */
export interface SearchRequest {
  /** Words and filters as people type them (`#search/query.ts`). */
  readonly text: string
  /** One of the words is enough. */
  readonly isAny: boolean
  /** Channels that are archived are looked into, too. */
  readonly withArchived: boolean
  /** How far ahead of UTC the day of whoever asks begins, in milliseconds. */
  readonly offsetMs: number
  readonly page: number
  readonly limit: number
}

/** What was found, and what that does not tell. */
export interface Found {
  /** Newest first. */
  readonly messages: readonly Message[]
  /** For each message, what in its text was looked for, as it is spelled there. */
  readonly matches: ReadonlyMap<PostId, readonly string[]>
  /** There may be more: the search had taken as long as one may, or was at the last result it gives. */
  readonly isCut: boolean
  /** Every message that is here can be found; the index is behind otherwise. */
  readonly isIndexWhole: boolean
  /** Channels among those that were looked into of which this node knows that it lacks messages. */
  readonly gaps: readonly ChannelId[]
}

/** The part of the app that searches. */
export interface Searching {
  /** Only what `subject` may read now, in channels that they are a member of. @throws EdgeError INPUT_INVALID */
  readonly search: (subject: UserId, request: SearchRequest) => Promise<Found>
}
