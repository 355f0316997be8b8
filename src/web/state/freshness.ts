/** Whether what is shown is what the node has: asked for when a channel comes into sight, and again when the stream was lost. */
import { batch } from '@preact/signals'
import type { Keeping } from './keeping.ts'
import type { Loading } from './loading.ts'
import type { Store } from './store.ts'
import type { Stories } from './stories.ts'

const RETRY_MS = 5_000

/** What it needs. */
export interface FreshnessPorts {
  /** Calls back after a while; gives how to call that off. */
  readonly after: (ms: number, then: () => void) => () => void
}

/** What it works with. */
export interface FreshnessParts {
  readonly store: Store
  readonly loading: Loading
  readonly keeping: Keeping
  readonly onRefresh: (listener: () => void) => void
}

/** Asks once for the newest messages of a channel, and again after the stream was lost or the node did not answer. */
export function createShow(
  { after }: FreshnessPorts,
  { store, loading, keeping, onRefresh }: FreshnessParts,
): (channelId: string) => Promise<void> {
  const refreshed = new Set<string>()
  onRefresh(() => refreshed.clear())
  return async (channelId) => {
    if (refreshed.has(channelId)) return
    refreshed.add(channelId)
    await loading.newest(channelId)
    void loading.purged(channelId)
    keeping.keep(channelId)
    if (store.timeline(channelId).value.isFresh) return
    refreshed.delete(channelId)
    if (store.connection.value === 'here') after(RETRY_MS, () => (store.round.value += 1))
  }
}

/** The stream is here again: what may be old is asked for. */
export async function cameHere(
  {
    store,
    loading,
    stories,
  }: Pick<FreshnessParts, 'store' | 'loading'> & { readonly stories: Stories },
  isResumed: boolean,
): Promise<void> {
  const isFirst = store.connection.value === 'starting'
  store.connection.value = 'here'
  if (isResumed) return
  stories.askAgain()
  // At the start all has just been asked for, if the node was there.
  if (!isFirst || store.status.value === undefined) await loading.everything()
  batch(() => {
    for (const timeline of store.timelines().values())
      timeline.value = { ...timeline.value, isFresh: false }
    store.round.value += 1
  })
}
