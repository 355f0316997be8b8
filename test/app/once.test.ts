/** What is shown once: nobody is told what it says before they open it, and it goes when all have, or when its days are over. */
import { Readable } from 'node:stream'
import { test } from 'tap'
import { ONCE_GRACE_MS, ONCE_LOOK_MS } from '#base/limits.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import { aTeam, eventsOf, twoNodes, type Team } from '../support/app.ts'
import { virtualClock } from '../support/clock.ts'
import { anAdministrator } from '../support/nodes.ts'

const DAY_MS = 86_400_000
const SECONDS = 30
const TIME_MS = SECONDS * 1_000 + ONCE_GRACE_MS
const NO_PAGE = { messages: [] }
const props = JSON.stringify({ holdfast_burn_seconds: SECONDS })

async function shown({ node, ops }: Team, by: Team['bo']) {
  return node.post(by.id, { channel: ops.id, body: 'the zebra is at the well', props })
}

async function bodiesIn({ node, amira, ops }: Team): Promise<readonly string[]> {
  const { messages } = await node.page(amira.id, ops.id, { limit: 10 })
  return messages.map(({ body }) => body)
}

test('it is told to nobody who has not opened it, by page, event or search', async (t) => {
  const team = await aTeam(t, { role: 'hub' })
  const { node, clock, amira, bo, ops } = team
  const events = eventsOf(node)
  const { id, body } = await shown(team, bo)
  await clock.advance(ONCE_LOOK_MS)

  t.equal(body, '')
  t.strictSame(await bodiesIn(team), [''])
  t.equal((await node.message(bo.id, id)).body, '')
  t.strictSame(await node.thread(amira.id, id).then(([first]) => first?.body), '')
  const asked = { text: 'zebra', isAny: false, withArchived: false, offsetMs: 0, page: 0, limit: 9 }
  t.strictSame((await node.search(amira.id, asked)).messages, [])
  t.notMatch(JSON.stringify(events), 'zebra')
  t.equal((await node.openOnce(amira.id, id)).body, 'the zebra is at the well')
  t.notMatch(JSON.stringify(events), 'zebra')
  t.strictSame(
    (await node.message(bo.id, id)).acknowledgements.map(({ person }) => person),
    [amira.id],
  )
  t.equal((await node.page(amira.id, ops.id, { limit: 1 })).messages[0]?.body, '')
})

test('it opens once: after its time it is refused, but to who wrote it', async (t) => {
  const team = await aTeam(t) // a kit: nothing is purged here
  const { node, clock, amira, bo } = team
  const { id } = await shown(team, bo)
  await node.openOnce(amira.id, id)
  await clock.advance(TIME_MS - 1_000)
  t.equal((await node.openOnce(amira.id, id)).body, 'the zebra is at the well')
  await clock.advance(2_000)

  await t.rejects(node.openOnce(amira.id, id), { code: 'NOT_ALLOWED' })
  t.equal((await node.openOnce(bo.id, id)).body, 'the zebra is at the well')
  const plain = await node.post(bo.id, { channel: team.ops.id, body: 'plain' })
  await t.rejects(node.openOnce(amira.id, plain.id), { code: 'NOT_FOUND' })
})

test('what programs add to it is told as little as the rest of it', async (t) => {
  const team = await aTeam(t)
  const { node, amira, bo, ops } = team
  const events = eventsOf(node)
  const attachments = [{ text: 'the zebra drinks' }]
  const both = JSON.stringify({ attachments, holdfast_burn_seconds: SECONDS })

  const posted = await node.post(bo.id, { channel: ops.id, body: '', props: both })

  t.notMatch(JSON.stringify(posted), 'zebra')
  t.notMatch(JSON.stringify(await node.message(amira.id, posted.id)), 'zebra')
  t.notMatch(JSON.stringify(events), 'zebra')
  t.equal((await node.message(amira.id, posted.id)).props, props)
  t.equal((await node.openOnce(amira.id, posted.id)).props, both)
})

test('a search by what it has tells nothing of it', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t)
  const draft = { name: 'well.txt', type: 'text/plain', channel: ops.id }
  const file = await node.keepFile(bo.id, draft, Readable.from([Buffer.from('zebra')]))
  const body = 'see https://zebra.example/'
  const { id } = await node.post(bo.id, { channel: ops.id, body, files: [file.id], props })
  const found = async (text: string): Promise<readonly string[]> => {
    const asked = { text, isAny: false, withArchived: false, offsetMs: 0, page: 0, limit: 9 }
    return (await node.search(amira.id, asked)).messages.map((message) => message.id)
  }

  t.strictSame(await found('from:bo has:file'), [])
  t.strictSame(await found('from:bo has:link'), [])
  t.strictSame(await found('from:bo -has:file -has:link'), [id])
})

