/**
 * What was seen, kept on the device, so that it can be read while the node is out of reach. Bounded: the newest messages
 * of the channels looked at last.
 */
import { effect } from '@preact/signals'
import type { Story } from '#web/core/delivery.ts'
import type { Shelf } from '#web/core/shelf.ts'
import { keptTimeline, newestOf } from '#web/core/timeline.ts'
import type { Channel, Membership, Person, Post } from '#web/core/wire.ts'
import { byId, withEntry, type Store } from './store.ts'

/** Messages kept of one channel. */
export const KEPT_POSTS_MAX = 200
/** Channels of which messages are kept. */
export const KEPT_CHANNELS_MAX = 40
/** Changes are gathered for this long, in milliseconds: a device's storage is slow. */
const GATHER_MS = 500

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
  /** Calls back after a while; gives how to call that off. */
  readonly after: (ms: number, then: () => void) => () => void
}

/** Keeping. */
export interface Keeping {
  /** Brings back what was kept. */
  readonly restore: () => Promise<void>
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
    due.get(key)?.()
    due.set(
      key,
      after(GATHER_MS, () => {
        due.delete(key)
        job().catch(() => undefined) // A full disk: then it is read again from the node.
      }),
    )
  }
  return {
    restore: () => restore(ports),
    follow: () =>
      effect(() => {
        const lists = listsOf(store)
        if (lists !== undefined) soon('lists', () => shelf.put('lists', lists))
      }),
    keep: (channelId) => soon(channelId, () => keepChannel(ports, channelId)),
    forget: async () => {
      for (const callOff of due.values()) callOff()
      due.clear()
      await shelf.remove('me')
      await shelf.remove('lists')
      for (const prefix of ['channel:', 'draft:'])
        for (const [key] of await shelf.entries(prefix)) await shelf.remove(key)
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

async function restore({ store, shelf }: KeepingPorts): Promise<void> {
  store.me.value = (await shelf.get('me')) as Person | undefined
  const lists = (await shelf.get('lists')) as Lists | undefined
  if (lists === undefined || lists.me.id !== store.me.value?.id) return
  store.workspace.value = lists.workspace
  store.people.value = byId(lists.people)
  store.channels.value = byId(lists.channels)
  store.memberships.value = new Map(lists.memberships.map((one) => [one.channelId, one]))
  for (const [key, value] of await shelf.entries('channel:')) {
    const { posts, stories } = value as KeptChannel
    for (const story of stories)
      store.stories.value = withEntry(store.stories.value, story.postId, story)
    store.timeline(key.slice('channel:'.length)).value = keptTimeline(posts)
  }
}

async function keepChannel({ store, shelf, now }: KeepingPorts, channelId: string): Promise<void> {
  if (store.me.value === undefined) return
  const posts = newestOf(store.timeline(channelId).value, KEPT_POSTS_MAX)
  const known = store.stories.value
  const stories = posts.map(({ id }) => known.get(id)).filter((story) => story !== undefined)
  const kept: KeptChannel = { at: now(), posts, stories }
  await shelf.put(`channel:${channelId}`, kept)
  const all = await shelf.entries('channel:')
  const oldestFirst = all.toSorted(([, a], [, b]) => (a as KeptChannel).at - (b as KeptChannel).at)
  for (const [key] of oldestFirst.slice(0, Math.max(0, all.length - KEPT_CHANNELS_MAX)))
    await shelf.remove(key)
}
