/** Delivery stories of the messages in sight: asked for together, and again when the node says that they have changed. */
import type { Ask } from '#web/core/client.ts'
import { storyFrom } from '#web/core/delivery.ts'
import { list } from '#web/core/wire.ts'
import { valueOf } from './loading.ts'
import type { Store } from './store.ts'

/** Ids in one question: the node's limit. */
const IDS_MAX = 200
/** Messages that come into sight together are asked for together, in milliseconds. */
const GATHER_MS = 60
/** A question that nobody answered is asked again after so many milliseconds: nobody will say once more that they have changed. */
const RETRY_MS = 5_000
/** Stories that are remembered; beyond it, all are asked for anew. */
const STORIES_MAX = 4_000

/** The stories. */
export interface Stories {
  /** These are in sight. */
  readonly want: (postIds: readonly string[]) => void
  /** These have changed. */
  readonly changed: (postIds: readonly string[]) => void
  /** The node may know more than it could tell. */
  readonly askAgain: () => void
}

/** Stories into `store`. */
export function createStories(
  ask: Ask,
  store: Store,
  after: (ms: number, then: () => void) => () => void,
): Stories {
  const asked = new Set<string>()
  const gathered = new Set<string>()
  const askAll = async (): Promise<void> => {
    const ids = [...gathered].slice(0, IDS_MAX)
    for (const id of ids) gathered.delete(id)
    if (gathered.size > 0) soon()
    const answer = await ask('POST', '/api/holdfast/v1/posts/delivery', { post_ids: ids })
    if (answer.kind === 'away' && store.me.value !== undefined)
      return void after(RETRY_MS, () => gather(ids))
    if (answer.kind !== 'ok') {
      for (const id of ids) asked.delete(id)
      return
    }
    const known = store.stories.value.size > STORIES_MAX ? new Map() : store.stories.value
    const stories = list(valueOf(answer)).map(storyFrom)
    store.stories.value = new Map([
      ...known,
      ...stories.map((story) => [story.postId, story] as const),
    ])
  }
  const soon = (): void => void after(GATHER_MS, () => void askAll())
  const gather = (ids: readonly string[]): void => {
    const isWaiting = gathered.size > 0
    for (const id of ids) {
      asked.add(id)
      gathered.add(id)
    }
    if (!isWaiting && gathered.size > 0) soon()
  }
  return {
    want: (ids) => gather(ids.filter((id) => !asked.has(id))),
    changed: (ids) => gather(ids.filter((id) => asked.has(id) || store.stories.value.has(id))),
    askAgain: () => asked.clear(),
  }
}
