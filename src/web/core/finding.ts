/** Searching in what is on this device: every word must be there, wherever in the message. */
import type { Timeline } from './timeline.ts'
import type { Post } from './wire.ts'

/** Messages found at most. */
const FOUND_MAX = 100

/** Messages that hold every word of `term`, newest first. */
export function findIn(timelines: Iterable<Timeline>, term: string): readonly Post[] {
  const words = folded(term)
    .split(/\s+/)
    .filter((word) => word !== '')
  if (words.length === 0) return []
  const found: Post[] = []
  for (const { posts } of timelines)
    for (const post of posts.values()) {
      if (post.deletedAt > 0) continue
      const text = folded(post.message)
      if (words.every((word) => text.includes(word))) found.push(post)
    }
  return found.toSorted((a, b) => b.createdAt - a.createdAt).slice(0, FOUND_MAX)
}

/** Without case and accents. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}
