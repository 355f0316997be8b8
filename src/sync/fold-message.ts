/** Posts, amendments and settings, folded into what people see of a channel. */
import type { ChannelId, DocumentId, Instant, NodeId, PostId } from '#base/ids.ts'
import type { Directory } from '#model/directory.ts'
import { channelOfDocument, laneOfDocument } from '#model/document-id.ts'
import { whyAbove } from '#model/label.ts'
import { postIdOf, type Logged } from '#model/log.ts'
import { burnSecondsIn } from '#model/once.ts'
import { causeKey } from '#model/order.ts'
import type { Attributes } from '#model/policy.ts'
import type { PostContent } from '#model/post-content.ts'
import {
  configure,
  EMPTY_CHANNEL,
  isAmendment,
  shownAt,
  timeDoubtOf,
  type ChannelRecord,
  type MessageRecord,
} from '#model/view.ts'
import {
  adoptOrphans,
  applyAmendment,
  notePin,
  replaceMessage,
  touchedAt,
  type AmendmentScene,
  type WithoutEffect,
} from './amendments.ts'
import { foldBookmarks } from './bookmarks.ts'
import { followReply, peopleNamed } from './following.ts'
import { keptKey } from './kept-keys.ts'
import { key, range } from './keys.ts'
import { placePost, resettleReplies } from './placing.ts'
import type { Source, ViewEvent } from './projector.ts'
import { pack, unpack, type ViewedRecord } from './records.ts'
import type { Tx } from './replica.ts'
import { markForSearch } from './search-marks.ts'

/** Folds an entry of a channel's settings or of a segment; undefined when nothing changes by it. */
export async function applyMessage(scene: Scene, origin: NodeId): Promise<ViewEvent | undefined> {
  const { document, logged, source } = scene
  const { author, content } = logged.entry
  if (content.kind === 'settings') return applySettings(scene)
  if (content.kind === 'post') return applyPost(scene, origin)
  if (!isAmendment(content) || author === undefined) return undefined
  const at = shownAt(logged, source.now)
  const channel = channelOfDocument(document)
  const { actor } = logged
  const amendment = { author, actor, order: causeKey(document, logged), at, channel, content }
  const amended = await applyAmendment(amendmentScene(scene), amendment)
  return amended && { kind: 'amended', ...amended }
}

function amendmentScene({ tx, source, directory, withoutEffect }: Scene): AmendmentScene {
  return { tx, directory, now: source.now, withoutEffect }
}

/** An entry, and what it is folded into. */
export interface Scene {
  readonly tx: Tx
  readonly document: DocumentId
  readonly logged: Logged
  readonly source: Source
  readonly directory: Directory
  /** When the certificate of the node begins in whose list it stands. */
  readonly certifiedAt: Instant | undefined
  readonly withoutEffect: (at: WithoutEffect) => void
  /** The part of an id that names this node. */
  readonly home: string
}

async function applySettings({ tx, document, logged }: Scene): Promise<ViewEvent | undefined> {
  const channel = channelOfDocument(document)
  const content = logged.entry.content
  if (channel === undefined || content.kind !== 'settings') return undefined
  const record = unpack<ChannelRecord>(await tx.get(key.channel(channel))) ?? EMPTY_CHANNEL
  const next = configure(record, { settings: content.settings, order: causeKey(document, logged) })
  tx.put(
    key.channel(channel),
    pack({ ...next, updatedAt: Math.max(record.updatedAt, logged.entry.placeAt) }),
  )
  const { bookmarks, ...rest } = content.settings
  const isRestored = record.settings.isArchived === true && next.settings.isArchived === false
  if (bookmarks === undefined) return { kind: 'settings', document, isRestored }
  const news = await foldBookmarks(tx, channel, {
    changes: bookmarks,
    order: causeKey(document, logged),
    at: logged.entry.placeAt,
  })
  if (Object.keys(rest).length > 0) return { kind: 'settings', document, isRestored }
  return { kind: 'settings', document, bookmarks: news }
}

async function applyPost(scene: Scene, origin: NodeId): Promise<ViewEvent | undefined> {
  const { tx, document, logged, source, certifiedAt } = scene
  const { author, content, claimedAt } = logged.entry
  const channel = channelOfDocument(document)
  if (channel === undefined || author === undefined || content.kind !== 'post') return undefined
  const id = postIdOf(document, logged.actor, logged.seq)
  // Damage took it from its document, and it comes again: the view has it, with all that was said of it since.
  const isNews = source.isLate && source.isAgain !== true
  if (isNews && (await tx.get(key.message(id))) !== undefined) return undefined
  if (!(await mayStand(scene, channel, content.label))) return undefined
  const order = await placePost(tx, { channel, document, logged })
  const counts = unpack<ChannelRecord>(await tx.get(key.channel(channel))) ?? EMPTY_CHANNEL
  const createdAt = shownAt(logged, source.now)
  let message: MessageRecord = {
    id,
    channel,
    author,
    root: content.root,
    body: content.body,
    lane: laneOfDocument(document),
    order,
    createdAt,
    claimedAt,
    timeDoubt: timeDoubtOf(logged, { now: source.now, certifiedAt }),
    updatedAt: touchedAt(source.now, counts.updatedAt),
    editedAt: 0,
    editOrder: '',
    deletedAt: 0,
    replyCount: 0,
    lastReplyAt: 0,
    reactions: [],
    origin,
    pendingId: source.pendingId,
    ...extrasOf(content),
    document,
    actor: logged.actor,
    seq: logged.seq,
  }
  if (source.isLate)
    message = await countReplies(scene, await adoptOrphans(amendmentScene(scene), message))
  tx.put(key.message(id), pack(message))
  markForSearch(tx, message, { isAmended: source.isAgain === true })
  tx.put(key.order(channel, order), pack(id))
  await noteFiles(tx, message)
  noteKind(tx, message)
  if (message.replyCount > 0) await resettleReplies(tx, channel, id)
  tx.put(key.changed(channel, message.updatedAt, id), pack(id))
  const next: ChannelRecord = {
    ...counts,
    messageCount: counts.messageCount + 1,
    rootCount: counts.rootCount + (content.root === undefined ? 1 : 0),
    lastPostAt: Math.max(counts.lastPostAt, createdAt),
    newestPlaceAt: Math.max(counts.newestPlaceAt, logged.entry.placeAt),
    updatedAt: message.updatedAt,
  }
  tx.put(key.channel(channel), pack(next))
  if (content.root !== undefined) await countReply(scene, content.root, message)
  if (source.isAgain !== true) await countMentions(scene, message)
  return { kind: 'posted', message, isLate: source.isLate }
}

