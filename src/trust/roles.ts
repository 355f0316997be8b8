/**
 * Roles: what somebody may by being who they are, before labels and rules take something away. Everywhere one is a guest, a
 * member or an administrator, and in a channel one of its guests, members or administrators. The policy may give a role
 * another list, and a channel may take some of it from its members and guests.
 */

/** What a role may give. */
export const PERMISSIONS = [
  'list people',
  'list channels',
  'read public channels',
  'join channel',
  'create public channel',
  'create private channel',
  'create group',
  'create direct channel',
  'make webhook',
  'read channel',
  'post',
  'send files',
  'react',
  'edit message',
  'delete message',
  'delete messages of others',
  'mention channel',
  'pin message',
  'manage members',
  'manage channel',
  'manage member roles',
] as const

/** One of them. */
export type Permission = (typeof PERMISSIONS)[number]

/** What a channel may take from its members and guests. */
export const MODERATED = [
  'post',
  'react',
  'mention channel',
  'manage members',
  'send files',
] as const satisfies readonly Permission[]

const IN_CHANNEL: readonly Permission[] = [
  'read channel',
  'post',
  'send files',
  'react',
  'edit message',
  'delete message',
  'mention channel',
]
const CHANNEL_MEMBER: readonly Permission[] = [
  ...IN_CHANNEL,
  'pin message',
  'manage members',
  'manage channel',
]
const MEMBER: readonly Permission[] = [
  'list people',
  'list channels',
  'read public channels',
  'join channel',
  'create public channel',
  'create private channel',
  'create group',
  'create direct channel',
  'make webhook',
]

/** Every role, and what it may unless the policy says otherwise. */
export const ROLES = {
  guest: ['create direct channel', 'create group'],
  member: MEMBER,
  administrator: PERMISSIONS,
  'channel guest': IN_CHANNEL,
  'channel member': CHANNEL_MEMBER,
  'channel administrator': [...CHANNEL_MEMBER, 'manage member roles'],
} as const satisfies Readonly<Record<string, readonly Permission[]>>

/** One of them. */
export type Role = keyof typeof ROLES

/** Whether it is a role. */
export function isRole(name: string): name is Role {
  return Object.hasOwn(ROLES, name)
}

/** Whether a policy may give this role another list: administrators could lock themselves out. */
export function isChangeable(role: Role): boolean {
  return role !== 'administrator'
}

/** What decides which roles somebody has. */
export interface Standing {
  readonly isAdministrator: boolean
  readonly isGuest: boolean
  readonly isChannelAdministrator: boolean
}

/** All roles of somebody in a channel, the weakest first. */
export function rolesOf({ isAdministrator, isGuest, isChannelAdministrator }: Standing): Role[] {
  if (isGuest) return ['guest', 'channel guest']
  return [
    'member',
    'channel member',
    ...(isChannelAdministrator ? (['channel administrator'] as const) : []),
    ...(isAdministrator ? (['administrator'] as const) : []),
  ]
}

/** What a role may, by the policy or by itself. */
export function permissionsOf(
  role: Role,
  changed: (role: string) => readonly string[] | undefined,
): readonly string[] {
  return (isChangeable(role) ? changed(role) : undefined) ?? ROLES[role]
}
