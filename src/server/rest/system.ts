/** What clients ask before anything else, and what this node says to questions about things it does not have. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import { circumstancesOf } from '#server/circumstances.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, textParam, userParam } from '#server/input.ts'
import { openRoute, route, type Call, type OpenCall, type Route } from '#server/route.ts'
import { credentialsOf } from '#server/session.ts'
import { peopleFor } from '#server/visible.ts'
import { roleFrom } from './permissions.ts'
import { fullConfig, LICENSE, limitedConfig } from './shapes-config.ts'

const Names = z.array(z.string().max(64)).max(100)

/** Lists of things this node has none of. Clients ask for them at their start. */
const EMPTY_LISTS = [
  '/api/v4/custom_profile_attributes/fields',
  '/api/v4/groups',
  '/api/v4/plugins/webapp',
]

/** The routes about the server itself, its settings and its roles. */
export function systemRoutes(door: Door): readonly Route[] {
  return [
    openRoute('GET', '/api/v4/system/ping', () => ({
      AndroidLatestVersion: '',
      AndroidMinVersion: '',
      IosLatestVersion: '',
      IosMinVersion: '',
      ActiveSearchBackend: 'none',
      status: 'OK',
    })),
    openRoute('GET', '/api/v4/config/client', (call) => config(door, call)),
    openRoute('GET', '/api/v4/license/client', () => LICENSE),
    route('POST', '/api/v4/roles/names', (call) =>
      bodyOf(call, Names).flatMap((name) => roleFor(door, call, name) ?? []),
    ),
    route('GET', '/api/v4/roles/name/:name', (call) => roleNamed(door, call)),
    route('GET', '/api/v4/limits/server', (call) => ({
      activeUserCount: peopleFor(door, call.subject).all().length,
      maxUsersLimit: 0,
      maxUsersHardLimit: 0,
      lastAccessiblePostTime: 0,
      postHistoryLimit: 0,
    })),
    // Nothing is deleted by age here: all that is kept is the node's to keep.
    route('GET', '/api/v4/data_retention/policy', () => ({
      message_deletion_enabled: false,
      file_deletion_enabled: false,
      boards_deletion_enabled: false,
      message_retention_cutoff: 0,
      file_retention_cutoff: 0,
      boards_retention_cutoff: 0,
    })),
    ...['team_policies', 'channel_policies'].map((kind) =>
      route('GET', `/api/v4/users/:user/data_retention/${kind}`, (call) => {
        if (userParam(call) !== call.subject)
          throw new EdgeError('NOT_ALLOWED', { what: 'policies of another' })
        return { policies: [], total_count: 0 }
      }),
    ),
    ...EMPTY_LISTS.map((url) => route('GET', url, () => [])),
  ]
}

/** People who are signed in get more than strangers. */
async function config(door: Door, call: OpenCall): Promise<object> {
  const credentials = credentialsOf(call.request.headers)
  if (credentials === undefined) return limitedConfig(door)
  const session = await door.doorkeeper.sessionOf(credentials.token)
  return session === undefined ? limitedConfig(door) : fullConfig(door)
}

/** What a channel leaves of a role is told to who may know of the channel; others get the role as it is everywhere. */
function roleFor({ node }: Door, { subject, request }: Call, name: string): object | undefined {
  const told = circumstancesOf(request.raw)
  return roleFrom(name, (channel) => {
    const mayKnow = channel !== undefined && node.whoMayHear(channel)(subject, told)
    return node.roles(mayKnow ? channel : undefined)
  })?.json
}

function roleNamed(door: Door, call: Call): object {
  const found = roleFor(door, call, textParam(call, 'name'))
  if (found === undefined) throw new EdgeError('NOT_FOUND', { what: 'role' })
  return found
}
