/** Who is in one channel, folded entry by entry: who has a say, and what changes by it. */
import {
  nodePrefix,
  nodePrefixOfPerson,
  type ChannelId,
  type Instant,
  type UserId,
} from '#base/ids.ts'
import type { DirectoryMember, MemberChange } from './directory.ts'
import { directChannelId, isFounder, kindOfChannel } from './channel-id.ts'
import type { MemberRole } from './entry.ts'
import type { Writer } from './key-book.ts'

/** An entry that gives somebody a place in a channel, or takes it. */
export interface MemberEntry {
  readonly order: string
  readonly at: Instant
  readonly person: UserId
  readonly role: MemberRole
  readonly from: number
  readonly writer: Writer
}

/** What the entries of one channel came to so far. */
export interface ChannelMembers {
  /** In order. */
  readonly entries: MemberEntry[]
  readonly now: Map<UserId, DirectoryMember>
  /** Who is in by the word of their own node only, and not as an administering one's. */
  readonly selfBrought: Set<UserId>
}

/** Takes the next entries, in order: those whose writer had a say by then. Gives these. */
export function foldMembers(
  channel: ChannelId,
  members: ChannelMembers,
  entries: readonly MemberEntry[],
): ReadonlySet<MemberEntry> {
  const counting = new Set<MemberEntry>()
  for (const entry of entries) {
    if (!hasSay(channel, entry, members)) continue
    const { person, role, at: since } = entry
    // Anybody may enter the two of a direct channel, and must not take what was said there from either.
    const from = isClosed(channel) ? entry.from : 0
    members.now.set(person, { channel, person, role, from, since })
    if (isClosed(channel)) noteBringer(channel, members, entry)
    counting.add(entry)
  }
  return counting
}

/** A channel of which nothing was heard. */
export function noMembers(): ChannelMembers {
  return { entries: [], now: new Map(), selfBrought: new Set() }
}

function isClosed(channel: ChannelId): boolean {
  const kind = kindOfChannel(channel)
  return kind === 'private' || kind === 'group'
}

/**
 * Who puts out the last person of a node that somebody else brought in puts out those whom that node brought in itself:
 * it can backdate such an entry, and whoever puts it out may not have seen them all. The founder's node keeps its say.
 */
function noteBringer(
  channel: ChannelId,
  { now, selfBrought }: ChannelMembers,
  entry: MemberEntry,
): void {
  const { person, role, writer, at: since } = entry
  const home = nodePrefixOfPerson(person)
  if (isFounder(channel, home)) return
  const isSelf = nodePrefix(writer.node) === home && !writer.administers
  selfBrought.delete(person)
  if (role !== 'none') {
    if (isSelf) selfBrought.add(person)
    return
  }
  if (isSelf) return // they left
  const left = [...now.values()].filter(
    (one) => one.role !== 'none' && nodePrefixOfPerson(one.person) === home,
  )
  if (left.some((one) => !selfBrought.has(one.person))) return
  for (const one of left) {
    now.set(one.person, { ...one, role: 'none', since })
    selfBrought.delete(one.person)
  }
}

/** Whether the writer could make this change of a channel's members when it did. Nobody leaves a direct channel. */
function hasSay(
  channel: ChannelId,
  { person, role, writer }: MemberEntry,
  { now, entries }: Pick<ChannelMembers, 'now' | 'entries'>,
): boolean {
  const prefix = nodePrefix(writer.node)
  const kind = kindOfChannel(channel)
  if (kind === 'direct') {
    const isPair = (other: MemberEntry): boolean =>
      other.role !== 'none' && directChannelId(person, other.person) === channel
    return role !== 'none' && entries.some(isPair)
  }
  if (writer.administers) return true
  const isOwn = nodePrefixOfPerson(person) === prefix
  const isMember = now.get(person)?.role !== undefined && now.get(person)?.role !== 'none'
  if (isOwn && (kind === 'public' || isMember)) return true
  if (kind !== 'public' && isFounder(channel, prefix)) return true
  for (const one of now.values())
    if (one.role !== 'none' && nodePrefixOfPerson(one.person) === prefix) return true
  return false
}

/** Whose place is another than before. */
export function changesBetween(
  before: ReadonlyMap<UserId, DirectoryMember>,
  after: ReadonlyMap<UserId, DirectoryMember>,
): readonly MemberChange[] {
  const changes: MemberChange[] = []
  for (const [person, member] of after) {
    const was = before.get(person)
    if (was?.role !== member.role || was.since !== member.since)
      changes.push({ member, before: was?.role ?? 'none' })
  }
  for (const [person, was] of before)
    if (!after.has(person) && was.role !== 'none')
      changes.push({ member: { ...was, role: 'none' }, before: was.role })
  return changes
}

/** For sorting: the same everywhere. */
export function byOrder(a: { readonly order: string }, b: { readonly order: string }): number {
  return a.order < b.order ? -1 : 1
}
