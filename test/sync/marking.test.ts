/** A message that is marked higher than its channel stands nowhere and is counted nowhere, whenever either is heard. */
import { test } from 'tap'
import type { ChannelId } from '#base/ids.ts'
import { DIRECTORY, segmentDocument } from '#model/document-id.ts'
import type { Attributes } from '#model/policy.ts'
import type { ChannelRecord } from '#model/view.ts'
import { key, range } from '#sync/keys.ts'
import { channelsMeant } from '#sync/marking.ts'
import { unpack } from '#sync/records.ts'
import { aFleet, enter, makeChannel, postIn } from '../support/fleet.ts'
import { amiraOf, type SyncNode } from '../support/sync.ts'

test('what is marked higher than its channel is not seen, and is as soon as the channel is as high', async (t) => {
  const fleet = await aFleet(t, ['hub', 'alpha'])
  const [hub, alpha] = [fleet.node('hub'), fleet.node('alpha')]
  const channel = await makeChannel(alpha, 'private', [alpha, hub])
  const mark = (label: Attributes): Promise<void> =>
    enter(hub, DIRECTORY, { kind: 'policy', part: { about: 'label', channel, label } })
  await enter(hub, DIRECTORY, {
    kind: 'policy',
    part: { about: 'levels', levels: ['open', 'secret'] },
  })
  for (const { id } of [hub, alpha]) {
    const part = {
      about: 'person',
      person: amiraOf(id),
      attributes: { clearance: 'secret' },
    } as const
    await enter(hub, DIRECTORY, { kind: 'policy', part })
  }
  await postIn(alpha, channel, 'as its channel')
  const label = { classification: 'secret' }
  const secret = { kind: 'post', body: 'higher', root: undefined, label } as const
  await enter(alpha, segmentDocument(channel, 'routine', 0), secret)
  await fleet.settle()
  for (const node of [hub, alpha]) t.strictSame(await seen(node, channel), { count: 1, listed: 1 })

  await mark(label)
  await fleet.settle()
  for (const node of [hub, alpha]) t.strictSame(await seen(node, channel), { count: 2, listed: 2 })

  await mark({})
  await fleet.settle()
  for (const node of [hub, alpha]) t.strictSame(await seen(node, channel), { count: 1, listed: 1 })
})

test('a part of the policy is about the channels it speaks of', async (t) => {
  const fleet = await aFleet(t, ['hub', 'alpha'])
  const alpha = fleet.node('alpha')
  const channel = await makeChannel(alpha, 'private', [alpha])
  const other = 'other' as ChannelId
  const directory = alpha.context.directory()
  const meant = (part: Parameters<typeof channelsMeant>[1]) =>
    [channel, other].map(channelsMeant(directory, part))
  t.strictSame(meant({ about: 'label', channel, label: {} }), [true, false])
  t.strictSame(meant({ about: 'levels', levels: [] }), [true, true])
  t.strictSame(meant({ about: 'person', person: amiraOf(alpha.id), attributes: {} }), [true, false])
  t.strictSame(meant({ about: 'person', person: amiraOf(fleet.node('hub').id), attributes: {} }), [
    false,
    false,
  ])
})

async function seen({ context }: SyncNode, channel: ChannelId): Promise<object> {
  const { read } = context.replica
  const record = unpack<ChannelRecord>(await read.get(key.channel(channel)))
  return { count: record?.messageCount, listed: (await read.list(range.order(channel))).length }
}
