/** The data layer of Mattermost's web app: its own start, and what its selectors then show. */
import { createRequire } from 'node:module'
import type { Client4 as Client } from '@mattermost/client'
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { aLanDoor, passwordOf, type LanDoor } from '../support/lan-door.ts'

// It counts on a browser's name for what is there anyway.
Object.assign(globalThis, { window: globalThis })
const load = createRequire(import.meta.url)
const { default: configureStore } = load('mattermost-redux/store') as {
  default: (parts: { readonly appReducers: object }) => Store
}
const { Client4 } = load('mattermost-redux/client') as { readonly Client4: Client }
const actions = {
  ...(load('mattermost-redux/actions/users') as Actions),
  ...(load('mattermost-redux/actions/posts') as Actions),
  ...(load('mattermost-redux/actions/channels') as Actions),
  ...(load('mattermost-redux/actions/channel_categories') as Actions),
  ...(load('mattermost-redux/actions/teams') as Actions),
  ...(load('mattermost-redux/actions/threads') as Actions),
  ...(load('mattermost-redux/actions/general') as Actions),
  ...(load('mattermost-redux/actions/roles') as Actions),
}
const selectors = {
  ...(load('mattermost-redux/selectors/entities/channels') as Selectors),
  ...(load('mattermost-redux/selectors/entities/threads') as Selectors),
  ...(load('mattermost-redux/selectors/entities/posts') as Selectors),
  ...(load('mattermost-redux/selectors/entities/roles') as Selectors),
  ...(load('mattermost-redux/selectors/entities/preferences') as Selectors),
  ...(load('mattermost-redux/selectors/entities/users') as Selectors),
}

type Actions = Readonly<Record<string, (...args: unknown[]) => unknown>>
type Selectors = Readonly<Record<string, (...args: unknown[]) => unknown>>

interface Store {
  readonly dispatch: (action: unknown) => Promise<{ data?: unknown; error?: unknown }>
  readonly getState: () => { readonly entities: Record<string, Record<string, unknown>> }
}

test('the web app’s data layer starts, and has people, channels, categories and permissions', async (t) => {
  const { app, door, team, square } = await aStart(t)
  const state = app.getState()

  t.match(selectors.getCurrentUser?.(state), { id: door.people.bo.id, username: 'bo' })
  t.match(selectors.getChannel?.(state, square), { name: 'town-square', delete_at: 0 })
  t.match(selectors.getMyChannelMember?.(state, square), { user_id: door.people.bo.id })
  for (const permission of ['create_post', 'read_channel', 'upload_file', 'add_reaction'])
    t.equal(selectors.haveIChannelPermission?.(state, team, square, permission), true, permission)
  t.equal(selectors.isCollapsedThreadsEnabled?.(state), true)
  const { byId = {} } = state.entities.channelCategories ?? {}
  t.match(
    Object.values(byId as object).map(({ type }: { type: string }) => type),
    ['favorites', 'channels', 'direct_messages'],
  )
})

test('what is posted is visible, once, and what another writes comes with its thread', async (t) => {
  const { app, door, team, square } = await aStart(t)
  const { bo, amira } = door.people
  const pending = `${bo.id}:1`
  const post = {
    channel_id: square,
    message: 'who has the map?',
    user_id: bo.id,
    pending_post_id: pending,
    props: {},
    metadata: {},
    create_at: door.clock.now(),
  }
  await new Promise((resolve) => {
    void app.dispatch(actions.createPost?.(post, [], resolve))
  })
  const channel = (await door.node.channelsOf(bo.id)).find(({ id }) => id === square)
  const { messages } = await door.node.page(bo.id, must(channel, 'it is there').id, { limit: 5 })
  const root = must(messages[0], 'it was posted')
  t.equal(messages.length, 1)
  await door.node.post(amira.id, { channel: root.channel, root: root.id, body: 'me @bo' })
  await app.dispatch(actions.getPosts?.(square, 0, 60, true, true))
  await app.dispatch(actions.getThreadCounts?.(bo.id, team))
  await app.dispatch(actions.getMyTeamUnreads?.(true))
  await app.dispatch(actions.getThreadsForCurrentTeam?.({}))
  await app.dispatch(actions.getPostThread?.(root.id, true))
  const state = app.getState()

  const visible = selectors.getPostIdsInChannel?.(state, square)
  t.strictSame(visible, [root.id], 'the ghost of the pending post is gone')
  t.match(selectors.getThread?.(state, root.id), { unread_replies: 1, unread_mentions: 1 })
  t.match(selectors.getThreadCounts?.(state), { [team]: { total_unread_threads: 1 } })
  t.match(selectors.getThreadCountsIncludingDirect?.(state), { [team]: { total: 1 } })
  const { postsInThread } = state.entities.posts ?? {}
  t.equal((postsInThread as Record<string, unknown[]>)[root.id]?.length, 1)
})

interface Start {
  readonly door: LanDoor
  readonly app: Store
  readonly team: string
  readonly square: string
}

/** Signed in as bo, as the web app starts. */
async function aStart(t: Test): Promise<Start> {
  const door = await aLanDoor(t)
  Client4.setUrl(door.url)
  const app = configureStore({ appReducers: {} })
  await app.dispatch(actions.getClientConfig?.())
  const session = await Client4.login('bo', passwordOf('bo'))
  t.equal(session.id, door.people.bo.id)
  await app.dispatch(actions.loadMe?.())
  const { organisation: team } = await door.node.status()
  await app.dispatch(actions.selectTeam?.(team))
  await app.dispatch(actions.fetchChannelsAndMembers?.(team))
  await app.dispatch(actions.fetchMyCategories?.(team))
  const roles = ['system_user', 'team_user', 'channel_user']
  await app.dispatch(actions.loadRolesIfNeeded?.(roles))
  const square = await door.node.channelByName(door.people.bo.id, 'town-square')
  return { door, app, team, square: square.id }
}
