import { test } from 'tap'
import type { UserId } from '#base/ids.ts'
import {
  channelFrom,
  channelMemberFrom,
  channelStatsFrom,
  channelUnreadFrom,
  otherOf,
  unreadOf,
} from '#server/rest/shapes-channel.ts'
import { aChannel, aMembership, relief } from '../../support/messages.ts'

const bo = 'bo' as UserId

test('each kind of channel has its letter; personal ones belong to no team', async (t) => {
  for (const [kind, type, team] of [
    ['public', 'O', relief],
    ['private', 'P', relief],
    ['direct', 'D', ''],
    ['group', 'G', ''],
  ] as const) {
    t.match(channelFrom(aChannel({ kind }), relief), { type, team_id: team, delete_at: 0 })
  }
})

test('the name of a direct channel is left to the client', async (t) => {
  t.match(channelFrom(aChannel({ kind: 'direct', displayName: 'x' }), relief), { display_name: '' })
  t.match(channelFrom(aChannel({ creator: undefined }), relief), { creator_id: '' })
})

test('the other one of a direct channel', async (t) => {
  t.equal(otherOf(aChannel({ name: 'bo__chen' }), bo), 'chen')
  t.equal(otherOf(aChannel({ name: 'amira__bo' }), bo), 'amira')
  t.equal(otherOf(aChannel({ name: 'bo__bo' }), bo), 'bo')
})

test('a membership counts what was seen, a channel what there is', async (t) => {
  const [channel, membership] = [aChannel(), aMembership()]

  t.match(channelFrom(channel, relief), { total_msg_count: 10, total_msg_count_root: 8 })
  t.match(channelMemberFrom(membership), { msg_count: 7, mention_count: 2, roles: 'channel_user' })
  t.match(channelUnreadFrom(channel, membership, relief), { msg_count: 3, msg_count_root: 2 })
  t.match(channelMemberFrom(aMembership({ isChannelAdministrator: true })), {
    roles: 'channel_user channel_admin',
  })
  t.match(channelStatsFrom(channel, { members: 5, pinned: 1 }), {
    channel_id: 'ops',
    member_count: 5,
    pinnedpost_count: 1,
  })
})

test('counts never fall below nothing', async (t) => {
  t.equal(unreadOf(aChannel({ messageCount: 1 }), aMembership({ seenCount: 5 })), 0)
})
