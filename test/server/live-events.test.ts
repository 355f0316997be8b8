import { test } from 'tap'
import type { ChannelId, PostId, UserId } from '#base/ids.ts'
import type { NodeEvent } from '#app/node.ts'
import {
  announcementsOf,
  deliveryChanged,
  helloText,
  preferencesDeleted,
  statusChanged,
  typing,
  type EventContext,
} from '#server/live-events.ts'
import type { Announcement } from '#server/live-text.ts'
import { createPeople } from '#server/people.ts'
import { aChannel, aMessage, aPerson, relief } from '../support/messages.ts'

const [amira, bo, chen] = ['amira', 'bo', 'chen'] as UserId[] as [UserId, UserId, UserId]
const ops = 'ops' as ChannelId

function context(here: readonly UserId[] = [amira, bo, chen]): EventContext {
  const people = createPeople()
  for (const name of ['amira', 'bo', 'chen']) people.learn(aPerson(name))
  const { byId, byName } = people
  const workspace = { id: relief, name: 'Relief' }
  const mayCallAll = (person: UserId): boolean => person !== chen
  return { workspace, byId, byName, membersHere: () => here, mayCallAll, roles: () => [] }
}

/** What a client gets to see of an announcement. */
function seen(announcement: Announcement | undefined) {
  const frame = JSON.parse(`${announcement?.text}7}`) as {
    readonly event: string
    readonly seq: number
    readonly data: Readonly<Record<string, string>>
    readonly broadcast: object
  }
  return frame
}

function posted(part: Parameters<typeof aMessage>[0] = {}, channel = aChannel()): NodeEvent {
  return { kind: 'posted', message: aMessage(part), channel, isLate: false }
}

test('a text ends where the number goes', async (t) => {
  const frame = seen(announcementsOf(posted(), context())[0])

  t.match(frame, { event: 'posted', seq: 7, broadcast: { channel_id: 'ops', omit_users: null } })
  t.strictSame(Object.keys(frame), ['event', 'data', 'broadcast', 'seq'])
})

test('a new message goes to its channel, the post as a string within', async (t) => {
  const [announcement] = announcementsOf(posted({ body: 'hello "you"\n' }), context())
  const { data } = seen(announcement)

  t.strictSame(announcement?.to, { kind: 'channel', channel: ops })
  t.match(data, { channel_type: 'O', channel_name: 'ops', sender_name: '@bo', team_id: relief })
  t.equal(typeof data.post, 'string')
  t.match(JSON.parse(data.post ?? ''), { message: 'hello "you"\n', metadata: {} })
})

test('those who are named in a message are told so, if they are there', async (t) => {
  for (const [body, expected] of [
    ['hello', undefined],
    ['@chen look', [chen]],
    ['ask @Chen, or @amira.', [chen, amira]],
    ['mail chen@bo.example', undefined],
    ['@bo talks to himself', undefined],
    ['@channel', [amira, chen]],
    ['@all @chen', [amira, chen]],
    ['@nobody', undefined],
  ] as const) {
    const { data } = seen(announcementsOf(posted({ body }), context())[0])
    t.strictSame(
      data.mentions === undefined ? undefined : JSON.parse(data.mentions),
      expected,
      body,
    )
  }
  const { data } = seen(announcementsOf(posted({ body: '@chen' }), context([amira, bo]))[0])
  t.equal(data.mentions, undefined)
})

test('in a direct channel the other one is always meant, and sees who it is from', async (t) => {
  const channel = aChannel({ kind: 'direct', name: 'bo__chen', displayName: '' })
  const { data } = seen(announcementsOf(posted({}, channel), context([bo, chen]))[0])

  t.match(data, { channel_type: 'D', channel_display_name: '@bo', team_id: '' })
  t.equal(data.mentions, JSON.stringify([chen]))
})

test('edits, deletions and reactions go to the channel, with their object as a string', async (t) => {
  const message = aMessage()
  const reaction = { person: chen, emoji: 'ok', at: 3 }
  for (const [event, name, field] of [
    [{ kind: 'edited', message }, 'post_edited', 'post'],
    [{ kind: 'deleted', message }, 'post_deleted', 'post'],
    [{ kind: 'reaction-added', message, reaction }, 'reaction_added', 'reaction'],
    [{ kind: 'reaction-removed', message, reaction }, 'reaction_removed', 'reaction'],
  ] as const) {
    const [announcement] = announcementsOf(event, context())
    const frame = seen(announcement)
    t.strictSame(announcement?.to, { kind: 'channel', channel: ops })
    t.equal(frame.event, name)
    t.equal(typeof frame.data[field], 'string')
  }
})

test('a new channel is told to who made it; a direct one to both', async (t) => {
  const [open] = announcementsOf({ kind: 'channel-created', channel: aChannel() }, context())
  t.strictSame(open?.to, { kind: 'person', person: amira })
  t.match(seen(open), { event: 'channel_created', data: { channel_id: 'ops', team_id: relief } })

  const direct = aChannel({ kind: 'direct', name: 'bo__chen', creator: bo })
  const [announcement] = announcementsOf({ kind: 'channel-created', channel: direct }, context())
  t.strictSame(announcement?.to, { kind: 'channel', channel: ops })
  t.match(seen(announcement), {
    event: 'direct_added',
    data: { creator_id: bo, teammate_id: chen },
  })

  const own = aChannel({ creator: undefined })
  t.strictSame(announcementsOf({ kind: 'channel-created', channel: own }, context()), [])
})

