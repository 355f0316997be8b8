/** What a channel says of itself. */
import { readBookmarks, type BookmarkChanges } from './bookmark.ts'
import { textField } from './fields.ts'

/** What a channel says of itself; an absent field keeps what it was. */
export interface Settings {
  readonly name?: string
  readonly displayName?: string
  readonly purpose?: string
  readonly header?: string
  readonly isArchived?: boolean
  /** Who is added later does not get to read what was written before. */
  readonly hidesHistory?: boolean
  /** Each has an order of its own, and is kept by itself. */
  readonly bookmarks?: BookmarkChanges
}

/** The settings in an item; what is strange there is passed over. */
export function readSettings(field: unknown): Settings {
  const source = Object(field) as Readonly<Record<string, unknown>>
  const settings: { -readonly [Key in keyof Settings]: Settings[Key] } = {}
  for (const key of ['name', 'displayName', 'purpose', 'header'] as const) {
    const text = textField(source[key], 1024)
    if (text !== undefined) settings[key] = text
  }
  for (const key of ['isArchived', 'hidesHistory'] as const) {
    const flag = source[key]
    if (typeof flag === 'boolean') settings[key] = flag
  }
  const bookmarks = readBookmarks(source['bookmarks'])
  if (bookmarks !== undefined) settings.bookmarks = bookmarks
  return settings
}
