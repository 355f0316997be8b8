/**
 * Who of the people here follows which thread, and how far they have read it: whoever began it, replied, or was named in a reply.
 * Counted by replies, not by time, so that what comes late from another node is unread here.
 */
import {
  nodePrefixOfPerson,
  type ChannelId,
  type Instant,
  type PostId,
  type UserId,
} from '#base/ids.ts'
import type { Directory } from '#model/directory.ts'
import { mentionsIn, usernames } from '#model/names.ts'
import type { MessageRecord } from '#model/view.ts'
import { keptKey } from './kept-keys.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** What a person has read of a thread. */
export interface FollowRecord {
  readonly channel: ChannelId
  readonly isFollowing: boolean
  /** Replies of the thread when they last looked. */
  readonly seenCount: number
  readonly viewedAt: Instant
  /** Times they were named in it since. */
  readonly mentions: number
}

/** Where threads are followed. */
export interface FollowScene {
  readonly tx: Tx
  readonly directory: Directory
  /** The part of an id that names this node: people enrolled here have it. */
  readonly home: string
}

/** A reply has come to the thread of `root`, which counts it already. */
export async function followReply(
  scene: FollowScene,
  root: MessageRecord,
  reply: MessageRecord,
): Promise<void> {
  const named = new Set(peopleNamed(scene.directory, reply))
  for (const person of new Set([root.author, reply.author, ...named])) {
    if (nodePrefixOfPerson(person) !== scene.home) continue
    const before = (await followOf(scene.tx, person, root)) ?? newFollow(root)
    const after =
      person === reply.author
        ? afterOwn(before, root, reply)
        : {
            ...before,
            ...(named.has(person) && { isFollowing: true, mentions: before.mentions + 1 }),
          }
    putFollow(scene.tx, { person, root: root.id }, after)
  }
}

/** What somebody is told of a thread until they say otherwise: all of it is new. */
function newFollow({ channel }: MessageRecord): FollowRecord {
  return { channel, isFollowing: true, seenCount: 0, viewedAt: 0, mentions: 0 }
}

/** Who had read all before their own reply has read all with it. */
function afterOwn(before: FollowRecord, root: MessageRecord, reply: MessageRecord): FollowRecord {
  if (before.seenCount < root.replyCount - 1) return { ...before, isFollowing: true }
  const { replyCount: seenCount } = root
  return { ...before, isFollowing: true, seenCount, viewedAt: reply.updatedAt }
}

/** What is known of a person and a thread. */
export async function followOf(
  reader: Pick<Tx, 'get'>,
  person: UserId,
  root: { readonly id: PostId },
): Promise<FollowRecord | undefined> {
  return unpack<FollowRecord>(await reader.get(keptKey.follow(person, root.id)))
}

/** Writes it. */
export function putFollow(
  tx: Tx,
  { person, root }: { readonly person: UserId; readonly root: PostId },
  record: FollowRecord,
): void {
  tx.put(keptKey.follow(person, root), pack(record))
  tx.put(keptKey.follower(root, person), pack(true))
}

/** Mattermost's words for everybody in a channel; `here` names those who are online, which is for the door to know. */
const EVERYBODY = ['channel', 'all']

/** Members whom a message names, its author left out; all of them when it says so. */
export function peopleNamed(
  directory: Directory,
  message: Pick<MessageRecord, 'body' | 'author' | 'channel'>,
): readonly UserId[] {
  const mentioned = mentionsIn(message.body)
  if (mentioned.length === 0) return []
  const isToAll = EVERYBODY.some((word) => mentioned.includes(word))
  const names = isToAll ? undefined : usernames(directory)
  return directory
    .members(message.channel)
    .map(({ person }) => person)
    .filter((person) => person !== message.author)
    .filter((person) => names === undefined || mentioned.includes(names.get(person) ?? ''))
}
