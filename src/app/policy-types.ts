/** The policy as doors see it: reading it, changing it, and asking why somebody may or may not. */
import type { ChannelId, UserId } from '#base/ids.ts'
import type { NamedRule } from '#model/policy-book.ts'
import type { Attributes, Moderation, PolicyPart, PositionRule, Rule } from '#model/policy.ts'
import type { Action, Check, Reason } from '#trust/access.ts'
import type { Permission, Role } from '#trust/roles.ts'
import type { Membership } from './types.ts'

/** A role, now. */
export interface RolePicture {
  readonly role: Role
  readonly permissions: readonly Permission[]
  /** The policy gives it another list than it has by itself. */
  readonly isChanged: boolean
}

/** All that the policy says. */
export interface PolicyPicture {
  /** Lowest first. */
  readonly levels: readonly string[]
  readonly rules: readonly NamedRule[]
  readonly roles: readonly RolePicture[]
  readonly people: readonly {
    readonly person: UserId
    readonly username: string
    readonly attributes: Attributes
  }[]
  readonly channels: readonly {
    readonly channel: ChannelId
    readonly label: Attributes
    readonly moderation: Moderation | undefined
    /** What becomes of the place where a picture was taken. */
    readonly positions: PositionRule
  }[]
  /** The same in channels that have no rule of their own. */
  readonly positions: PositionRule
}

/** What somebody might want to do. What is given beside the person and the channel stands in place of what is so. */
export interface Question {
  readonly action: Action
  readonly person: UserId
  readonly channel?: ChannelId | undefined
  readonly attributes?: Attributes | undefined
  /** The channel's. */
  readonly label?: Attributes | undefined
  /** Of a message. */
  readonly message?: Attributes | undefined
  readonly environment?: Attributes | undefined
  /** Rules that are not set, or are set otherwise, as if they were. */
  readonly rules?: readonly { readonly name: string; readonly rule: Rule }[] | undefined
  /** It is about what this person has written. */
  readonly isAuthor?: boolean | undefined
}

/** A decision and all that was looked at for it. */
export interface Explanation {
  readonly ok: boolean
  readonly reason?: Reason
  readonly checks: readonly Check[]
  /** What it was decided by. */
  readonly facts: {
    readonly subject: Attributes
    readonly channel: Attributes
    readonly message: Attributes
    readonly environment: Attributes
  }
}

/** Whether somebody may be told, under the circumstances of a request or a stream. */
export type MayHear = (person: UserId, told: Attributes) => boolean

/** The part of the app about who may what. */
export interface Governing {
  /** Only administrators. */
  readonly policy: (subject: UserId) => Promise<PolicyPicture>
  /**
   * Says something anew, whole. Only administrators, on a node that administers; that somebody is a guest their own node's
   * administrators may say, too. @throws EdgeError NOT_ALLOWED, NOT_FOUND, INPUT_INVALID
   */
  readonly changePolicy: (subject: UserId, part: PolicyPart) => Promise<void>
  /** What would be decided, and why. Only administrators. */
  readonly explainAccess: (subject: UserId, question: Question) => Promise<Explanation>
  /** What members and guests of a channel may not do there; for who may read it. */
  readonly moderation: (subject: UserId, channel: ChannelId) => Promise<Moderation>
  /** The roles, and what a channel leaves of two of them. */
  readonly roles: (channel?: ChannelId) => readonly RolePicture[]
  /** Makes a member an administrator of the channel, or a mere member. */
  readonly setMemberRole: (
    subject: UserId,
    change: {
      readonly channel: ChannelId
      readonly person: UserId
      readonly isAdministrator: boolean
    },
  ) => Promise<Membership>
  /** Which members of a channel may be told what happens there, now. Not to be kept: it holds for this moment. */
  readonly whoMayHear: (channel: ChannelId) => MayHear
  /** The channels somebody is in and could read under some circumstances: of no others are they ever told. */
  readonly hearable: (person: UserId) => readonly ChannelId[]
  /** Whether somebody may call all of a channel at once. */
  readonly mayCallAll: (person: UserId, channel: ChannelId) => boolean
  /** Whether `subject` may know of a person. */
  readonly maySee: (subject: UserId, person: UserId) => boolean
  /** Those whom `subject` may know of; undefined for everybody. */
  readonly seenBy: (subject: UserId) => ReadonlySet<UserId> | undefined
  /** Runs `work` under what a door says of its request: link, transport, device. */
  readonly within: <T>(told: Attributes, work: () => T) => T
}
