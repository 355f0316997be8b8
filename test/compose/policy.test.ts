import { test } from 'tap'
import type { ChannelId } from '#base/ids.ts'
import { tellsReadOf } from '#compose/policy.ts'

const [ops, other] = ['ops' as ChannelId, 'other' as ChannelId]

test('what was read here is told everywhere but in some channels, or nowhere but in some', async (t) => {
  const open = tellsReadOf({ readReceipts: { send: true, exceptChannels: [ops] } })
  const closed = tellsReadOf({ readReceipts: { send: false, exceptChannels: [ops] } })

  t.strictSame([open(ops), open(other)], [false, true])
  t.strictSame([closed(ops), closed(other)], [true, false])
})