test('a changed channel is told as a string, an archived one as gone', async (t) => {
  const [changed] = announcementsOf({ kind: 'channel-updated', channel: aChannel() }, context())
  const [archived] = announcementsOf(
    { kind: 'channel-updated', channel: aChannel({ archivedAt: 5 }) },
    context(),
  )

  t.match(JSON.parse(seen(changed).data.channel ?? ''), { id: 'ops', delete_at: 0 })
  t.match(seen(archived), { event: 'channel_deleted', data: { channel_id: 'ops', delete_at: 5 } })
  const event = { kind: 'channel-updated', channel: aChannel(), isRestored: true } as const
  const [restored, again] = announcementsOf(event, context())
  t.match(seen(restored), { event: 'channel_restored', data: { channel_id: 'ops' } })
  t.strictSame(restored?.to, { kind: 'channel', channel: ops })
  t.match(seen(again), { event: 'channel_updated' })
})

test('who comes is told to all members, who goes to them and to the one who went', async (t) => {
  const channel = aChannel()
  const [added] = announcementsOf({ kind: 'member-added', channel, person: chen }, context())
  const removed = announcementsOf({ kind: 'member-removed', channel, person: chen }, context())

  t.match(seen(added), { event: 'user_added', data: { user_id: chen, team_id: relief } })
  t.strictSame(
    removed.map(({ to }) => to),
    [
      { kind: 'channel', channel: ops, except: chen },
      { kind: 'person', person: chen },
    ],
  )
  t.match(seen(removed[0]).data, { user_id: chen })
  t.match(seen(removed[1]).data, { channel_id: 'ops' })
})

test('a group is told by its members', async (t) => {
  const channel = aChannel({ kind: 'group' })
  const [added] = announcementsOf(
    { kind: 'member-added', channel, person: chen },
    context([bo, chen]),
  )

  t.match(seen(added), { event: 'group_added', data: { teammate_ids: JSON.stringify([bo, chen]) } })
})

test('people, views, settings and statuses go to those they concern', async (t) => {
  const [joined] = announcementsOf(
    { kind: 'person-updated', person: aPerson('dana'), isNew: true },
    context(),
  )
  const [changed] = announcementsOf(
    { kind: 'person-updated', person: aPerson('dana'), isNew: false },
    context(),
  )
  const [viewed] = announcementsOf({ kind: 'viewed', person: bo, channel: ops, at: 9 }, context())
  const preference = { category: 'a', name: 'b', value: 'c' }
  const [kept] = announcementsOf(
    { kind: 'preferences-changed', person: bo, preferences: [preference] },
    context(),
  )

  t.match(seen(joined), { event: 'new_user', data: { user_id: 'dana' } })
  t.match(seen(changed), { event: 'user_updated', data: { user: { username: 'dana' } } })
  t.strictSame(viewed?.to, { kind: 'person', person: bo })
  t.match(seen(viewed), { event: 'multiple_channels_viewed', data: { channel_times: { ops: 9 } } })
  t.strictSame(kept?.to, { kind: 'person', person: bo })
  t.match(JSON.parse(seen(kept).data.preferences ?? ''), [{ ...preference, user_id: bo }])
  t.match(seen(preferencesDeleted(bo, [preference])), { event: 'preferences_deleted' })
  t.match(seen(statusChanged({ person: bo, status: 'dnd', isManual: true, lastActiveAt: 1 })), {
    event: 'status_change',
    data: { user_id: bo, status: 'dnd' },
  })
})

test('typing passes over the typist, hello names its stream', async (t) => {
  const announcement = typing(bo, ops, 'root1')
  const hello = helloText(bo, {
    connection_id: 'c1',
    server_version: 'v',
    server_hostname: 'alpha',
  })

  t.strictSame(announcement.to, { kind: 'channel', channel: ops, except: bo })
  t.match(seen(announcement), { event: 'typing', broadcast: { omit_users: { bo: true } } })
  t.match(seen({ to: { kind: 'everybody' }, text: hello }), { data: { connection_id: 'c1' } })
})

test('links and delivery words are no events of Mattermost', async (t) => {
  t.strictSame(announcementsOf({ kind: 'links-changed' }, context()), [])
  t.strictSame(announcementsOf({ kind: 'delivery-changed', messages: [] }, context()), [])
  t.match(seen(deliveryChanged(bo, ops, ['post1' as PostId])), {
    event: 'holdfast_delivery',
    data: { post_ids: '["post1"]' },
    broadcast: { user_id: bo },
  })
})

test('everybody hears how many messages are overdue', async (t) => {
  const overdue = { flash: 1, immediate: 0, priority: 0, routine: 2 }
  const [announcement] = announcementsOf(
    { kind: 'overdue-changed', overdue, isAlarm: true },
    context(),
  )

  t.strictSame(announcement?.to, { kind: 'everybody' })
  t.match(seen(announcement), {
    event: 'holdfast_overdue',
    data: { overdue: JSON.stringify(overdue), is_alarm: true },
  })
})

test('everybody hears when the disk fills up', async (t) => {
  const disk = { state: 'low', freeBytes: 5e8 } as const
  const [announcement] = announcementsOf({ kind: 'room-changed', disk }, context())

  t.strictSame(announcement?.to, { kind: 'everybody' })
  t.match(seen(announcement), { event: 'holdfast_disk', data: disk })
})

test('everybody hears when others refuse the node, and asks who', async (t) => {
  const [announcement] = announcementsOf({ kind: 'refusals-changed' }, context())

  t.strictSame(announcement?.to, { kind: 'everybody' })
  t.match(seen(announcement), { event: 'holdfast_standing', data: {} })
})

test('words of people cannot break out of the JSON', async (t) => {
  for (const body of ['"}],"seq":99', '\\', '\u2028\u2029', '\ud800', '</script>', '\u0000']) {
    const { data, seq } = seen(announcementsOf(posted({ body }), context())[0])
    t.equal(seq, 7)
    t.equal(JSON.parse(data.post ?? '').message, body)
  }
})
