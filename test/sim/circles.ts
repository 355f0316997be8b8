/**
 * Who may ever hold what is said in a channel that is not public, by what people did and not by what nodes make of it:
 * headquarters, where the channel was made, and the homes of everybody somebody tried to bring in.
 */
import {
  nodePrefix,
  nodePrefixOfPerson,
  type ChannelId,
  type NodeId,
  type UserId,
} from '#base/ids.ts'
import { isFounder, kindOfChannel } from '#model/channel-id.ts'

/** Grows as people act; nobody is ever taken out, since what a node has got it may keep. */
export interface Circles {
  /** Somebody is about to bring these people into a channel: from now on their nodes may hold it. */
  readonly mayCome: (channel: ChannelId, people: readonly UserId[]) => void
  /** Somebody on `node` is about to make a channel for these people, whose id nobody knows yet. */
  readonly mayFound: (node: NodeId, people: readonly UserId[]) => Founding
  /** Whether a node may hold anything of a channel. */
  readonly mayHold: (node: NodeId, channel: ChannelId) => boolean
}

/** Told of what came of it: the new channel, or that there is none. When the power goes, nobody ever knows. */
export type Founding = (channel: ChannelId | undefined) => void

/** Nobody is in any channel but headquarters. */
export function openCircles(headquarters: () => NodeId | undefined): Circles {
  const homes = new Map<ChannelId, Set<string>>()
  /** Channels that were made, or not, without anybody being told. */
  const unknown = new Set<{ readonly by: string; readonly people: readonly UserId[] }>()
  const mayCome = (channel: ChannelId, people: readonly UserId[]): void => {
    const known = homes.get(channel) ?? new Set<string>()
    for (const person of people) known.add(nodePrefixOfPerson(person))
    homes.set(channel, known)
  }
  return {
    mayCome,
    mayFound: (node, people) => {
      const attempt = { by: nodePrefix(node), people }
      unknown.add(attempt)
      return (channel) => {
        unknown.delete(attempt)
        if (channel !== undefined) mayCome(channel, people)
      }
    },
    mayHold: (node, channel) => {
      const prefix = nodePrefix(node)
      if (kindOfChannel(channel) === 'public' || node === headquarters()) return true
      if (kindOfChannel(channel) !== 'direct' && isFounder(channel, prefix)) return true
      if (homes.get(channel)?.has(prefix) === true) return true
      return [...unknown].some(
        ({ by, people }) =>
          isFounder(channel, by) && people.some((one) => nodePrefixOfPerson(one) === prefix),
      )
    },
  }
}
