/** Mattermost's own client package: files, threads, what is kept for a person, and a socket that comes back. */
import { test, type Test } from 'tap'
import type { Client4 } from '@mattermost/client'
import type { Post } from '@mattermost/types/posts'
import { must } from '#base/assert.ts'
import { aLanDoor, type LanDoor } from '../support/lan-door.ts'
import { aLiveClient } from '../support/live-client.ts'

test('a file is uploaded, posted and fetched', async (t) => {
  const { bo, channel } = await aScene(t)
  const form = new FormData()
  form.append('channel_id', channel)
  form.append('client_ids', 'c1')
  form.append('files', new Blob(['grid 4512']), 'notes.txt')
  const { file_infos: infos, client_ids: ids } = await bo.uploadFile(form)
  const file = must(infos[0], 'it is there')
  const post = await bo.createPost({ ...draft(channel, 'see'), file_ids: [file.id] })

  t.strictSame(ids, ['c1'])
  t.match(await bo.getFileInfosForPost(post.id), [{ id: file.id, name: 'notes.txt', size: 9 }])
  const response = await fetch(
    bo.getFileUrl(file.id, 0),
    bo.getOptions({ method: 'get' }) as RequestInit,
  )
  t.equal(await response.text(), 'grid 4512')
})

test('a thread is followed, read and left', async (t) => {
  const { door, bo, amira, channel, team } = await aScene(t)
  const me = door.people.bo.id
  const root = await bo.createPost(draft(channel, 'who drives?'))
  await amira.createPost({ ...draft(channel, 'me'), root_id: root.id })

  t.match(await bo.getUserThreads(me, team, { totalsOnly: true }), { total_unread_threads: 1 })
  t.match(await bo.getUserThread(me, team, root.id), { unread_replies: 1, is_following: true })
  await bo.updateThreadReadForUser(me, team, root.id, door.clock.now() + 1)
  t.match(await bo.getUserThreads(me, team, {}), { total_unread_threads: 0 })
  await bo.updateThreadFollowForUser(me, team, root.id, false)
  t.match(await bo.getUserThreads(me, team, {}), { total: 0 })
  t.match(await bo.getPaginatedPostThread(root.id, { perPage: 1, direction: 'down' }), {
    order: /./,
    has_next: false,
  })
})

test('drafts, pins, categories, emoji lists, webhooks and commands are what the client expects', async (t) => {
  const { door, bo, channel, team } = await aScene(t)
  const me = door.people.bo.id
  const post = await bo.createPost(draft(channel, 'rally point'))
  await bo.pinPost(post.id)
  await bo.upsertDraft({ channel_id: channel, root_id: '', message: 'not yet' } as never, '')

  t.match(await bo.getPinnedPosts(channel), { order: [post.id] })
  t.match(await bo.getUserDrafts(team), [{ message: 'not yet' }])
  const { order } = await bo.getChannelCategories(me, team)
  t.equal(order.length, 3)
  t.match(await bo.getCommandsList(team), [{ trigger: 'flash' }])
  t.strictSame(await bo.getCustomEmojis(0, 10), [])
  const hook = await bo.createIncomingWebhook({ channel_id: channel, display_name: 'm' })
  t.match(await bo.getIncomingWebhooks(team), [{ id: hook.id, channel_id: channel }])
  await bo.removeIncomingWebhook(hook.id)
  t.match(await bo.acknowledgePost(post.id, me), { post_id: post.id })
  t.match(await bo.executeCommand('/budget', { channel_id: channel, team_id: team }), {
    text: /No link of this node is billed/,
  })
})

