/** What people see is the same for the same entries, whatever order they come in. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { idFromBytes, type ActorId, type ChannelId, type NodeId, type PostId } from '#base/ids.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { openLog, type Logged } from '#model/log.ts'
import {
  amend,
  configure,
  EMPTY_CHANNEL,
  shownAt,
  timeDoubtOf,
  type Amendment,
  type MessageRecord,
} from '#model/view.ts'
import { anActor, aPersonId, append } from '../support/histories.ts'
import { holds } from '../support/property.ts'

const [amira, bo, chen] = [aPersonId('amira'), aPersonId('bo'), aPersonId('chen')]
const target = idFromBytes<PostId>(new Uint8Array(16).fill(1))
const NOON = 1_793_534_400_000
const MINUTE = 60_000
const DAY = 86_400_000
const hello = { kind: 'post' as const, body: 'hello', root: undefined }

test('whatever order edits, deletions, reactions and ticks come in, the message is the same', async (t) => {
  const content = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('edit' as const),
        target: fc.constant(target),
        body: fc.constantFrom('one', 'two', 'three'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('reaction' as const),
        target: fc.constant(target),
        emoji: fc.constantFrom('+1', 'eyes'),
        isSet: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('tick' as const),
        target: fc.constant(target),
        item: fc.constantFrom(7, 8),
        isSet: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'deletion' as const, target }) },
  )
  const said = fc.record({ author: fc.constantFrom(amira, bo, chen), content })
  holds(
    t,
    fc.property(fc.array(said, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (all, order) => {
      const amendments = all.map((one, index): Said => ({
        ...one,
        order: `${index}`,
        at: NOON + index,
      }))
      const keyed = amendments.map((one) => ({ one, place: order.next().value }))
      const shuffled = keyed.toSorted((a, b) => a.place - b.place).map(({ one }) => one)

      assert.deepEqual(amended(shuffled), amended(amendments))
    }),
    500,
  )
})

test('only its author edits a message, and the last edit counts', async (t) => {
  const message = amended([
    { author: bo, order: '1', at: 1, content: { kind: 'edit', target, body: 'by bo' } },
    { author: amira, order: '3', at: 3, content: { kind: 'edit', target, body: 'last' } },
    { author: amira, order: '2', at: 2, content: { kind: 'edit', target, body: 'first' } },
  ])

  t.match(message, { body: 'last', editedAt: 3 })
})

test('a message is deleted by its author or an administrator, and nothing of it stays', async (t) => {
  const deletion = (author: typeof bo, at: number): Said => ({
    author,
    order: `${at}`,
    at,
    content: { kind: 'deletion', target },
  })
  const edited = amended([
    { author: amira, order: '1', at: 1, content: { kind: 'edit', target, body: 'changed' } },
    {
      author: bo,
      order: '2',
      at: 2,
      content: { kind: 'reaction', target, emoji: '+1', isSet: true },
    },
  ])

  t.equal(amend(edited, deletion(bo, 5), false), edited)
  t.match(amend(edited, deletion(chen, 5), true), { body: '', deletedAt: 5 })
  const gone = amend(amend(edited, deletion(amira, 5), false), deletion(amira, 4), false)
  t.match(gone, { body: '', deletedAt: 4, editedAt: 0, reactions: [] })
})

test('a reaction that is taken back is remembered as taken back', async (t) => {
  t.match(amended([react('2', false), react('1', true)]).reactions, [{ isSet: false }])
  t.match(amended([react('1', true), react('2', false)]).reactions, [{ isSet: false }])
})

test('settings count one by one, each by its own last change, whatever order they come in', async (t) => {
  const text = fc.constantFrom('one', 'two')
  const settings = fc.record(
    { name: text, purpose: text, isArchived: fc.boolean() },
    { requiredKeys: [] },
  )
  holds(
    t,
    fc.property(fc.array(settings, { maxLength: 6 }), fc.infiniteStream(fc.nat()), (all, order) => {
      const changes = all.map((one, index) => ({
        settings: one,
        order: `${index}`,
        place: order.next().value,
      }))
      const shuffled = changes.toSorted((a, b) => a.place - b.place)

      assert.deepEqual(
        shuffled.reduce(configure, EMPTY_CHANNEL),
        changes.reduce(configure, EMPTY_CHANNEL),
      )
    }),
  )
})

test('a claimed time is uncertain when it is behind what its author saw, ahead of now, or before 2026', async (t) => {
  const log = openLog(DIRECTORY)
  const at = (name: string, claimedAt: number): Logged => {
    return append(log, anActor(name), { author: undefined, claimedAt, content: hello })
  }
  const right = at('alpha', NOON)
  const slow = at('bravo', NOON - 4 * MINUTE)
  const behind = at('bravo', NOON - 10 * MINUTE)
  const ahead = at('charlie', NOON + 10 * MINUTE)
  const waking = at('delta', 5_000)

  t.equal(why(right, NOON), undefined)
  t.equal(why(slow, NOON), undefined)
  t.equal(why(behind, NOON), 'before what its writer had seen')
  t.equal(why(ahead, NOON), 'ahead of the clock here')
  t.equal(why(ahead, NOON + 10 * MINUTE), undefined)
  t.equal(why(ahead, 5_000), undefined, 'our own clock cannot tell')
  t.equal(why(waking, NOON), 'before this program was written')
  t.equal(why(right, NOON, NOON + 60 * DAY), 'before its node was certified')
  t.equal(why(right, NOON, NOON + 10 * DAY), undefined, 'who issued it may have had a wrong clock')
})

test('what cannot be right is shown at the time it came', async (t) => {
  const log = openLog(DIRECTORY)
  const write = (name: string, claimedAt: number): Logged =>
    append(log, anActor(name), { author: undefined, claimedAt, content: hello })
  const waking = write('delta', 5_000)
  const right = write('alpha', NOON)
  const ahead = write('charlie', NOON + 60 * MINUTE)

  t.equal(shownAt(right, NOON + MINUTE), NOON)
  t.equal(shownAt(ahead, NOON), NOON)
  t.equal(shownAt(waking, NOON), NOON)
  t.equal(shownAt(ahead, 5_000), NOON + 60 * MINUTE)
})

type Said = Omit<Amendment, 'actor'>

function amended(said: readonly Said[]): MessageRecord {
  return said.reduce((message, one) => amend(message, one, one.author === chen), aRecord())
}

function react(order: string, isSet: boolean): Said {
  return { author: bo, order, at: 1, content: { kind: 'reaction', target, emoji: '+1', isSet } }
}

function aRecord(): MessageRecord {
  return {
    id: target,
    channel: idFromBytes<ChannelId>(new Uint8Array(16)),
    author: amira,
    root: undefined,
    body: 'hello',
    lane: 'routine',
    order: '0',
    createdAt: NOON,
    claimedAt: NOON,
    timeDoubt: undefined,
    updatedAt: NOON,
    editedAt: 0,
    editOrder: '',
    deletedAt: 0,
    replyCount: 0,
    lastReplyAt: 0,
    reactions: [],
    origin: 'alpha' as NodeId,
    pendingId: '',
    document: DIRECTORY,
    actor: 'alpha' as ActorId,
    seq: 1,
  }
}

function why(logged: Logged, now: number, certifiedAt?: number) {
  return timeDoubtOf(logged, { now, certifiedAt })
}