/** Nothing flows down: a message that is marked higher than its channel stands nowhere, and is counted nowhere. */
async function mayStand(
  { tx, document, logged, directory, withoutEffect }: Scene,
  channel: ChannelId,
  label: Attributes | undefined,
): Promise<boolean> {
  if (label === undefined) return true
  const { policy } = directory
  const record = unpack<ChannelRecord>(await tx.get(key.channel(channel))) ?? EMPTY_CHANNEL
  if (record.hasLabels !== true)
    tx.put(key.channel(channel), pack({ ...record, hasLabels: true } satisfies ChannelRecord))
  if (whyAbove(policy.levels(), label, policy.labelOf(channel)) === undefined) return true
  withoutEffect({ document, actor: logged.actor, reason: 'label too high' })
  return false
}

/** What kinds of messages are found by. */
function noteKind(tx: Tx, message: MessageRecord): void {
  const { channel, id, pin, props } = message
  if (pin !== undefined) notePin(tx, message)
  if (burnSecondsIn(props) > 0) tx.put(keptKey.once(channel, id), pack(id))
}

/** The first message that names a file has it: nobody else's can take it over. */
async function noteFiles(tx: Tx, { id, files = [] }: MessageRecord): Promise<void> {
  for (const file of files) {
    const place = keptKey.fileSeen(file.id)
    if ((await tx.get(place)) === undefined) tx.put(place, pack(id))
  }
}

function extrasOf({ kind: _kind, body: _body, root: _root, ...extras }: PostContent): Extras {
  return extras
}

type Extras = Omit<PostContent, 'kind' | 'body' | 'root'>

/** Replies that came before it. Only those of the same channel are some. */
async function countReplies(
  { tx, withoutEffect, directory, home, source: { isAgain = false } }: Scene,
  message: MessageRecord,
): Promise<MessageRecord> {
  let { replyCount, lastReplyAt } = message
  for (const [place, bytes] of await tx.list(range.thread(message.id))) {
    const id = unpack<PostId>(bytes) ?? message.id
    const reply = unpack<MessageRecord>(await tx.get(key.message(id)))
    if (reply?.channel !== message.channel) {
      tx.delete(place)
      if (reply !== undefined)
        withoutEffect({ document: reply.document, actor: reply.actor, reason: 'wrong document' })
    } else {
      replyCount += 1
      lastReplyAt = Math.max(lastReplyAt, reply.createdAt)
      if (!isAgain) await followReply({ tx, directory, home }, { ...message, replyCount }, reply)
    }
  }
  return { ...message, replyCount, lastReplyAt }
}

async function countReply(
  { tx, withoutEffect, directory, home, source: { isAgain = false } }: Scene,
  root: PostId,
  reply: MessageRecord,
): Promise<void> {
  const record = unpack<MessageRecord>(await tx.get(key.message(root)))
  if (record !== undefined && record.channel !== reply.channel)
    return withoutEffect({ document: reply.document, actor: reply.actor, reason: 'wrong document' })
  tx.put(key.thread(root, reply.order), pack(reply.id))
  if (record === undefined) return
  const lastReplyAt = Math.max(record.lastReplyAt, reply.createdAt)
  const after = {
    ...record,
    replyCount: record.replyCount + 1,
    lastReplyAt,
    updatedAt: reply.updatedAt,
  }
  replaceMessage(tx, record, after)
  if (!isAgain) await followReply({ tx, directory, home }, after, reply)
}

const NOTHING_VIEWED: ViewedRecord = { count: 0, rootCount: 0, at: 0, mentions: 0 }

async function countMentions({ tx, directory }: Scene, message: MessageRecord): Promise<void> {
  const inRoot = message.root === undefined ? 1 : 0
  const isUrgent = message.lane === 'flash' || message.lane === 'immediate'
  for (const person of peopleNamed(directory, message)) {
    const place = key.viewed(person, message.channel)
    const viewed = unpack<ViewedRecord>(await tx.get(place)) ?? NOTHING_VIEWED
    const next: ViewedRecord = {
      ...viewed,
      mentions: viewed.mentions + 1,
      rootMentions: (viewed.rootMentions ?? 0) + inRoot,
      urgentMentions: (viewed.urgentMentions ?? 0) + (isUrgent ? 1 : 0),
    }
    tx.put(place, pack(next))
  }
}
