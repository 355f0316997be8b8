/** Files as doors ask for them: part of `EdgeNode`. */
import type { ChannelId, FileId, Instant, NodeId, PostId, UserId } from '#base/ids.ts'
import type { FileHeader } from '#model/post-content.ts'
import type { BlobSpan } from '#ports/blobs.ts'
import type { PeerId } from '#ports/carrier.ts'

/** A file before its bytes have come. */
export interface FileDraft {
  readonly channel: ChannelId
  readonly name: string
  readonly type: string
  /** Whoever hands it in wants it to tell where it was made, if the policy lets them. */
  readonly keepsPosition?: boolean
}

/** The file itself, or the small picture of it. */
export type Quality = 'whole' | 'small'

/** A file as it stands on this node. */
export interface KnownFile extends FileHeader {
  readonly channel: ChannelId
  readonly owner: UserId
  readonly createdAt: Instant
  /** Undefined until a message has it. */
  readonly message: PostId | undefined
  /** The node on which it was handed in, and what that is called. */
  readonly origin: NodeId
  readonly originName: string
  /** Its bytes were here and are gone: other nodes are asked for them. */
  readonly isLost: boolean
  /** Its bytes are here; otherwise only what it is. */
  readonly isHere: boolean
  /** How much of it is here. */
  readonly have: number
  /** It is on its way here; undefined when it is not. */
  readonly fetch: FileFetch | undefined
  /** What fetching the rest takes. */
  readonly price: FilePrice
  /** The small picture of it; undefined when there is none. */
  readonly little: Little | undefined
}

/** The small picture of a file as it stands on this node. */
export interface Little extends Pick<KnownFile, 'bytes' | 'isHere' | 'have' | 'fetch' | 'price'> {
  readonly hash: string
}

/** A file on its way here. */
export interface FileFetch {
  /** Somebody asked for it: it comes by any link. Otherwise it waits for one that is fat. */
  readonly isAsked: boolean
  readonly since: Instant
  /** Who was asked for it last, and what that is called. */
  readonly source: PeerId | undefined
  readonly sourceName: string | undefined
}

/** What it takes to fetch what is not here. */
export interface FilePrice {
  readonly bytes: number
  /** By the best link there is now, as it was measured; undefined while there is none, or nothing was measured. */
  readonly seconds: number | undefined
  /** What the operator of that link bills for it, about; 0 where it costs nothing, undefined where nobody knows by which it would come. */
  readonly money: number | undefined
  /** Three letters (ISO 4217); undefined where it costs nothing. */
  readonly currency: string | undefined
}

/** How much of a file is here, whenever that changes. */
export interface FileProgress {
  readonly id: FileId
  readonly channel: ChannelId
  readonly quality: Quality
  readonly bytes: number
  readonly have: number
  readonly isHere: boolean
}

/** A file that comes in parts. */
export interface Upload extends FileDraft {
  readonly id: FileId
  readonly owner: UserId
  readonly bytes: number
  /** How much of it is here, on disk. */
  readonly have: number
  readonly createdAt: Instant
}

/** A picture somebody chose: of themselves, or as an emoji. */
export interface PictureDraft {
  readonly type: string
  readonly source: AsyncIterable<Uint8Array>
}

/** Bytes with their media type. */
export interface Picture {
  readonly type: string
  readonly content: AsyncIterable<Uint8Array>
}

/** An emoji of this node's own: kept here, and told to no other node. */
export interface CustomEmoji {
  readonly id: FileId
  readonly name: string
  readonly creator: UserId
  readonly createdAt: Instant
}

/** Files and pictures. */
export interface Files {
  /** Takes a file whole; it belongs to whoever handed it in until a message of theirs has it. @throws EdgeError TOO_LARGE, STORE_FULL */
  readonly keepFile: (
    subject: UserId,
    draft: FileDraft,
    source: AsyncIterable<Uint8Array>,
  ) => Promise<KnownFile>
  readonly file: (subject: UserId, id: FileId) => Promise<KnownFile>
  /** @throws EdgeError NOT_FOUND when only its header is here: it names the node that has it */
  readonly readFile: (
    subject: UserId,
    id: FileId,
    span?: BlobSpan,
  ) => Promise<AsyncIterable<Uint8Array>>
  /** Its small picture; undefined when it has none, or it is not here. */
  readonly readSmall: (
    subject: UserId,
    id: FileId,
  ) => Promise<AsyncIterable<Uint8Array> | undefined>
  /** Puts a file on its way here by whatever link there is, also by a costly one. @throws EdgeError NOT_FOUND */
  readonly fetchFile: (subject: UserId, id: FileId, quality?: Quality) => Promise<KnownFile>
  /** Stops that; what came of it goes. */
  readonly cancelFetch: (subject: UserId, id: FileId, quality?: Quality) => Promise<KnownFile>
  /** What is on its way here, asked for first, of what `subject` may read. */
  readonly filesUnderWay: (subject: UserId) => Promise<readonly KnownFile[]>
  /** Begins a file that comes in parts. */
  readonly beginUpload: (subject: UserId, draft: FileDraft & { bytes: number }) => Promise<Upload>
  readonly upload: (subject: UserId, id: FileId) => Promise<Upload>
  readonly uploads: (subject: UserId) => Promise<readonly Upload[]>
  /**
   * Takes what comes next of it. What came before a connection broke is kept. Gives the file once it is whole.
   */
  readonly continueUpload: (
    subject: UserId,
    id: FileId,
    source: AsyncIterable<Uint8Array>,
  ) => Promise<KnownFile | undefined>

  readonly addEmoji: (subject: UserId, name: string, picture: PictureDraft) => Promise<CustomEmoji>
  readonly removeEmoji: (subject: UserId, id: FileId) => Promise<void>
  /** All of them, by name. */
  readonly emoji: () => Promise<readonly CustomEmoji[]>
  readonly emojiPicture: (id: FileId) => Promise<Picture | undefined>
  /** A person's own picture; undefined when they have none. */
  readonly picture: (person: UserId) => Promise<Picture | undefined>
  /** Takes it, or takes it away. */
  readonly setPicture: (subject: UserId, picture: PictureDraft | undefined) => Promise<void>
}
