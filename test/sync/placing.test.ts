/** Order where clocks are wrong: the same on all nodes, cause before effect, and nobody last for ever. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { ChannelId, PostId } from '#base/ids.ts'
import { newChannelId } from '#model/channel-id.ts'
import { segmentDocument } from '#model/document-id.ts'
import { postIdOf } from '#model/log.ts'
import type { MessageRecord } from '#model/view.ts'
import { writeHere } from '#sync/author.ts'
import { key, range } from '#sync/keys.ts'
import { unpack } from '#sync/records.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { amiraOf, aSync, type SyncNode } from '../support/sync.ts'

const NOON = 1_800_000_000_000
const MINUTE = 60_000
const DAY = 86_400_000
const YEARS = 34 * 365 * DAY
const RUNS = 100
const NAMES = ['alpha', 'bravo', 'charlie', 'delta'] as const
const LANES = ['flash', 'routine'] as const

type Lane = (typeof LANES)[number]

interface Writer {
  readonly node: SyncNode
  readonly clock: VirtualClock
}

/** Somebody writes: after hearing another in these lanes, so many minutes later, by a clock that is off by so much. */
interface Step {
  readonly writer: number
  readonly hears: number
  readonly lanes: readonly Lane[]
  readonly lane: Lane
  readonly minutes: number
  /** Answers one of what is seen, counted from the newest. */
  readonly answers: number | undefined
}

const anOffset = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -90_000, max: 90_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(-NOON, YEARS, 16 * DAY, -37 * DAY, -26 * 60 * MINUTE) },
)
const aStep: fc.Arbitrary<Step> = fc.record({
  writer: fc.nat(2),
  hears: fc.nat(2),
  lanes: fc.subarray([...LANES]),
  lane: fc.constantFrom(...LANES),
  minutes: fc.integer({ min: 0, max: 200 }),
  answers: fc.option(fc.nat(4), { nil: undefined }),
})

const anyPlay = fc.array(aStep, { maxLength: 14 })

test('whatever the clocks say and whatever comes first, all nodes show one order', async (t) => {
  await using writers = await fourNodes()
  const offsets = fc.tuple(anOffset, anOffset, anOffset)
  await agree(t, writers.all, offsets, ({ orders }) => {
    for (const order of orders) assert.deepEqual(order, orders[0])
  })
})

test('whatever the clocks say, a reply stands behind what it answers', async (t) => {
  await using writers = await fourNodes()
  const offsets = fc.tuple(anOffset, anOffset, anOffset)
  await agree(t, writers.all, offsets, ({ orders, play: { roots } }) => {
    const [order] = orders
    const at = new Map(must(order, 'there are nodes').map((id, index) => [id, index]))
    const place = (id: PostId): number => must(at.get(id), 'everything came')
    for (const [id, root] of roots) assert.ok(place(root) < place(id), `${id} answers ${root}`)
  })
})

test('while one clock is wrong, every message stands after all that its writer had seen', async (t) => {
  await using writers = await fourNodes()
  const aWrongOne = fc.constantFrom(-NOON, YEARS, 16 * DAY, -37 * DAY)
  const offsets = fc.tuple(
    fc.nat(2),
    aWrongOne,
    fc.array(fc.nat(90_000), { minLength: 3, maxLength: 3 }),
  )
  const drawn = offsets.map(([wrong, by, small]) => small.with(wrong, by))
  await agree(t, writers.all, drawn, ({ orders, play: { seen } }) => {
    const at = new Map(must(orders[0], 'there are nodes').map((id, index) => [id, index]))
    const place = (id: PostId): number => must(at.get(id), 'everything came')
    for (const [id, before] of seen)
      for (const one of before) assert.ok(place(one) < place(id), `${one} was seen by ${id}`)
  })
})

/** Draws runs, and checks each when everybody has everything. */
async function agree(
  t: Test,
  writers: readonly Writer[],
  offsets: fc.Arbitrary<readonly number[]>,
  check: (end: { readonly play: Play; readonly orders: readonly (readonly PostId[])[] }) => void,
): Promise<void> {
  let runs = 0
  const run = fc.asyncProperty(
    anyPlay,
    offsets,
    fc.infiniteStream(fc.nat()),
    async (all, off, picks) => {
      const play = await playSteps(writers, { steps: all, off, channel: aChannel((runs += 1)) })
      check({ play, orders: await merge(writers, play, picks) })
    },
  )
  const details = await fc.check(run, { numRuns: RUNS })
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'the property holds')
}

