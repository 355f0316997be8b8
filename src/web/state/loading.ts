/** Asking the node for what the screens show. Whatever does not come stays as it was kept. */
import { batch } from '@preact/signals'
import type { Answer, Ask } from '#web/core/client.ts'
import { purgedFrom } from '#web/core/purged.ts'
import { withNewest, withOlder, withPosts } from '#web/core/timeline.ts'
import {
  channelFrom,
  fields,
  list,
  membershipFrom,
  pageFrom,
  personFrom,
  text,
  type Person,
} from '#web/core/wire.ts'
import { byId, withEntry, type Presence, type Store } from './store.ts'

/** Messages asked for at once. */
const PAGE_POSTS = 40
/** While somebody scrolls back: fewer questions. */
const OLDER_POSTS = 200
const PEOPLE_PER_PAGE = 200
const PEOPLE_PAGES_MAX = 20

/** The loader. */
export interface Loading {
  /** Who is signed in, and all that the lists show. `false` when the node did not answer. */
  readonly everything: () => Promise<boolean>
  readonly channels: () => Promise<void>
  /** The newest messages of a channel. */
  readonly newest: (channelId: string) => Promise<void>
  /** A page before the oldest known; a second call meanwhile joins the first. */
  readonly older: (channelId: string) => Promise<void>
  readonly thread: (channelId: string, rootId: string) => Promise<void>
  readonly status: () => Promise<void>
  /** Where messages of a channel were purged; a call meanwhile has it asked once more. */
  readonly purged: (channelId: string) => Promise<void>
}

/** A loader into `store`. */
export function createLoading(ask: Ask, store: Store): Loading {
  const olderRunning = new Map<string, Promise<void>>()
  const get = async (path: string): Promise<unknown> => valueOf(await ask('GET', path))
  const channels = async (): Promise<void> => batch(await readChannels(get, store))
  const status = async (): Promise<void> => {
    const value = await get('/api/holdfast/v1/status')
    if (value !== undefined) store.status.value = value
  }
  const readOlder = async (channelId: string, oldest: string): Promise<void> => {
    const timeline = store.timeline(channelId)
    const query = `per_page=${OLDER_POSTS}&before=${oldest}`
    const value = await get(`/api/v4/channels/${channelId}/posts?${query}`)
    // First: whoever is drawn by this page and asks for the one before it must not be given this one.
    olderRunning.delete(channelId)
    if (value !== undefined) timeline.value = withOlder(timeline.value, pageFrom(value))
  }
  return {
    everything: async () => {
      const beside = status()
      const [answer, team, people, lists] = await Promise.all([
        ask('GET', '/api/v4/users/me'),
        get('/api/v4/users/me/teams'),
        readPeople(get),
        readChannels(get, store),
      ])
      // Together, so that an old phone draws them once.
      batch(() => {
        if (answer.kind === 'ok') store.me.value = personFrom(answer.value)
        showTeam(store, team)
        if (people.length > 0) store.people.value = byId(people)
        lists()
      })
      await Promise.all([beside, readPresences(ask, store, people)])
      return answer.kind === 'ok'
    },
    channels,
    status,
    purged: createPurged(get, store),
    newest: (channelId) => readNewest(get, store.timeline(channelId), channelId),
    older: async (channelId) => {
      const { order, hasOlder } = store.timeline(channelId).value
      const [oldest] = order
      if (oldest === undefined || !hasOlder) return
      const running = olderRunning.get(channelId) ?? readOlder(channelId, oldest)
      olderRunning.set(channelId, running)
      await running
    },
    thread: async (channelId, rootId) => {
      const value = await get(`/api/v4/posts/${rootId}/thread`)
      if (value === undefined) return
      const { posts, beside } = pageFrom(value)
      const timeline = store.timeline(channelId)
      timeline.value = withPosts(timeline.value, [...posts, ...beside])
    },
  }
}

async function readNewest(
  get: (path: string) => Promise<unknown>,
  timeline: ReturnType<Store['timeline']>,
  channelId: string,
): Promise<void> {
  const asked = timeline.value
  const value = await get(`/api/v4/channels/${channelId}/posts?per_page=${PAGE_POSTS}`)
  if (value !== undefined) timeline.value = withNewest(timeline.value, pageFrom(value), asked)
}

function createPurged(get: (path: string) => Promise<unknown>, store: Store): Loading['purged'] {
  const wantedAgain = new Map<string, boolean>()
  return async (channelId) => {
    if (wantedAgain.has(channelId)) return void wantedAgain.set(channelId, true)
    do {
      wantedAgain.set(channelId, false)
      // oxlint-disable-next-line no-await-in-loop -- once more, as something went meanwhile
      const value = await get(`/api/holdfast/v1/channels/${channelId}/purges`)
      if (value !== undefined)
        store.purged.value = withEntry(store.purged.value, channelId, purgedFrom(value))
    } while (wantedAgain.get(channelId) === true)
    wantedAgain.delete(channelId)
  }
}

/** The value of a good answer. */
export function valueOf(answer: Answer): unknown {
  return answer.kind === 'ok' ? answer.value : undefined
}

/** Gives what shows them; that does nothing where the node has not told both. */
async function readChannels(
  get: (path: string) => Promise<unknown>,
  store: Store,
): Promise<() => void> {
  const [all, memberships] = await Promise.all([
    get('/api/v4/users/me/channels'),
    get('/api/v4/users/me/channel_members?page=-1'),
  ])
  if (!Array.isArray(all) || !Array.isArray(memberships)) return () => undefined
  const known = memberships.map(membershipFrom)
  return () => {
    store.channels.value = byId(all.map(channelFrom))
    store.memberships.value = new Map(known.map((one) => [one.channelId, one]))
  }
}

function showTeam(store: Store, teams: unknown): void {
  const team = fields(list(teams)[0])
  if (text(team.id) !== '')
    store.workspace.value = { id: text(team.id), name: text(team.display_name) }
}

async function readPeople(get: (path: string) => Promise<unknown>): Promise<readonly Person[]> {
  const people: Person[] = []
  for (let page = 0; page < PEOPLE_PAGES_MAX; page += 1) {
    const query = `page=${page}&per_page=${PEOPLE_PER_PAGE}`
    const some = list(await get(`/api/v4/users?${query}`)).map(personFrom)
    people.push(...some)
    if (some.length < PEOPLE_PER_PAGE) break
  }
  return people
}

async function readPresences(ask: Ask, store: Store, people: readonly Person[]): Promise<void> {
  if (people.length === 0) return
  const ids = people.map(({ id }) => id).slice(0, 1_000)
  const statuses = list(valueOf(await ask('POST', '/api/v4/users/status/ids', ids))).map(fields)
  store.presences.value = new Map(
    statuses.map((one) => [text(one.user_id), presenceFrom(one.status)]),
  )
}

/** A word for what somebody does here. */
export function presenceFrom(value: unknown): Presence {
  return value === 'online' || value === 'away' || value === 'dnd' ? value : 'offline'
}
