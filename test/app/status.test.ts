import { test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { Channel, Delivery } from '#app/types.ts'
import { must } from '#base/assert.ts'
import type { Person } from '#app/types.ts'
import { aTeam, twoNodes } from '../support/app.ts'
import { virtualClock } from '../support/clock.ts'
import { anAdministrator, anIdentity, organisation, until } from '../support/nodes.ts'

const HOUR_MS = 3_600_000
const AT_1970 = 1_000
const AT_2060 = 2_840_000_000_000

test('a node tells who it is and what it holds', async (t) => {
  const { node, clock, bo, ops } = await aTeam(t)
  await node.post(bo.id, { channel: ops.id, body: 'one' })

  const status = await node.status()

  const own = anIdentity('alpha', 1).certificate.node
  t.match(status, {
    node: { id: own, number: 1, name: 'alpha', role: 'kit', isThisNode: true },
    organisation: organisation.id,
    organisationName: 'Relief',
    version: '0.0.0',
    startedAt: clock.now(),
    channels: 2,
    messages: 1,
    waitingChanges: 0,
    clock: { state: 'good', agreeing: 0, differing: 0 },
  })
  t.strictSame(status.links, [])
  t.strictSame(
    status.nodes.map(({ id }) => id),
    [own],
  )
})

test('the status tells a clock that cannot be right', async (t) => {
  const { node, clock, bo, ops } = await aTeam(t)
  await node.post(bo.id, { channel: ops.id, body: 'one' })
  const why = async () => (await node.status()).clock.why
  const now = clock.now()

  clock.setWall(AT_1970)
  t.equal(await why(), 'before this program was written')
  clock.setWall(now - 2 * HOUR_MS)
  t.equal(await why(), 'before what it has seen')
  clock.setWall(now - HOUR_MS / 2)
  t.equal(await why(), undefined, 'a little behind')
})

test('a message that nobody is there for is on this kit', async (t) => {
  const { alpha, amira, square } = await aPair(t)
  const said = await alpha.post(amira.id, { channel: square.id, body: 'hi' })

  const story = await alpha.delivery(amira.id, said.id)

  t.match(story, { message: said.id, savedAt: said.createdAt })
  t.match(story.deliveries, [{ destinationName: 'bravo', isHub: false, word: 'on this kit' }])
  t.equal(story.deliveries.length, 1)
})

test('a message goes from this kit to stored to read, and never back', async (t) => {
  const { alpha, bravo, meet, amira, square } = await aPair(t)
  const bo = await anAdministrator(bravo, 'bo')
  const said = await alpha.post(amira.id, { channel: square.id, body: 'hi' })
  const words: Delivery['word'][] = []
  const look = async () => {
    const { deliveries } = await alpha.delivery(amira.id, said.id)
    const word = must(deliveries[0], 'bravo is a destination').word
    if (words.at(-1) !== word) words.push(word)
    return word
  }
  await look()

  meet()
  await until([alpha, bravo], async () => (await look()) === 'stored')
  await until([bravo], async () => (await bravo.status()).messages === 1)
  await bravo.viewChannel(bo.id, square.id)
  await until([alpha, bravo], async () => (await look()) === 'read')

  const known = ['on this kit', 'queued', 'left this kit', 'stored', 'read']
  t.strictSame(
    words,
    words.toSorted((a, b) => known.indexOf(a) - known.indexOf(b)),
  )
  t.strictSame([words[0], words.at(-1)], ['on this kit', 'read'])
})

test('the writer’s own node is no destination of a message, seen from any node', async (t) => {
  const { alpha, bravo, meet, amira, square } = await aPair(t)
  const said = await alpha.post(amira.id, { channel: square.id, body: 'hi' })
  meet()
  await until([bravo], async () => (await bravo.status()).messages === 1)

  t.strictSame((await bravo.delivery(amira.id, said.id)).deliveries, [])
})

test('links show their peer, what they carried, and what waits when they are down', async (t) => {
  const { alpha, bravo, meet, part, amira, square } = await aPair(t)
  const first = await alpha.post(amira.id, { channel: square.id, body: 'zero' })
  meet()
  await until([alpha, bravo], async () => {
    const { deliveries } = await alpha.delivery(amira.id, first.id)
    return deliveries.every(({ word }) => word === 'stored')
  })
  const up = await alpha.status()
  t.match(up.links, [{ carrier: 'memory', peer: 'bravo', isUp: true }])
  t.ok((up.links[0]?.sentBytes ?? 0) > 0)
  t.ok((up.links[0]?.receivedBytes ?? 0) > 0)

  part()
  await until([alpha], async () => (await alpha.status()).links[0]?.isUp === false)
  await alpha.post(amira.id, { channel: square.id, body: 'one' })
  await alpha.post(amira.id, { channel: square.id, body: 'two' })
  const said = await alpha.post(amira.id, { channel: square.id, body: 'now', lane: 'flash' })

  const [down] = (await alpha.status()).links
  t.match(down?.queued, { flash: 1, priority: 0 })
  t.ok((down?.queued.routine ?? 0) >= 2)
  const [way] = (await alpha.delivery(amira.id, said.id)).deliveries
  t.match(way, { word: 'queued', place: 0 })
  t.equal(way?.estimateMs, undefined, 'there is no link to tell how fast it is')
})

test('who may not read a channel learns nothing of the ways of its messages', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  const secret = { kind: 'private' as const, name: 'secret', displayName: 'Secret' }
  const { id } = await node.createChannel(amira.id, secret)
  const said = await node.post(amira.id, { channel: id, body: 'hi' })

  await t.rejects(node.delivery(bo.id, said.id), { code: 'NOT_FOUND' })
  await t.rejects(node.delivery(bo.id, 'nothing' as typeof said.id), { code: 'NOT_FOUND' })
})