test('who lies about the time cannot push what others say into the past', async (t) => {
  await using writers = await fourNodes()
  const [alpha, bravo, liar, hub] = writers.all
  assert(alpha && bravo && liar && hub)
  const channel = aChannel(0)
  const say = async (writer: Writer, at: number): Promise<PostId> => {
    writer.clock.setWall(at)
    return post(writer, channel, { lane: 'flash', root: undefined })
  }
  const share = async (from: Writer): Promise<void> => {
    for (const to of writers.all) if (to !== from) await give(from, to, channel, 'flash')
  }
  const first = await say(alpha, NOON)
  await share(alpha)
  const lie = await say(liar, NOON - 200 * DAY)
  await share(liar)
  t.strictSame(await shownIn(hub, channel), [first, lie], 'nobody else has written')

  const second = await say(bravo, NOON + MINUTE)
  await share(bravo)

  t.strictSame(await shownIn(hub, channel), [first, lie, second], 'the lie has moved alone')
  t.equal((await messageIn(hub, first)).order.slice(0, 15), String(NOON).padStart(15, '0'))
})

test('a message of 2060 is last only until somebody has seen it, in the channel and in its thread', async (t) => {
  await using writers = await fourNodes()
  const [ahead, bravo, , hub] = writers.all
  assert(ahead && bravo && hub)
  const channel = aChannel(0)
  const say = async (writer: Writer, at: number, root?: PostId): Promise<PostId> => {
    writer.clock.setWall(at)
    return post(writer, channel, { lane: 'routine', root })
  }
  const before = await say(bravo, NOON)
  await give(bravo, ahead, channel, 'routine')
  const far = await say(ahead, NOON + YEARS, before)
  const apart = await say(bravo, NOON + MINUTE, before)
  await give(ahead, bravo, channel, 'routine')
  t.strictSame(await shownIn(bravo, channel), [before, apart, far])

  const answer = await say(bravo, NOON + 2 * MINUTE, before)

  t.strictSame(await shownIn(bravo, channel), [before, apart, far, answer])
  await give(bravo, hub, channel, 'routine')
  t.strictSame(await shownIn(hub, channel), [before, apart, far, answer])
  const replies = await hub.node.context.replica.read.list(range.thread(before))
  t.strictSame(
    replies.map(([, id]) => unpack<PostId>(id)),
    [apart, far, answer],
  )
  const next = await say(ahead, NOON + YEARS + MINUTE)
  t.strictSame(await shownIn(ahead, channel), [before, far, next], 'who has not heard of it')
})

test('a reply that somebody objects to who never saw what it answers stays behind that', async (t) => {
  await using writers = await fourNodes()
  const [asking, behind, , hub] = writers.all
  assert(asking && behind && hub)
  const channel = aChannel(0)
  asking.clock.setWall(NOON - 1_000)
  const first = await post(asking, channel, { lane: 'routine', root: undefined })
  asking.clock.setWall(NOON + 3 * MINUTE)
  const reply = await post(asking, channel, { lane: 'flash', root: first })
  await give(asking, behind, channel, 'flash')
  behind.clock.setWall(NOON - DAY)
  const other = await post(behind, channel, { lane: 'flash', root: undefined })

  await give(behind, hub, channel, 'flash')
  t.strictSame(await shownIn(hub, channel), [reply, other], 'what it answers is not here yet')
  await give(asking, hub, channel, 'routine')
  t.strictSame(await shownIn(hub, channel), [other, first, reply])
  await give(hub, behind, channel, 'routine')
  t.strictSame(await shownIn(behind, channel), [other, first, reply])
  const replies = await hub.node.context.replica.read.list(range.thread(first))
  t.strictSame(
    replies.map(([, id]) => unpack<PostId>(id)),
    [reply],
  )
})

async function messageIn({ node }: Writer, id: PostId): Promise<MessageRecord> {
  const bytes = await node.context.replica.read.get(key.message(id))
  return must(unpack<MessageRecord>(bytes), 'it is in the view')
}

interface Play {
  readonly channel: ChannelId
  /** What the writer of a message had seen. */
  readonly seen: ReadonlyMap<PostId, readonly PostId[]>
  /** The first messages of threads, by what answers there. */
  readonly roots: ReadonlyMap<PostId, PostId>
}

