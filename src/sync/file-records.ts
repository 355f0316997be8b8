/**
 * What is on disk of files on their way: keys, part of the disk format as those of `keys.ts` are, and the records behind them.
 * A piece lies in the store as it came, sealed, until its file is whole; what of a file is here is in the same commit.
 */
import { bytesFromText } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  idFromBytes,
  type ActorId,
  type ChannelId,
  type FileId,
  type Instant,
  type NodeId,
  type PostId,
  type UserId,
} from '#base/ids.ts'
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
  /** Its bytes were found gone; others are asked for them, unless somebody has stopped that. Whatever holds them still keeps them. */
  readonly lost?: 'wanted' | 'left'
  /** It is the small picture of this file. */
  readonly of?: FileId
}

/** The small picture of a file as a file of its own: it is fetched, given and dropped like any other. */
export function smallRecord(record: FileRecord): FileRecord | undefined {
  const { preview: _preview, lost: _lost, small, ...file } = record
  if (small === undefined) return undefined
  const id = idFromBytes<FileId>(sha256(bytesFromText(`holdfast small ${file.id}`)).slice(0, 16))
  return { ...file, ...small, id, of: file.id, type: 'image/webp' }
}

/** A file that is on its way here. Times in milliseconds are those of `running-time.ts`: they outlive a clock that is set. */
export interface FetchRecord {
  readonly bytes: number
  /** What it will be; undefined when others want it, who can read it. */
  readonly file: FileRecord | undefined
  /** Somebody asked for it here. */
  readonly isAsked: boolean
  readonly have: Spans
  readonly since: Instant
  readonly begunMs: number
  /** When the last piece came, or 0. */
  readonly movedMs: number
  /** Who was asked for it last, or gave some of it since, and when. */
  readonly source?: FetchSource | undefined
  /** Post offices at which what lies there was read from its beginning since what is here began to come. */
  readonly readAt?: readonly PeerId[]
  /** Who gave pieces of it. */
  readonly givers: readonly NodeId[]
  /** Who gave what was not of the file: nothing of theirs is taken any more. */
  readonly liars: readonly NodeId[]
}

/** Whom we asked. */
export interface FetchSource {
  readonly peer: PeerId
  readonly atMs: number
}

/** What a peer knows that we want of a file: what we said, without what came from there since. */
export interface AskedRecord extends Pick<Wish, 'isAsked' | 'hops' | 'through' | 'spans'> {
  readonly atMs: number
  /** Pieces that came from there in vain. */
  readonly vain: number
  /** It was told that it need not: it is asked anew once others give nothing. */
  readonly isOff?: boolean
}

/** What a node wants of a file, as it said to us or at a post office, without what it was given since. */
export interface WishRecord extends Omit<Wish, 'name'> {
  /** In which life it said so, and the number of the note. */
  readonly actor: ActorId
  readonly number: number
  readonly heardMs: number
  /** Said in an earlier contact and not again yet: it is not given anything, as it may have it by now. */
  readonly isStale?: boolean
  /** When somebody last gave some of it, and who. */
  readonly movedMs: number
  readonly giver?: NodeId | undefined
}

/** What of a file lies on the shelf of a post office, as a node says who has put it there. */
export interface LyingRecord {
  readonly spans: Spans
  /** When it was last heard, by the running time. */
  readonly heardMs: number
  /** Something of it was not there. */
  readonly vain?: Misled
  /** Somebody who reads there asked for some of it all the same. */
  readonly denied?: Misled
}

/** How often in a row, and when last. */
export interface Misled {
  readonly times: number
  readonly atMs: number
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
  /** AskedRecord: what a peer was asked for. */
  asked: (peer: PeerId, name: FileName) => `file-ask/${peer}/${name}`,
  /** LyingRecord: what lies on the shelf of a post office, by who says so. */
  lying: (peer: PeerId, name: FileName, node: NodeId) => `lying/${peer}/${name}/${node}`,
  /** The number of the last note of wishes. */
  notes: 'wishes-said',
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
  asked: (peer: PeerId) => within(`file-ask/${peer}/`),
  allAsked: within('file-ask/'),
  lyingAt: (peer: PeerId) => within(`lying/${peer}/`),
  lyingOf: (peer: PeerId, name: FileName) => within(`lying/${peer}/${name}/`),
  allLying: within('lying/'),
  wishes: within('wish/'),
  wishesAt: (peer: PeerId) => within(`wish/${peer}/`),
  wishesFor: (peer: PeerId, name: FileName) => within(`wish/${peer}/${name}/`),
} as const

/** What a key of a wish, or of what lies somewhere, says. */
export function placeOf(place: string): {
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
