/**
 * Roles as lists of Mattermost's permission names. Clients show and hide their controls by them; what is allowed is
 * decided by the node alone, by the same lists. Only what this door offers is listed.
 */
import type { RolePicture } from '#app/policy-types.ts'
import { bytesFromText } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { idFromBytes, parseId, type ChannelId } from '#base/ids.ts'

type Permission = RolePicture['permissions'][number]
type Role = RolePicture['role']
type Level = 'system' | 'team' | 'channel'

/** Each of our permissions by Mattermost's names, and the level of roles that lists them there. */
const NAMES: Readonly<Record<Permission, readonly [Level, readonly string[]]>> = {
  'list people': ['system', ['view_members', 'list_users_without_team']],
  'list channels': ['team', ['list_team_channels']],
  'read public channels': ['team', ['read_public_channel']],
  'join channel': ['team', ['join_public_channels']],
  'create public channel': ['team', ['create_public_channel']],
  'create private channel': ['team', ['create_private_channel']],
  'create group': ['system', ['create_group_channel']],
  'create direct channel': ['system', ['create_direct_channel']],
  'make webhook': ['team', ['manage_incoming_webhooks', 'manage_own_incoming_webhooks']],
  'read channel': ['channel', ['read_channel', 'read_channel_content']],
  post: ['channel', ['create_post']],
  'send files': ['channel', ['upload_file']],
  react: ['channel', ['add_reaction', 'remove_reaction']],
  'edit message': ['channel', ['edit_post']],
  'delete message': ['channel', ['delete_post']],
  'delete messages of others': ['channel', ['delete_others_posts']],
  'mention channel': ['channel', ['use_channel_mentions']],
  'pin message': ['channel', []],
  'manage members': [
    'channel',
    ['manage_private_channel_members', 'manage_public_channel_members'],
  ],
  'manage channel': [
    'channel',
    [
      'manage_private_channel_properties',
      'manage_public_channel_properties',
      'delete_private_channel',
      'delete_public_channel',
      ...['add', 'edit', 'delete', 'order'].flatMap((what) => [
        `${what}_bookmark_private_channel`,
        `${what}_bookmark_public_channel`,
      ]),
    ],
  ],
  'manage member roles': ['channel', ['manage_channel_roles']],
}

/** Names that a role has whatever it may: nothing here is decided by them. */
const ALWAYS: Readonly<Record<Level, readonly string[]>> = {
  system: ['list_public_teams', 'view_team', 'create_emojis', 'delete_emojis'],
  team: ['view_team', 'use_slash_commands'],
  channel: [],
}

/** Mattermost's role, the one of ours that it shows, and at which of its levels. */
const ROLES: Readonly<Record<string, readonly [Role, readonly Level[]]>> = {
  system_user: ['member', ['system']],
  system_guest: ['guest', ['system']],
  system_admin: ['administrator', ['system', 'team', 'channel']],
  team_user: ['member', ['team']],
  team_guest: ['guest', ['team']],
  team_admin: ['administrator', ['team', 'channel']],
  channel_user: ['channel member', ['channel']],
  channel_guest: ['channel guest', ['channel']],
  channel_admin: ['channel administrator', ['channel']],
}

/** A role as clients read it, and which of ours it is. */
export interface ShownRole {
  readonly is: Role
  readonly json: object
}

/** Every role. */
export function rolesFrom(pictures: readonly RolePicture[]): readonly ShownRole[] {
  return Object.keys(ROLES).flatMap((name) => roleFrom(name, () => pictures) ?? [])
}

/**
 * A role by its name, or undefined when there is none. What a channel leaves of a role has the channel's id behind its name;
 * `of` gives the roles as that channel leaves them, or plain ones to who may not know of it.
 */
export function roleFrom(
  name: string,
  of: (channel: ChannelId | undefined) => readonly RolePicture[],
): ShownRole | undefined {
  const parts = /^(channel_(?:user|guest))_(\w{26})$/.exec(name)
  const base = parts?.[1] ?? name
  const channel = parts === null ? undefined : parseId<ChannelId>(parts[2] ?? '')
  const [role, levels] = (Object.hasOwn(ROLES, base) && ROLES[base]) || []
  const picture = of(channel).find((one) => one.role === role)
  if (role === undefined || levels === undefined || picture === undefined) return undefined
  const own = picture.permissions.map((permission) => NAMES[permission])
  const named = own.filter(([level]) => levels.includes(level)).flatMap(([, names]) => names)
  const permissions = [...new Set([...levels.flatMap((level) => ALWAYS[level]), ...named])]
  const json = {
    id: idFromBytes(sha256(bytesFromText(`holdfast role ${name}`)).subarray(0, 16)),
    name,
    display_name: `authentication.roles.${base}.name`,
    description: `authentication.roles.${base}.description`,
    create_at: 0,
    update_at: 0,
    delete_at: 0,
    permissions: permissions.toSorted(),
    scheme_managed: true,
    built_in: true,
  }
  return { is: role, json }
}

/** Our role of Mattermost's name, with what of it these names give; undefined for a role that is none. */
export function permissionsFrom(
  name: string,
  names: readonly string[],
  before: readonly RolePicture[],
): { readonly role: Role; readonly permissions: readonly string[] } | undefined {
  const [role, levels] = (Object.hasOwn(ROLES, name) && ROLES[name]) || []
  const picture = before.find((one) => one.role === role)
  if (role === undefined || levels === undefined || picture === undefined) return undefined
  const all = Object.entries(NAMES) as [Permission, readonly [Level, readonly string[]]][]
  const permissions = all.flatMap(([permission, [level, theirs]]) => {
    // What Mattermost shows at another level, or has no word for, stays.
    const isElsewhere = !levels.includes(level) || theirs.length === 0
    const isGiven = isElsewhere
      ? picture.permissions.includes(permission)
      : theirs.some((one) => names.includes(one))
    return isGiven ? [permission] : []
  })
  return { role, permissions }
}