async function playSteps(
  writers: readonly Writer[],
  {
    steps,
    off,
    channel,
  }: {
    readonly steps: readonly Step[]
    readonly off: readonly number[]
    readonly channel: ChannelId
  },
): Promise<Play> {
  const seen = new Map<PostId, readonly PostId[]>()
  const roots = new Map<PostId, PostId>()
  let trueAt = NOON
  for (const step of steps) {
    trueAt += step.minutes * MINUTE
    const writer = must(writers[step.writer], 'a writer')
    for (const lane of step.lanes)
      await give(must(writers[step.hears], 'a writer'), writer, channel, lane)
    writer.clock.setWall(Math.max(0, trueAt + must(off[step.writer], 'an offset')))
    const before = await shownIn(writer, channel)
    const answered = step.answers === undefined ? undefined : before.toReversed()[step.answers]
    // Threads are one level deep.
    const root = answered && (roots.get(answered) ?? answered)
    const id = await post(writer, channel, { lane: step.lane, root })
    seen.set(id, before)
    if (root !== undefined) roots.set(id, root)
  }
  return { channel, seen, roots }
}

async function post(
  { node }: Writer,
  channel: ChannelId,
  { lane, root }: { readonly lane: Lane; readonly root: PostId | undefined },
): Promise<PostId> {
  const { context } = node
  const document = segmentDocument(channel, lane, 0)
  const content = { kind: 'post' as const, body: 'water', root }
  const entry = { author: amiraOf(node.id), claimedAt: context.now(), content }
  const { logged } = await context.replica.commit((tx) =>
    writeHere(tx, context, { document, entry }),
  )
  return postIdOf(document, logged.actor, logged.seq)
}

/** All that `from` has of a lane, in the order in which it came there, or as `pick` has it among lists. */
async function give(
  from: Writer,
  to: Writer,
  channel: ChannelId,
  lane: Lane,
  pick: () => number = () => 0,
): Promise<void> {
  const document = segmentDocument(channel, lane, 0)
  const log = await from.node.context.replica.commit((tx) => tx.log(document))
  const { context } = to.node
  await context.replica.commit(async (tx) => {
    const lists = Object.values(
      Object.groupBy(log.since((await tx.log(document)).clock()), ({ actor }) => actor),
    ).map((list = []) => [...list])
    for (
      let left = lists.filter((list) => list.length > 0);
      left.length > 0;
      left = left.filter((list) => list.length > 0)
    ) {
      const change = must(must(left[pick() % left.length], 'a list').shift(), 'a change')
      const logged = await tx.take(document, change)
      const source = { isLate: true, pendingId: '', now: context.now() }
      await context.projector.apply(tx, { document, logged }, source)
    }
  })
}

/** Everybody gets everything, in whatever order; the order each shows. */
async function merge(
  writers: readonly Writer[],
  { channel }: Play,
  picks: Iterator<number>,
): Promise<readonly (readonly PostId[])[]> {
  const pick = (): number => Number(picks.next().value)
  const hub = must(writers.at(-1), 'a hub')
  for (const round of [0, 1])
    for (const writer of writers) {
      if (writer === hub) continue
      for (const lane of pick() % 2 === 0 ? LANES : LANES.toReversed())
        await (round === 0
          ? give(writer, hub, channel, lane, pick)
          : give(hub, writer, channel, lane, pick))
    }
  return Promise.all(writers.map((writer) => shownIn(writer, channel)))
}

async function shownIn({ node }: Writer, channel: ChannelId): Promise<readonly PostId[]> {
  const order = await node.context.replica.read.list(range.order(channel))
  return order.map(([, id]) => must(unpack<PostId>(id), 'order names messages'))
}

function aChannel(number: number): ChannelId {
  return newChannelId(
    anIdentity('alpha', 1).certificate.node,
    'public',
    seedOf(`channel ${number}`).subarray(0, 8),
  )
}

async function fourNodes(): Promise<AsyncDisposable & { readonly all: readonly Writer[] }> {
  const stack = new AsyncDisposableStack()
  const knows = NAMES.map((name, index) => anIdentity(name, index + 1))
  const all: Writer[] = []
  for (const [index, name] of NAMES.entries()) {
    const clock = virtualClock(NOON)
    const node = stack.use(
      await aSync(name, { knows: knows.filter((_, at) => at !== index), clock }),
    )
    all.push({ node, clock })
  }
  return { all, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
