import { test } from 'tap'
import type { ChannelId, UserId } from '#base/ids.ts'
import { createMembersHere } from '#server/members-here.ts'

const [amira, bo] = ['amira', 'bo'] as UserId[] as [UserId, UserId]
const [ops, medic] = ['ops', 'medic'] as ChannelId[] as [ChannelId, ChannelId]

test('people are found in the channels they were in before they came', async (t) => {
  const members = createMembersHere({ hearable: () => [ops] })
  members.add(amira)
  members.add(bo)

  t.strictSame([...members.of(ops)], [amira, bo])
  t.strictSame([...members.of(medic)], [])
  t.strictSame([...members.all()], [amira, bo])
})

test('who is not here is not kept', async (t) => {
  const members = createMembersHere({ hearable: () => [ops] })
  members.change(ops, amira, true)
  members.add(bo)
  members.remove(bo)

  t.strictSame([...members.of(ops)], [])
  t.strictSame([...members.all()], [])
})

test('what begins and ends while somebody is here is known', async (t) => {
  const members = createMembersHere({ hearable: () => [ops] })
  members.add(bo)
  members.add(bo)
  members.change(ops, bo, false)
  members.change(medic, bo, true)

  t.strictSame([...members.of(ops)], [])
  t.strictSame([...members.of(medic)], [bo])
  t.strictSame([...members.channelsOf(bo)], [medic])
  t.strictSame([...members.channelsOf(amira)], [])
})
