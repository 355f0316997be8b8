/** The side bar: how somebody has sorted their channels into categories. What nobody sorted stands where every client shows it. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import { idFromBytes, type ChannelId, type FileId, type UserId } from '#base/ids.ts'
import type { SidebarPart } from '#app/kept-types.ts'
import type { Preference } from '#app/node.ts'
import type { Channel } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idSchema, textParam, userParam } from '#server/input.ts'
import { CATEGORIES_MAX } from '#server/limits.ts'
import { toPerson } from '#server/live-text.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { isPersonal } from './shapes-channel.ts'
import { checkTeam } from './teams.ts'

const Category = z.object({
  id: z.string().max(128).default(''),
  display_name: z.string().min(1).max(64),
  sorting: z.enum(['', 'manual', 'recent', 'alpha']).default(''),
  muted: z.boolean().default(false),
  collapsed: z.boolean().default(false),
  channel_ids: z.array(idSchema<ChannelId>()).max(2_000).nullish(),
})
const Categories = z.array(Category).min(1).max(CATEGORIES_MAX)
const Order = z.array(z.string().max(128)).max(CATEGORIES_MAX)

type Body = z.infer<typeof Category>

const NAMES = {
  favorites: 'Favorites',
  channels: 'Channels',
  direct_messages: 'Direct Messages',
} as const

/** The routes about the side bar. */
export function sidebarRoutes(door: Door): readonly Route[] {
  const base = '/api/v4/users/:user/teams/:team/channels/categories'
  return [
    route('GET', base, async (call) => {
      const parts = await partsOf(door, own(door, call))
      return { categories: parts.map(shownBy(door, call)), order: parts.map(({ id }) => id) }
    }),
    route('POST', base, (call) => create(door, call)),
    route('PUT', base, async (call) => update(door, call, bodyOf(call, Categories))),
    route('GET', `${base}/order`, async (call) =>
      (await partsOf(door, own(door, call))).map(({ id }) => id),
    ),
    route('PUT', `${base}/order`, (call) => reorder(door, call)),
    route('GET', `${base}/:category`, async (call) =>
      shownBy(door, call)(await partOf(door, call)),
    ),
    route('PUT', `${base}/:category`, async (call) => {
      const body = { ...bodyOf(call, Category), id: textParam(call, 'category') }
      return (await update(door, call, [body]))[0] ?? {}
    }),
    route('DELETE', `${base}/:category`, (call) => remove(door, call)),
  ]
}

/** What was sorted, and every other channel in the part that is for its kind. */
async function partsOf(door: Door, person: UserId): Promise<readonly SidebarPart[]> {
  const { node } = door
  const [kept, channels, favorites] = await Promise.all([
    node.sidebar(person),
    node.channelsOf(person),
    favoritesOf(door, person),
  ])
  const byId = new Map(channels.map((channel) => [channel.id, channel]))
  const parts = kept ?? defaultParts(door, person)
  const sorted = new Map<ChannelId, string>()
  for (const { kind, id, channels: inside } of parts)
    for (const channel of inside) if (kind !== 'favorites') sorted.set(channel, id)
  return parts.map((part) => {
    const first = part.channels.filter((id) => byId.has(id) && belongs(part, id))
    const rest = channels
      .map(({ id }) => id)
      .filter((id) => !first.includes(id) && belongs(part, id))
    return { ...part, channels: [...first, ...rest] }
  })
  function belongs(part: SidebarPart, id: ChannelId): boolean {
    if (favorites.has(id)) return part.kind === 'favorites'
    const place = sorted.get(id)
    if (place !== undefined) return place === part.id
    const channel = byId.get(id)
    return channel !== undefined && part.kind === kindFor(channel)
  }
}

function kindFor(channel: Channel): SidebarPart['kind'] {
  return isPersonal(channel) ? 'direct_messages' : 'channels'
}

function defaultParts({ workspace }: Door, person: UserId): readonly SidebarPart[] {
  return (Object.keys(NAMES) as (keyof typeof NAMES)[]).map((kind) => ({
    id: `${kind}_${person}_${workspace.id}`,
    kind,
    name: NAMES[kind],
    sorting: kind === 'direct_messages' ? 'recent' : '',
    isMuted: false,
    isCollapsed: false,
    channels: [],
  }))
}

async function create(door: Door, call: Call): Promise<object> {
  const person = own(door, call)
  const body = bodyOf(call, Category)
  const parts = await partsOf(door, person)
  if (parts.length >= CATEGORIES_MAX)
    throw new EdgeError('INPUT_INVALID', {
      field: 'categories',
      found: parts.length,
      wanted: 'fewer',
    })
  const id = idFromBytes<FileId>(door.random.bytes(16))
  const part = partFrom({ ...body, id }, { id, kind: 'custom' })
  const [first, ...rest] = parts
  const all = [...(first === undefined ? [] : [first]), part, ...rest]
  await save(door, person, taken(all, [part]))
  door.announce(toPerson(person, 'sidebar_category_created', { category_id: id }))
  call.reply.status(201)
  return shownBy(door, call)(part)
}

