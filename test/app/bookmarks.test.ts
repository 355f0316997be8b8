import { test } from 'tap'
import { BOOKMARKS_MAX } from '#model/bookmark.ts'
import type { NodeEvent } from '#app/node.ts'
import { aChannelDraft, aTeam, twoNodes } from '../support/app.ts'
import { anAdministrator, until } from '../support/nodes.ts'

const MAP = { name: 'Map', url: 'https://example.org/map', emoji: 'world_map' }
const PLAN = { name: 'Plan', url: 'http://kit.local/plan', emoji: '' }

test('a bookmark is kept, changed, moved and taken away, and each is told', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t)
  const told: NodeEvent[] = []
  node.subscribe((event) => void told.push(event))
  const first = await node.addBookmark(amira.id, ops.id, MAP)
  const second = await node.addBookmark(amira.id, ops.id, PLAN)
  const names = async () => (await node.bookmarks(bo.id, ops.id)).map(({ name }) => name)

  t.match(first, { ...MAP, owner: amira.id, channel: ops.id, place: 0 })
  t.strictSame(await names(), ['Map', 'Plan'])
  const at = { channel: ops.id, id: second.id }
  t.match(await node.changeBookmark(amira.id, at, { name: 'Plans' }), { ...PLAN, name: 'Plans' })
  t.match(await node.moveBookmark(amira.id, at, 0), [{ name: 'Plans' }, { name: 'Map' }])
  t.strictSame(await names(), ['Plans', 'Map'])
  t.match(await node.removeBookmark(amira.id, at), { name: 'Plans' })
  t.strictSame(await names(), ['Map'])
  await until([node], async () => told.length >= 5)
  t.match(
    told.map((event) => (event.kind === 'bookmarks-changed' ? event.changes : event.kind)),
    [
      [{ isNew: true, bookmark: { name: 'Map' } }],
      [{ isNew: true, bookmark: { name: 'Plan' } }],
      [{ isNew: false, isGone: false, bookmark: { name: 'Plans' } }],
      [{ bookmark: { name: 'Plans', place: 0 } }, { bookmark: { name: 'Map', place: 1 } }],
      [{ isGone: true, bookmark: { name: 'Plans' } }],
    ],
  )
})

test('bookmarks travel, and two that were made apart both stand', async (t) => {
  const { alpha, bravo, meet, part } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const { id: channel } = await alpha.createChannel(amira.id, aChannelDraft('ops'))
  meet()
  await until([alpha, bravo], async () => (await bravo.allPeople()).length > 0)
  const bo = await anAdministrator(bravo, 'bo')
  const seen = async (node: typeof alpha, who: typeof bo) =>
    (await node.bookmarks(who.id, channel)).map(({ name }) => name)
  await until([alpha, bravo], async () => (await alpha.allPeople()).length > 1)
  await bravo.addMember(bo.id, channel, bo.id)
  part()
  await alpha.addBookmark(amira.id, channel, MAP)
  await bravo.addBookmark(bo.id, channel, PLAN)
  meet()
  await until([alpha, bravo], async () => (await seen(bravo, bo)).length === 2)
  await until([alpha, bravo], async () => (await seen(alpha, amira)).length === 2)

  t.strictSame(await seen(alpha, amira), await seen(bravo, bo))
})

test('who may not manage the channel changes none, who may not read it sees none, and limits hold', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t, { role: 'hub' })
  const secret = await node.createChannel(amira.id, aChannelDraft('secret', { kind: 'private' }))
  await node.addBookmark(amira.id, secret.id, MAP)

  const permissions = ['read channel', 'post'] as const
  await node.changePolicy(amira.id, { about: 'role', role: 'channel member', permissions })
  await t.rejects(node.addBookmark(bo.id, ops.id, MAP), { code: 'NOT_ALLOWED' })
  await t.rejects(node.bookmarks(bo.id, secret.id), { code: 'NOT_FOUND' })
  for (const wrong of [
    { ...MAP, url: 'javascript:alert(1)' },
    { ...MAP, name: ' ' },
    { ...MAP, emoji: 'x'.repeat(65) },
  ])
    await t.rejects(node.addBookmark(amira.id, ops.id, wrong), { code: 'INPUT_INVALID' })
  const nowhere = { channel: ops.id, id: amira.id }
  await t.rejects(node.removeBookmark(amira.id, nowhere), { code: 'NOT_FOUND' })
  for (let count = 0; count < BOOKMARKS_MAX; count += 1)
    await node.addBookmark(amira.id, ops.id, { ...MAP, name: `${count}` })
  await t.rejects(node.addBookmark(amira.id, ops.id, MAP), { code: 'INPUT_INVALID' })
  const [last] = (await node.bookmarks(bo.id, ops.id)).slice(-1)
  const moved = await node.moveBookmark(amira.id, { channel: ops.id, id: last?.id ?? '' }, 0)
  t.strictSame(
    moved.slice(0, 3).map(({ name }) => name),
    [`${BOOKMARKS_MAX - 1}`, '0', '1'],
  )
})
