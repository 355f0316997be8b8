/** The rows of a channel on the screen: messages with what stands between them, oldest first. */
import type { Waiting } from './outbox.ts'
import { joined, type Purged } from './purged.ts'
import { isSameDay } from './times.ts'
import type { Timeline } from './timeline.ts'
import type { Post } from './wire.ts'

/** One row. Keys stay the same as long as the row means the same. */
export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'new'; readonly key: string }
  | { readonly kind: 'purged'; readonly key: string; readonly purged: Purged }
  | {
      readonly kind: 'post'
      readonly key: string
      readonly post: Post
      /** Goes on from the row before: the same author, a moment later. */
      readonly isContinued: boolean
      /** The message that it answers. */
      readonly root: Post | undefined
    }
  | {
      readonly kind: 'waiting'
      readonly key: string
      readonly waiting: Waiting
      readonly isContinued: boolean
    }

/** Messages of one author this close together stand as one, in milliseconds. */
const TOGETHER_MS = 5 * 60_000

/** What else decides which rows there are. */
export interface RowChoice {
  readonly channelId: string
  readonly waiting: readonly Waiting[]
  /** When one looked last; 0 draws no line. */
  readonly newSince: number
  readonly me: string
  /** Oldest first. */
  readonly purged?: readonly Purged[]
}

/** The rows of a timeline, then what waits on this device. */
export function rowsOf(timeline: Timeline, choice: RowChoice): readonly Row[] {
  const rows: Row[] = []
  let before: Post | undefined
  let isLineDrawn = choice.newSince === 0
  const gone = purgedIn(timeline, choice.purged ?? [])
  for (const id of timeline.order) {
    const post = timeline.posts.get(id)
    if (post === undefined) continue
    const beforeIt = gone.splice(0, firstAfter(gone, post.createdAt))
    const isToday = ({ at }: Purged): boolean => isSameDay(at, post.createdAt)
    rows.push(...purgedRows(beforeIt.filter((one) => !isToday(one))))
    if (before === undefined || !isSameDay(before.createdAt, post.createdAt)) {
      rows.push({ kind: 'day', key: `day:${id}`, at: post.createdAt })
      before = undefined
    }
    rows.push(...purgedRows(beforeIt.filter(isToday)))
    if (!isLineDrawn && post.createdAt > choice.newSince && post.userId !== choice.me) {
      rows.push({ kind: 'new', key: 'new' })
      isLineDrawn = true
      before = undefined
    }
    const isContinued = before !== undefined && beforeIt.length === 0 && isTogether(before, post)
    const root = timeline.posts.get(post.rootId)
    rows.push({ kind: 'post', key: post.pendingId || id, post, isContinued, root })
    before = post
  }
  const last = purgedRows(gone)
  return [...rows, ...last, ...waitingRows(timeline, choice, last.length > 0 ? undefined : before)]
}

function purgedRows(purged: readonly Purged[]): readonly Row[] {
  return joined(purged).map((one) => ({ kind: 'purged', key: one.key, purged: one }))
}

/** Those that stand where messages are known. */
function purgedIn({ order, posts, hasOlder }: Timeline, purged: readonly Purged[]): Purged[] {
  const oldest = posts.get(order[0] ?? '')?.createdAt ?? 0
  return purged.filter(({ at }) => !hasOlder || at >= oldest)
}

function firstAfter(purged: readonly Purged[], time: number): number {
  const index = purged.findIndex(({ at }) => at > time)
  return index < 0 ? purged.length : index
}

function waitingRows(
  timeline: Timeline,
  { waiting, channelId, me }: RowChoice,
  before: Post | undefined,
): readonly Row[] {
  const here = new Set([...timeline.posts.values()].slice(-200).map(({ pendingId }) => pendingId))
  return waiting
    .filter((one) => one.channelId === channelId && !here.has(one.pendingId))
    .map((one, index) => ({
      kind: 'waiting',
      key: one.pendingId,
      waiting: one,
      isContinued: index > 0 || before?.userId === me,
    }))
}

function isTogether(before: Post, post: Post): boolean {
  return (
    before.userId === post.userId &&
    post.createdAt - before.createdAt < TOGETHER_MS &&
    post.lane === 'routine' &&
    before.lane === 'routine' &&
    post.rootId === before.rootId
  )
}
