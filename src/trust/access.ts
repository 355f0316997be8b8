/**
 * Who may do what: one pure function over subject, resource and action. Roles are attributes of the subject.
 * Nothing here reads or writes; the caller has the facts.
 */

/** What somebody wants to do. */
export type Action =
  | 'read channel'
  | 'post'
  | 'edit message'
  | 'delete message'
  | 'react'
  | 'join channel'
  | 'manage members'
  | 'create channel'
  | 'enrol person'
  | 'invite node'
  | 'revoke node'
  | 'wipe node'
  | 'look into a capture'
  | 'read audit'
  | 'manage release'
  | 'lock'
  | 'use courier'
  | 'read metrics'
  | 'train dictionaries'
  /** Of others: their sessions, their second factor, whether they may sign in; and bots. */
  | 'manage accounts'

/** The facts a decision rests on. A missing one is as if it said no. */
export interface Situation {
  readonly action: Action
  readonly isAdministrator: boolean
  readonly isMember?: boolean
  readonly isPublicChannel?: boolean
  readonly isArchived?: boolean
  readonly isAuthor?: boolean
  /** The action is about the subject's own membership. */
  readonly isOwnMembership?: boolean
}

/** Yes, or no with the reason. */
export type Decision =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly reason:
        'not a member' | 'archived' | 'not the author' | 'not an administrator' | 'not public'
    }

const YES: Decision = { ok: true }

/** The decision. */
export function decide(situation: Situation): Decision {
  switch (situation.action) {
    case 'read channel':
      return situation.isMember === true || situation.isPublicChannel === true
        ? YES
        : no('not a member')
    case 'post':
    case 'react':
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
      if (situation.isOwnMembership === true && situation.isMember === true) return YES
      return situation.isMember === true ? unlessArchived(situation) : no('not a member')
    case 'create channel':
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
    case 'read metrics':
    case 'train dictionaries':
    case 'manage accounts':
      return situation.isAdministrator ? YES : no('not an administrator')
  }
}

function unlessArchived(situation: Situation): Decision {
  return situation.isArchived === true ? no('archived') : YES
}

function no(reason: Extract<Decision, { ok: false }>['reason']): Decision {
  return { ok: false, reason }
}
