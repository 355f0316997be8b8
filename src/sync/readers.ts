/**
 * What the directory says of somebody who wants something in a channel: the facts of a decision. Who could read a channel
 * under some circumstances decides which nodes get its keys: no rule about devices or hours keeps them back, one about people
 * and labels does.
 */
import type { ChannelId, UserId } from '#base/ids.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import type { Directory } from '#model/directory.ts'
import { decide, type Situation } from '#trust/access.ts'
import { isGuestBy } from '#trust/restrictions.ts'

/** The facts about a person, as the directory has them; the rest of a situation is the caller's. */
export function subjectFacts(
  directory: Directory,
  person: UserId,
): Pick<Situation, 'isAdministrator' | 'isGuest' | 'subject' | 'policy'> {
  const { policy } = directory
  const subject = policy.attributesOf(person)
  const isGuest = isGuestBy(subject)
  const isAdministrator = directory.person(person)?.profile.isAdministrator === true
  return { isAdministrator: isAdministrator && !isGuest, isGuest, subject, policy }
}

/** The facts about a person and a channel. */
export function channelFacts(
  directory: Directory,
  channel: ChannelId,
  person: UserId,
): Omit<Situation, 'action'> {
  const role = directory.member(channel, person)?.role
  const kind = kindOfChannel(channel)
  const { policy } = directory
  return {
    ...subjectFacts(directory, person),
    isMember: role !== undefined && role !== 'none',
    isChannelAdministrator: role === 'administrator',
    isPublicChannel: kind === 'public',
    moderation: policy.moderationOf(channel),
    channel: { ...policy.labelOf(channel), kind, id: channel },
  }
}

/** Whether a member could read a channel under some circumstances. */
export function couldRead(directory: Directory, channel: ChannelId, person: UserId): boolean {
  const { policy } = directory
  const isPlain = policy.rules().length === 0 && Object.keys(policy.labelOf(channel)).length === 0
  if (isPlain) return true
  const facts = channelFacts(directory, channel, person)
  return decide({ ...facts, isMember: true, action: 'read channel', environment: 'any' }).ok
}
