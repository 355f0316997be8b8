/**
 * The organisation's directory, folded from its log: nodes, people, channels, memberships. For one name the entry
 * that stands last in order counts, so every node with the same entries has the same directory.
 */
import type { ActorId, ChannelId, DocumentId, Instant, UserId } from '#base/ids.ts'
import type { ChannelKind, MemberRole, Profile } from './entry.ts'
import type { Logged } from './log.ts'
import { causeKey } from './order.ts'

/** A person as the directory has them. */
export interface DirectoryPerson {
  readonly id: UserId
  readonly profile: Profile
  /** Whose list enrolled them first: their home. */
  readonly home: ActorId
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** A channel as the directory has it; its settings are in its own document. */
export interface DirectoryChannel {
  readonly id: ChannelId
  readonly kind: ChannelKind
  readonly creator: UserId | undefined
  readonly createdAt: Instant
}

/** A membership as the directory has it. */
export interface DirectoryMember {
  readonly channel: ChannelId
  readonly person: UserId
  readonly role: MemberRole
  readonly since: Instant
}

/** What an entry changed. */
export type DirectoryChange =
  | { readonly kind: 'person'; readonly person: DirectoryPerson; readonly isNew: boolean }
  | {
      readonly kind: 'channel'
      readonly channel: DirectoryChannel
      readonly isNew: boolean
      /** Whose memberships came before it: they stand in other lists. Told of nowhere else. */
      readonly members: readonly UserId[]
    }
  | { readonly kind: 'member'; readonly member: DirectoryMember; readonly before: MemberRole }
  | { readonly kind: 'node'; readonly certificate: Uint8Array }
  | { readonly kind: 'nothing' }

/** Grows by `apply`; asks cost nothing. */
export interface Directory {
  readonly apply: (document: DocumentId, logged: Logged) => DirectoryChange
  readonly person: (id: UserId) => DirectoryPerson | undefined
  readonly people: () => readonly DirectoryPerson[]
  readonly channel: (id: ChannelId) => DirectoryChannel | undefined
  readonly channels: () => readonly DirectoryChannel[]
  readonly member: (channel: ChannelId, person: UserId) => DirectoryMember | undefined
  readonly members: (channel: ChannelId) => readonly DirectoryMember[]
  readonly channelsOf: (person: UserId) => readonly ChannelId[]
  readonly certificates: () => readonly Uint8Array[]
}

interface Ordered<T> {
  readonly order: string
  readonly value: T
}

/** `firstOrder`: the place of the entry that enrolled them. */
type EnrolledPerson = DirectoryPerson & { readonly firstOrder: string }

interface Tables {
  readonly people: Map<UserId, Ordered<EnrolledPerson>>
  readonly channels: Map<ChannelId, Ordered<DirectoryChannel>>
  readonly members: Map<ChannelId, Map<UserId, Ordered<DirectoryMember>>>
  readonly byPerson: Map<UserId, Set<ChannelId>>
  readonly certificates: Uint8Array[]
}

/** An empty directory. */
export function openDirectory(): Directory {
  const tables: Tables = {
    people: new Map(),
    channels: new Map(),
    members: new Map(),
    byPerson: new Map(),
    certificates: [],
  }
  const { people, channels, members, byPerson, certificates } = tables
  return {
    apply: (document, logged) => applyEntry(tables, document, logged),
    person: (id) => people.get(id)?.value,
    people: () => [...people.values()].map((person) => person.value),
    channel: (id) => channels.get(id)?.value,
    channels: () => [...channels.values()].map((channel) => channel.value),
    member: (channel, person) => members.get(channel)?.get(person)?.value,
    members: (channel) =>
      [...(members.get(channel)?.values() ?? [])]
        .map((member) => member.value)
        .filter((member) => member.role !== 'none'),
    channelsOf: (person) => [...(byPerson.get(person) ?? [])].filter((id) => channels.has(id)),
    certificates: () => certificates,
  }
}

function applyEntry(tables: Tables, document: DocumentId, logged: Logged): DirectoryChange {
  const place = { order: causeKey(document, logged), at: logged.entry.placeAt, actor: logged.actor }
  const { content, author: creator } = logged.entry
  switch (content.kind) {
    case 'person':
      return applyPerson(tables, content, place)
    case 'channel': {
      const { channel: id, channelKind: kind } = content
      return applyChannel(tables, { id, kind, creator, createdAt: place.at }, place)
    }
    case 'member': {
      const { channel, person, role } = content
      return applyMember(tables, { channel, person, role, since: place.at }, place)
    }
    case 'node':
      tables.certificates.push(content.certificate)
      return { kind: 'node', certificate: content.certificate }
    case 'post':
    case 'edit':
    case 'deletion':
    case 'reaction':
    case 'acknowledgement':
    case 'settings':
    case 'unknown':
      return NOTHING
  }
}

/** The first entry of a person decides their home, the last their profile. */
function applyPerson(
  { people }: Tables,
  { person: id, profile }: { readonly person: UserId; readonly profile: Profile },
  { order, at, actor }: Placed,
): DirectoryChange {
  const known = people.get(id)
  const fresh = { id, profile, home: actor, createdAt: at, updatedAt: at, firstOrder: order }
  if (known === undefined) {
    people.set(id, { order, value: fresh })
    return { kind: 'person', person: fresh, isNew: true }
  }
  const { value } = known
  const isFirst = order < value.firstOrder
  const isLast = order > known.order
  if (!isFirst && !isLast) return NOTHING
  const person = {
    ...value,
    ...(isFirst ? { home: actor, createdAt: at, firstOrder: order } : { profile, updatedAt: at }),
  }
  people.set(id, { order: isLast ? order : known.order, value: person })
  return { kind: 'person', person, isNew: false }
}

/** The first entry to name a channel decides its kind. */
function applyChannel(
  { channels, members }: Tables,
  channel: DirectoryChannel,
  { order }: Placed,
): DirectoryChange {
  const known = channels.get(channel.id)
  if (known !== undefined && known.order <= order) return NOTHING
  channels.set(channel.id, { order, value: channel })
  const isNew = known === undefined
  const early = isNew ? [...(members.get(channel.id)?.values() ?? [])] : []
  const joined = early.filter(({ value }) => value.role !== 'none')
  return { kind: 'channel', channel, isNew, members: joined.map(({ value }) => value.person) }
}

function applyMember(
  { channels, members, byPerson }: Tables,
  member: DirectoryMember,
  { order }: Placed,
): DirectoryChange {
  const list = members.get(member.channel) ?? new Map<UserId, Ordered<DirectoryMember>>()
  const known = list.get(member.person)
  if (known !== undefined && known.order >= order) return NOTHING
  list.set(member.person, { order, value: member })
  members.set(member.channel, list)
  const joined = byPerson.get(member.person) ?? new Set<ChannelId>()
  if (member.role === 'none') joined.delete(member.channel)
  else joined.add(member.channel)
  byPerson.set(member.person, joined)
  if (!channels.has(member.channel)) return NOTHING // told with the channel
  return { kind: 'member', member, before: known?.value.role ?? 'none' }
}

const NOTHING: DirectoryChange = { kind: 'nothing' }

interface Placed {
  readonly order: string
  readonly at: Instant
  readonly actor: ActorId
}
