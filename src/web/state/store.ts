/** Everything the screens show, as signals: changed by the modules beside this one, read by `ui/`. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Story } from '#web/core/delivery.ts'
import { statusFrom, type Standing } from '#web/core/links.ts'
import type { Waiting } from '#web/core/outbox.ts'
import type { Purged } from '#web/core/purged.ts'
import { EMPTY, type Timeline } from '#web/core/timeline.ts'
import type { Channel, Membership, Person } from '#web/core/wire.ts'

/** Whether the node is there. */
export type Connection = 'starting' | 'here' | 'away'

/** What a person here does. */
export type Presence = 'online' | 'away' | 'dnd' | 'offline'

/** Somebody is writing, until then. */
export interface Typing {
  readonly userId: string
  readonly channelId: string
  readonly until: number
}

/** A file on its way here from another node. */
export interface Arriving {
  readonly have: number
  readonly isHere: boolean
}

/** The signals. */
export interface Store {
  /** Undefined: nobody is signed in. */
  readonly me: Signal<Person | undefined>
  /** The session was ended elsewhere, and what was read here is gone. */
  readonly isEnded: Signal<boolean>
  /** Files that were chosen and not sent, and went with that. */
  readonly filesGone: Signal<number>
  /** False until what was kept has been read. */
  readonly isReady: Signal<boolean>
  readonly connection: Signal<Connection>
  /** The node is there, and keeps its keys to itself until somebody unlocks it. */
  readonly isLocked: Signal<boolean>
  readonly workspace: Signal<{ readonly id: string; readonly name: string }>
  readonly people: Signal<ReadonlyMap<string, Person>>
  readonly channels: Signal<ReadonlyMap<string, Channel>>
  readonly memberships: Signal<ReadonlyMap<string, Membership>>
  readonly presences: Signal<ReadonlyMap<string, Presence>>
  readonly typing: Signal<readonly Typing[]>
  readonly waiting: Signal<readonly Waiting[]>
  readonly stories: Signal<ReadonlyMap<string, Story>>
  /** How much has come of files that come from other nodes, and of small pictures of them (`arrivingKey`), as far as that was told. */
  readonly arriving: Signal<ReadonlyMap<string, Arriving>>
  /** Ids of messages that somebody has saved, as far as that was asked. */
  readonly saved: Signal<ReadonlySet<string>>
  /** The node's own word on itself, as it came; undefined until it has come. */
  readonly status: Signal<unknown>
  /** Whether others still take what comes from the node, by that word. */
  readonly standing: ReadonlySignal<Standing>
  /** Where messages of a channel were purged, as far as that was asked. */
  readonly purged: Signal<ReadonlyMap<string, readonly Purged[]>>
  /** Grows whenever what is shown has to be asked for again. */
  readonly round: Signal<number>
  readonly timeline: (channelId: string) => Signal<Timeline>
  /** Every channel of which messages are known. */
  readonly timelines: () => ReadonlyMap<string, Signal<Timeline>>
  readonly unread: ReadonlySignal<ReadonlyMap<string, number>>
  /** Forgets everything; nobody is signed in. */
  readonly clear: () => void
}

/** Signals without anything in them. */
export function createStore(): Store {
  const timelines = new Map<string, Signal<Timeline>>()
  const channels = signal<ReadonlyMap<string, Channel>>(new Map())
  const memberships = signal<ReadonlyMap<string, Membership>>(new Map())
  const unread = computed(() => unreadOf(channels.value, memberships.value))
  const status = signal<unknown>(undefined)
  const store: Store = {
    me: signal<Person | undefined>(undefined),
    isEnded: signal(false),
    filesGone: signal(0),
    isReady: signal(false),
    connection: signal<Connection>('starting'),
    isLocked: signal(false),
    workspace: signal({ id: '', name: '' }),
    people: signal<ReadonlyMap<string, Person>>(new Map()),
    channels,
    memberships,
    presences: signal<ReadonlyMap<string, Presence>>(new Map()),
    typing: signal<readonly Typing[]>([]),
    waiting: signal<readonly Waiting[]>([]),
    stories: signal<ReadonlyMap<string, Story>>(new Map()),
    arriving: signal<ReadonlyMap<string, Arriving>>(new Map()),
    saved: signal<ReadonlySet<string>>(new Set()),
    status,
    standing: computed(() => statusFrom(status.value).standing),
    purged: signal<ReadonlyMap<string, readonly Purged[]>>(new Map()),
    round: signal(0),
    timeline: (channelId) => {
      const known = timelines.get(channelId) ?? signal(EMPTY)
      timelines.set(channelId, known)
      return known
    },
    timelines: () => timelines,
    unread,
    clear: () => {
      timelines.clear()
      store.me.value = undefined
      store.people.value = new Map()
      store.channels.value = new Map()
      store.memberships.value = new Map()
      store.presences.value = new Map()
      store.typing.value = []
      store.stories.value = new Map()
      store.arriving.value = new Map()
      store.saved.value = new Set()
      store.status.value = undefined
      store.purged.value = new Map()
    },
  }
  return store
}

/** A copy of a map with one value set. */
export function withEntry<V>(
  map: ReadonlyMap<string, V>,
  key: string,
  value: V,
): ReadonlyMap<string, V> {
  return new Map(map).set(key, value)
}

/** Values by their id. */
export function byId<V extends { readonly id: string }>(
  values: readonly V[],
): ReadonlyMap<string, V> {
  return new Map(values.map((one) => [one.id, one]))
}

function unreadOf(
  channels: ReadonlyMap<string, Channel>,
  memberships: ReadonlyMap<string, Membership>,
): ReadonlyMap<string, number> {
  return new Map(
    [...memberships.values()].map(({ channelId, seenCount }) => [
      channelId,
      Math.max(0, (channels.get(channelId)?.messageCount ?? 0) - seenCount),
    ]),
  )
}
