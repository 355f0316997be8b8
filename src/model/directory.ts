/**
 * The organisation's directory, folded from its log: people, channels, memberships. Every node with the same entries has
 * the same directory, and an entry counts only where its writer had a say (design 4): a person's own node speaks for
 * that person, nodes that administer speak for everybody, members' nodes speak for their channels. The rest stays in
 * the log and changes nothing.
 */
import {
  nodePrefix,
  nodePrefixOfPerson,
  type ChannelId,
  type Instant,
  type UserId,
} from '#base/ids.ts'
import { isFounder, kindOfChannel, type ChannelKind } from './channel-id.ts'
import { DIRECTORY } from './document-id.ts'
import {
  personFrom,
  summaryOf,
  withEntry,
  type DirectoryPerson,
  type PersonEntries,
  type PersonEntry,
} from './directory-people.ts'
import type { MemberRole } from './entry.ts'
import type { Writer } from './key-book.ts'
import type { Logged } from './log.ts'
import { causeKey } from './order.ts'
import { isPersonContent } from './person-content.ts'
import { openPolicyBook, type Policy, type PolicyBook } from './policy-book.ts'
import type { PolicyPart } from './policy.ts'
import {
  foldMembers,
  noMembers,
  changesBetween,
  byOrder,
  type MemberEntry,
  type ChannelMembers,
} from './channel-members.ts'

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
  /** The first segment the person's node may read; 0 for all, as in every public and direct channel. */
  readonly from: number
  readonly since: Instant
}

