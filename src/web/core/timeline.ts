/**
 * The messages of one channel as they are shown: oldest first, each once. Pages, live events and what was kept come in
 * any order and more than once; the newer picture of a message wins.
 */
import type { Post, PostPage, Reaction } from './wire.ts'

/** What is known of a channel's messages. Values are never changed in place. */
export interface Timeline {
  /** Ids, oldest first: an unbroken run up to the newest. */
  readonly order: readonly string[]
  readonly posts: ReadonlyMap<string, Post>
  /** There is more before the oldest. */
  readonly hasOlder: boolean
  /** The node has been asked since this page was opened. */
  readonly isFresh: boolean
}

/** Nothing is known yet. */
export const EMPTY: Timeline = {
  order: [],
  posts: new Map(),
  hasOlder: true,
  isFresh: false,
}

/**
 * The newest page, from the node. What was known before stays only where the page reaches back to it. `asked` is what was known when the
 * node was asked for the page: what came since, the page may not have yet.
 */
export function withNewest(timeline: Timeline, page: PostPage, asked = timeline): Timeline {
  const since = [...timeline.posts.values()].filter((post) => asked.posts.get(post.id) !== post)
  return withPosts(onPage(timeline, page), since)
}

function onPage(timeline: Timeline, page: PostPage): Timeline {
  const isJoined = page.posts.some(({ id }) => timeline.posts.has(id)) || !page.hasOlder
  const before = isJoined && page.hasOlder ? timeline : EMPTY
  const hasOlder = before === EMPTY ? page.hasOlder : timeline.hasOlder
  const oldest = page.posts.at(-1)?.createdAt ?? 0
  // What the node no longer shows in the range of this page has been deleted meanwhile.
  const present = new Set(page.posts.map(({ id }) => id))
  const kept = before.order.filter((id) => {
    const post = before.posts.get(id)
    return post !== undefined && (present.has(id) || post.createdAt < oldest)
  })
  const settled = [...page.posts, ...page.beside].map((post) => settledPost(timeline, post))
  return merged({ ...before, order: kept }, settled, {
    shown: page.posts,
    hasOlder,
    isFresh: true,
  })
}

/** What the node tells again stays the same object, so that it is not drawn again. Both were read by the same parser. */
function settledPost({ posts }: Timeline, post: Post): Post {
  const known = posts.get(post.id)
  return known !== undefined && JSON.stringify(post) === JSON.stringify(known) ? known : post
}

/** A page before the oldest. */
export function withOlder(timeline: Timeline, page: PostPage): Timeline {
  return merged(timeline, [...page.posts, ...page.beside], {
    shown: page.posts,
    hasOlder: page.hasOlder && page.posts.length > 0,
    isFresh: timeline.isFresh,
  })
}

/** Single messages: new, edited, or deleted. Those older than the run that is known only change what is beside it. */
export function withPosts(timeline: Timeline, posts: readonly Post[]): Timeline {
  const oldestId = timeline.order[0]
  const oldest = oldestId === undefined ? 0 : (timeline.posts.get(oldestId)?.createdAt ?? 0)
  const shown = posts.filter((post) => !timeline.hasOlder || post.createdAt >= oldest)
  const { hasOlder, isFresh } = timeline
  return merged(timeline, posts, { shown, hasOlder, isFresh })
}

/** A reaction came (`isThere`) or went. */
export function withReaction(
  timeline: Timeline,
  postId: string,
  change: { readonly reaction: Reaction; readonly isThere: boolean },
): Timeline {
  const post = timeline.posts.get(postId)
  if (post === undefined) return timeline
  const { reaction, isThere } = change
  const others = post.reactions.filter(
    ({ userId, emoji }) => userId !== reaction.userId || emoji !== reaction.emoji,
  )
  const reactions = isThere ? [...others, reaction] : others
  return { ...timeline, posts: new Map(timeline.posts).set(postId, { ...post, reactions }) }
}

/** The last `count` messages, to be kept on the device. */
export function newestOf(timeline: Timeline, count: number): readonly Post[] {
  return timeline.order
    .slice(-count)
    .map((id) => timeline.posts.get(id))
    .filter((post) => post !== undefined)
}

/** What was kept on the device; the node is asked as soon as it is there. */
export function keptTimeline(posts: readonly Post[]): Timeline {
  return merged(EMPTY, posts, { shown: posts, hasOlder: true, isFresh: false })
}

/** The messages of one thread, oldest first. */
export function threadOf(timeline: Timeline, rootId: string): readonly Post[] {
  return [...timeline.posts.values()]
    .filter((post) => (post.id === rootId || post.rootId === rootId) && post.deletedAt === 0)
    .toSorted(comparePosts)
}

/** By time, then by id, as the node orders them. */
export function comparePosts(a: Post, b: Post): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : Number(a.id > b.id))
}

interface Merge {
  readonly shown: readonly Post[]
  readonly hasOlder: boolean
  readonly isFresh: boolean
}

function merged(timeline: Timeline, incoming: readonly Post[], merge: Merge): Timeline {
  const posts = new Map(timeline.posts)
  for (const post of incoming) {
    const known = posts.get(post.id)
    if (known === undefined || post.updatedAt >= known.updatedAt || post.deletedAt > 0)
      posts.set(post.id, post)
  }
  const ids = new Set([...timeline.order, ...merge.shown.map(({ id }) => id)])
  const order = [...ids]
    .map((id) => posts.get(id))
    .filter((post) => post !== undefined)
    .filter((post) => post.deletedAt === 0)
    .toSorted(comparePosts)
    .map(({ id }) => id)
  return { order, posts, hasOlder: merge.hasOlder, isFresh: merge.isFresh }
}
