/**
 * What each address of the door is for, one row each: the permission matrix is made of these and of the route table. A route
 * without a row fails the test, and so does a row without a route.
 *
 * `open`: anybody. `signed`: everybody with a session, about the workspace, or about what they may see anyway. `own`: about
 * whoever asks; `:user` as somebody else is refused. `person`: about people; an unseen one is as one that is not there.
 * `channel`: about a channel or a message, in the path or the body; who may not read it gets the answer of an id that nothing
 * has. `admin`: administrators, and nobody else.
 */

import { KEPT_ROWS } from './permission-rows-kept.ts'

/** Ids that go into paths and bodies. */
export interface MatrixIds {
  readonly channel: string
  readonly post: string
  readonly file: string
  readonly hook: string
  readonly bookmark: string
  readonly user: string
  readonly name: string
  readonly node: string
  readonly team: string
}

/** One address. */
export interface Row {
  readonly kind: 'open' | 'signed' | 'own' | 'person' | 'channel' | 'admin'
  readonly body?: (ids: MatrixIds) => unknown
  readonly query?: (ids: MatrixIds) => string
  /** Administrators may do this where others may not, also in channels that they are not in. */
  readonly isForAdministrators?: true
  /** Also who may know of it gets an error. */
  readonly isRefused?: true
  /** Not tried by who may: it would end the node, or the test. */
  readonly isFinal?: true
}

const open: Row = { kind: 'open' }
const signed: Row = { kind: 'signed' }
const own: Row = { kind: 'own' }
const person: Row = { kind: 'person' }
const channel: Row = { kind: 'channel' }
const admin: Row = { kind: 'admin' }
const final: Row = { kind: 'admin', isFinal: true }
const message = ({ channel: id }: MatrixIds) => ({ channel_id: id, message: 'from outside' })

