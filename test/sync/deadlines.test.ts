import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { OVERDUE_AT_ONCE_MAX, OVERDUE_LOGGED_MAX } from '#base/limits.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { LANES, type Lane } from '#model/precedence.ts'
import type { MessageRecord } from '#model/view.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { overdueCounts, overdueSince, type LaneTimes } from '#sync/deadlines.ts'
import { range } from '#sync/keys.ts'
import { printsOf } from '#sync/prints.ts'
import { noteWord } from '#sync/words.ts'
import { virtualClock } from '../support/clock.ts'
import { aFaultyStore, type FaultyStore } from '../support/faulty-store.ts'
import { anIdentity, type NodeChoice } from '../support/nodes.ts'
import { amend, aSync, found, say, type SyncNode } from '../support/sync.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1_440 * MINUTE_MS
/** ACP 121. */
const TIMES: LaneTimes = {
  flash: 10 * MINUTE_MS,
  immediate: 30 * MINUTE_MS,
  priority: 180 * MINUTE_MS,
  routine: 360 * MINUTE_MS,
}
const kit = anIdentity('bravo', 2)
const hub = anIdentity('hub', 8, 'hub')
const other = anIdentity('other', 9, 'hub')
const NONE = { flash: 0, immediate: 0, priority: 0, routine: 0 }

test('each lane has its own clock, and a message is overdue once that has run out', async (t) => {
  for (const lane of LANES) {
    const { alpha, clock } = await aKit(t)
    const message = await say(alpha, 'one', lane)
    const saidAt = clock.now()
    await clock.advance(TIMES[lane] - 1)
    t.strictSame(await counts(alpha), NONE, lane)

    await clock.advance(1)

    t.strictSame(await counts(alpha), { ...NONE, [lane]: 1 })
    t.equal(await sinceOf(alpha, message), saidAt + TIMES[lane])
  }
})

test('sender and operator are told, once for each message', async (t) => {
  const { alpha, clock } = await aKit(t)
  const message = await say(alpha, 'one', 'flash')
  await say(alpha, 'two', 'flash')
  const before = alpha.events.length

  await clock.advance(DAY_MS)

  const lines = alpha.log.events.filter(({ event }) => event === 'message.overdue')
  t.equal(lines.length, 2)
  t.match(lines[0], { level: 'warn', facts: { lane: 'flash', document: message.document, seq: 1 } })
  const told = alpha.events.slice(before)
  t.strictSame(
    told.filter(({ kind }) => kind === 'overdue'),
    [{ kind: 'overdue', counts: { ...NONE, flash: 2 }, added: 2 }],
  )
  t.match(
    told.filter(({ kind }) => kind === 'delivery'),
    [{ span: { actor: alpha.actor, from: 1, to: 1 } }, { span: { from: 2, to: 2 } }],
  )
})

test('what one hub has signed for is at headquarters, and what a kit has is not', async (t) => {
  const { alpha, clock } = await aKit(t)
  const message = await say(alpha, 'one', 'flash')
  await hasHeard(alpha, kit, message)
  await clock.advance(TIMES.flash)
  t.strictSame(await counts(alpha), { ...NONE, flash: 1 })

  await hasHeard(alpha, hub, message)

  t.strictSame(await counts(alpha), NONE)
  t.equal(await sinceOf(alpha, message), undefined)
  t.strictSame(
    alpha.events.findLast(({ kind }) => kind === 'overdue'),
    {
      kind: 'overdue',
      counts: NONE,
      added: 0,
    },
  )
  const next = await say(alpha, 'two', 'flash')
  await hasHeard(alpha, other, next)
  await clock.advance(DAY_MS)
  t.strictSame(await counts(alpha), NONE, 'either hub will do')
})

test('a receipt settles what it covers and nothing beyond', async (t) => {
  const { alpha, clock } = await aKit(t)
  const first = await say(alpha, 'one')
  const second = await say(alpha, 'two')
  const flash = await say(alpha, 'three', 'flash')
  await clock.advance(TIMES.routine)
  t.strictSame(await counts(alpha), { ...NONE, flash: 1, routine: 2 })

  await hasHeard(alpha, hub, first)

  t.strictSame(await counts(alpha), { ...NONE, flash: 1, routine: 1 })
  t.ok(await sinceOf(alpha, second))
  t.ok(await sinceOf(alpha, flash))
})

