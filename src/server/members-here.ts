/**
 * Which of the people who are connected here is in which channel.
 *
 * Memberships are read when somebody's first stream opens and then follow the node's events, so an event finds its
 * recipients at once and in order, without a question to the store.
 */
import type { ChannelId, UserId } from '#base/ids.ts'
import type { EdgeNode } from '#app/node.ts'

/** An index of people and channels, both ways. */
export interface MembersHere {
  /** Takes `person` in. Resolves once all their channels are known; from then on none is missed. */
  readonly add: (person: UserId) => Promise<void>
  readonly remove: (person: UserId) => void
  /** A membership has begun or ended. */
  readonly change: (channel: ChannelId, person: UserId, isMember: boolean) => void
  readonly of: (channel: ChannelId) => ReadonlySet<UserId>
  readonly all: () => Iterable<UserId>
  /** The channels of somebody who is here, as they were read and have changed since. */
  readonly channelsOf: (person: UserId) => ReadonlySet<ChannelId>
}

interface Known {
  readonly channels: Set<ChannelId>
  /** What the node told while the memberships were being read: newer than what was read. */
  readonly told: Map<ChannelId, boolean>
  ready: Promise<void>
}

const NOBODY: ReadonlySet<UserId> = new Set()
const NOTHING: ReadonlySet<ChannelId> = new Set()

/** An index with nobody in it. */
export function createMembersHere(node: Pick<EdgeNode, 'membershipsOf'>): MembersHere {
  const people = new Map<UserId, Known>()
  const byChannel = new Map<ChannelId, Set<UserId>>()
  const join = (channel: ChannelId, person: UserId, known: Known): void => {
    known.channels.add(channel)
    byChannel.set(channel, (byChannel.get(channel) ?? new Set<UserId>()).add(person))
  }
  const part = (channel: ChannelId, person: UserId, known: Known): void => {
    known.channels.delete(channel)
    const members = byChannel.get(channel)
    members?.delete(person)
    if (members?.size === 0) byChannel.delete(channel)
  }
  const load = async (person: UserId, known: Known): Promise<void> => {
    const memberships = await node.membershipsOf(person)
    if (people.get(person) !== known) return
    for (const { channel } of memberships) {
      if (!known.told.has(channel)) join(channel, person, known)
    }
    known.told.clear()
  }
  return {
    add: (person) => {
      const before = people.get(person)
      if (before !== undefined) return before.ready
      const known: Known = { channels: new Set(), told: new Map(), ready: Promise.resolve() }
      people.set(person, known)
      known.ready = load(person, known)
      return known.ready
    },
    remove: (person) => {
      const known = people.get(person)
      if (known === undefined) return
      for (const channel of known.channels) part(channel, person, known)
      people.delete(person)
    },
    change: (channel, person, isMember) => {
      const known = people.get(person)
      if (known === undefined) return
      known.told.set(channel, isMember)
      if (isMember) join(channel, person, known)
      else part(channel, person, known)
    },
    of: (channel) => byChannel.get(channel) ?? NOBODY,
    all: () => people.keys(),
    channelsOf: (person) => people.get(person)?.channels ?? NOTHING,
  }
}