/** A membership that changed, and what it was. */
export interface MemberChange {
  readonly member: DirectoryMember
  readonly before: MemberRole
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
  | {
      readonly kind: 'members'
      readonly channel: ChannelId
      readonly changes: readonly MemberChange[]
    }
  | { readonly kind: 'policy'; readonly part: PolicyPart }
  /** `why`: the writer has no say in it, as far as is known. */
  | {
      readonly kind: 'nothing'
      readonly why?: 'not an administrator' | 'not the founder' | 'not a member' | 'revoked'
    }

/** Grows by `apply`; asks cost nothing. */
export interface Directory {
  /** `writer`: the node whose list the entry stands in. */
  readonly apply: (logged: Logged, writer: Writer) => DirectoryChange
  /** What is known of a person in one entry, which stands where the last about them does. */
  readonly summary: (id: UserId) => PersonEntry | undefined
  /** Goes by a summary from before entries were lost, until all are folded anew. */
  readonly presume: (id: UserId, summary: PersonEntry) => void
  /** How many entries there were: as long as it is the same, nothing has changed. */
  readonly version: () => number
  readonly person: (id: UserId) => DirectoryPerson | undefined
  readonly people: () => readonly DirectoryPerson[]
  /** Whether a node that administers has ever entered this person. */
  readonly isVouchedFor: (person: UserId) => boolean
  readonly channel: (id: ChannelId) => DirectoryChannel | undefined
  readonly channels: () => readonly DirectoryChannel[]
  readonly member: (channel: ChannelId, person: UserId) => DirectoryMember | undefined
  readonly members: (channel: ChannelId) => readonly DirectoryMember[]
  readonly channelsOf: (person: UserId) => readonly ChannelId[]
  readonly policy: Policy
}

interface Ordered<T> {
  readonly order: string
  readonly value: T
}

interface Known {
  readonly entries: PersonEntries
  /** Undefined while nobody has said what they are called. */
  readonly value: DirectoryPerson | undefined
}

interface Tables {
  readonly people: Map<UserId, Known>
  readonly channels: Map<ChannelId, Ordered<DirectoryChannel>>
  readonly members: Map<ChannelId, ChannelMembers>
  readonly byPerson: Map<UserId, Set<ChannelId>>
  readonly policy: PolicyBook
}

/** An empty directory. */
export function openDirectory(): Directory {
  const tables: Tables = {
    people: new Map(),
    channels: new Map(),
    members: new Map(),
    byPerson: new Map(),
    policy: openPolicyBook(),
  }
  const { people, channels, members, byPerson } = tables
  let version = 0
  return {
    apply: (logged, writer) => {
      version += 1
      return applyEntry(tables, logged, writer)
    },
    summary: (id) => {
      const { entries, value } = people.get(id) ?? {}
      return entries && value && summaryOf(entries, value)
    },
    presume: (id, summary) => {
      version += 1
      applyPerson(tables, id, summary)
    },
    version: () => version,
    person: (id) => people.get(id)?.value,
    people: () => [...people.values()].flatMap(({ value }) => value ?? []),
    isVouchedFor: (id) => people.get(id)?.value?.isVouchedFor === true,
    channel: (id) => channels.get(id)?.value,
    channels: () => [...channels.values()].map((channel) => channel.value),
    member: (channel, person) => members.get(channel)?.now.get(person),
    members: (channel) =>
      [...(members.get(channel)?.now.values() ?? [])].filter(({ role }) => role !== 'none'),
    channelsOf: (person) => [...(byPerson.get(person) ?? [])].filter((id) => channels.has(id)),
    policy: tables.policy,
  }
}

const NOTHING: DirectoryChange = { kind: 'nothing' }

function applyEntry(tables: Tables, logged: Logged, writer: Writer): DirectoryChange {
  const place = { order: causeKey(DIRECTORY, logged), at: logged.entry.placeAt }
  const { content, author: creator } = logged.entry
  if (content.kind === 'person' || isPersonContent(content)) {
    const isHome = nodePrefixOfPerson(content.person) === nodePrefix(writer.node)
    if (!isHome && !writer.administers) return { kind: 'nothing', why: 'not an administrator' }
    const entry = { ...place, content, isByAdministrator: writer.administers }
    return applyPerson(tables, content.person, entry)
  }
  if (content.kind === 'channel') {
    const { channel: id, channelKind: kind } = content
    const isOpen = kind === 'public' || kind === 'direct'
    const mayFound = isOpen || isFounder(id, nodePrefix(writer.node))
    if (!mayFound || kindOfChannel(id) !== kind) return { kind: 'nothing', why: 'not the founder' }
    return applyChannel(tables, { id, kind, creator, createdAt: place.at }, place.order)
  }
  if (content.kind === 'policy') {
    const { part } = content
    const isChanged = tables.policy.apply(part, { order: place.order, writer })
    if (isChanged === undefined) return { kind: 'nothing', why: 'not an administrator' }
    return isChanged ? { kind: 'policy', part } : NOTHING
  }
  if (content.kind !== 'member') return NOTHING
  const { person, role, from = 0 } = content
  return applyMember(tables, content.channel, { ...place, person, role, from, writer })
}

function applyPerson({ people }: Tables, id: UserId, entry: PersonEntry): DirectoryChange {
  const known = people.get(id)
  const entries = withEntry(known?.entries ?? [], entry)
  const value = personFrom(id, entries)
  people.set(id, { entries, value })
  if (value === undefined) return NOTHING
  return { kind: 'person', person: value, isNew: known?.value === undefined }
}

/** The first entry that counts names the creator. */
function applyChannel(
  { channels, members }: Tables,
  channel: DirectoryChannel,
  order: string,
): DirectoryChange {
  const known = channels.get(channel.id)
  if (known !== undefined && known.order <= order) return NOTHING
  channels.set(channel.id, { order, value: channel })
  const early = known === undefined ? [...(members.get(channel.id)?.now.values() ?? [])] : []
  const inside = early.filter(({ role }) => role !== 'none').map(({ person }) => person)
  return { kind: 'channel', channel, isNew: known === undefined, members: inside }
}

/**
 * Entries of one channel are folded in their order; one that comes late folds the channel anew, and so does any of a
 * direct channel, where each of the two counts only together with the other.
 */
function applyMember(tables: Tables, channel: ChannelId, entry: MemberEntry): DirectoryChange {
  const known = tables.members.get(channel) ?? noMembers()
  const isDirect = kindOfChannel(channel) === 'direct'
  const isLast = !isDirect && entry.order > (known.entries.at(-1)?.order ?? '')
  const entries = isLast ? known.entries : [...known.entries, entry].toSorted(byOrder)
  if (isLast) entries.push(entry)
  const { now, selfBrought } = isLast ? known : noMembers()
  const members = { entries, now: new Map(now), selfBrought: new Set(selfBrought) }
  const counting = foldMembers(channel, members, isLast ? [entry] : entries)
  tables.members.set(channel, members)
  const changes = changesBetween(known.now, members.now)
  for (const { member } of changes) index(tables, member)
  const isTold = changes.length > 0 && tables.channels.has(channel) // otherwise with the channel
  if (isTold) return { kind: 'members', channel, changes }
  // Of the two entries of a direct channel each has its say by the other, which may come later.
  return counting.has(entry) || isDirect ? NOTHING : { kind: 'nothing', why: 'not a member' }
}

function index({ byPerson }: Tables, { channel, person, role }: DirectoryMember): void {
  const joined = byPerson.get(person) ?? new Set<ChannelId>()
  if (role === 'none') joined.delete(channel)
  else joined.add(channel)
  byPerson.set(person, joined)
}
