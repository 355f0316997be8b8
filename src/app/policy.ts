/** The policy at work for doors: what it says, changing it part by part, and why somebody may or may not. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import { aboutChannel, aboutPerson, type AuditSubject } from '#model/audit-content.ts'
import { firstChannelId } from '#model/channel-id.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { Attributes, Moderation, PolicyPart } from '#model/policy.ts'
import { audit } from '#sync/audit.ts'
import { channelFacts, subjectFacts } from '#sync/readers.ts'
import type { Tx } from '#sync/replica.ts'
import { decide, explain, type Situation } from '#trust/access.ts'
import { isGuestBy, isOurs } from '#trust/restrictions.ts'
import { isChangeable, permissionsOf, PERMISSIONS, ROLES, type Role } from '#trust/roles.ts'
import { refuseLast } from './administrators.ts'
import {
  channelOf,
  insist,
  insistOnAdministeringNode,
  insistInChannel,
  isAdministrator,
  isMember,
  peopleOf,
  write,
  type AppContext,
} from './context.ts'
import { openHearing } from './hearing.ts'
import { membershipOf, setMember } from './members.ts'
import { checkPart } from './policy-check.ts'
import type {
  Explanation,
  Governing,
  PolicyPicture,
  Question,
  RolePicture,
} from './policy-types.ts'
import { maySee, readableOf, seenBy } from './sight.ts'
import type { Membership } from './types.ts'

/** The part of the app about who may what. */
export function openPolicy(context: AppContext): Governing {
  const { sync, surroundings } = context
  return {
    policy: async (subject) => {
      insistOn(context, subject, 'read policy')
      return pictureOf(context)
    },
    changePolicy: (subject, part) => changePolicy(context, subject, part),
    explainAccess: async (subject, question) => {
      insistOn(context, subject, 'read policy')
      return explained(context, question)
    },
    moderation: async (subject, channel) => {
      if (!isAdministrator(context, subject))
        await insistInChannel(context, subject, { channel, action: 'read channel' })
      return sync.directory().policy.moderationOf(channel) ?? { members: [], guests: [] }
    },
    roles: (channel) => rolesIn(context, channel),
    setMemberRole: (subject, change) => setMemberRole(context, subject, change),
    whoMayHear: openHearing(context),
    hearable: (person) => readableOf(context, person, 'any'),
    mayCallAll: (person, channel) => {
      const facts = channelFacts(sync.directory(), channel, person)
      const environment = surroundings?.now() ?? {}
      return decide({ ...facts, action: 'mention channel', environment }).ok
    },
    maySee: (subject, person) => maySee(context, subject, person),
    seenBy: (subject) => seenBy(context, subject),
    within: (told, work) => (surroundings === undefined ? work() : surroundings.within(told, work)),
  }
}

function insistOn(context: AppContext, subject: UserId, action: 'read policy'): void {
  insist(context, subject, { action, isAdministrator: isAdministrator(context, subject) })
}

function pictureOf(context: AppContext): PolicyPicture {
  const { policy } = context.sync.directory()
  const parts = policy.parts()
  const channels = new Set(parts.flatMap((part) => ('channel' in part ? (part.channel ?? []) : [])))
  return {
    levels: policy.levels(),
    rules: policy.rules(),
    roles: rolesIn(context, undefined),
    people: parts.flatMap((part) => {
      if (part.about !== 'person' || Object.keys(part.attributes).length === 0) return []
      const { person, attributes } = part
      const username = peopleOf(context, [person])[0]?.username ?? ''
      return [{ person, username, attributes }]
    }),
    channels: [...channels].map((channel) => ({
      channel,
      label: policy.labelOf(channel),
      moderation: policy.moderationOf(channel),
      positions: policy.positionsOf(channel),
    })),
    positions: parts.find(isForAllPictures)?.rule ?? 'ask',
  }
}

function isForAllPictures(part: PolicyPart): part is Extract<PolicyPart, { about: 'positions' }> {
  return part.about === 'positions' && part.channel === undefined
}

function rolesIn(context: AppContext, channel: ChannelId | undefined): readonly RolePicture[] {
  const { policy } = context.sync.directory()
  const moderation = channel === undefined ? undefined : policy.moderationOf(channel)
  return (Object.keys(ROLES) as Role[]).map((role) => {
    const own = permissionsOf(role, policy.role)
    const taken = takenFrom(role, moderation)
    const permissions = PERMISSIONS.filter((one) => own.includes(one) && !taken.includes(one))
    return { role, permissions, isChanged: isChangeable(role) && policy.role(role) !== undefined }
  })
}

function takenFrom(role: Role, moderation: Moderation | undefined): readonly string[] {
  if (role === 'channel member') return moderation?.members ?? []
  return role === 'channel guest' ? (moderation?.guests ?? []) : []
}

