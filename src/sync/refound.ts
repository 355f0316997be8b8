/**
 * A channel that somebody made with a lost node goes from the directory, with all that was written there since. What our
 * own people wrote in it was shown to them as saved, and does not go with it: their node founds the channel again, where
 * anybody may found it.
 */
import { nodePrefix, nodePrefixOfPerson, type PostId, type UserId } from '#base/ids.ts'
import type { Directory, DirectoryChannel, DirectoryMember } from '#model/directory.ts'
import { entriesOf, type Bookmark, type BookmarkChanges } from '#model/bookmark.ts'
import { channelDocument, DIRECTORY } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import { causeKey } from '#model/order.ts'
import type { Settings } from '#model/settings.ts'
import { configure, EMPTY_CHANNEL, type MessageRecord } from '#model/view.ts'
import { writeHere } from './author.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** Founds what is no longer in the directory, and was in `before`, where people of this node have written in it. */
export async function foundAgain(tx: Tx, context: SyncContext, before: Directory): Promise<void> {
  for (const channel of before.channels()) {
    const isGone = context.directory().channel(channel.id) === undefined
    const isOpen = channel.kind === 'public' || channel.kind === 'direct'
    const founder = isGone && isOpen ? await writerHere(tx, context, channel) : undefined
    if (founder !== undefined)
      await found(tx, context, { channel, founder, members: before.members(channel.id) })
  }
}

interface Founding {
  readonly channel: DirectoryChannel
  readonly founder: UserId
  /** Who was in it. */
  readonly members: readonly DirectoryMember[]
}

/** Both of a direct channel are needed; anybody else's people are for their own node to enter. */
async function found(
  tx: Tx,
  context: SyncContext,
  { channel: { id, kind }, founder, members }: Founding,
): Promise<void> {
  const { settings, bookmarks } = await saidOf(tx, id)
  const content: Content = { kind: 'channel', channel: id, channelKind: kind }
  const contents: Content[] = [content]
  for (const { person, role, from } of members) {
    if (kind === 'direct' || isHere(context, person))
      contents.push({ kind: 'member', channel: id, person, role, ...(from > 0 && { from }) })
  }
  const common = { author: founder, claimedAt: context.now() }
  for (const one of contents)
    await writeHere(tx, context, { document: DIRECTORY, entry: { ...common, content: one } })
  const document = channelDocument(id)
  const said = Object.keys(settings).length > 0 ? [settings] : []
  for (const one of [...said, ...entriesOf(bookmarks).map((some) => ({ bookmarks: some }))])
    await writeHere(tx, context, {
      document,
      entry: { ...common, content: { kind: 'settings', settings: one } },
    })
  tx.afterwards(() => context.log.warn('channel.founded-again', { channel: id }))
}

/** Somebody of this node who wrote in a channel. */
async function writerHere(
  tx: Tx,
  context: SyncContext,
  { id }: DirectoryChannel,
): Promise<UserId | undefined> {
  for (const [, place] of await tx.list(range.order(id))) {
    const post = unpack<PostId>(place)
    const message = post && unpack<MessageRecord>(await tx.get(key.message(post)))
    if (message !== undefined && isHere(context, message.author)) return message.author
  }
  return undefined
}

/**
 * The settings by all entries there are, also those that count no more: a name is needed, and this one was shown. With the
 * bookmarks that nobody has taken away.
 */
async function saidOf(
  tx: Tx,
  channel: DirectoryChannel['id'],
): Promise<{ readonly settings: Settings; readonly bookmarks: BookmarkChanges }> {
  const document = channelDocument(channel)
  const marks = new Map<string, { readonly order: string; readonly bookmark: Bookmark | null }>()
  let record = EMPTY_CHANNEL
  for (const logged of (await tx.log(document)).since({})) {
    const { content } = logged.entry
    if (content.kind !== 'settings') continue
    const order = causeKey(document, logged)
    record = configure(record, { settings: content.settings, order })
    for (const [id, bookmark] of Object.entries(content.settings.bookmarks ?? {}))
      if (order > (marks.get(id)?.order ?? '')) marks.set(id, { order, bookmark })
  }
  const standing = [...marks].flatMap(([id, { bookmark }]) =>
    bookmark === null ? [] : [[id, bookmark] as const],
  )
  return { settings: record.settings, bookmarks: Object.fromEntries(standing) }
}

function isHere({ identity }: SyncContext, person: UserId): boolean {
  return nodePrefixOfPerson(person) === nodePrefix(identity.certificate.node)
}
