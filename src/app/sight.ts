/**
 * Whom and what somebody may know of. A guest knows the people they share a channel with and nobody else; everybody knows the
 * channels they may read.
 */
import type { ChannelId, UserId } from '#base/ids.ts'
import { subjectFacts } from '#sync/readers.ts'
import { permissionsOf, rolesOf } from '#trust/roles.ts'
import { mayRead, type AppContext } from './context.ts'

/** The channels somebody is in and may read: now, or under any circumstances. */
export function readableOf(
  context: AppContext,
  person: UserId,
  environment?: 'any',
): readonly ChannelId[] {
  const joined = context.sync.directory().channelsOf(person)
  const under = environment === undefined ? {} : { environment }
  return joined.filter((channel) => mayRead(context, person, { channel, ...under }))
}

/** Whether `subject` may know of a person; nobody knows of one who is not there. */
export function maySee(context: AppContext, subject: UserId, person: UserId): boolean {
  const directory = context.sync.directory()
  if (directory.person(person) === undefined) return false
  if (subject === person || !seesFewer(context, subject)) return true
  return readableOf(context, subject).some((channel) => {
    const role = directory.member(channel, person)?.role
    return role !== undefined && role !== 'none'
  })
}

/** Those whom somebody may know of; undefined for everybody. */
export function seenBy(context: AppContext, subject: UserId): ReadonlySet<UserId> | undefined {
  if (!seesFewer(context, subject)) return undefined
  const directory = context.sync.directory()
  const seen = new Set([subject])
  for (const channel of readableOf(context, subject))
    for (const { person } of directory.members(channel)) seen.add(person)
  return seen
}

function seesFewer(context: AppContext, subject: UserId): boolean {
  const {
    policy,
    isAdministrator,
    isGuest = false,
  } = subjectFacts(context.sync.directory(), subject)
  const roles = rolesOf({ isAdministrator, isGuest, isChannelAdministrator: false })
  const changed = policy?.role ?? (() => undefined)
  return !roles.some((role) => permissionsOf(role, changed).includes('list people'))
}
