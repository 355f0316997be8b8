/** Rows of the permission matrix for channels' settings and for what a node keeps for its people: see `permission-rows.ts`. */
import type { MatrixIds, Row } from './permission-rows.ts'

const open: Row = { kind: 'open' }
const signed: Row = { kind: 'signed' }
const own: Row = { kind: 'own' }
const channel: Row = { kind: 'channel' }
/** Also who may know of it gets an error here. */
const refused: Row = { kind: 'channel', isRefused: true }
const link = { display_name: 'x', link_url: 'https://example.org/', type: 'link' }
const category = { id: 'a', display_name: 'x' }
const inChannel = ({ channel: id }: MatrixIds) => ({ channel_id: id, message: 'from outside' })
const later = (ids: MatrixIds) => ({ ...inChannel(ids), scheduled_at: 4_102_444_800_000 })
const threads = '/api/v4/users/:user/teams/:team/threads'
const categories = '/api/v4/users/:user/teams/:team/channels/categories'

const found = { terms: 'nine' }

/** Each of them by method and path. */
export const KEPT_ROWS: Readonly<Record<string, Row>> = {
  'PUT /api/v4/channels/:channel': { ...channel, body: () => ({ header: 'from outside' }) },
  'PUT /api/v4/channels/:channel/patch': { ...channel, body: () => ({ header: 'from outside' }) },
  'DELETE /api/v4/channels/:channel': channel,
  'POST /api/v4/channels/:channel/restore': channel,
  'GET /api/v4/channels/:channel/bookmarks': channel,
  'POST /api/v4/channels/:channel/bookmarks': { ...channel, body: () => link },
  'PATCH /api/v4/channels/:channel/bookmarks/:bookmark': { ...channel, body: () => link },
  'POST /api/v4/channels/:channel/bookmarks/:bookmark/sort_order': { ...channel, body: () => 0 },
  'DELETE /api/v4/channels/:channel/bookmarks/:bookmark': channel,
  'POST /api/v4/posts/:post/pin': channel,
  'POST /api/v4/posts/:post/unpin': channel,
  'POST /api/v4/users/:user/posts/:post/ack': channel,
  'DELETE /api/v4/users/:user/posts/:post/ack': channel,
  'GET /api/v4/users/:user/posts/flagged': own,
  [`GET ${threads}`]: own,
  [`PUT ${threads}/read`]: own,
  [`GET ${threads}/mention_counts`]: own,
  [`GET ${threads}/:thread`]: channel,
  [`PUT ${threads}/:thread/read/:time`]: channel,
  [`POST ${threads}/:thread/set_unread/:post`]: channel,
  [`PUT ${threads}/:thread/following`]: channel,
  [`DELETE ${threads}/:thread/following`]: channel,
  'POST /api/v4/users/:user/posts/:post/set_unread': { ...channel, body: () => ({}) },
  'POST /api/v4/drafts': { ...channel, body: inChannel },
  'DELETE /api/v4/users/:user/channels/:channel/drafts': own,
  'DELETE /api/v4/users/:user/channels/:channel/drafts/:thread': own,
  'GET /api/v4/users/:user/teams/:team/drafts': own,
  'GET /api/v4/posts/scheduled/team/:team': signed,
  'POST /api/v4/posts/schedule': { ...channel, body: later },
  'PUT /api/v4/posts/schedule/:scheduled': { ...channel, body: later },
  'DELETE /api/v4/posts/schedule/:scheduled': signed,
  [`GET ${categories}`]: own,
  [`POST ${categories}`]: { ...own, body: () => category },
  [`PUT ${categories}`]: { ...own, body: () => [category] },
  [`GET ${categories}/order`]: own,
  [`PUT ${categories}/order`]: { ...own, body: () => [] },
  [`GET ${categories}/:category`]: own,
  [`PUT ${categories}/:category`]: { ...own, body: () => category },
  [`DELETE ${categories}/:category`]: own,
  'POST /api/v4/files': {
    ...channel,
    query: ({ channel: id }) => `?channel_id=${id}&filename=x.txt`,
  },
  'GET /api/v4/files/:file': channel,
  'GET /api/v4/files/:file/info': channel,
  'GET /api/v4/files/:file/thumbnail': channel,
  'GET /api/v4/files/:file/preview': channel,
  'GET /api/v4/files/:file/link': refused,
  'POST /api/v4/uploads': {
    ...channel,
    body: ({ channel: id }) => ({ channel_id: id, filename: 'x.txt', file_size: 3 }),
  },
  'GET /api/v4/uploads/:upload': signed,
  'POST /api/v4/uploads/:upload': signed,
  'GET /api/v4/users/:user/uploads': own,
  'GET /api/v4/users/:user/image': signed,
  'GET /api/v4/users/:user/image/default': signed,
  'POST /api/v4/users/:user/image': own,
  'DELETE /api/v4/users/:user/image': own,
  'GET /api/v4/emoji': signed,
  'POST /api/v4/emoji': signed,
  'POST /api/v4/emoji/search': { ...signed, body: () => ({ term: 'a' }) },
  'GET /api/v4/emoji/autocomplete': { ...signed, query: () => '?name=a' },
  'POST /api/v4/emoji/names': { ...signed, body: () => ['a'] },
  'GET /api/v4/emoji/name/:name': signed,
  'GET /api/v4/emoji/:emoji': signed,
  'DELETE /api/v4/emoji/:emoji': signed,
  'GET /api/v4/emoji/:emoji/image': signed,
  'GET /api/v4/hooks/incoming': signed,
  'POST /api/v4/hooks/incoming': { ...channel, body: ({ channel: id }) => ({ channel_id: id }) },
  'GET /api/v4/hooks/incoming/:hook': refused,
  'PUT /api/v4/hooks/incoming/:hook': {
    ...channel,
    body: ({ channel: id }) => ({ channel_id: id }),
  },
  'DELETE /api/v4/hooks/incoming/:hook': channel,
  'GET /api/v4/hooks/outgoing': signed,
  'POST /api/v4/posts/search': { ...signed, body: () => found },
  'POST /api/v4/teams/:team/posts/search': { ...signed, body: () => found },
  'POST /api/v4/files/search': { ...signed, body: () => found },
  'POST /api/v4/teams/:team/files/search': { ...signed, body: () => found },
  'POST /hooks/:hook': open,
  'GET /api/v4/commands': signed,
  'GET /api/v4/teams/:team/commands/autocomplete': signed,
  'GET /api/v4/teams/:team/commands/autocomplete_suggestions': signed,
  'POST /api/v4/commands/execute': {
    ...channel,
    body: ({ channel: id, post }) => ({ command: `/where ${post}`, channel_id: id }),
  },
  'PUT /api/v4/channels/:channel/members/:user/notify_props': { ...channel, body: () => ({}) },
}