test('a flash message written after a routine one does not wait for its clock', async (t) => {
  const { alpha, clock } = await aKit(t)
  await say(alpha, 'one')
  await clock.advance(MINUTE_MS)
  await say(alpha, 'two', 'flash')

  await clock.advance(TIMES.flash)

  t.strictSame(await counts(alpha), { ...NONE, flash: 1 })
})

test('no setting of the wall clock makes a message overdue, or keeps it from becoming so', async (t) => {
  for (const wall of [1_000, 2_840_000_000_000]) {
    const { alpha, clock } = await aKit(t)
    const message = await say(alpha, 'one', 'flash')
    clock.setWall(wall)
    await clock.advance(TIMES.flash - 1)
    t.strictSame(await counts(alpha), NONE)

    await clock.advance(1)

    t.strictSame(await counts(alpha), { ...NONE, flash: 1 })
    t.equal(await sinceOf(alpha, message), clock.now(), 'by the clock of the moment')
  }
})

test('clocks go on over a restart, and what is overdue is not told again', async (t) => {
  const store = aFaultyStore()
  const early = virtualClock()
  const first = await aKit(t, { store, clock: early })
  const late = await say(first.alpha, 'one', 'flash')
  await early.advance(TIMES.flash)
  const open = await say(first.alpha, 'two', 'flash')
  await first.alpha[Symbol.asyncDispose]()

  const clock = virtualClock(early.now() + TIMES.flash - MINUTE_MS)
  const { alpha } = await aKit(t, { store, clock, isFounded: true })
  t.ok(await sinceOf(alpha, late))
  t.equal(await sinceOf(alpha, open), undefined)
  await clock.advance(MINUTE_MS)

  t.ok(await sinceOf(alpha, open))
  t.strictSame(
    alpha.log.events
      .filter(({ event }) => event === 'message.overdue')
      .map(({ facts }) => facts.seq),
    [2],
  )
})

test('what has come to headquarters by the time a node starts again is not overdue there', async (t) => {
  const store = aFaultyStore()
  const before = virtualClock()
  const first = await aKit(t, { store, clock: before, knows: [kit] })
  const message = await say(first.alpha, 'one', 'flash')
  await before.advance(TIMES.flash)
  t.strictSame(await counts(first.alpha), { ...NONE, flash: 1 }, 'nobody but a kit, which lacks it')
  await hasHeard(first.alpha, hub, message) // not known yet to be one
  t.strictSame(await counts(first.alpha), { ...NONE, flash: 1 })
  await first.alpha[Symbol.asyncDispose]()

  const { alpha, clock } = await aKit(t, { store, isFounded: true })
  await clock.advance(0)

  t.strictSame(await counts(alpha), NONE)
})

test('without a hub any other node counts; alone, nothing is overdue', async (t) => {
  const pair = await aKit(t, { knows: [kit] })
  const message = await say(pair.alpha, 'one', 'flash')
  await pair.clock.advance(TIMES.flash)
  t.strictSame(await counts(pair.alpha), { ...NONE, flash: 1 })
  await hasHeard(pair.alpha, kit, message)
  t.strictSame(await counts(pair.alpha), NONE)

  const { alpha, clock } = await aKit(t, { knows: [] })
  await say(alpha, 'one', 'flash')
  await clock.advance(DAY_MS)
  t.strictSame(await counts(alpha), NONE)
})

test('what a hub writes is at headquarters', async (t) => {
  const { alpha, clock } = await aKit(t, { role: 'hub' })
  await say(alpha, 'one', 'flash')

  t.strictSame(await alpha.context.replica.read.list(range.due), [])
  await clock.advance(DAY_MS)
  t.strictSame(await counts(alpha), NONE)
})

test('what its author has taken back, and what is no message, is not waited for', async (t) => {
  const { alpha, clock } = await aKit(t)
  const message = await say(alpha, 'one')
  await amend(alpha, { kind: 'reaction', target: message.id, emoji: '+1', isSet: true })
  await amend(alpha, { kind: 'deletion', target: message.id })

  await clock.advance(DAY_MS)

  t.strictSame(await counts(alpha), NONE)
})

test('a lane without a limit, and a node without limits, has no clock', async (t) => {
  const { alpha, clock } = await aKit(t, { times: { ...TIMES, flash: 0 } })
  await say(alpha, 'one', 'flash')
  await clock.advance(DAY_MS)
  t.strictSame(await counts(alpha), NONE)
  t.strictSame(await alpha.context.replica.read.list(range.due), [])

  const without = await aSync('bravo')
  t.teardown(without[Symbol.asyncDispose])
  await found(without)
  await say(without, 'one', 'flash')
  t.strictSame(await without.context.replica.read.list(range.due), [])
  t.strictSame(await overdueCounts(without.context.replica.read), NONE)
})

