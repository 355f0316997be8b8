/**
 * Which of the people who are connected here is in which channel.
 *
 * Memberships are read when somebody's first stream opens and then follow the node's events, so an event finds its
 * recipients at once and in order, without a question to the store. Whom a label keeps out of a channel is not in it here; what
 * depends on circumstances is asked for each stream.
 */
import type { ChannelId, UserId } from '#base/ids.ts'
import type { EdgeNode } from '#app/node.ts'

/** An index of people and channels, both ways. */
export interface MembersHere {
  /** Takes `person` in, with all channels of which they are ever told. */
  readonly add: (person: UserId) => void
  readonly remove: (person: UserId) => void
  /** A membership has begun or ended. */
  readonly change: (channel: ChannelId, person: UserId, isMember: boolean) => void
  readonly of: (channel: ChannelId) => ReadonlySet<UserId>
  readonly all: () => Iterable<UserId>
  /** The channels of somebody who is here, as they were when they came and have changed since. */
  readonly channelsOf: (person: UserId) => ReadonlySet<ChannelId>
}

const NOBODY: ReadonlySet<UserId> = new Set()
const NOTHING: ReadonlySet<ChannelId> = new Set()

/** An index with nobody in it. */
export function createMembersHere(node: Pick<EdgeNode, 'hearable'>): MembersHere {
  const people = new Map<UserId, Set<ChannelId>>()
  const byChannel = new Map<ChannelId, Set<UserId>>()
  const join = (channel: ChannelId, person: UserId): void => {
    byChannel.set(channel, (byChannel.get(channel) ?? new Set<UserId>()).add(person))
  }
  const part = (channel: ChannelId, person: UserId): void => {
    const members = byChannel.get(channel)
    members?.delete(person)
    if (members?.size === 0) byChannel.delete(channel)
  }
  return {
    add: (person) => {
      if (people.has(person)) return
      const channels = new Set(node.hearable(person))
      people.set(person, channels)
      for (const channel of channels) join(channel, person)
    },
    remove: (person) => {
      for (const channel of people.get(person) ?? []) part(channel, person)
      people.delete(person)
    },
    change: (channel, person, isMember) => {
      const channels = people.get(person)
      if (isMember) channels?.add(channel)
      else channels?.delete(channel)
      if (isMember && channels !== undefined) join(channel, person)
      else part(channel, person)
    },
    of: (channel) => byChannel.get(channel) ?? NOBODY,
    all: () => people.keys(),
    channelsOf: (person) => people.get(person) ?? NOTHING,
  }
}
