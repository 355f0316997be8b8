/**
 * From entries to the picture people see: each change that a commit adds is folded into the view's records in the
 * same commit. The directory is small and kept in memory; messages and channels are records in the store.
 */
import type { DocumentId, Instant, NodeId, PostId, UserId } from '#base/ids.ts'
import type { Directory, DirectoryChange } from '#model/directory.ts'
import { channelOfDocument, DIRECTORY, KEYS, laneOfDocument } from '#model/document-id.ts'
import type { KeyBook, KeyNews } from '#model/key-book.ts'
import { postIdOf, type Logged } from '#model/log.ts'
import { mentionsIn, usernames } from '#model/names.ts'
import { causeKey, orderKey } from '#model/order.ts'
import {
  configure,
  EMPTY_CHANNEL,
  isUncertain,
  shownAt,
  type Amendment,
  type ChannelRecord,
  type MessageRecord,
} from '#model/view.ts'
import type { Identity } from '#trust/identity.ts'
import type { Roster } from '#trust/roster.ts'
import {
  adoptOrphans,
  applyAmendment,
  replaceMessage,
  retryHeld,
  touchedAt,
  type AmendmentScene,
} from './amendments.ts'
import { isTooLate, openBooks } from './books.ts'
import { key, range } from './keys.ts'
import { pack, unpack, type ViewedRecord } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** What changed in the view. */
export type ViewEvent =
  | { readonly kind: 'posted'; readonly message: MessageRecord; readonly isLate: boolean }
  | { readonly kind: 'amended'; readonly message: MessageRecord; readonly by: Amendment }
  | { readonly kind: 'settings'; readonly document: DocumentId }
  | { readonly kind: 'directory'; readonly change: DirectoryChange }
  | { readonly kind: 'keys'; readonly news: KeyNews }

/** Where an entry came from. */
export interface Source {
  /** It came in from another node. */
  readonly isLate: boolean
  /** It was folded before: nobody is told, nothing is counted twice. */
  readonly isAgain?: boolean
  /** The client's id, for a post written here. */
  readonly pendingId: string
  readonly now: Instant
}

/** A change in its place, and its document. */
interface FoldedAt {
  readonly document: DocumentId
  readonly logged: Logged
}

/** Keeps the view, the directory and the book of keys. */
export interface Projector {
  readonly directory: () => Directory
  readonly keyBook: () => KeyBook
  /** Folds one change that the same commit has added. */
  readonly apply: (tx: Tx, at: FoldedAt, source: Source) => Promise<ViewEvent | undefined>
  /** Folds both documents anew: at start, and after a batch failed. */
  readonly reload: (reader: Pick<Reader, 'log'>) => Promise<void>
}

/** What else follows from the two documents that decide who is who, in the commit that changes them. */
export interface ProjectorHooks {
  readonly keysChanged: (tx: Tx, news: KeyNews) => Promise<void>
  readonly directoryChanged: (tx: Tx, change: DirectoryChange) => Promise<void>
  /** A revocation or a certificate changed what earlier entries say. */
  readonly foldedAnew: (tx: Tx) => Promise<void>
  /** What else changed in the view by it. */
  readonly told: (tx: Tx, event: ViewEvent) => void
  readonly audited: (tx: Tx, at: { document: DocumentId; logged: Logged }) => Promise<void>
}

/** A projector with an empty directory and an empty book of keys. */
export function openProjector(
  { identity, roster }: { readonly identity: Identity; readonly roster: Roster },
  hooks: ProjectorHooks,
): Projector {
  const books = openBooks(roster)
  const tryHeld = async (tx: Tx, now: Instant, author: UserId | undefined): Promise<void> => {
    for (const amended of await retryHeld({ tx, directory: books.directory(), now }, author))
      hooks.told(tx, { kind: 'amended', ...amended })
  }

  const foldOne = async (
    tx: Tx,
    { document, logged }: FoldedAt,
    source: Source,
  ): Promise<ViewEvent | undefined> => {
    if (document === DIRECTORY) {
      const change = books.foldDirectory(logged)
      await hooks.directoryChanged(tx, change)
      if (change.kind === 'person') await tryHeld(tx, source.now, change.person.id)
      return change.kind === 'nothing' ? undefined : { kind: 'directory', change }
    }
    if (document.startsWith('a.')) await hooks.audited(tx, { document, logged })
    const writer = roster.ofActor(logged.actor)?.node
    // What whoever took a node says it wrote later counts no more here than in the directory.
    if (writer !== undefined && isTooLate(roster, writer, logged)) return undefined
    const scene = { tx, document, logged, source, directory: books.directory() }
    return applyMessage(scene, writer ?? identity.certificate.node)
  }
  /** An entry that is too far ahead of all others is folded when what explains it has come. */
  const foldCounted = async (tx: Tx, at: FoldedAt, source: Source): Promise<ViewEvent[]> => {
    const { document } = at
    const events: ViewEvent[] = []
    for (const logged of (await tx.log(document)).countedBy(at.logged)) {
      const event = await foldOne(tx, { document, logged }, source)
      if (event !== undefined) events.push(event)
    }
    return events
  }

  return {
    directory: books.directory,
    keyBook: books.keyBook,
    apply: async (tx, { document, logged }, source) => {
      if (document === KEYS) {
        const news = books.foldKeys(logged)
        await hooks.keysChanged(tx, news)
        if (books.isOutdated(news)) {
          await books.reload(tx)
          await hooks.foldedAnew(tx)
          await tryHeld(tx, source.now, undefined)
        }
        return news.kind === 'nothing' ? undefined : { kind: 'keys', news }
      }
      const [event, ...more] = await foldCounted(tx, { document, logged }, source)
      if (source.isAgain !== true) for (const one of more) hooks.told(tx, one)
      return event
    },
    reload: books.reload,
  }
}

