/** A hub's training: named is only what saves enough on what it has not read, and pays for itself soon. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { ChannelId } from '#base/ids.ts'
import { channelDocument, segmentDocument } from '#model/document-id.ts'
import { writeHere } from '#sync/author.ts'
import { makeHere, publishedIn, type Published } from '#sync/dictionaries.ts'
import { clockOf } from '#sync/ledger.ts'
import { keepTraining, trainAll, trainOn } from '#sync/training.ts'
import { aFleet, enter, makeChannel, setMember, type Fleet } from '../support/fleet.ts'
import { reports } from '../support/reports.ts'
import { amiraOf, type SyncNode } from '../support/sync.ts'

const pause = async (): Promise<void> => undefined
const DAY_MS = 86_400_000

test('what a hub finds in a channel is named there in a few bytes, and everybody makes the same of it', async (t) => {
  const { fleet, hub, channel } = await aScene(t, 90)

  const { result, figures } = await trainOn(hub.context, channel, pause)
  await fleet.settle()

  t.equal(result, 'published')
  const { announcedBytes, textBytes, bytes, presentBytes, paysBackAfter } = must(
    figures,
    'measured',
  )
  t.ok(announcedBytes < 200, `${announcedBytes} B name ${textBytes} B`)
  t.ok(textBytes > 4_000)
  t.ok(bytes < presentBytes)
  t.ok(must(paysBackAfter, 'it saves something') < 20)
  for (const node of [hub, fleet.node('alpha')]) {
    const [one] = await published(node, channel)
    const named = must(one, 'it has come')
    const made = await node.context.replica.commit((tx) => makeHere(tx, node.context, named))
    t.equal(made?.text.length, textBytes)
    t.match(named, { by: hub.id, content: { stretches: [{ lane: 'routine', segment: 0 }] } })
  }
})

test('too little and no better are said, and nothing is written', async (t) => {
  const { hub, fleet, channel } = await aScene(t, 30)
  t.strictSame(await trainOn(hub.context, channel, pause), { channel, result: 'too little' })
  await postAll(fleet.node('alpha'), channel, reports(60, 2))
  await fleet.settle()
  t.match(await trainOn(hub.context, channel, pause), { result: 'published' })
  const before = await clockOf(hub.context.replica.read, channelDocument(channel))

  t.match(await trainOn(hub.context, channel, pause), { result: 'no better' })

  t.same(await clockOf(hub.context.replica.read, channelDocument(channel)), before)
})

test('what people write of now replaces what they wrote of then', async (t) => {
  const { hub, fleet, channel } = await aScene(t, 90)
  await trainOn(hub.context, channel, pause)
  const [first] = await published(hub, channel)
  const other = reports(90, 4).map((text) => text.split('').toReversed().join(''))
  await postAll(fleet.node('alpha'), channel, other)
  await fleet.settle()

  t.match(await trainOn(hub.context, channel, pause), { result: 'published' })

  const [now, before] = await published(hub, channel)
  t.strictSame(before, first)
  t.not(now?.content.hash, first?.content.hash)
})

test('who was added later, and may not read what was before, never has to', async (t) => {
  const { hub, fleet } = await aScene(t, 0)
  const alpha = fleet.node('alpha')
  const channel = await makeChannel(hub, 'private', [hub, alpha])
  await fleet.settle()
  await postAll(alpha, channel, reports(90))
  const { id } = fleet.node('bravo')
  const role = { kind: 'member' as const, channel, person: amiraOf(id), role: 'member' as const }
  await enter(hub, 'd' as ReturnType<typeof channelDocument>, { ...role, from: 1 })
  await fleet.settle()
  t.match(await trainOn(hub.context, channel, pause), { result: 'too little' })
  await postAll(alpha, channel, reports(90, 2), 1)
  await fleet.settle()

  t.match(await trainOn(hub.context, channel, pause), { result: 'published' })

  const [one] = await published(hub, channel)
  t.match(
    one?.content.stretches.map(({ segment }) => segment),
    [1],
  )
  await fleet.settle()
  const bravo = fleet.node('bravo')
  const [there] = await published(bravo, channel)
  t.ok(
    await bravo.context.replica.commit((tx) => makeHere(tx, bravo.context, must(there, 'it came'))),
  )
})

test('a channel that a kit may not read gives it no dictionary, and none is trained of several', async (t) => {
  const { hub, fleet } = await aScene(t, 90)
  const alpha = fleet.node('alpha')
  const secret = await makeChannel(hub, 'private', [hub, alpha])
  await fleet.settle()
  await postAll(alpha, secret, reports(90, 7))
  await fleet.settle()

  const all = await trainAll(hub.context, { pause, signal: AbortSignal.timeout(60_000) })
  await fleet.settle()

  t.strictSame(
    all.map(({ result }) => result),
    ['published', 'published'],
  )
  t.strictSame(await published(fleet.node('bravo'), secret), [])
  const [one] = await published(alpha, secret)
  const made = must(
    await alpha.context.replica.commit((tx) => makeHere(tx, alpha.context, must(one, 'it came'))),
    'a member makes it',
  )
  const text = Buffer.from(made.text)
  t.strictSame(
    reports(90).filter((body) => text.includes(body)),
    [],
  )
})

test('a hub looks by running time, and a kit never', async (t) => {
  const { hub, fleet, channel } = await aScene(t, 90)
  const stop = new AbortController()
  const { clock } = fleet
  const running = ['hub', 'alpha'].map((name) => {
    const { context, log } = fleet.node(name)
    return keepTraining(context, { policy: { everyMs: DAY_MS }, clock, log }, stop.signal)
  })
  await clock.advance(DAY_MS / 2)
  t.strictSame(await published(hub, channel), [])

  await clock.advance(DAY_MS)

  t.match(await published(hub, channel), [{ by: hub.id }])
  t.strictSame(fleet.node('alpha').log.named('dictionary.published'), [])
  stop.abort()
  await Promise.all(running)
})

test('what was named lately stays for a while, whoever named it', async (t) => {
  const { hub, channel } = await aScene(t, 90)
  await trainOn(hub.context, channel, pause)

  const done = await trainAll(hub.context, {
    lately: DAY_MS,
    pause,
    signal: AbortSignal.timeout(60_000),
  })

  t.strictSame(done, [])
})

async function aScene(
  t: Test,
  count: number,
): Promise<{ fleet: Fleet; hub: SyncNode; channel: ChannelId }> {
  const fleet = await aFleet(t, ['hub', 'alpha', 'bravo'])
  const [hub, alpha] = [fleet.node('hub'), fleet.node('alpha')]
  await fleet.settle()
  const channel = await makeChannel(hub, 'public', [hub, alpha])
  await setMember(hub, channel, { of: fleet.node('bravo'), role: 'member' })
  await fleet.settle()
  await postAll(alpha, channel, reports(count))
  await fleet.settle()
  return { fleet, hub, channel }
}

/** All in one commit. */
async function postAll(
  { context, id }: SyncNode,
  channel: ChannelId,
  texts: readonly string[],
  segment = 0,
): Promise<void> {
  const document = segmentDocument(channel, 'routine', segment)
  await context.replica.commit(async (tx) => {
    for (const body of texts) {
      const content = { kind: 'post' as const, body, root: undefined }
      const entry = { author: amiraOf(id), claimedAt: context.now(), content }
      await writeHere(tx, context, { document, entry })
    }
  })
}

function published({ context }: SyncNode, channel: ChannelId): Promise<readonly Published[]> {
  return context.replica.commit((tx) => publishedIn(tx, context, channel))
}
