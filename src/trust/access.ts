/**
 * Who may do what: one pure function over subject, resource, action and environment. Roles say what somebody may at all;
 * membership, the channel's moderation, its label and the policy's rules each take something away and give nothing.
 * Nothing here reads or writes; the caller has the facts.
 */
import type { ChannelKind } from '#model/channel-id.ts'
import type { Policy } from '#model/policy-book.ts'
import type { Attributes, Moderation } from '#model/policy.ts'
import type { Shortfall } from './condition.ts'
import { byLabel, byRules, isOurs } from './restrictions.ts'
import { PERMISSIONS, permissionsOf, rolesOf, type Permission } from './roles.ts'

/** What somebody wants to do in a channel: labels and rules have a say in it. */
export const CHANNEL_ACTIONS = [
  'read channel',
  'post',
  'edit message',
  'delete message',
  'react',
  'mention channel',
  'join channel',
  'manage members',
  'manage member roles',
  'send files',
  'pin message',
  'manage channel',
] as const

/** What somebody wants to do. */
export type Action =
  | (typeof CHANNEL_ACTIONS)[number]
  | 'create channel'
  | 'make webhook'
  | 'enrol person'
  | 'invite node'
  | 'revoke node'
  | 'wipe node'
  | 'look into a capture'
  | 'read audit'
  | 'manage release'
  | 'lock'
  | 'use courier'
  | 'back up'
  | 'read metrics'
  | 'train dictionaries'
  | 'manage budget'
  | 'manage letters'
  /** Of others: their sessions, their second factor, whether they may sign in; and bots. */
  | 'manage accounts'
  /** Who administers. */
  | 'manage administrators'
  | 'read policy'
  | 'manage policy'
  | 'purge messages'
  /** Holds keep messages from being purged. */
  | 'hold messages'

/** The facts a decision rests on. A missing one is as if it said no; without a policy roles alone decide. */
export interface Situation {
  readonly action: Action
  readonly isAdministrator: boolean
  readonly isMember?: boolean
  readonly isPublicChannel?: boolean
  readonly isArchived?: boolean
  readonly isAuthor?: boolean
  /** The action is about the subject's own membership. */
  readonly isOwnMembership?: boolean
  readonly isGuest?: boolean
  readonly isChannelAdministrator?: boolean
  /** Of the channel that is to be made. */
  readonly channelKind?: ChannelKind
  readonly policy?: Pick<Policy, 'levels' | 'role' | 'rules'>
  readonly moderation?: Moderation | undefined
  readonly subject?: Attributes
  /** The channel's label, with `kind` and `id`. */
  readonly channel?: Attributes
  /** The label of the message that is posted, read or changed, if it has one of its own. */
  readonly message?: Attributes | undefined
  /** `any`: whether it could be allowed under some circumstances, as for who gets keys. */
  readonly environment?: Attributes | 'any'
}

/** Why not. */
export type Reason =
  | 'not a member'
  | 'archived'
  | 'not the author'
  | 'not an administrator'
  | 'not public'
  | 'not permitted'
  | 'moderated'
  | 'not cleared'
  | 'not releasable'
  | 'label too high'
  | 'rule'

/** Yes, or no with the reason. */
export type Decision = { readonly ok: true } | { readonly ok: false; readonly reason: Reason }

/** One thing that was looked at. */
export interface Check {
  readonly check: 'facts' | 'role' | 'moderation' | 'label' | 'rule'
  readonly ok: boolean
  /** Why not; undefined when it is fine. */
  readonly reason?: Reason
  /** The rule's name. */
  readonly rule?: string
  /** What would be needed, in words. */
  readonly needs?: string
  /** Attributes that were not as they had to be. */
  readonly shortfalls?: readonly Shortfall[]
}

const YES: Decision = { ok: true }

/** The decision: that of the first check that fails. */
export function decide(situation: Situation): Decision {
  const facts = withStanding(situation)
  for (const look of LOOKS)
    for (const { ok, reason } of look(facts)) if (!ok && reason !== undefined) return no(reason)
  return YES
}

/** All that was looked at for a decision, also after the first thing that stands in its way. */
export function explain(situation: Situation): readonly Check[] {
  const facts = withStanding(situation)
  return LOOKS.flatMap((look) => look(facts))
}

/** Nobody of a partner administers, and no guest. */
function withStanding(situation: Situation): Situation {
  const isSaidTo = situation.isAdministrator && !isOurs(situation.subject)
  return isSaidTo ? { ...situation, isAdministrator: false } : situation
}

type Look = (situation: Situation) => readonly Check[]

const LOOKS: readonly Look[] = [byFacts, byRole, byRestrictions]