/** An entry of a channel's settings or of a segment. */
async function applyMessage(scene: Scene, origin: NodeId): Promise<ViewEvent | undefined> {
  const { document, logged, source } = scene
  const { author, content } = logged.entry
  if (content.kind === 'settings') return applySettings(scene)
  if (content.kind === 'post') return applyPost(scene, origin)
  const isAmendment =
    content.kind === 'edit' || content.kind === 'deletion' || content.kind === 'reaction'
  if (!isAmendment || author === undefined) return undefined
  const at = shownAt(logged, source.now)
  const channel = channelOfDocument(document)
  const amendment = { author, order: causeKey(document, logged), at, channel, content }
  const amended = await applyAmendment(amendmentScene(scene), amendment)
  return amended && { kind: 'amended', ...amended }
}

function amendmentScene({ tx, source, directory }: Scene): AmendmentScene {
  return { tx, directory, now: source.now }
}

interface Scene {
  readonly tx: Tx
  readonly document: DocumentId
  readonly logged: Logged
  readonly source: Source
  readonly directory: Directory
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
  return { kind: 'settings', document }
}

async function applyPost(scene: Scene, origin: NodeId): Promise<ViewEvent | undefined> {
  const { tx, document, logged, source } = scene
  const { author, content, claimedAt } = logged.entry
  const channel = channelOfDocument(document)
  if (channel === undefined || author === undefined || content.kind !== 'post') return undefined
  const id = postIdOf(document, logged.actor, logged.seq)
  const order = orderKey(document, logged)
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
    isTimeUncertain: isUncertain(logged, source.now),
    updatedAt: touchedAt(source.now, counts.updatedAt),
    editedAt: 0,
    editOrder: '',
    deletedAt: 0,
    replyCount: 0,
    lastReplyAt: 0,
    reactions: [],
    origin,
    pendingId: source.pendingId,
    document,
    actor: logged.actor,
    seq: logged.seq,
  }
  if (source.isLate)
    message = await countReplies(tx, await adoptOrphans(amendmentScene(scene), message))
  tx.put(key.message(id), pack(message))
  tx.put(key.order(channel, order), pack(id))
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
  if (content.root !== undefined) await countReply(tx, content.root, message)
  if (source.isAgain !== true) await countMentions(scene, message)
  return { kind: 'posted', message, isLate: source.isLate }
}

/** Replies that came before it. Only those of the same channel are some. */
async function countReplies(tx: Tx, message: MessageRecord): Promise<MessageRecord> {
  let { replyCount, lastReplyAt } = message
  for (const [place, bytes] of await tx.list(range.thread(message.id))) {
    const id = unpack<PostId>(bytes) ?? message.id
    const reply = unpack<MessageRecord>(await tx.get(key.message(id)))
    if (reply?.channel !== message.channel) tx.delete(place)
    else {
      replyCount += 1
      lastReplyAt = reply.createdAt
    }
  }
  return { ...message, replyCount, lastReplyAt }
}

async function countReply(tx: Tx, root: PostId, reply: MessageRecord): Promise<void> {
  const record = unpack<MessageRecord>(await tx.get(key.message(root)))
  if (record !== undefined && record.channel !== reply.channel) return
  tx.put(key.thread(root, reply.order), pack(reply.id))
  if (record === undefined) return
  const lastReplyAt = Math.max(record.lastReplyAt, reply.createdAt)
  replaceMessage(tx, record, {
    ...record,
    replyCount: record.replyCount + 1,
    lastReplyAt,
    updatedAt: reply.updatedAt,
  })
}

async function countMentions({ tx, directory }: Scene, message: MessageRecord): Promise<void> {
  const mentioned = mentionsIn(message.body)
  if (mentioned.length === 0) return
  const names = usernames(directory)
  for (const { person } of directory.members(message.channel)) {
    if (person === message.author || !mentioned.includes(names.get(person) ?? '')) continue
    const place = key.viewed(person, message.channel)
    const viewed = unpack<ViewedRecord>(await tx.get(place)) ?? {
      count: 0,
      rootCount: 0,
      at: 0,
      mentions: 0,
    }
    tx.put(place, pack({ ...viewed, mentions: viewed.mentions + 1 }))
  }
}
