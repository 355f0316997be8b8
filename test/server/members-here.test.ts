import { test } from 'tap'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Membership } from '#app/types.ts'
import { createMembersHere } from '#server/members-here.ts'

const [amira, bo] = ['amira', 'bo'] as UserId[] as [UserId, UserId]
const [ops, medic] = ['ops', 'medic'] as ChannelId[] as [ChannelId, ChannelId]

function membership(channel: ChannelId, person: UserId): Membership {
  return {
    channel,
    person,
    isChannelAdministrator: false,
    isGuest: false,
    isModerated: false,
    joinedAt: 0,
    seenCount: 0,
    seenRootCount: 0,
    viewedAt: 0,
    mentionCount: 0,
    rootMentionCount: 0,
    urgentMentionCount: 0,
  }
}

test('people are found in the channels they were in before they came', async (t) => {
  const members = createMembersHere({ membershipsOf: async (person) => [membership(ops, person)] })
  await members.add(amira)
  await members.add(bo)

  t.strictSame([...members.of(ops)], [amira, bo])
  t.strictSame([...members.of(medic)], [])
  t.strictSame([...members.all()], [amira, bo])
})

test('what changes while the memberships are read is newer than what is read', async (t) => {
  const gate = Promise.withResolvers<readonly Membership[]>()
  const members = createMembersHere({ membershipsOf: () => gate.promise })
  const ready = members.add(bo)
  members.change(ops, bo, false)
  members.change(medic, bo, true)
  gate.resolve([membership(ops, bo)])
  await ready

  t.strictSame([...members.of(ops)], [])
  t.strictSame([...members.of(medic)], [bo])
})

test('who is not here is not kept', async (t) => {
  const members = createMembersHere({ membershipsOf: async (person) => [membership(ops, person)] })
  members.change(ops, amira, true)
  await members.add(bo)
  members.remove(bo)

  t.strictSame([...members.of(ops)], [])
  t.strictSame([...members.all()], [])
})

test('who leaves while the memberships are read stays away', async (t) => {
  const gate = Promise.withResolvers<readonly Membership[]>()
  const members = createMembersHere({ membershipsOf: () => gate.promise })
  const ready = members.add(bo)
  members.remove(bo)
  gate.resolve([membership(ops, bo)])
  await ready

  t.strictSame([...members.of(ops)], [])
})