/** Every address by method and path. */
export const ROWS: Readonly<Record<string, Row>> = {
  ...KEPT_ROWS,
  'POST /api/v4/users/login': open,
  'POST /api/v4/users/logout': open,
  'POST /api/v4/users': {
    ...admin,
    body: () => ({ username: 'zed', password: 'zed-password' }),
  },
  'GET /api/v4/users': { ...person, query: () => '?per_page=200' },
  'GET /api/v4/users/stats': person,
  'GET /api/v4/users/known': person,
  'POST /api/v4/users/ids': { ...person, body: ({ user }) => [user] },
  'POST /api/v4/users/usernames': { ...person, body: ({ name }) => [name] },
  'GET /api/v4/users/username/:name': person,
  'GET /api/v4/users/:user': person,
  'PUT /api/v4/users/sessions/device': signed,
  'POST /api/v4/users/status/ids': { ...person, body: ({ user }) => [user] },
  'GET /api/v4/users/:user/status': person,
  'PUT /api/v4/users/:user/status': { ...own, body: () => ({ status: 'away' }) },
  'PUT /api/v4/users/:user/status/custom': { ...own, body: () => ({ text: 'out' }) },
  'DELETE /api/v4/users/:user/status/custom': own,
  'POST /api/v4/users/:user/status/custom/recent/delete': { ...own, body: () => ({ text: 'out' }) },
  'PUT /api/v4/users/:user/patch': { ...own, body: () => ({ locale: 'en' }) },
  'PUT /api/v4/users/:user': { ...own, body: () => ({ locale: 'en' }) },
  'GET /api/v4/data_retention/policy': signed,
  'GET /api/v4/users/:user/data_retention/team_policies': own,
  'GET /api/v4/users/:user/data_retention/channel_policies': own,
  'GET /api/v4/users/:user/preferences': own,
  'PUT /api/v4/users/:user/preferences': {
    ...own,
    body: () => [{ category: 'a', name: 'b', value: 'c' }],
  },
  'POST /api/v4/users/:user/preferences/delete': {
    ...own,
    body: () => [{ category: 'a', name: 'b' }],
  },
  'GET /api/v4/users/:user/preferences/:category': own,
  'GET /api/v4/users/:user/preferences/:category/name/:name': own,
  'POST /api/v4/users/search': { ...person, body: () => ({ term: '' }) },
  'GET /api/v4/users/autocomplete': {
    ...channel,
    query: ({ channel: id }) => `?name=&in_channel=${id}`,
  },
  'GET /api/v4/teams': signed,
  'GET /api/v4/teams/name/:name': signed,
  'GET /api/v4/teams/name/:name/exists': signed,
  'GET /api/v4/teams/:team': signed,
  'GET /api/v4/teams/:team/stats': person,
  'GET /api/v4/teams/:team/members': { ...person, query: () => '?per_page=200' },
  'GET /api/v4/teams/:team/members/:user': person,
  'POST /api/v4/teams/:team/members/ids': { ...person, body: ({ user }) => [user] },
  'GET /api/v4/users/:user/teams': signed,
  'GET /api/v4/users/:user/teams/members': person,
  'GET /api/v4/users/:user/teams/unread': signed,
  'GET /api/v4/users/:user/teams/:team/unread': signed,
  'GET /api/v4/users/:user/channels': own,
  'GET /api/v4/users/:user/teams/:team/channels': own,
  'POST /api/v4/channels/members/:user/view': {
    ...channel,
    body: ({ channel: id }) => ({ channel_id: id }),
  },
  'POST /api/v4/channels/members/:user/mark_read': {
    ...channel,
    body: ({ channel: id }) => [id],
  },
  'GET /api/v4/teams/:team/channels': signed,
  'GET /api/v4/teams/:team/channels/name/:channel': channel,
  'GET /api/v4/teams/name/:teamname/channels/name/:channel': channel,
  'GET /api/v4/teams/:team/channels/deleted': signed,
  'GET /api/v4/teams/:team/channels/autocomplete': { ...signed, query: () => '?name=medevac' },
  'POST /api/v4/teams/:team/channels/search': { ...signed, body: () => ({ term: 'medevac' }) },
  'POST /api/v4/channels': signed,
  'POST /api/v4/channels/direct': signed,
  'POST /api/v4/channels/group': signed,
  'GET /api/v4/channels/:channel': channel,
  'GET /api/v4/channels/:channel/stats': channel,
  'GET /api/v4/users/:user/channel_members': own,
  'GET /api/v4/users/:user/teams/:team/channels/members': own,
  'GET /api/v4/users/:user/channels/:channel/unread': channel,
  'GET /api/v4/channels/:channel/members': channel,
  'POST /api/v4/channels/:channel/members': { ...channel, body: ({ user }) => ({ user_id: user }) },
  'POST /api/v4/channels/:channel/members/ids': { ...channel, body: ({ user }) => [user] },
  'GET /api/v4/channels/:channel/members/:user': channel,
  'DELETE /api/v4/channels/:channel/members/:user': channel,
  'GET /api/v4/channels/:channel/timezones': channel,
  'PUT /api/v4/roles/:role/patch': { ...admin, body: () => ({ permissions: [] }), isFinal: true },
  'GET /api/v4/channels/:channel/moderations': { ...channel, isForAdministrators: true },
  'PUT /api/v4/channels/:channel/moderations/patch': {
    ...channel,
    body: () => [],
    isForAdministrators: true,
  },
  'PUT /api/v4/channels/:channel/members/:user/schemeRoles': {
    ...channel,
    body: () => ({ scheme_admin: true }),
  },
  'PUT /api/v4/channels/:channel/members/:user/roles': {
    ...channel,
    body: () => ({ roles: 'channel_user channel_admin' }),
  },
  'POST /api/v4/users/:user/demote': final,
  'POST /api/v4/users/:user/promote': final,
  'POST /api/v4/posts': { ...channel, body: message },
  'GET /api/v4/posts/:post': channel,
  'PUT /api/v4/posts/:post': { ...channel, body: () => ({ message: 'changed' }) },
  'PUT /api/v4/posts/:post/patch': { ...channel, body: () => ({ message: 'changed' }) },
  'DELETE /api/v4/posts/:post': { ...channel, isForAdministrators: true },
  'GET /api/v4/posts/:post/files/info': channel,
  'GET /api/v4/channels/:channel/posts': channel,
  'GET /api/v4/channels/:channel/pinned': channel,
  'GET /api/v4/users/:user/channels/:channel/posts/unread': channel,
  'GET /api/v4/posts/:post/thread': channel,
  'POST /api/v4/posts/ids': { ...channel, body: ({ post }) => [post] },
  'POST /api/v4/reactions': {
    ...channel,
    body: ({ post }) => ({ post_id: post, emoji_name: 'eyes' }),
  },
  'DELETE /api/v4/users/:user/posts/:post/reactions/:emoji': channel,
  'GET /api/v4/posts/:post/reactions': channel,
  'GET /api/v4/system/ping': open,
  'GET /api/v4/config/client': open,
  'GET /api/v4/license/client': open,
  'POST /api/v4/roles/names': {
    ...channel,
    body: ({ channel: id }) => ['system_user', `channel_user_${id}`],
  },
  'GET /api/v4/roles/name/:name': signed,
  'GET /api/v4/limits/server': person,
  'GET /api/v4/custom_profile_attributes/fields': signed,
  'GET /api/v4/groups': signed,
  'GET /api/v4/plugins/webapp': signed,
  'GET /api/holdfast/v1/status': signed,
  'GET /api/holdfast/v1/health': open,
  'GET /api/holdfast/v1/ready': open,
  'GET /api/holdfast/v1/openapi.json': open,
  'GET /api/holdfast/v1/docs': open,
  'GET /api/holdfast/v1/dictionaries': admin,
  'POST /api/holdfast/v1/dictionaries/train': final,
  'GET /api/holdfast/v1/gaps': signed,
  'GET /api/holdfast/v1/plan': signed,
  'POST /api/holdfast/v1/preview': {
    ...channel,
    body: ({ channel: id }) => ({ channel: id, message: 'from outside' }),
  },
  'GET /api/holdfast/v1/costs': admin,
  'GET /api/holdfast/v1/costs.csv': admin,
  'POST /api/holdfast/v1/budgets/:carrier/raise': {
    ...final,
    body: () => ({ money: 1, reason: 'drill' }),
  },
  'GET /api/holdfast/v1/pace': admin,
  'PUT /api/holdfast/v1/pace/:rule': {
    ...final,
    body: () => ({ reason: 'drill' }),
  },
  'POST /api/holdfast/v1/pace/drill': { ...admin, body: () => ({}) },
  'GET /metrics': admin,
  'GET /api/holdfast/v1/files': signed,
  'GET /api/holdfast/v1/files/:file': channel,
  'POST /api/holdfast/v1/files/:file/fetch': channel,
  'POST /api/holdfast/v1/files/:file/cancel': channel,
  'GET /api/holdfast/v1/posts/:post/delivery': channel,
  'POST /api/holdfast/v1/posts/delivery': {
    ...channel,
    body: ({ post }) => ({ post_ids: [post] }),
  },
  'POST /api/holdfast/v1/join-codes': admin,
  'POST /api/holdfast/v1/join': open,
  'GET /api/holdfast/v1/joins': admin,
  'POST /api/holdfast/v1/joins/confirm': { ...admin, body: () => ({ digits: '123456' }) },
  'POST /api/holdfast/v1/joins/refuse': { ...admin, body: () => ({ digits: '123456' }) },
  'POST /api/holdfast/v1/admissions': { ...final, body: () => ({ request: 'AAAA' }) },
  'GET /api/holdfast/v1/nodes': admin,
  'GET /api/holdfast/v1/nodes/:node/capture': admin,
  'POST /api/holdfast/v1/nodes/:node/revoke': { ...final, body: () => ({}) },
  'POST /api/holdfast/v1/nodes/:node/wipe': final,
  'POST /api/holdfast/v1/release': open,
  'GET /api/holdfast/v1/release': admin,
  'POST /api/holdfast/v1/release/share': final,
  'POST /api/holdfast/v1/release/forget': final,
  'POST /api/holdfast/v1/nodes/:node/release': { ...final, body: () => ({ isHeld: true }) },
  'POST /api/holdfast/v1/lock': final,
  'GET /api/holdfast/v1/audit': admin,
  'GET /api/holdfast/v1/audit/export': admin,
  'GET /api/holdfast/v1/policy': admin,
  'GET /api/holdfast/v1/channels/:channel/purges': channel,
  'POST /api/holdfast/v1/channels/:channel/purge': { ...final, body: () => ({ before: 1 }) },
  'POST /api/holdfast/v1/purge/compact': admin,
  'GET /api/holdfast/v1/keeping': admin,
  'PUT /api/holdfast/v1/channels/:channel/hold': { ...final, body: () => ({ isHeld: true }) },
  'PUT /api/holdfast/v1/people/:user/hold': { ...final, body: () => ({ isHeld: true }) },
  'PUT /api/holdfast/v1/retention': { ...final, body: () => ({ days: 30 }) },
  'PUT /api/holdfast/v1/retention/shown-once': { ...final, body: () => ({ days: 3 }) },
  // The message of the matrix has no checklist, and is not one that is shown once.
  'PUT /api/holdfast/v1/posts/:post/checklist': {
    ...channel,
    body: () => ({ item: 'pump', isTicked: true }),
    isRefused: true,
  },
  'POST /api/holdfast/v1/posts/:post/open': { ...channel, isRefused: true },
  'PUT /api/holdfast/v1/channels/:channel/retention': { ...final, body: () => ({ days: 30 }) },
  'POST /api/holdfast/v1/policy/explain': {
    ...admin,
    body: ({ channel: id, user }) => ({ action: 'post', person: user, channel: id }),
  },
  'PUT /api/holdfast/v1/policy/levels': { ...admin, body: () => ['open', 'restricted', 'secret'] },
  'PUT /api/holdfast/v1/policy/rules/:rule': {
    ...admin,
    body: () => ({ actions: ['react'], require: { attribute: 'subject.a', in: ['b'] } }),
  },
  'DELETE /api/holdfast/v1/policy/rules/:rule': admin,
  'PUT /api/holdfast/v1/policy/people/:user': { ...final, body: () => ({}) },
  'PUT /api/holdfast/v1/policy/channels/:channel': { ...final, body: () => ({}) },
  'PUT /api/holdfast/v1/policy/positions': { ...admin, body: () => ({ positions: 'strip' }) },
  'PUT /api/holdfast/v1/policy/channels/:channel/positions': {
    ...final,
    body: () => ({ positions: 'keep' }),
  },
  'POST /api/holdfast/v1/courier/export': { ...final, body: () => ({ folder: '/nowhere' }) },
  'POST /api/holdfast/v1/courier/import': { ...final, body: () => ({ folder: '/nowhere' }) },
  'GET /api/holdfast/v1/courier': { ...admin, query: () => '?folder=/nowhere' },
  'GET /api/holdfast/v1/courier/progress': admin,
  'POST /api/holdfast/v1/courier/tray': final,
  'GET /api/holdfast/v1/courier/tray': admin,
  'DELETE /api/holdfast/v1/courier/tray': final,
  'GET /api/holdfast/v1/courier/tray/:file': admin,
  'POST /api/holdfast/v1/courier/take': final,
  'GET /api/holdfast/v1/backup': admin,
  'GET /api/holdfast/v1/backup/blobs': admin,
  'GET /api/holdfast/v1/backup/file': admin,
  'GET /api/holdfast/v1/backup/store': admin,
  'GET /': open,
  'GET /about': open,
  'GET /welcome': open,
  'GET /welcome/qr.png': open,
  'POST /api/v4/users/mfa': open,
  'GET /api/v4/users/:user/sessions': { ...own, isForAdministrators: true },
  'POST /api/v4/users/:user/sessions/revoke': {
    ...own,
    body: ({ post }) => ({ session_id: post }),
    isForAdministrators: true,
  },
  'POST /api/v4/users/:user/sessions/revoke/all': {
    ...own,
    isFinal: true,
    isForAdministrators: true,
  },
  'POST /api/v4/users/sessions/revoke/all': final,
  'PUT /api/v4/users/:user/password': {
    ...own,
    body: () => ({ current_password: 'x', new_password: 'another-password' }),
    isFinal: true,
    isForAdministrators: true,
  },
  'PUT /api/v4/users/:user/active': {
    ...own,
    body: () => ({ active: true }),
    isForAdministrators: true,
  },
  'PUT /api/v4/users/:user/roles': {
    ...admin,
    body: () => ({ roles: 'system_user system_admin' }),
  },
  'DELETE /api/v4/users/:user': { ...own, isForAdministrators: true },
  'POST /api/holdfast/v1/people/:user/vouch': final,
  'POST /api/v4/users/:user/mfa/generate': { ...own, isForAdministrators: true },
  'PUT /api/v4/users/:user/mfa': {
    ...own,
    body: () => ({ activate: false }),
    isForAdministrators: true,
  },
  'POST /api/v4/users/:user/tokens': {
    ...own,
    body: () => ({ description: 'x' }),
    isForAdministrators: true,
  },
  'GET /api/v4/users/:user/tokens': { ...own, isForAdministrators: true },
  'GET /api/v4/users/tokens': admin,
  'GET /api/v4/users/tokens/:token': signed,
  'POST /api/v4/users/tokens/revoke': { ...signed, body: ({ post }) => ({ token_id: post }) },
  'POST /api/v4/users/tokens/disable': { ...signed, body: ({ post }) => ({ token_id: post }) },
  'POST /api/v4/users/tokens/enable': { ...signed, body: ({ post }) => ({ token_id: post }) },
  'POST /api/v4/users/tokens/search': { ...admin, body: () => ({ term: '' }) },
  'POST /api/v4/bots': { ...admin, body: () => ({ username: 'botty' }) },
  'GET /api/v4/bots': person,
  'GET /api/v4/bots/:bot': person,
  'PUT /api/v4/bots/:bot': { ...person, body: () => ({ display_name: 'x' }) },
  'POST /api/v4/bots/:bot/disable': person,
  'POST /api/v4/bots/:bot/enable': person,
  'POST /api/v4/bots/:bot/assign/:owner': person,
  'GET /api/holdfast/v1/passkeys': signed,
  'POST /api/holdfast/v1/passkeys/options': signed,
  'POST /api/holdfast/v1/passkeys': signed,
  'DELETE /api/holdfast/v1/passkeys/:credential': signed,
  'POST /api/holdfast/v1/passkeys/login/options': open,
  'POST /api/holdfast/v1/passkeys/login': open,
}
