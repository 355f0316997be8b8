/** Purging as doors ask for it: what goes, who may, what holds it, and that a word of it stays. */
import { test } from 'tap'
import { PURGE_LOOK_MS } from '#base/limits.ts'
import { aTeam } from '../support/app.ts'

const DAY_MS = 86_400_000

/** What a refusal is called. */
async function codeOf(doing: Promise<unknown>): Promise<unknown> {
  try {
    await doing
    return undefined
  } catch (error) {
    return (error as { readonly code?: unknown }).code
  }
}

test('what is purged is on no page, in no search and nowhere on the disk, and is told of', async (t) => {
  const { node, store, clock, amira, bo, ops } = await aTeam(t, { role: 'hub' })
  const secret = await node.post(bo.id, { channel: ops.id, body: 'the cache is at the zebra rock' })
  const other = await node.post(bo.id, { channel: ops.id, body: 'dinner at six' })
  await node.edit(bo.id, secret.id, 'the cache is at the zebra stone')

  const answer = await node.purge(amira.id, { channel: ops.id, messages: [secret.id] })

  t.strictSame(answer, { messages: 1, held: 0 })
  const { messages } = await node.page(amira.id, ops.id, { limit: 10 })
  t.strictSame(
    messages.map(({ id }) => id),
    [other.id],
  )
  await clock.advance(60_000)
  const asked = { text: 'zebra', isAny: false, withArchived: false, offsetMs: 0, page: 0, limit: 9 }
  t.strictSame((await node.search(amira.id, asked)).messages, [])
  const rows = await store.list({ from: '', to: '\u{10ffff}' })
  const holding = rows.filter(([, value]) => Buffer.from(value).includes('zebra'))
  t.strictSame(
    holding.map(([place]) => place),
    [],
  )
  const [order] = await node.purges(bo.id, ops.id)
  t.match(order, { by: amira.id, messages: 1, reason: 'by hand', state: 'done' })
})

test('only administrators purge and hold, and only what is there', async (t) => {
  const { node, amira, bo, ops, square } = await aTeam(t, { role: 'hub' })
  const { id } = await node.post(bo.id, { channel: ops.id, body: 'mine' })
  const purging = node.purge(bo.id, { channel: ops.id, messages: [id] })
  t.equal(await codeOf(purging), 'NOT_ALLOWED')
  t.equal(await codeOf(node.hold(bo.id, { channel: ops.id, isHeld: true })), 'NOT_ALLOWED')
  const elsewhere = node.purge(amira.id, { channel: square.id, messages: [id] })
  t.equal(await codeOf(elsewhere), 'NOT_FOUND')
  t.equal(await codeOf(node.purge(amira.id, { channel: ops.id })), 'INPUT_INVALID')
})

test('a hold on a channel or on who wrote it keeps it, until it ends', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t, { role: 'hub' })
  const { id } = await node.post(bo.id, { channel: ops.id, body: 'evidence' })
  const purge = () => node.purge(amira.id, { channel: ops.id, messages: [id] })
  await node.hold(amira.id, { channel: ops.id, isHeld: true })

  t.strictSame(await purge(), { messages: 0, held: 1 })
  await node.hold(amira.id, { person: bo.id, isHeld: true })
  await node.hold(amira.id, { channel: ops.id, isHeld: false })
  t.strictSame(await purge(), { messages: 0, held: 1 })
  t.strictSame((await node.keeping(amira.id)).heldPeople, [bo.id])
  await node.hold(amira.id, { person: bo.id, isHeld: false })
  t.strictSame(await purge(), { messages: 1, held: 0 })
})

test('what is older than it may get goes within a day, and it is told how much that was', async (t) => {
  const { node, clock, amira, bo, ops } = await aTeam(t, { role: 'hub' })
  await node.setRetention(amira.id, { channel: undefined, days: 3 })
  await node.post(bo.id, { channel: ops.id, body: 'old' })
  await clock.advance(3 * DAY_MS)
  await node.post(bo.id, { channel: ops.id, body: 'new' })

  await clock.advance(PURGE_LOOK_MS + 1)

  const { messages } = await node.page(amira.id, ops.id, { limit: 10 })
  t.strictSame(
    messages.map(({ body }) => body),
    ['new'],
  )
  t.match(await node.purges(bo.id, ops.id), [{ reason: 'retention', messages: 1, by: undefined }])
})

test('who had read a channel has nothing unread by it, and still hears what is new', async (t) => {
  const { node, amira, bo, ops } = await aTeam(t, { role: 'hub' })
  const first = await node.post(bo.id, { channel: ops.id, body: 'one' })
  await node.post(bo.id, { channel: ops.id, body: 'two' })
  await node.viewChannel(amira.id, ops.id)
  await node.purge(amira.id, { channel: ops.id, messages: [first.id] })
  await node.post(bo.id, { channel: ops.id, body: 'three' })

  const [membership] = (await node.membershipsOf(amira.id)).filter(
    ({ channel }) => channel === ops.id,
  )
  const { messageCount } = await node.channel(amira.id, ops.id)
  t.equal(messageCount - (membership?.seenCount ?? 0), 1)
})
