/** Addresses that a channel keeps at hand for all its members. They stand in its settings, so they travel as those do. */
import { EdgeError } from '#base/errors.ts'
import { idFromBytes, type ChannelId, type PostId, type UserId } from '#base/ids.ts'
import {
  BOOKMARK_EMOJI_CHARACTERS_MAX,
  BOOKMARK_NAME_CHARACTERS_MAX,
  BOOKMARK_URL_CHARACTERS_MAX,
  BOOKMARKS_MAX,
  isPageAddress,
  type Bookmark,
  type BookmarkChanges,
  entriesOf,
} from '#model/bookmark.ts'
import { channelDocument } from '#model/document-id.ts'
import { bookmarksOf, type BookmarkNews, type KnownBookmark } from '#sync/bookmarks.ts'
import { insistInChannel, write, type AppContext } from './context.ts'

export type { BookmarkNews, KnownBookmark }

/** What somebody says of one. */
export type BookmarkDraft = Pick<Bookmark, 'name' | 'url' | 'emoji'>

/** The part of the app about them. Reading is for whoever may read the channel, the rest for whoever may manage it. */
export interface Bookmarks {
  readonly bookmarks: (subject: UserId, channel: ChannelId) => Promise<readonly KnownBookmark[]>
  /** Makes one, behind the others. @throws EdgeError INPUT_INVALID */
  readonly addBookmark: (
    subject: UserId,
    channel: ChannelId,
    draft: BookmarkDraft,
  ) => Promise<KnownBookmark>
  /** Changes one; what is not said stays. @throws EdgeError NOT_FOUND, INPUT_INVALID */
  readonly changeBookmark: (
    subject: UserId,
    named: { readonly channel: ChannelId; readonly id: string },
    draft: Partial<BookmarkDraft>,
  ) => Promise<KnownBookmark>
  /** Puts one at this place among the others. All of them, in their new order. */
  readonly moveBookmark: (
    subject: UserId,
    named: { readonly channel: ChannelId; readonly id: string },
    place: number,
  ) => Promise<readonly KnownBookmark[]>
  /** As it was. */
  readonly removeBookmark: (
    subject: UserId,
    named: { readonly channel: ChannelId; readonly id: string },
  ) => Promise<KnownBookmark>
}

interface Changing {
  readonly subject: UserId
  readonly channel: ChannelId
}

/** What to say of bookmarks when these are all there are. */
type Deciding = (all: readonly KnownBookmark[]) => BookmarkChanges

/** The part of the app. */
export function openBookmarks(context: AppContext): Bookmarks {
  const all = (channel: ChannelId): Promise<readonly KnownBookmark[]> =>
    bookmarksOf(context.sync.replica.read, channel)
  const change = async (changing: Changing, decide: Deciding): Promise<void> =>
    changeSome(context, changing, decide)
  const one = async (channel: ChannelId, id: string): Promise<KnownBookmark> =>
    known(await all(channel), id)
  return {
    bookmarks: async (subject, channel) => {
      await insistInChannel(context, subject, { channel, action: 'read channel' })
      return (await all(channel)).slice(0, BOOKMARKS_MAX)
    },
    addBookmark: async (subject, channel, draft) => {
      const id = idFromBytes<PostId>(context.random.bytes(16))
      await change({ subject, channel }, (before) => {
        if (before.length >= BOOKMARKS_MAX)
          throw new EdgeError('INPUT_INVALID', {
            field: 'bookmarks',
            found: before.length,
            wanted: `fewer than ${BOOKMARKS_MAX}`,
          })
        const place = Math.max(-1, ...before.map((bookmark) => bookmark.place)) + 1
        return { [id]: { ...draft, place, owner: subject, createdAt: context.sync.now() } }
      })
      return await one(channel, id)
    },
    changeBookmark: async (subject, { channel, id }, draft) => {
      await change({ subject, channel }, (before) => ({
        [id]: { ...plain(known(before, id)), ...draft },
      }))
      return await one(channel, id)
    },
    moveBookmark: async (subject, { channel, id }, place) => {
      await change({ subject, channel }, (before) => {
        const moved = known(before, id)
        const ordered = before.filter((bookmark) => bookmark !== moved)
        ordered.splice(place, 0, moved)
        const others = ordered.map((bookmark, at) => [bookmark, at] as const)
        return Object.fromEntries(
          others
            .filter(([bookmark, at]) => bookmark.place !== at)
            .map(([bookmark, at]) => [bookmark.id, { ...plain(bookmark), place: at }]),
        )
      })
      return await all(channel)
    },
    removeBookmark: async (subject, { channel, id }) => {
      let gone: KnownBookmark | undefined
      await change({ subject, channel }, (before) => {
        gone = known(before, id)
        return { [id]: null }
      })
      return gone ?? (await one(channel, id))
    },
  }
}

async function changeSome(
  context: AppContext,
  { subject, channel }: Changing,
  decide: Deciding,
): Promise<void> {
  await insistInChannel(context, subject, { channel, action: 'read channel' })
  await insistInChannel(context, subject, { channel, action: 'manage channel' })
  await context.sync.room.insist()
  await context.sync.replica.commit(async (tx) => {
    const bookmarks = decide(await bookmarksOf(tx, channel))
    if (Object.keys(bookmarks).length === 0) return
    for (const bookmark of Object.values(bookmarks)) if (bookmark !== null) check(bookmark)
    for (const some of entriesOf(bookmarks)) {
      const content = { kind: 'settings' as const, settings: { bookmarks: some } }
      await write(tx, context, { document: channelDocument(channel), author: subject, content })
    }
  })
}

function known(all: readonly KnownBookmark[], id: string): KnownBookmark {
  const found = all.find((bookmark) => bookmark.id === id)
  if (found === undefined) throw new EdgeError('NOT_FOUND', { what: 'bookmark' })
  return found
}

function plain({ name, url, emoji, place, owner, createdAt }: Bookmark): Bookmark {
  return { name, url, emoji, place, owner, createdAt }
}

function check({ name, url, emoji }: BookmarkDraft): void {
  if (name.trim() === '' || name.length > BOOKMARK_NAME_CHARACTERS_MAX)
    throw wrong('display_name', name, `1 to ${BOOKMARK_NAME_CHARACTERS_MAX} characters`)
  if (emoji.length > BOOKMARK_EMOJI_CHARACTERS_MAX)
    throw wrong('emoji', emoji, `at most ${BOOKMARK_EMOJI_CHARACTERS_MAX} characters`)
  if (url.length > BOOKMARK_URL_CHARACTERS_MAX || !isPageAddress(url))
    throw wrong(
      'link_url',
      url,
      `an address that begins with https:// or http://, to ${BOOKMARK_URL_CHARACTERS_MAX} characters`,
    )
}

function wrong(field: string, found: string, wanted: string): EdgeError {
  return new EdgeError('INPUT_INVALID', { field, foundCharacters: found.length, wanted })
}
