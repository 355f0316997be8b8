/** Addresses that a channel keeps at hand for its members, as its settings carry them: each replaces what was said of it before. */
import { isId, type Instant, type UserId } from '#base/ids.ts'
import { textField } from './fields.ts'

/** One of them. */
export interface Bookmark {
  readonly name: string
  /** `https:` or `http:`. */
  readonly url: string
  /** Name of an emoji, or ''. */
  readonly emoji: string
  /** Where it stands among the others, from 0. */
  readonly place: number
  /** Who made it, by the word of whoever changed it last. */
  readonly owner: UserId
  readonly createdAt: Instant
}

/** What is said of bookmarks, by their ids; null takes one away. */
export type BookmarkChanges = Readonly<Record<string, Bookmark | null>>

/** Longest texts, in characters; those of a name are Mattermost's own. */
export const BOOKMARK_NAME_CHARACTERS_MAX = 64
/** Of an address. */
export const BOOKMARK_URL_CHARACTERS_MAX = 1_024
/** Of the name of an emoji. */
export const BOOKMARK_EMOJI_CHARACTERS_MAX = 64
/** Bookmarks of one channel: Mattermost's own limit. What comes from elsewhere is shown up to it. */
export const BOOKMARKS_MAX = 50
/** Changes of bookmarks that one entry carries, each of 4 KB at most. */
const BOOKMARKS_PER_ENTRY = 10

/** Whether clients may be sent there by a press: nothing but a page has an address that they open. */
export function isPageAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url)
}

/** In as many parts as there have to be entries: all of a channel may be too long for one. */
export function entriesOf(bookmarks: BookmarkChanges): readonly BookmarkChanges[] {
  const all = Object.entries(bookmarks)
  const starts = all.map((_, at) => at).filter((at) => at % BOOKMARKS_PER_ENTRY === 0)
  return starts.map((at) => Object.fromEntries(all.slice(at, at + BOOKMARKS_PER_ENTRY)))
}

/** What an item says of bookmarks; undefined when it says nothing. What is strange there is passed over. */
export function readBookmarks(field: unknown): BookmarkChanges | undefined {
  if (field === null || typeof field !== 'object') return undefined
  const changes: Record<string, Bookmark | null> = {}
  for (const [id, value] of Object.entries(field)) {
    const bookmark = value === null ? null : readBookmark(value)
    if (isId(id) && bookmark !== undefined) changes[id] = bookmark
  }
  return Object.keys(changes).length === 0 ? undefined : changes
}

function readBookmark(field: unknown): Bookmark | undefined {
  const { name, url, emoji, place, owner, createdAt } = Object(field) as Record<string, unknown>
  const texts = {
    name: textField(name, BOOKMARK_NAME_CHARACTERS_MAX),
    url: textField(url, BOOKMARK_URL_CHARACTERS_MAX),
    emoji: textField(emoji, BOOKMARK_EMOJI_CHARACTERS_MAX),
  }
  if (texts.name === undefined || texts.url === undefined || texts.emoji === undefined)
    return undefined
  if (!isPageAddress(texts.url) || typeof owner !== 'string' || !isId(owner)) return undefined
  if (!isWhole(place) || !isWhole(createdAt)) return undefined
  const { name: called, url: address, emoji: shown } = texts
  return { name: called, url: address, emoji: shown, place, owner: owner as UserId, createdAt }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
