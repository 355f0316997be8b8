/** The log of a document: the same for the same changes, in whatever order that keeps each list's own they come. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { writeChange } from '#model/change.ts'
import { DIRECTORY } from '#model/document-id.ts'
import {
  countBeyond,
  covers,
  joinClocks,
  meetClocks,
  openLog,
  postIdOf,
  type Clock,
  type Log,
} from '#model/log.ts'
import {
  anActor,
  anyHistory,
  append,
  play,
  reordered,
  take,
  takeOver,
} from '../support/histories.ts'
import { flip, holds } from '../support/property.ts'

const [alpha, bravo] = [anActor('alpha'), anActor('bravo')]
const actors = [alpha, bravo, anActor('charlie'), anActor('delta')]
const picks = fc.array(fc.nat(), { maxLength: 16 })
const NOON = 1_793_534_400_000

test('whatever order changes come in, heads, clock, entries and their places are the same', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), picks, (steps, order) => {
      const { whole } = play(DIRECTORY, actors, steps)
      const other = openLog(DIRECTORY)

      for (const change of reordered(whole, order)) take(other, change)

      assert.deepEqual(other.heads(), whole.heads())
      assert.deepEqual(other.clock(), whole.clock())
      assert.equal(other.size(), steps.length)
      for (const change of whole.since({}))
        assert.deepEqual(other.find(change.actor, change.seq), change)
    }),
  )
})

test('what a replica lacks is given, each list in its order, and nothing else', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), fc.nat(3), (steps, who) => {
      const { whole, replicas } = play(DIRECTORY, actors, steps)
      const replica = must(replicas[who], 'there are as many replicas as actors')
      const clock = replica.clock()

      const missing = whole.since(clock)

      assert.equal(missing.length, whole.size() - replica.size())
      assert.equal(missing.length, countBeyond(whole.clock(), clock))
      assert.ok(missing.every((change) => !covers(clock, change.actor, change.seq)))
      takeOver(replica, whole)
      assert.deepEqual(replica.heads(), whole.heads())
    }),
  )
})

test('the places of a list grow, whatever the clocks', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), (steps) => {
      const { whole } = play(DIRECTORY, actors, steps)
      for (const { actor, seq, entry } of whole.since({})) {
        const before = whole.find(actor, seq - 1)?.entry.placeAt ?? -1
        assert.ok(entry.placeAt >= entry.claimedAt && entry.placeAt > before)
      }
    }),
  )
})

test('the newest place is told, and the newest up to a time', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), fc.nat(), (steps, pick) => {
      const { whole } = play(DIRECTORY, actors, steps)
      const places = whole.since({}).map(({ entry }) => entry.placeAt)
      const until = must(places[pick % places.length], 'there is one')

      assert.equal(whole.newestPlaceAt(Infinity), Math.max(...places))
      assert.equal(whole.newestPlaceAt(until), until)
      const earlier = places.filter((place) => place < until)
      assert.equal(whole.newestPlaceAt(until - 1), Math.max(0, ...earlier))
    }),
  )
})

test('a change that is there already is admitted as known', async (t) => {
  const { whole } = aPair()

  t.match(whole.admit(must(whole.find(alpha, 1), 'there').bytes), { ok: true, isNew: false })
})

test('a change before which something is missing is told from one that is wrong', async (t) => {
  const { whole } = aPair()
  const second = must(whole.find(alpha, 2), 'there')
  const empty = openLog(DIRECTORY)

  t.strictSame(empty.admit(second.bytes), { ok: false, reason: 'missing' })
  t.strictSame(empty.admit(flip(second.bytes, 30)), { ok: false, reason: 'malformed' })
  t.equal(empty.size(), 0)
})

test('a second change with the same number is a fork', async (t) => {
  const { whole } = aPair()
  const other = openLog(DIRECTORY)
  const forged = append(other, alpha, { author: undefined, claimedAt: NOON, content: aPost('no') })

  t.strictSame(whole.admit(forged.bytes), { ok: false, reason: 'forked' })
})

test('a change that goes on from another than the one here is misplaced', async (t) => {
  const { whole } = aPair()
  const next = whole.next(alpha, Uint8Array.of(1))
  const first = must(whole.find(alpha, 1), 'there')
  const wrongs = {
    'from an earlier one': { ...next, previous: first.hash },
    'from the genesis': { ...next, previous: whole.genesis.hash },
    'from another actor’s': { ...next, previous: must(whole.find(bravo, 1), 'there').hash },
  }

  for (const [name, facts] of Object.entries(wrongs)) {
    const change = writeChange(facts)
    t.strictSame(whole.admit(change.bytes), { ok: false, reason: 'misplaced' }, name)
    t.throws(() => whole.add(change), { name: 'AssertionFailure' }, name)
  }
  t.match(whole.admit(next.bytes), { ok: true, isNew: true })
})

test('a fork in one list leaves the others as they are', async (t) => {
  const { whole } = aPair()
  const other = openLog(DIRECTORY)
  append(other, alpha, { author: undefined, claimedAt: NOON, content: aPost('the other alpha') })
  for (const change of whole.since({})) if (change.actor === bravo) take(other, change)

  t.equal(other.find(bravo, 1)?.hash, whole.find(bravo, 1)?.hash)
  const next = whole.next(bravo, Uint8Array.of(1))
  t.match(other.admit(next.bytes), { ok: true, isNew: true })
})

test('changes of one document are refused in another', async (t) => {
  const { whole } = aPair()
  const other = openLog('c.other' as typeof DIRECTORY)

  t.strictSame(other.admit(must(whole.find(alpha, 1), 'there').bytes), {
    ok: false,
    reason: 'misplaced',
  })
})

test('adding a change out of its turn stops the node', async (t) => {
  const { whole } = aPair()
  const log = openLog(DIRECTORY)

  t.throws(() => log.add(must(whole.find(alpha, 2), 'there')), { name: 'AssertionFailure' })
})

test('two clocks joined cover what either covers, and met what both cover', async (t) => {
  const anyClock = fc.dictionary(fc.constantFrom(...actors), fc.integer({ min: 1, max: 9 }))
  holds(
    t,
    fc.property(anyClock, anyClock, (a: Clock, b: Clock) => {
      const joined = joinClocks(a, b)
      const met = meetClocks(a, b)
      for (const actor of actors) {
        for (let seq = 1; seq < 10; seq += 1) {
          const [inA, inB] = [covers(a, actor, seq), covers(b, actor, seq)]
          assert.equal(covers(joined, actor, seq), inA || inB)
          assert.equal(covers(met, actor, seq), inA && inB)
        }
      }
      assert.equal(countBeyond(joined, b), countBeyond(a, met))
    }),
  )
})

test('a message is named by its document, its actor and its number', async (t) => {
  const id = postIdOf(DIRECTORY, alpha, 1)

  t.equal(postIdOf(DIRECTORY, alpha, 1), id)
  t.not(postIdOf(DIRECTORY, alpha, 2), id)
  t.not(postIdOf(DIRECTORY, bravo, 1), id)
  t.not(postIdOf('c.other' as typeof DIRECTORY, alpha, 1), id)
})

function aPair(): { readonly whole: Log } {
  const step = { hears: 1, seconds: 0, body: 'hello' }
  return play(
    DIRECTORY,
    [alpha, bravo],
    [
      { ...step, writer: 0 },
      { ...step, writer: 1 },
      { ...step, writer: 0 },
    ],
  )
}

function aPost(body: string) {
  return { kind: 'post' as const, body, root: undefined }
}