for (const [year, at] of [
  ['1970', AT_1970],
  ['2060', AT_2060],
] as const)
  test(`a kit that woke in ${year} merges with one whose clock is right, and shows time uncertain`, async (t) => {
    const right = virtualClock()
    const pair = await aPair(t, { alpha: right, bravo: virtualClock(at) })
    const { alpha, bravo, meet, amira, square } = pair
    const bo = await anAdministrator(bravo, 'bo')
    const wrong = await bravo.post(bo.id, { channel: square.id, body: 'from bravo' })
    await alpha.post(amira.id, { channel: square.id, body: 'from alpha' })

    meet()
    const both = async () => {
      const request = { limit: 10 }
      const here = await alpha.page(amira.id, square.id, request)
      const there = await bravo.page(bo.id, square.id, request)
      return [here, there].map(({ messages }) => messages)
    }
    await until([alpha, bravo], async () => (await both()).every(({ length }) => length === 2))
    const answer = await alpha.post(amira.id, { channel: square.id, body: 'an answer' })
    await until([alpha, bravo], async () => (await both()).every(({ length }) => length === 3))

    const [here = [], there = []] = await both()
    t.strictSame(
      here.map(({ id }) => id),
      there.map(({ id }) => id),
      'one order on both',
    )
    const placeOf = (body: string) => here.findIndex((message) => message.body === body)
    t.ok(placeOf(answer.body) < placeOf('from alpha'), 'what a right clock wrote keeps its order')
    const seen = here.find(({ id }) => id === wrong.id)
    t.match(seen, { isTimeUncertain: true, claimedAt: at })
    t.ok(Math.abs((seen?.createdAt ?? 0) - right.now()) < HOUR_MS, 'shown at a time that can be')
    t.notOk(here.find(({ body }) => body === 'from alpha')?.isTimeUncertain)
    t.equal((await alpha.status()).clock.state, 'good', 'one word against one')
    const clock = (await alpha.nodes(amira.id)).find(({ name }) => name === 'bravo')?.clock
    if (year === '1970') t.equal((await bravo.status()).clock.state, 'uncertain')
    else t.match(clock, { state: 'differs', aheadMs: at - right.now() })
  })

/** Two nodes that have not met; amira administers alpha. */
async function aPair(
  t: Parameters<typeof twoNodes>[0],
  clocks?: Parameters<typeof twoNodes>[1],
): Promise<Awaited<ReturnType<typeof twoNodes>> & { amira: Person; square: Channel }> {
  const pair = await twoNodes(t, clocks)
  const amira = await anAdministrator(pair.alpha, 'amira')
  const square = await firstChannel(pair.alpha, amira)
  return { ...pair, amira, square }
}

async function firstChannel(node: EdgeNode, person: Person): Promise<Channel> {
  const [square] = await node.channelsOf(person.id)
  return must(square, 'everybody is in the first channel')
}
