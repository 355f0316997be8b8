import { test } from 'tap'
import type { ChannelId, PostId, UserId } from '#base/ids.ts'
import { createDeliveryWatch } from '#server/delivery-watch.ts'
import {
  DELIVERY_GATHER_MAX,
  DELIVERY_GATHER_MS,
  WATCHED_MESSAGES_MAX,
  WATCHERS_PER_MESSAGE_MAX,
} from '#server/limits.ts'
import { virtualClock } from '../support/clock.ts'

const [amira, bo] = ['amira', 'bo'] as UserId[] as [UserId, UserId]
const post = (number: number): PostId => `post${number}` as PostId

const at = (id: PostId, channel = 'ops') => ({ id, channel: channel as ChannelId })

function aWatch() {
  const clock = virtualClock()
  const stop = new AbortController()
  const told: [UserId, readonly PostId[]][] = []
  const channels: ChannelId[] = []
  const watch = createDeliveryWatch(
    clock,
    (person, channel, messages) => {
      told.push([person, messages])
      channels.push(channel)
    },
    stop.signal,
  )
  return { clock, stop, told, channels, watch }
}

test('changes are gathered, and each person hears of their own once', async (t) => {
  const { clock, told, watch } = aWatch()
  watch.watch(at(post(1)), amira)
  watch.watch(at(post(2)), bo)
  watch.watch(at(post(2)), amira)
  watch.changed([post(1), post(2)])
  watch.changed([post(2), post(3)])
  t.strictSame(told, [])
  await clock.advance(DELIVERY_GATHER_MS)

  t.strictSame(told, [
    [amira, [post(1), post(2)]],
    [bo, [post(2)]],
  ])
})

test('what stands in different channels is told apart', async (t) => {
  const { clock, told, channels, watch } = aWatch()
  watch.watch(at(post(1)), bo)
  watch.watch(at(post(2), 'medic'), bo)
  watch.changed([post(1), post(2)])
  await clock.advance(DELIVERY_GATHER_MS)

  t.strictSame(told, [
    [bo, [post(1)]],
    [bo, [post(2)]],
  ])
  t.strictSame(channels, ['ops', 'medic'])
})

test('later changes are told again', async (t) => {
  const { clock, told, watch } = aWatch()
  watch.watch(at(post(1)), amira)
  for (let turn = 0; turn < 2; turn += 1) {
    watch.changed([post(1)])
    await clock.advance(DELIVERY_GATHER_MS)
  }

  t.equal(told.length, 2)
})

test('a flood is told at once instead of growing', async (t) => {
  const { told, watch } = aWatch()
  const posts = Array.from({ length: DELIVERY_GATHER_MAX }, (_, number) => post(number))
  for (const one of posts) watch.watch(at(one), bo)
  watch.changed(posts)

  t.equal(told[0]?.[1].length, DELIVERY_GATHER_MAX)
})

test('one message has a bounded number of watchers', async (t) => {
  const { clock, told, watch } = aWatch()
  for (let number = 0; number < 100; number += 1) watch.watch(at(post(1)), `p${number}` as UserId)
  watch.changed([post(1)])
  await clock.advance(DELIVERY_GATHER_MS)

  t.equal(told.length, WATCHERS_PER_MESSAGE_MAX)
})

test('of very many messages those watched for longest are forgotten first', async (t) => {
  const { clock, told, watch } = aWatch()
  for (let number = 0; number <= WATCHED_MESSAGES_MAX; number += 1)
    watch.watch(at(post(number)), bo)
  watch.changed([post(0), post(1), post(WATCHED_MESSAGES_MAX)])
  await clock.advance(DELIVERY_GATHER_MS)

  t.strictSame(told, [[bo, [post(1), post(WATCHED_MESSAGES_MAX)]]])
})

test('after the end nothing is told', async (t) => {
  const { clock, stop, told, watch } = aWatch()
  watch.watch(at(post(1)), bo)
  watch.changed([post(1)])
  stop.abort()
  await clock.advance(DELIVERY_GATHER_MS)

  t.strictSame(told, [])
})