test('its file is for who has it open, and for nobody else', async (t) => {
  const team = await aTeam(t)
  const { node, clock, amira, bo, ops } = team
  const draft = { name: 'well.txt', type: 'text/plain', channel: ops.id }
  const file = await node.keepFile(bo.id, draft, Readable.from([Buffer.from('zebra')]))
  const { id } = await node.post(bo.id, { channel: ops.id, body: '', files: [file.id], props })

  await t.rejects(node.file(amira.id, file.id), { code: 'NOT_FOUND' })
  t.match((await node.openOnce(amira.id, id)).files, [{ name: 'well.txt' }])
  t.match(await node.file(amira.id, file.id), { name: 'well.txt' })
  await clock.advance(TIME_MS + 1_000)
  await t.rejects(node.file(amira.id, file.id), { code: 'NOT_FOUND' })
})

test('when all have seen it a hub orders that it go, and a word of it stays', async (t) => {
  const team = await aTeam(t, { role: 'hub' })
  const { node, store, clock, amira, bo, ops } = team
  const { id, createdAt } = await shown(team, bo)
  await clock.advance(ONCE_LOOK_MS)
  await node.openOnce(amira.id, id)
  await clock.advance(ONCE_LOOK_MS)
  t.strictSame(await bodiesIn(team), [''], 'its time is not over')

  await clock.advance(TIME_MS)

  t.strictSame(await bodiesIn(team), [])
  const rows = await store.list({ from: '', to: '\u{10ffff}' })
  t.notOk(rows.some(([, value]) => Buffer.from(value).includes('zebra')))
  t.notOk(rows.some(([place]) => place.startsWith('view/once/')))
  const [order] = await node.purges(amira.id, ops.id)
  const places = [{ id, at: order?.places[0]?.at, messages: 1 }]
  t.match(order, { reason: 'shown once', by: undefined, messages: 1, state: 'done', places })
  t.ok((order?.places[0]?.at ?? 0) >= createdAt)
  const deeds = (await node.audit(amira.id, { limit: 50 })).map(({ deed }) => deed)
  t.ok(deeds.includes('purge ordered'))
})

test('who never opens it keeps it no longer than its days, and a hold keeps it for ever', async (t) => {
  const team = await aTeam(t, { role: 'hub' })
  const { node, clock, amira, bo, ops } = team
  t.equal((await node.keeping(amira.id)).onceDays, 7)
  await node.setOnceDays(amira.id, 2)
  await shown(team, bo)
  await node.hold(amira.id, { channel: ops.id, isHeld: true })
  await clock.advance(3 * DAY_MS)
  t.strictSame(await bodiesIn(team), [''])
  await node.hold(amira.id, { channel: ops.id, isHeld: false })
  await shown(team, bo)

  await clock.advance(ONCE_LOOK_MS)

  t.strictSame(await bodiesIn(team), [''], 'the younger one')
  await clock.advance(2 * DAY_MS)
  t.strictSame(await bodiesIn(team), [])
  await t.rejects(node.setOnceDays(bo.id, 1), { code: 'NOT_ALLOWED' })
})

test('a kit that holds it drops it by the order of a hub that heard it was opened', async (t) => {
  const clocks = { alpha: virtualClock(), bravo: virtualClock() }
  const { alpha, bravo, meet } = await twoNodes(t, clocks)
  const amira = await anAdministrator(alpha, 'amira')
  meet()
  const turn = async (): Promise<void> => {
    await clocks.alpha.advance(ONCE_LOOK_MS)
    await clocks.bravo.advance(ONCE_LOOK_MS)
  }
  const bodiesOn = async (node: typeof alpha, person: UserId, channel: ChannelId) => {
    const { messages } = await node.page(person, channel, { limit: 9 }).catch(() => NO_PAGE)
    return messages.map(({ body }) => body)
  }
  await poll(async () => (await turn(), (await bravo.allPeople()).length === 1))
  const bo = await anAdministrator(bravo, 'bo')
  await poll(async () => (await turn(), (await alpha.allPeople()).length === 2))
  const { id: channel } = await bravo.directChannel(bo.id, amira.id)
  const { id } = await bravo.post(bo.id, { channel, body: 'zebra', props })
  await poll(async () => (await turn(), (await bodiesOn(alpha, amira.id, channel)).length === 1))
  t.equal((await alpha.openOnce(amira.id, id)).body, 'zebra')
  await poll(async () => (await turn(), (await bodiesOn(bravo, bo.id, channel)).length === 0))

  t.strictSame(await bodiesOn(alpha, amira.id, channel), [])
  t.match(await bravo.purges(bo.id, channel), [{ reason: 'shown once', state: 'done' }])
  await t.rejects(bravo.openOnce(bo.id, id), { code: 'NOT_FOUND' })
})

/** Both take turns until it is so. */
async function poll(check: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    if (await check()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('it never came to be so')
}
