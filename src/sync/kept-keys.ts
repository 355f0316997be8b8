/**
 * Keys of what this node keeps for its people and tells no other node: files, threads they follow, drafts, and the like. They are
 * part of the disk format, as those of `keys.ts` are, and keep to the same rules.
 */
import type { ChannelId, FileId, PostId, UserId } from '#base/ids.ts'
import type { Range } from '#ports/store.ts'
import { within } from './keys.ts'

/** Makers of keys. */
export const keptKey = {
  /** FileRecord: a file that is here. */
  file: (id: FileId) => `file/${id}`,
  /** A message has this file, which is here or on its way: its name on the way. */
  fileOf: (message: PostId, id: FileId) => `file-of/${message}/${id}`,
  /** Something here needs the blob whose hash begins so: a file, an emoji or a picture. */
  blobUse: (hash: string, id: string) => `blob/${hash.slice(0, 32)}/${id}`,
  /** When the blob of this hash was found to be damaged. */
  damagedBlob: (hash: string) => `blob-damaged/${hash}`,
  /** BlobTurn: how far the blobs were checked. */
  blobTurn: 'blob-turn',
  /** The id of the message that has this file, whichever node it is from: follows from documents. */
  fileSeen: (id: FileId) => `view/file/${id}`,
  /** This message is pinned: follows from documents. */
  pin: (channel: ChannelId, id: PostId) => `view/pin/${channel}/${id}`,
  /** This message is shown once, and still here: follows from documents. */
  once: (channel: ChannelId, id: PostId) => `view/once/${channel}/${id}`,
  /** BookmarkRecord: an address that a channel keeps at hand: follows from documents. */
  bookmark: (channel: ChannelId, id: string) => `view/bookmark/${channel}/${id}`,
  /** LastBackup: when the store was taken last. */
  backup: 'backup/last',
  /** UploadRecord: a file of which some has come. */
  upload: (person: UserId, id: FileId) => `upload/${person}/${id}`,
  /** FollowRecord: what a person has read of a thread. */
  follow: (person: UserId, root: PostId) => `follow/${person}/${root}`,
  /** The person is one of those who have a FollowRecord of this thread. */
  follower: (root: PostId, person: UserId) => `followed/${root}/${person}`,
  /** DraftRecord: what somebody has not sent yet; of a channel itself, its id stands in the place of a thread's. */
  draft: (person: UserId, channel: ChannelId, root: PostId | undefined) =>
    `draft/${person}/${channel}/${root ?? channel}`,
  /** ScheduledRecord: what is to be sent later. */
  scheduled: (person: UserId, id: PostId) => `later/${person}/${id}`,
  /** SidebarRecord: how a person has sorted their channels. */
  sidebar: (person: UserId) => `sidebar/${person}`,
  /** EmojiRecord. */
  emoji: (id: FileId) => `emoji/${id}`,
  /** PictureRecord: what a person looks like. */
  picture: (person: UserId) => `picture/${person}`,
  /** Mood: what a person says of themselves. */
  mood: (person: UserId) => `mood/${person}`,
  /** HookRecord: an address to which a program posts. */
  hook: (id: FileId) => `hook/${id}`,
  /** What of a channel a person wants to be told of, as clients word it. */
  notify: (person: UserId, channel: ChannelId) => `notify/${person}/${channel}`,
} as const

/** Ranges that are walked as a whole. */
export const keptRange = {
  files: within('file/'),
  filesSeen: within('view/file/'),
  filesOf: (message: PostId): Range => within(`file-of/${message}/`),
  blobUses: (hash: string): Range => within(`blob/${hash.slice(0, 32)}/`),
  pins: (channel: ChannelId): Range => within(`view/pin/${channel}/`),
  once: (channel: ChannelId): Range => within(`view/once/${channel}/`),
  allOnce: within('view/once/'),
  bookmarks: (channel: ChannelId): Range => within(`view/bookmark/${channel}/`),
  allBlobUses: within('blob/'),
  damagedBlobs: within('blob-damaged/'),
  uploads: (person: UserId): Range => within(`upload/${person}/`),
  allUploads: within('upload/'),
  follows: (person: UserId): Range => within(`follow/${person}/`),
  followers: (root: PostId): Range => within(`followed/${root}/`),
  drafts: (person: UserId): Range => within(`draft/${person}/`),
  scheduled: (person: UserId): Range => within(`later/${person}/`),
  allScheduled: within('later/'),
  emoji: within('emoji/'),
  pictures: within('picture/'),
  moods: within('mood/'),
  hooks: within('hook/'),
  notify: (person: UserId): Range => within(`notify/${person}/`),
} as const