test('very many at once are taken page by page, and the log counts those that it does not name', async (t) => {
  const { alpha, clock, store } = await aKit(t)
  const count = OVERDUE_AT_ONCE_MAX + 1
  for (let at = 0; at < count; at += 1) await say(alpha, `message ${at}`)
  const before = store.batches.length

  await clock.advance(TIMES.routine)

  t.strictSame(await counts(alpha), { ...NONE, routine: count })
  const logged = alpha.log.events.filter(({ event }) => event === 'message.overdue')
  t.equal(logged.length, OVERDUE_LOGGED_MAX + 1)
  t.match(
    alpha.log.events.filter(({ event }) => event === 'messages.overdue'),
    [{ facts: { count: OVERDUE_AT_ONCE_MAX - OVERDUE_LOGGED_MAX } }],
  )
  t.equal(store.batches.length - before, 2)
  t.strictSame(await alpha.context.replica.read.list(range.due), [])
})

test('a full disk delays the alarm and loses none', async (t) => {
  const { alpha, clock, store } = await aKit(t)
  await say(alpha, 'one', 'flash')
  store.setFault('full')
  await clock.advance(TIMES.flash + MINUTE_MS)
  t.strictSame(await counts(alpha), NONE)

  store.setFault('none')
  await clock.advance(MINUTE_MS)

  t.strictSame(await counts(alpha), { ...NONE, flash: 1 })
})

test('over a real link it is cleared by the receipt of the hub itself', async (t) => {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  const alphaIdentity = anIdentity('alpha', 1)
  const [alphaId, hubId] = [alphaIdentity.certificate.node, hub.certificate.node]
  network.cut(alphaId, hubId)
  const carriers = [network.open(alphaId), network.open(hubId)] as const
  const choice = { clock, knows: [hub], carriers: [carriers[0]] }
  const { alpha } = await aKit(t, choice)
  const headquarters = await aSync('hub', {
    number: 8,
    role: 'hub',
    clock,
    knows: [alphaIdentity],
    carriers: [carriers[1]],
  })
  t.teardown(headquarters[Symbol.asyncDispose])
  await say(alpha, 'one', 'flash')
  await clock.advance(TIMES.flash)
  t.strictSame(await counts(alpha), { ...NONE, flash: 1 })

  network.heal(alphaId, hubId)
  await clock.advance(MINUTE_MS)

  t.strictSame(await counts(alpha), NONE)
})

type KitChoice = NodeChoice & { readonly times?: LaneTimes; readonly isFounded?: boolean }

/** A kit of which two hubs and another kit are known, but not in reach. */
async function aKit(
  t: Test,
  choice: KitChoice = {},
): Promise<{ alpha: SyncNode; clock: ReturnType<typeof virtualClock>; store: FaultyStore }> {
  const clock = (choice.clock as ReturnType<typeof virtualClock> | undefined) ?? virtualClock()
  const store = (choice.store as FaultyStore | undefined) ?? aFaultyStore(openMemoryStore())
  const alpha = await aSync('alpha', {
    knows: [kit, hub, other],
    options: { overdueAfterMs: choice.times ?? TIMES },
    ...choice,
    clock,
    store,
  })
  t.teardown(alpha[Symbol.asyncDispose])
  if (choice.isFounded !== true) await found(alpha)
  return { alpha, clock, store }
}

function counts({ context }: SyncNode): Promise<Readonly<Record<Lane, number>>> {
  return overdueCounts(context.replica.read)
}

function sinceOf({ context }: SyncNode, message: MessageRecord): Promise<number | undefined> {
  return overdueSince(context.replica.read, message)
}

/** A node has said that it has everything up to this message. */
async function hasHeard(
  { context }: SyncNode,
  by: typeof hub,
  { document, actor, seq }: MessageRecord,
): Promise<void> {
  const { node } = must(by, 'a node').certificate
  const clock = { [actor]: seq }
  await context.replica.commit(async (tx) => {
    const prints = await printsOf(tx, document, clock)
    const word = { node, document, clock, prints, read: {}, receipt: undefined }
    await noteWord(tx, context, word)
  })
}
