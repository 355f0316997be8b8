/** Bookmarks of channels, folded from their settings: the newest word on each stands. */
import type { ChannelId, Instant } from '#base/ids.ts'
import type { Bookmark, BookmarkChanges } from '#model/bookmark.ts'
import { keptKey, keptRange } from './kept-keys.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** What is kept of a bookmark. */
interface BookmarkRecord {
  /** Null when it was taken away. */
  readonly bookmark: Bookmark | null
  readonly order: string
  readonly at: Instant
}

/** One as it stands in its channel. */
export interface KnownBookmark extends Bookmark {
  readonly id: string
  readonly channel: ChannelId
  readonly updatedAt: Instant
}

/** One that is another than before. */
export interface BookmarkNews {
  /** As it stands now; as it stood last when it `isGone`. */
  readonly bookmark: KnownBookmark
  readonly isNew: boolean
  readonly isGone: boolean
}

/** Takes in what an entry says. What is different by it. */
export async function foldBookmarks(
  tx: Tx,
  channel: ChannelId,
  said: { readonly changes: BookmarkChanges; readonly order: string; readonly at: Instant },
): Promise<readonly BookmarkNews[]> {
  const news: BookmarkNews[] = []
  for (const [id, bookmark] of Object.entries(said.changes)) {
    const place = keptKey.bookmark(channel, id)
    const before = unpack<BookmarkRecord>(await tx.get(place))
    if (before !== undefined && said.order <= before.order) continue
    const { order, at } = said
    tx.put(place, pack({ bookmark, order, at } satisfies BookmarkRecord))
    const shown = bookmark ?? before?.bookmark
    if (shown === null || shown === undefined) continue
    const isNew = (before?.bookmark ?? null) === null
    const known = { ...shown, id, channel, updatedAt: at }
    news.push({ bookmark: known, isNew, isGone: bookmark === null })
  }
  return news
}

/** Those of a channel, by their place. */
export async function bookmarksOf(
  reader: Pick<Tx, 'list'>,
  channel: ChannelId,
): Promise<readonly KnownBookmark[]> {
  const range = keptRange.bookmarks(channel)
  const found = (await reader.list(range)).flatMap(([place, bytes]) => {
    const { bookmark = null, at = 0 } = unpack<BookmarkRecord>(bytes) ?? {}
    const id = place.slice(range.from.length)
    return bookmark === null ? [] : [{ ...bookmark, id, channel, updatedAt: at }]
  })
  return found.toSorted((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1))
}
