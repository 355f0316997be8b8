/** What somebody had typed and not sent when their session was ended elsewhere: it stays for them alone, out of sight of others. */
import type { Shelf } from '#web/core/shelf.ts'

const DRAFT = 'draft:'
/** Files of drafts go: they may be large, and their originals are elsewhere on the device. */
const FILES = 'draft:files:'

/** Puts the texts of drafts aside for `userId`; another tab may be at it, too. */
export async function leaveDrafts(shelf: Shelf, userId: string): Promise<void> {
  for (const key of await shelf.keys(DRAFT)) {
    if (key.startsWith(FILES)) continue
    const draft = await shelf.get(key)
    if (draft === undefined) continue
    await shelf.put(placeOf(userId) + key.slice(DRAFT.length), draft)
    await shelf.remove(key)
  }
}

/** Brings back what was put aside for `userId`; where something else was typed since, that comes first. */
export async function takeDrafts(shelf: Shelf, userId: string): Promise<void> {
  const place = placeOf(userId)
  for (const [key, left] of await shelf.entries(place)) {
    const draft = DRAFT + key.slice(place.length)
    const now = await shelf.get(draft)
    const isBoth = typeof now === 'string' && typeof left === 'string'
    await shelf.put(draft, isBoth ? `${now}\n${left}` : left)
    await shelf.remove(key)
  }
}

function placeOf(userId: string): string {
  return `left:${userId}:`
}
