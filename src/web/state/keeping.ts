/**
 * What was seen, kept on the device, so that it can be read while the node is out of reach. Bounded: the newest messages
 * of the channels looked at last.
 */
import { batch, effect } from '@preact/signals'
import type { Story } from '#web/core/delivery.ts'
import { isTight, type Room } from '#web/core/room.ts'
import type { Shelf } from '#web/core/shelf.ts'
import { EMPTY, keptTimeline, newestOf } from '#web/core/timeline.ts'
import type { Channel, Membership, Person, Post } from '#web/core/wire.ts'
import { byId, type Store } from './store.ts'

/** Messages kept of one channel. */
export const KEPT_POSTS_MAX = 200
/** Channels of which messages are kept. */
export const KEPT_CHANNELS_MAX = 40
/** Changes are gathered for this long, in milliseconds: a device's storage is slow. */
const GATHER_MS = 500
const CHANNEL = 'channel:'
/** Where it is kept when each link was up. */
export const LINK_PLACE = 'link:'

interface Lists {
  readonly me: Person
  readonly workspace: { readonly id: string; readonly name: string }
  readonly people: readonly Person[]
  readonly channels: readonly Channel[]
  readonly memberships: readonly Membership[]
}

interface KeptChannel {
  readonly at: number
  readonly posts: readonly Post[]
  /** How far they had come. */
  readonly stories: readonly Story[]
}

/** What is needed. */
export interface KeepingPorts {
  readonly store: Store
  readonly shelf: Shelf
  readonly now: () => number
  /** What the browser gives; undefined where it does not say. */
  readonly room: () => Promise<Room | undefined>
  /** Calls back after a while; gives how to call that off. */
  readonly after: (ms: number, then: () => void) => () => void
}

/** Keeping. */
export interface Keeping {
  /** Brings back the lists, and the messages of the channel that is looked at: what the first screen shows. */
  readonly restore: (channelId?: string) => Promise<void>
  /** Brings back the messages of all other channels, one after another. */
  readonly restoreRest: () => Promise<void>
  /** Keeps the lists from now on. Gives how to stop. */
  readonly follow: () => () => void
  /** Keeps the messages of a channel as they are now, a moment later. */
  readonly keep: (channelId: string) => void
  /** Forgets what was read here. What waits to be sent stays. */
  readonly forget: () => Promise<void>
}

/** Keeps `store` in `shelf`. */
export function createKeeping(ports: KeepingPorts): Keeping {
  const { store, shelf, after } = ports
  const due = new Map<string, () => void>()
  const soon = (key: string, job: () => Promise<void>): void => {
    // What changes again and again is kept all the same: as it is by then.
    if (due.has(key)) return
    due.set(
      key,
      after(GATHER_MS, () => {
        due.delete(key)
        job().catch(() => undefined) // A full disk: then it is read again from the node.
      }),
    )
  }
  // What was forgotten while it was being read does not come back.
  let era = 0
  const bring = async (key: string, before: number): Promise<void> => {
    const kept = (await shelf.get(key)) as KeptChannel | undefined
    if (era === before && kept !== undefined) show(store, key.slice(CHANNEL.length), kept)
  }
  return {
    restore: async (channelId) => {
      const before = era
      const [me, lists, kept] = (await Promise.all([
        shelf.get('me'),
        shelf.get('lists'),
        channelId === undefined ? undefined : shelf.get(CHANNEL + channelId),
      ])) as [Person | undefined, Lists | undefined, KeptChannel | undefined]
      if (era !== before) return
      batch(() => {
        showLists(store, me, lists)
        if (channelId !== undefined && kept !== undefined && isTheirs(store, lists))
          show(store, channelId, kept)
      })
    },
    restoreRest: async () => {
      const before = era
      if (!isTheirs(store, (await shelf.get('lists')) as Lists | undefined)) return
      for (const key of await shelf.keys(CHANNEL)) await bring(key, before)
    },
    follow: () =>
      effect(() => {
        if (listsOf(store) === undefined) return
        soon('lists', async () => {
          const lists = listsOf(store)
          if (lists !== undefined) await shelf.put('lists', lists)
        })
      }),
    keep: (channelId) => soon(channelId, () => keepChannel(ports, channelId)),
    forget: async () => {
      era += 1
      for (const callOff of due.values()) callOff()
      due.clear()
      await shelf.remove('me')
      await shelf.remove('lists')
      for (const prefix of [CHANNEL, 'draft:', LINK_PLACE])
        for (const key of await shelf.keys(prefix)) await shelf.remove(key)
    },
  }
}

function listsOf(store: Store): Lists | undefined {
  const me = store.me.value
  const people = [...store.people.value.values()]
  const channels = [...store.channels.value.values()]
  const memberships = [...store.memberships.value.values()]
  const workspace = store.workspace.value
  if (me === undefined || channels.length === 0) return undefined
  return { me, workspace, people, channels, memberships }
}

/** What the node has told meanwhile is newer than what was kept. */
function showLists(store: Store, me: Person | undefined, lists: Lists | undefined): void {
  store.me.value ??= me
  if (lists === undefined || !isTheirs(store, lists)) return
  if (store.workspace.value.id === '') store.workspace.value = lists.workspace
  if (store.people.value.size === 0) store.people.value = byId(lists.people)
  if (store.channels.value.size > 0) return
  store.channels.value = byId(lists.channels)
  store.memberships.value = new Map(lists.memberships.map((one) => [one.channelId, one]))
}

function isTheirs(store: Store, lists: Lists | undefined): boolean {
  return lists !== undefined && lists.me.id === store.me.value?.id
}

function show(store: Store, channelId: string, { posts, stories }: KeptChannel): void {
  const timeline = store.timeline(channelId)
  if (timeline.value !== EMPTY) return
  batch(() => {
    const fresh = stories.filter(({ postId }) => !store.stories.value.has(postId))
    store.stories.value = new Map([
      ...store.stories.value,
      ...fresh.map((story) => [story.postId, story] as const),
    ])
    timeline.value = keptTimeline(posts)
  })
}

/** Throws away what was seen of the channel that was looked at longest ago; `false` when there is none. */
export async function dropOldest(shelf: Shelf): Promise<boolean> {
  const all = await shelf.entries(CHANNEL)
  const [oldest] = all.toSorted(([, a], [, b]) => (a as KeptChannel).at - (b as KeptChannel).at)
  if (oldest === undefined) return false
  await shelf.remove(oldest[0])
  return true
}

async function keepChannel(
  { store, shelf, now, room }: KeepingPorts,
  channelId: string,
): Promise<void> {
  // Nothing is known yet, not even what was kept: that stays.
  if (store.me.value === undefined || store.timeline(channelId).value === EMPTY) return
  const posts = newestOf(store.timeline(channelId).value, KEPT_POSTS_MAX)
  const known = store.stories.value
  const stories = posts.map(({ id }) => known.get(id)).filter((story) => story !== undefined)
  const kept: KeptChannel = { at: now(), posts, stories }
  await shelf.put(CHANNEL + channelId, kept)
  while ((await shelf.keys(CHANNEL)).length > KEPT_CHANNELS_MAX) await dropOldest(shelf)
  // One at a time: browsers say late what has become free.
  const given = await room()
  if (given !== undefined && isTight(given)) await dropOldest(shelf)
}
