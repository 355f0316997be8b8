/** People and the workspace as Mattermost clients read them: pure mappings, one for each kind of object. */
import type { OrganisationId, UserId } from '#base/ids.ts'
import type { HomeKit } from '#app/homes.ts'
import type { Preference } from '#app/node.ts'
import type { Person } from '#app/types.ts'
import type { PersonStatus } from '#server/presence.ts'

/** The one workspace, as this door needs it. Its id is the organisation's. */
export interface Workspace {
  readonly id: OrganisationId
  readonly name: string
}

/** A person as others see them. */
export function userFrom(person: Person): object {
  return {
    id: person.id,
    create_at: person.createdAt,
    update_at: person.updatedAt,
    delete_at: person.deactivatedAt,
    username: person.username,
    auth_data: '',
    auth_service: '',
    email: '',
    nickname: '',
    first_name: person.displayName,
    last_name: '',
    position: positionOf(person),
    roles: systemRoles(person),
    props: propsOf(person),
    ...(person.bot && {
      is_bot: true,
      bot_description: person.bot.description,
      bot_last_icon_update: 0,
    }),
    locale: 'en',
    timezone: { useAutomaticTimezone: 'true', manualTimezone: '', automaticTimezone: '' },
    last_picture_update: person.pictureAt,
    disable_welcome_email: true,
  }
}

/** What clients show beside a name that they know nothing else of: whose people somebody is of. */
function positionOf({ partnerOf }: Person): string {
  return partnerOf.length === 0 ? '' : `Partner: ${partnerOf.join(', ')}`
}

function propsOf({ isVouchedFor, mood, partnerOf }: Person): object {
  return {
    ...(partnerOf.length > 0 && { holdfast_partner: partnerOf.join(', ') }),
    ...(!isVouchedFor && { holdfast_unvouched: 'true' }),
    ...(mood !== undefined && { customStatus: customStatusOf(mood) }),
  }
}

/** JSON in JSON, as clients read it; '' for none. */
function customStatusOf({ emoji, text, duration, expires }: NonNullable<Person['mood']>): string {
  if (emoji === '' && text === '') return ''
  return JSON.stringify({ emoji, text, duration, expires_at: expires })
}

/** A person as they see themselves. */
export function ownUserFrom(
  person: Person,
  hasSecondFactor: boolean,
): Readonly<Record<string, unknown>> & { readonly notify_props: object } {
  return {
    ...userFrom(person),
    email_verified: true,
    mfa_active: hasSecondFactor,
    last_password_update: person.createdAt,
    terms_of_service_id: '',
    terms_of_service_create_at: 0,
    notify_props: {
      desktop: 'mention',
      desktop_sound: 'true',
      email: 'false',
      push: 'mention',
      push_status: 'away',
      comments: 'never',
      mark_unread: 'all',
      channel: 'true',
      first_name: 'false',
      mention_keys: '',
    },
  }
}

/** Names of the roles a person has everywhere, separated by spaces. */
export function systemRoles(person: Person): string {
  if (person.isGuest) return 'system_guest'
  return person.isAdministrator ? 'system_user system_admin' : 'system_user'
}

/** The workspace as a team. */
export function teamFrom(workspace: Workspace): object {
  return {
    id: workspace.id,
    create_at: 0,
    update_at: 0,
    delete_at: 0,
    display_name: workspace.name,
    name: teamNameOf(workspace.name),
    description: '',
    email: '',
    type: 'I',
    company_name: '',
    allowed_domains: '',
    invite_id: '',
    allow_open_invite: false,
    scheme_id: '',
    group_constrained: false,
    policy_id: null,
  }
}

/** The workspace's name in addresses: lower case letters, digits and `-`; never a word that Mattermost's web app keeps. */
export function teamNameOf(displayName: string): string {
  const plain = displayName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 48)
  if (/^[a-z]./.test(plain) && !RESERVED.has(plain)) return plain
  return plain === '' ? 'team' : `team-${plain}`
}

const RESERVED = new Set(
  'admin api channel claim error files help landing login oauth plug plugins post playbooks boards signup static'.split(
    ' ',
  ),
)

/** A person's membership of the workspace. */
export function teamMemberFrom(workspace: Workspace, person: Person): object {
  return {
    team_id: workspace.id,
    user_id: person.id,
    roles: teamRoles(person),
    delete_at: 0,
    scheme_guest: person.isGuest,
    scheme_user: !person.isGuest,
    scheme_admin: person.isAdministrator,
    explicit_roles: '',
    create_at: person.createdAt,
  }
}

function teamRoles(person: Person): string {
  if (person.isGuest) return 'team_guest'
  return person.isAdministrator ? 'team_user team_admin' : 'team_user'
}

/** What is told of somebody beside how they are here. */
export interface StatusMarks {
  /** Of whom another node is the home: where that is and if it is heard. */
  readonly home: HomeKit | undefined
  /** Of whom are a partner's: whose. */
  readonly partnerOf: readonly string[]
}

/** How somebody is here now. */
export function statusFrom(status: PersonStatus, marks?: StatusMarks): object {
  const { home, partnerOf = [] } = marks ?? {}
  return {
    user_id: status.person,
    status: status.status,
    manual: status.isManual,
    last_activity_at: status.lastActiveAt,
    dnd_end_time: 0,
    ...(home && {
      holdfast_kit: { name: home.name, is_offline: home.isOffline, heard_at: home.heardAt },
    }),
    ...(partnerOf.length > 0 && { holdfast_partner: partnerOf.join(', ') }),
  }
}

/** A setting, with its owner. */
export function preferenceFrom(person: UserId, preference: Preference): object {
  return {
    user_id: person,
    category: preference.category,
    name: preference.name,
    value: preference.value,
  }
}

/** Done, and there is nothing more to say. */
export const OK = { status: 'OK' } as const

/** Counts of what is unread in the workspace, direct channels not counted, as Mattermost counts it. */
export interface UnreadCounts {
  readonly messages: number
  readonly roots: number
  readonly mentions: number
  readonly rootMentions: number
  /** Threads somebody follows that have unread replies, and how often they are named there. */
  readonly threads: number
  readonly threadMentions: number
  readonly urgentThreadMentions: number
}

/** Counts of the workspace for one person. */
export function teamUnreadFrom(workspace: Workspace, counts: UnreadCounts): object {
  return {
    team_id: workspace.id,
    msg_count: counts.messages,
    msg_count_root: counts.roots,
    mention_count: counts.mentions,
    mention_count_root: counts.rootMentions,
    thread_count: counts.threads,
    thread_mention_count: counts.threadMentions,
    thread_urgent_mention_count: counts.urgentThreadMentions,
  }
}