async function update(door: Door, call: Call, bodies: readonly Body[]): Promise<readonly object[]> {
  const person = own(door, call)
  const parts = await partsOf(door, person)
  const changed = bodies.map((body) => {
    const before = parts.find(({ id }) => id === body.id)
    if (before === undefined) throw new EdgeError('NOT_FOUND', { what: 'category' })
    return partFrom(body, before)
  })
  const next = parts.map((part) => changed.find(({ id }) => id === part.id) ?? part)
  await save(door, person, taken(next, changed))
  const shown = changed.map(shownBy(door, call))
  const data = { updatedCategories: JSON.stringify(shown) }
  door.announce(toPerson(person, 'sidebar_category_updated', data))
  return shown
}

async function remove(door: Door, call: Call): Promise<object> {
  const person = own(door, call)
  const part = await partOf(door, call)
  if (part.kind !== 'custom') throw new EdgeError('NOT_ALLOWED', { what: 'one of the first three' })
  const parts = await partsOf(door, person)
  await save(
    door,
    person,
    parts.filter(({ id }) => id !== part.id),
  )
  door.announce(toPerson(person, 'sidebar_category_deleted', { category_id: part.id }))
  return { status: 'OK' }
}

async function reorder(door: Door, call: Call): Promise<object> {
  const person = own(door, call)
  const order = bodyOf(call, Order)
  const parts = await partsOf(door, person)
  const isSame = order.length === parts.length && parts.every(({ id }) => order.includes(id))
  if (!isSame)
    throw new EdgeError('INPUT_INVALID', { field: 'order', wanted: 'every category once' })
  await save(
    door,
    person,
    parts.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id)),
  )
  door.announce(toPerson(person, 'sidebar_category_order_updated', { order }))
  return order
}

/** A channel stands in one part: what one takes, the others lose. */
function taken(
  parts: readonly SidebarPart[],
  changed: readonly SidebarPart[],
): readonly SidebarPart[] {
  const owner = new Map(
    changed.flatMap(({ id, channels }) => channels.map((one) => [one, id] as const)),
  )
  return parts.map((part) => ({
    ...part,
    channels: part.channels.filter((one) => (owner.get(one) ?? part.id) === part.id),
  }))
}

/** Clients read favorites from preferences, too: both say the same. */
async function save(door: Door, person: UserId, parts: readonly SidebarPart[]): Promise<void> {
  const { node } = door
  const before = await favoritesOf(door, person)
  const after = new Set(
    parts.filter(({ kind }) => kind === 'favorites').flatMap(({ channels }) => channels),
  )
  const added = [...after].filter((id) => !before.has(id)).map(favorite)
  const gone = [...before].filter((id) => !after.has(id as ChannelId)).map(favorite)
  if (added.length > 0) await node.setPreferences(person, added)
  if (gone.length > 0) await node.deletePreferences(person, gone)
  await node.setSidebar(person, parts)
}

function favorite(name: string): Preference {
  return { category: 'favorite_channel', name, value: 'true' }
}

function partFrom(body: Body, { id, kind }: Pick<SidebarPart, 'id' | 'kind'>): SidebarPart {
  return {
    id,
    kind,
    name: kind === 'custom' ? body.display_name : NAMES[kind],
    sorting: body.sorting,
    isMuted: body.muted,
    isCollapsed: body.collapsed,
    channels: body.channel_ids ?? [],
  }
}

async function partOf(door: Door, call: Call): Promise<SidebarPart> {
  const wanted = textParam(call, 'category')
  const found = (await partsOf(door, own(door, call))).find(({ id }) => id === wanted)
  if (found === undefined) throw new EdgeError('NOT_FOUND', { what: 'category' })
  return found
}

function shownBy(
  { workspace }: Door,
  { subject }: Call,
): (part: SidebarPart, at?: number) => object {
  return (part, at = 0) => ({
    id: part.id,
    user_id: subject,
    team_id: workspace.id,
    sort_order: at * 10,
    type: part.kind,
    display_name: part.name,
    sorting: part.sorting,
    muted: part.isMuted,
    collapsed: part.isCollapsed,
    channel_ids: part.channels,
  })
}

async function favoritesOf(door: Door, person: UserId): Promise<ReadonlySet<string>> {
  const preferences = await door.node.preferences(person)
  const favorites = preferences.filter(
    ({ category, value }) => category === 'favorite_channel' && value === 'true',
  )
  return new Set(favorites.map(({ name }) => name))
}

function own(door: Door, call: Call): UserId {
  checkTeam(door, call)
  const person = userParam(call)
  if (person !== call.subject) throw new EdgeError('NOT_ALLOWED', { what: 'side bar of another' })
  return person
}
