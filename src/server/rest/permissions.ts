/**
 * Roles as lists of Mattermost's permission names. Clients show and hide their controls by them; what is allowed is
 * decided by the node alone. Only what this door offers is listed, and `upload_file`, without which the official web
 * app makes its composer read-only (research of 2026-08).
 */

const SYSTEM_USER = [
  'create_direct_channel',
  'create_group_channel',
  'list_public_teams',
  'view_members',
  'view_team',
]
const TEAM_USER = [
  'create_private_channel',
  'create_public_channel',
  'join_public_channels',
  'list_team_channels',
  'read_public_channel',
  'view_team',
]
const CHANNEL_USER = [
  'add_reaction',
  'create_post',
  'delete_post',
  'edit_post',
  'manage_private_channel_members',
  'manage_public_channel_members',
  'read_channel',
  'read_channel_content',
  'remove_reaction',
  'upload_file',
  'use_channel_mentions',
]

/** Every role by its name. */
export const ROLES: Readonly<Record<string, readonly string[]>> = {
  system_user: SYSTEM_USER,
  system_admin: [...SYSTEM_USER, ...TEAM_USER, ...CHANNEL_USER, 'delete_others_posts'],
  team_user: TEAM_USER,
  team_admin: [...TEAM_USER, 'delete_others_posts'],
  channel_user: CHANNEL_USER,
  channel_admin: [...CHANNEL_USER, 'manage_channel_roles'],
}

/** A role as clients read it, or undefined when there is none of this name. */
export function roleFrom(name: string): object | undefined {
  const permissions = Object.hasOwn(ROLES, name) ? ROLES[name] : undefined
  if (permissions === undefined) return undefined
  return {
    id: name.replaceAll('_', '').padEnd(26, '0'),
    name,
    display_name: `authentication.roles.${name}.name`,
    description: `authentication.roles.${name}.description`,
    create_at: 0,
    update_at: 0,
    delete_at: 0,
    permissions,
    scheme_managed: true,
    built_in: true,
  }
}
