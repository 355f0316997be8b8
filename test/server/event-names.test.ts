/** Every event of Mattermost's WebSocket that its apps act on: made to happen and heard here, or said never to happen. */
import { readFile } from 'node:fs/promises'
import { test } from 'tap'
import { aLanDoor, type Answer, type LanDoor, type Name } from '../support/lan-door.ts'
import { aLiveClient } from '../support/live-client.ts'

const NAMES = [
  'hello posted post_edited post_deleted reaction_added reaction_removed typing status_change',
  'multiple_channels_viewed post_unread channel_created channel_updated channel_deleted channel_restored',
  'direct_added group_added user_added user_removed channel_member_updated',
  'preferences_changed preferences_deleted thread_updated thread_read_changed thread_follow_changed',
  'added_to_team leave_team user_updated user_role_updated memberrole_updated new_user config_changed',
  'license_changed ephemeral_message post_acknowledgement_added post_acknowledgement_removed',
  'draft_created draft_updated draft_deleted post_revealed post_burned',
  'sidebar_category_created sidebar_category_updated sidebar_category_deleted sidebar_category_order_updated',
  'scheduled_post_created scheduled_post_updated scheduled_post_deleted',
].flatMap((line) => line.split(' '))

/** Asks and insists on an answer that is no refusal; gives its JSON. */
type Ask = (who: Name, method: string, path: string, body?: unknown) => Promise<Made>

interface Made {
  readonly id: string
}

function askOf(door: LanDoor, refused: string[]): Ask {
  return async (who, method, path, body) => {
    const answer: Answer = await door.ask(who, method, `/api/v4${path}`, body)
    if (answer.status >= 400) refused.push(`${who} ${method} ${path}: ${answer.text}`)
    return Object(answer.json) as Made
  }
}

test('each event is heard when it happens, or is said never to happen', async (t) => {
  const door = await aLanDoor(t)
  const refused: string[] = []
  const ask = askOf(door, refused)
  const sockets = [await aLiveClient(door, 'bo'), await aLiveClient(door, 'chen')] as const
  const [, hers] = sockets
  const { organisation: team } = await door.node.status()
  const channel = await talk(door, ask)
  await hers.ask('user_typing', { channel_id: channel, parent_id: '' })
  await keep(door, ask, { channel, team })
  await govern(door, ask, channel)
  t.strictSame(refused, [])

  const table = await readFile(
    new URL('../../src/server/COMPATIBILITY.md', import.meta.url),
    'utf8',
  )
  const never = new Set(Array.from(table.matchAll(/^\| `([a-z_]+)` \| \S/gm), ([, name]) => name))
  for (const name of NAMES.filter((one) => !never.has(one)))
    t.ok(await Promise.any(sockets.map((socket) => socket.event(name))), name)
  const heard = new Set(sockets.flatMap(({ frames }) => frames.map(({ event }) => event)))
  t.strictSame(
    [...never].filter((name) => heard.has(name)),
    [],
    'what is said never to happen',
  )
  t.strictSame(
    [...never].filter((name) => !NAMES.includes(name ?? '')),
    [],
    'no name that is none',
  )
})

/** Channels, messages, reactions, threads and acknowledgements; gives the channel of bo and chen. */
async function talk(door: LanDoor, ask: Ask): Promise<string> {
  const { amira, bo, chen } = door.people
  const { id } = await ask('bo', 'POST', '/channels', {
    type: 'O',
    name: 'ops',
    display_name: 'Ops',
  })
  await ask('bo', 'POST', `/channels/${id}/members`, { user_id: chen.id })
  await ask('bo', 'PUT', `/channels/${id}/patch`, { header: 'x' })
  await ask('bo', 'POST', '/channels/direct', [bo.id, chen.id])
  await ask('bo', 'POST', '/channels/group', [amira.id, bo.id, chen.id])
  const priority = { priority: 'important', requested_ack: true }
  const said = { channel_id: id, message: 'one', metadata: { priority } }
  const post = (await ask('bo', 'POST', '/posts', said)).id
  await ask('bo', 'PUT', `/posts/${post}/patch`, { message: 'two' })
  await ask('chen', 'POST', `/users/me/posts/${post}/ack`)
  await ask('chen', 'POST', '/reactions', { post_id: post, emoji_name: 'eyes' })
  await ask('chen', 'DELETE', `/users/me/posts/${post}/reactions/eyes`)
  await ask('chen', 'POST', '/channels/members/me/view', { channel_id: id })
  await ask('chen', 'POST', `/users/me/posts/${post}/set_unread`, {})
  const { organisation: team } = await door.node.status()
  const thread = `/users/me/teams/${team}/threads/${post}`
  await ask('chen', 'PUT', `${thread}/following`)
  await ask('bo', 'POST', '/posts', { channel_id: id, message: 'three', root_id: post })
  await ask('chen', 'PUT', `${thread}/read/${door.clock.now()}`)
  await ask('chen', 'POST', '/commands/execute', { command: '/where', channel_id: id })
  await ask('bo', 'DELETE', `/posts/${post}`)
  return id
}

/** What the node keeps for one person. */
async function keep(
  door: LanDoor,
  ask: Ask,
  { channel, team }: { readonly channel: string; readonly team: string },
): Promise<void> {
  const preference = { category: 'a', name: 'b', value: 'c' }
  await ask('chen', 'PUT', '/users/me/preferences', [preference])
  await ask('chen', 'POST', '/users/me/preferences/delete', [preference])
  await ask('chen', 'PUT', '/users/me/status', { user_id: 'me', status: 'dnd' })
  const draft = { channel_id: channel, message: 'not yet' }
  await ask('chen', 'POST', '/drafts', draft)
  await door.clock.advance(1_000)
  await ask('chen', 'POST', '/drafts', { ...draft, message: 'not quite yet' })
  await ask('chen', 'DELETE', `/users/me/channels/${channel}/drafts`)
  const later = { ...draft, scheduled_at: 4_102_444_800_000 }
  const scheduled = (await ask('chen', 'POST', '/posts/schedule', later)).id
  await ask('chen', 'PUT', `/posts/schedule/${scheduled}`, { ...later, id: scheduled })
  await ask('chen', 'DELETE', `/posts/schedule/${scheduled}`)
  const categories = `/users/me/teams/${team}/channels/categories`
  const category = (await ask('chen', 'POST', categories, { display_name: 'Mine' })).id
  await ask('chen', 'PUT', `${categories}/${category}`, { id: category, display_name: 'Ours' })
  const order = (await ask('chen', 'GET', `${categories}/order`)) as unknown as string[]
  await ask('chen', 'PUT', `${categories}/order`, order.toReversed())
  await ask('chen', 'DELETE', `${categories}/${category}`)
}

/** What changes who is where and who may what. */
async function govern(door: LanDoor, ask: Ask, channel: string): Promise<void> {
  const { bo, chen } = door.people
  const path = `/channels/${channel}`
  await ask('bo', 'PUT', `${path}/members/${chen.id}/schemeRoles`, { scheme_admin: true })
  await ask('bo', 'DELETE', `${path}/members/${chen.id}`)
  await ask('bo', 'DELETE', path)
  await ask('amira', 'POST', `${path}/restore`)
  await ask('amira', 'POST', '/users', { username: 'dana', password: 'dana-password' })
  await ask('amira', 'POST', `/users/${bo.id}/demote`)
}