async function changePolicy(context: AppContext, subject: UserId, part: PolicyPart): Promise<void> {
  const isHome = isHomeWord(context, part)
  insist(context, subject, {
    action: 'manage policy',
    isAdministrator: isAdministrator(context, subject),
  })
  if (!isHome) insistOnAdministeringNode(context, 'manage policy')
  checkPart(context, part)
  await context.sync.replica.commit(async (tx) => {
    refuseLastHere(context, part)
    const content = { kind: 'policy' as const, part }
    await write(tx, context, { document: DIRECTORY, author: subject, content })
    await leaveFirst(tx, context, { subject, part })
    const subjects = subjectsOf(part)
    await audit(tx, context.sync, { deed: 'policy changed', by: subject, subjects })
  })
}

/** Whoever becomes a guest or a partner's administers no more. On other nodes that is theirs to bear: it may have to be done. */
function refuseLastHere(context: AppContext, part: PolicyPart): void {
  if (part.about !== 'person' || isOurs(part.attributes)) return
  const { roster, identity } = context.sync
  const isHere = roster.homeOf(part.person)?.node === identity.certificate.node
  if (isHere) refuseLast(context, part.person, 'manage policy')
}

/** Everybody is in the first channel by custom: nobody put a guest there. */
async function leaveFirst(
  tx: Tx,
  context: AppContext,
  { subject, part }: { readonly subject: UserId; readonly part: PolicyPart },
): Promise<void> {
  if (part.about !== 'person' || !isGuestBy(part.attributes)) return
  const channel = firstChannelId(context.sync.identity.organisation.id)
  const { person } = part
  if (isMember(context, channel, person))
    await setMember(tx, context, { subject, channel, person, role: 'none' })
}

/** Their own node may say that somebody is a guest. */
function isHomeWord({ sync }: AppContext, part: PolicyPart): boolean {
  if (part.about !== 'person') return false
  const isHere = sync.roster.homeOf(part.person)?.node === sync.identity.certificate.node
  const { role, ...more } = part.attributes
  return isHere && Object.keys(more).length === 0 && (role === 'guest' || role === undefined)
}

function subjectsOf(part: PolicyPart): readonly AuditSubject[] {
  if ('channel' in part) return part.channel === undefined ? [] : [aboutChannel(part.channel)]
  return part.about === 'person' ? [aboutPerson(part.person)] : []
}

async function explained(context: AppContext, question: Question): Promise<Explanation> {
  const situation = await situationOf(context, question)
  const decision = decide(situation)
  const { subject = {}, channel = {}, message = {}, environment } = situation
  return {
    ...decision,
    checks: explain(situation),
    facts: {
      subject,
      channel,
      message,
      environment: environment === 'any' || environment === undefined ? {} : environment,
    },
  }
}

async function situationOf(context: AppContext, question: Question): Promise<Situation> {
  const directory = context.sync.directory()
  const { person, channel, action, attributes, label, rules = [], message } = question
  if (directory.person(person) === undefined)
    throw new EdgeError('NOT_FOUND', { what: 'person', id: person })
  const facts =
    channel === undefined
      ? subjectFacts(directory, person)
      : await factsIn(context, { channel, person })
  const subject = attributes ?? facts.subject ?? {}
  const isGuest = isGuestBy(subject)
  const { policy } = directory
  const names = new Set(rules.map(({ name }) => name))
  const kept = policy.rules().filter(({ name }) => !names.has(name))
  const { surroundings } = context
  const told = question.environment ?? {}
  return {
    ...facts,
    action,
    subject,
    isGuest,
    isAdministrator: facts.isAdministrator && !isGuest,
    isAuthor: question.isAuthor ?? false,
    ...(label !== undefined && channel !== undefined && { channel: { ...idOf(facts), ...label } }),
    ...(message !== undefined && { message }),
    environment: { ...surroundings?.now(), ...told },
    policy: { levels: policy.levels, role: policy.role, rules: () => [...kept, ...rules] },
  }
}

function idOf({ channel }: Partial<Situation>): Attributes {
  return { kind: channel?.['kind'] ?? '', id: channel?.['id'] ?? '' }
}

async function factsIn(
  context: AppContext,
  { channel, person }: { readonly channel: ChannelId; readonly person: UserId },
): Promise<Omit<Situation, 'action'>> {
  const { archivedAt } = await channelOf(context, channel)
  const facts = channelFacts(context.sync.directory(), channel, person)
  return { ...facts, isArchived: archivedAt !== 0 }
}

async function setMemberRole(
  context: AppContext,
  subject: UserId,
  change: Parameters<Governing['setMemberRole']>[1],
): Promise<Membership> {
  const { channel, person } = change
  const action = 'manage member roles'
  await insistInChannel(context, subject, { channel, action })
  if (!isMember(context, channel, person))
    throw new EdgeError('NOT_FOUND', { what: 'member', id: person })
  const role = change.isAdministrator ? 'administrator' : 'member'
  await context.sync.replica.commit((tx) =>
    setMember(tx, context, { subject, channel, person, role }),
  )
  return membershipOf(context, { channel, person })
}