function byFacts(situation: Situation): readonly Check[] {
  const decision = decideByFacts(situation)
  if (decision.ok) return [{ check: 'facts', ok: true }]
  const { reason } = decision
  return [{ check: 'facts', ok: false, reason, needs: NEEDS[reason] ?? reason }]
}

const NEEDS: Readonly<Partial<Record<Reason, string>>> = {
  'not a member': 'to be a member of the channel',
  archived: 'a channel that is not archived',
  'not the author': 'to have written it',
  'not an administrator': 'to be an administrator',
  'not public': 'a public channel, or somebody who adds them',
}

function decideByFacts(situation: Situation): Decision {
  switch (situation.action) {
    case 'read channel':
      return situation.isMember === true || situation.isPublicChannel === true
        ? YES
        : no('not a member')
    case 'post':
    case 'react':
    case 'mention channel':
    case 'send files':
    case 'pin message':
    case 'manage channel':
      return situation.isMember === true ? unlessArchived(situation) : no('not a member')
    case 'edit message':
      if (situation.isMember !== true) return no('not a member')
      return situation.isAuthor === true ? unlessArchived(situation) : no('not the author')
    case 'delete message':
      if (situation.isAdministrator) return YES
      return situation.isAuthor === true ? YES : no('not the author')
    case 'join channel':
      return situation.isPublicChannel === true ? unlessArchived(situation) : no('not public')
    case 'manage members':
    case 'manage member roles':
      if (situation.isOwnMembership === true && situation.isMember === true) return YES
      return situation.isMember === true ? unlessArchived(situation) : no('not a member')
    case 'create channel':
    case 'make webhook':
      return YES
    case 'enrol person':
    case 'invite node':
    case 'revoke node':
    case 'wipe node':
    case 'look into a capture':
    case 'read audit':
    case 'manage release':
    case 'lock':
    case 'use courier':
    case 'back up':
    case 'read metrics':
    case 'train dictionaries':
    case 'manage budget':
    case 'manage letters':
    case 'manage accounts':
    case 'manage administrators':
    case 'read policy':
    case 'manage policy':
    case 'purge messages':
    case 'hold messages':
      return situation.isAdministrator ? YES : no('not an administrator')
  }
}

/** What a role must give for an action; nothing where the facts have decided. */
function permissionFor(situation: Situation): Permission | undefined {
  const { action } = situation
  if (action === 'read channel')
    return situation.isMember === true ? action : 'read public channels'
  if (action === 'delete message')
    return situation.isAuthor === true ? action : 'delete messages of others'
  if (action === 'manage members') return situation.isOwnMembership === true ? undefined : action
  if (action === 'create channel') return CREATING[situation.channelKind ?? 'public']
  return PERMISSIONS.find((permission) => permission === action)
}

const CREATING: Readonly<Record<ChannelKind, Permission>> = {
  public: 'create public channel',
  private: 'create private channel',
  group: 'create group',
  direct: 'create direct channel',
}

function byRole(situation: Situation): readonly Check[] {
  const permission = permissionFor(situation)
  if (permission === undefined) return []
  const { isAdministrator, isGuest = false, isChannelAdministrator = false } = situation
  const roles = rolesOf({ isAdministrator, isGuest, isChannelAdministrator })
  const changed = situation.policy?.role ?? (() => undefined)
  const giving = roles.filter((role) => permissionsOf(role, changed).includes(permission))
  const needs = `a role that may ${permission}`
  if (giving.length === 0)
    return [
      {
        check: 'role',
        ok: false,
        reason: 'not permitted',
        needs: `${needs}: ${roles.join(', ')} may not`,
      },
    ]
  const { moderation } = situation
  if (moderation === undefined) return [{ check: 'role', ok: true, needs }]
  const taken = isGuest ? moderation.guests : moderation.members
  const isSpared = isAdministrator || isChannelAdministrator
  const isTaken = !isSpared && taken.includes(permission)
  const who = isGuest ? 'guests' : 'members'
  const told = { needs: `a channel in which ${who} may ${permission}` }
  return [
    { check: 'role', ok: true, needs },
    isTaken
      ? { check: 'moderation', ok: false, reason: 'moderated', ...told }
      : { check: 'moderation', ok: true, ...told },
  ]
}

function byRestrictions(situation: Situation): readonly Check[] {
  const isInChannel = (CHANNEL_ACTIONS as readonly string[]).includes(situation.action)
  return isInChannel ? [...byLabel(situation), ...byRules(situation)] : []
}

function unlessArchived(situation: Situation): Decision {
  return situation.isArchived === true ? no('archived') : YES
}

function no(reason: Reason): Extract<Decision, { ok: false }> {
  return { ok: false, reason }
}