test('every event about what is kept for a person is heard, with JSON as text inside', async (t) => {
  const { door, bo, amira, channel } = await aScene(t)
  const live = await aLiveClient(door, 'bo')
  const root = await bo.createPost(draft(channel, 'root'))
  await amira.createPost({ ...draft(channel, 'reply'), root_id: root.id })
  await bo.updateThreadReadForUser(
    door.people.bo.id,
    (await door.node.status()).organisation,
    root.id,
    1,
  )
  await bo.upsertDraft({ channel_id: channel, root_id: '', message: 'x' } as never, '')
  await bo.deleteDraft(channel, '', '')
  await amira.acknowledgePost(root.id, door.people.amira.id)
  await bo.markPostAsUnread(door.people.bo.id, root.id)
  await bo.executeCommand('/budget', { channel_id: channel })
  const text = async (event: string, field: string): Promise<object> => {
    const { data } = await live.event(event)
    t.type(data?.[field], 'string', event)
    return JSON.parse(String(data?.[field])) as object
  }

  t.match(await text('thread_updated', 'thread'), {
    id: root.id,
    unread_replies: 1,
    post: { id: root.id },
  })
  t.match((await live.event('thread_read_changed')).data, {
    thread_id: root.id,
    channel_id: channel,
  })
  t.match(await text('draft_created', 'draft'), { message: 'x' })
  t.match(await text('draft_deleted', 'draft'), { message: 'x' })
  t.match(await text('post_acknowledgement_added', 'acknowledgement'), { post_id: root.id })
  t.match((await live.event('post_unread')).data, { channel_id: channel, msg_count: 0 })
  t.match(await text('ephemeral_message', 'post'), { type: 'system_ephemeral' })
  const numbers = live.frames.flatMap(({ seq }) => seq ?? [])
  t.strictSame(
    numbers,
    numbers.map((_, at) => at),
    'no number is left out',
  )
})

test('whatever people type goes in and comes out unchanged, everywhere', async (t) => {
  const { door, bo, channel, team } = await aScene(t)
  const live = await aLiveClient(door, 'amira')
  for (const text of NAUGHTY) {
    const post = await bo.createPost(draft(channel, text))
    t.equal(post.message, text)
    t.equal((await bo.getPost(post.id)).message, text)
    const heard = await live.when(
      ({ event, data }) => event === 'posted' && String(data?.post).includes(post.id),
    )
    t.equal((JSON.parse(String(heard.data?.post)) as Post).message, text)
    const edited = await bo.patchPost({ id: post.id, message: `${text}!` })
    t.equal(edited.message, `${text}!`)
    await bo.upsertDraft({ channel_id: channel, root_id: '', message: text } as never, '')
    t.match(await bo.getUserDrafts(team), [{ message: text }])
    const form = new FormData()
    form.append('channel_id', channel)
    form.append('files', new Blob([text]), 'a.txt')
    const [file] = (await bo.uploadFile(form)).file_infos
    const bytes = await fetch(
      bo.getFileUrl(must(file, 'a file').id, 0),
      bo.getOptions({}) as RequestInit,
    )
    t.ok(Buffer.from(await bytes.arrayBuffer()).equals(Buffer.from(text)))
  }
})

/** Of the kinds that break programs: scripts, marks, controls, queries, formats, numbers, paths. */
const NAUGHTY = [
  'undefined',
  'null',
  '-0.0e+999',
  '1;DROP TABLE posts--',
  "' OR 1=1 #",
  '<script>alert("ops")</script>',
  '"><svg onload=go()>',
  '{{7*7}} ${7*7} %s %d %n',
  '../../../etc/shadow',
  'C:\\CON\\nul',
  '\u0000\u0001\u001b[31mred',
  '\u202eright to left\u202c',
  '\ufeffmark first',
  'z\u0351\u0343\u0313alg\u0334o',
  '👩🏽‍🚒🏴󠁧󠁢󠁷󠁬󠁳󠁿🇺🇦',
  'ﷺ مرحبا שלום 你好 Привіт',
  '\ud83d alone',
  '__proto__ constructor toString',
  '\\u0041 \\" \\\\ / \b\f\r\n\t end',
  ' \u2028 \u2029 \u00a0 spaces \u200b ',
] as const

interface Scene {
  readonly door: LanDoor
  readonly bo: Client4
  readonly amira: Client4
  readonly channel: string
  readonly team: string
}

async function aScene(t: Test): Promise<Scene> {
  const door = await aLanDoor(t)
  const { organisation: team } = await door.node.status()
  const { id: channel } = await door.node.channelByName(door.people.amira.id, 'town-square')
  return { door, bo: await door.client('bo'), amira: await door.client('amira'), channel, team }
}

let drafts = 0
function draft(channel: string, message: string): Post {
  drafts += 1
  return { channel_id: channel, message, pending_post_id: `test:${drafts}`, props: {} } as Post
}
