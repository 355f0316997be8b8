/**
 * From entries to the picture people see: each change that a commit adds is folded into the view's records in the
 * same commit. The directory is small and kept in memory; messages and channels are records in the store.
 */
import {
  nodePrefixOfActor,
  nodePrefixOfPerson,
  type DocumentId,
  type Instant,
  type NodeId,
  type PostId,
} from '#base/ids.ts'
import { openDirectory, type Directory, type DirectoryChange } from '#model/directory.ts'
import { channelOfDocument, DIRECTORY, KEYS, laneOfDocument } from '#model/document-id.ts'
import { openKeyBook, type KeyBook, type KeyNews, type Writer } from '#model/key-book.ts'
import { postIdOf, type Logged } from '#model/log.ts'
import { mentionsIn, usernames } from '#model/names.ts'
import { causeKey, orderKey } from '#model/order.ts'
import {
  amend,
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
import { key, range } from './keys.ts'
import { pack, unpack, type ViewedRecord } from './records.ts'
import type { Tx } from './replica.ts'

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

/** Keeps the view, the directory and the book of keys. */
export interface Projector {
  readonly directory: () => Directory
  readonly keyBook: () => KeyBook
  /** Folds one change that the same commit has added. */
  readonly apply: (
    tx: Tx,
    at: { readonly document: DocumentId; readonly logged: Logged },
    source: Source,
  ) => Promise<ViewEvent | undefined>
  /** Folds the directory anew from its document: at start, and after a batch failed. */
  readonly reload: (documents: {
    readonly keys: readonly Logged[]
    readonly directory: readonly Logged[]
  }) => void
}

/** What else follows from the two documents that decide who is who, in the commit that changes them. */
export interface ProjectorHooks {
  readonly keysChanged: (tx: Tx, news: KeyNews) => Promise<void>
  readonly directoryChanged: (tx: Tx, change: DirectoryChange) => Promise<void>
}

/** A projector with an empty directory and an empty book of keys. */
export function openProjector(
  { identity, roster }: { readonly identity: Identity; readonly roster: Roster },
  hooks: ProjectorHooks,
): Projector {
  let directory = openDirectory()
  let keyBook = openKeyBook()

  const writerOf = (logged: Logged): Writer | undefined => {
    if (logged.entry.content.kind === 'node') roster.introduce(logged.entry.content.certificate)
    const certificate = roster.ofActor(logged.actor)
    if (certificate === undefined || isTooLate(roster, certificate.node, logged)) return undefined
    return { node: certificate.node, administers: certificate.rights.administers }
  }
  const foldKeys = (logged: Logged): KeyNews => keyBook.apply(logged, writerOf(logged))
  const foldDirectory = (logged: Logged): DirectoryChange => {
    const writer = writerOf(logged)
    return writer === undefined ? { kind: 'nothing' } : directory.apply(logged, writer)
  }

  return {
    directory: () => directory,
    keyBook: () => keyBook,
    apply: async (tx, { document, logged }, source) => {
      const content = logged.entry.content
      if (document === KEYS) {
        const news = foldKeys(logged)
        await hooks.keysChanged(tx, news)
        return news.kind === 'nothing' ? undefined : { kind: 'keys', news }
      }
      if (document === DIRECTORY) {
        const change = foldDirectory(logged)
        await hooks.directoryChanged(tx, change)
        return change.kind === 'nothing' ? undefined : { kind: 'directory', change }
      }
      // What whoever took a node says it wrote later counts no more here than in the directory.
      const writer = roster.ofActor(logged.actor)?.node
      if (writer !== undefined && isTooLate(roster, writer, logged)) return undefined
      if (content.kind === 'settings') return applySettings(tx, document, logged)
      const scene = { tx, document, logged, source, directory }
      if (content.kind === 'post') {
        const origin = roster.ofActor(logged.actor)?.node ?? identity.certificate.node
        return applyPost(scene, origin)
      }
      const isAmendment =
        content.kind === 'edit' || content.kind === 'deletion' || content.kind === 'reaction'
      if (!isAmendment || logged.entry.author === undefined) return undefined
      const at = shownAt(logged, source.now)
      return applyAmendment(scene, {
        author: logged.entry.author,
        order: causeKey(document, logged),
        at,
        channel: channelOfDocument(document),
        content,
      })
    },
    reload: (documents) => {
      directory = openDirectory()
      keyBook = openKeyBook()
      for (const one of documents.keys) foldKeys(one)
      for (const { node, since } of keyBook.revocations()) roster.revoke(node, since)
      for (const node of keyBook.wipeOrders()) roster.awaitWipe(node, !keyBook.hasWiped(node))
      for (const one of documents.directory) foldDirectory(one)
    },
  }
}

/** Whether an entry claims to be written after its node was revoked: who took the node wrote it. */
function isTooLate(roster: Roster, node: NodeId, { entry }: Logged): boolean {
  const since = roster.revokedSince(node)
  if (entry.content.kind === 'wiped') return false // what it was asked to say last
  return since !== undefined && entry.placeAt >= since
}

interface Scene {
  readonly tx: Tx
  readonly document: DocumentId
  readonly logged: Logged
  readonly source: Source
  readonly directory: Directory
}

async function applySettings(
  tx: Tx,
  document: DocumentId,
  logged: Logged,
): Promise<ViewEvent | undefined> {
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
  if (source.isLate) message = await countReplies(tx, await adoptOrphans(scene, message))
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

/** Edits, deletions and reactions that came before the message itself, in their order. */
async function adoptOrphans(scene: Scene, message: MessageRecord): Promise<MessageRecord> {
  let adopted = message
  for (const [place, bytes] of await scene.tx.list(range.orphans(message.id))) {
    const amendment = unpack<Amendment>(bytes)
    if (amendment !== undefined)
      adopted = amend(adopted, amendment, mayDelete(scene, amendment, message))
    scene.tx.delete(place)
  }
  return adopted
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
  replace(tx, record, {
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

async function applyAmendment(scene: Scene, amendment: Amendment): Promise<ViewEvent | undefined> {
  const { tx, source } = scene
  const target = amendment.content.target
  const record = unpack<MessageRecord>(await tx.get(key.message(target)))
  if (record === undefined) {
    tx.put(key.orphan(target, amendment.order), pack(amendment))
    return undefined
  }
  const amended = amend(record, amendment, mayDelete(scene, amendment, record))
  if (amended === record) return undefined
  const place = key.channel(record.channel)
  const channel = unpack<ChannelRecord>(await tx.get(place)) ?? EMPTY_CHANNEL
  const updatedAt = touchedAt(source.now, channel.updatedAt)
  tx.put(place, pack({ ...channel, updatedAt } satisfies ChannelRecord))
  const message = { ...amended, updatedAt }
  replace(tx, record, message)
  return { kind: 'amended', message, by: amendment }
}

function replace(tx: Tx, before: MessageRecord, after: MessageRecord): void {
  tx.put(key.message(after.id), pack(after))
  tx.delete(key.changed(before.channel, before.updatedAt, before.id))
  tx.put(key.changed(after.channel, after.updatedAt, after.id), pack(after.id))
}

/** Who administered for all, and who administers by the word of their own node what was written there. */
function mayDelete({ directory }: Scene, { author }: Amendment, message: MessageRecord): boolean {
  const person = directory.person(author)
  if (person?.hasAdministered === true) return true
  const isHome = nodePrefixOfPerson(author) === nodePrefixOfActor(message.actor)
  return isHome && person?.administers === 'home'
}

/** This node's time of a change of a channel's picture; never back, unless what was there lies in an impossible future. */
function touchedAt(now: Instant, before: Instant): Instant {
  return before > now && before < now + 86_400_000 ? before : now
}
