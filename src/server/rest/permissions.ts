/**
 * Roles as lists of Mattermost's permission names. Clients show and hide their controls by them; what is allowed is
 * decided by the node alone. Only what this door offers is listed.
 */

const SYSTEM_USER = [
  'delete_emojis',
  'create_direct_channel',
  'create_emojis',
  'create_group_channel',
  'list_public_teams',
  'view_members',
  'view_team',
]
const TEAM_USER = [
  'manage_incoming_webhooks',
  'manage_own_incoming_webhooks',
  'use_slash_commands',
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
  'delete_private_channel',
  'delete_public_channel',
  'manage_private_channel_members',
  'manage_private_channel_properties',
  'manage_public_channel_members',
  'manage_public_channel_properties',
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
