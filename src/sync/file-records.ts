/**
 * What is on disk of files on their way: keys, part of the disk format as those of `keys.ts` are, and the records behind them.
 * A piece lies in the store as it came, sealed, until its file is whole; what of a file is here is in the same commit.
 */
import type { ChannelId, FileId, Instant, NodeId, PostId, UserId } from '#base/ids.ts'
import type { Spans } from '#base/spans.ts'
import type { FileName } from '#codec/piece.ts'
import type { Wish } from '#codec/wish.ts'
import type { FileHeader } from '#model/post-content.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Range } from '#ports/store.ts'
import { within } from './keys.ts'

/** A file that is here. */
export interface FileRecord extends FileHeader {
  readonly channel: ChannelId
  readonly owner: UserId
  readonly createdAt: Instant
  readonly message?: PostId
  /** It came from another node. */
  readonly isFetched?: boolean
}

/** A file that is on its way here. */
export interface FetchRecord {
  readonly bytes: number
  /** What it will be; undefined when others want it, who can read it. */
  readonly file: FileRecord | undefined
  /** Somebody asked for it here. */
  readonly isAsked: boolean
  /** See `Wish`. */
  readonly hops: number
  readonly have: Spans
  readonly since: Instant
  /** When the last piece came, or 0. */
  readonly movedAt: Instant
  /** Who was asked for it last, when, and how often without an answer. */
  readonly source?: FetchSource | undefined
  /** Who gave pieces of it. */
  readonly givers: readonly NodeId[]
  /** Who gave pieces of what was not the file in the end: nothing of theirs is taken any more. */
  readonly liars: readonly NodeId[]
}

/** Whom we asked. */
export interface FetchSource {
  readonly peer: PeerId
  readonly at: Instant
  readonly times: number
}

/** What a node wants of a file, as it said to us or at a post office, without what it was given since. */
export interface WishRecord extends Omit<Wish, 'name'> {
  readonly at: Instant
  /** When somebody last gave some of it. */
  readonly movedAt: Instant
}

/** A piece as it lies in the store. */
export interface PieceRecord {
  readonly to: number
  readonly sealed: Uint8Array
}

const DIGITS = 10

function padded(number: number): string {
  return String(number).padStart(DIGITS, '0')
}

/** Makers of keys. */
export const fileKey = {
  /** The id of a file that is here, by its name on the way. */
  named: (name: FileName) => `file-name/${name}`,
  /** FetchRecord. */
  fetch: (name: FileName) => `fetch/${name}`,
  /** PieceRecord, by where it begins. */
  piece: (name: FileName, from: number) => `piece/${name}/${padded(from)}`,
  /** WishRecord: what a node wants, by the peer through which it said so. */
  wish: (peer: PeerId, name: FileName, node: NodeId) => `wish/${peer}/${name}/${node}`,
} as const

/** Ranges that are walked as a whole. */
export const fileRange = {
  named: within('file-name/'),
  fetches: within('fetch/'),
  pieces: (name: FileName) => within(`piece/${name}/`),
  /** Pieces that begin at `from` or later and before `to`. */
  piecesBetween: (name: FileName, from: number, to: number): Range => ({
    from: fileKey.piece(name, from),
    to: fileKey.piece(name, to),
  }),
  allPieces: within('piece/'),
  wishes: within('wish/'),
  wishesAt: (peer: PeerId) => within(`wish/${peer}/`),
  wishesFor: (peer: PeerId, name: FileName) => within(`wish/${peer}/${name}/`),
} as const

/** What a key of a wish says. */
export function placeOfWish(place: string): {
  readonly peer: PeerId
  readonly name: FileName
  readonly node: NodeId
} {
  const parts = place.split('/')
  const [name = '', node = ''] = parts.slice(-2)
  return { peer: parts.slice(1, -2).join('/') as PeerId, name, node: node as NodeId }
}

/** The id in a key of a `file-of` range. */
export function fileIdIn(place: string): FileId {
  return place.slice(place.lastIndexOf('/') + 1) as FileId
}
