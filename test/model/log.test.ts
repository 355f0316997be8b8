/** The log of a document: the same for the same changes, in whatever order that keeps causes first they come. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { ChangeHash } from '#base/ids.ts'
import { CHANGE_DEPENDENCIES_MAX } from '#base/limits.ts'
import { readChange, writeChange } from '#model/change.ts'
import { DIRECTORY } from '#model/document-id.ts'
import {
  countBeyond,
  covers,
  joinClocks,
  meetClocks,
  openLog,
  openScratch,
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
const DAY = 86_400_000

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

test('what a replica lacks is given with every change after all it depends on, and nothing else', async (t) => {
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

test('an entry stands after everything its author had seen, except what lies far in the future', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), (steps) => {
      const { whole } = play(DIRECTORY, actors, steps)
      for (const { deps, entry, orderAt } of whole.since({})) {
        assert.ok(orderAt >= entry.claimedAt)
        for (const hash of deps) {
          if (hash === whole.genesis.hash) continue
          const { actor, seq } = whole.dotOf(hash)
          const seen = must(whole.find(actor, seq), 'a dependency is there').orderAt
          assert.ok(orderAt > seen || seen > entry.claimedAt + DAY)
        }
      }
    }),
  )
})

test('a clock that stands in 2060 does not drag the others there, one in 1970 is led by them', async (t) => {
  const log = openLog(DIRECTORY)
  const at = (actor: typeof alpha, claimedAt: number): number =>
    append(log, actor, { author: undefined, claimedAt, content: aPost('hello') }).orderAt

  t.equal(at(alpha, NOON), NOON)
  t.equal(at(bravo, NOON - 60_000), NOON + 1)
  t.equal(at(anActor('ahead'), 2_850_000_000_000), 2_850_000_000_000)
  t.equal(at(alpha, NOON + 60_000), NOON + 60_000)
  t.equal(at(anActor('waking'), 7_000), NOON + 60_001)
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

test('a change whose counters or dependencies do not follow from its place is misplaced', async (t) => {
  const { whole } = aPair()
  const next = whole.next(alpha, Uint8Array.of(1))
  const first = must(whole.find(alpha, 1), 'there')
  const wrongs = {
    'a later counter': { ...next, startOp: next.startOp + 1 },
    'another list': { ...next, listOp: next.listOp + 1 },
    'after another entry': { ...next, afterOp: next.afterOp - 1 },
    'without its own last change': { ...next, deps: [whole.genesis.hash] },
    'without all its last change had seen': { ...next, deps: [first.hash] },
  }

  for (const [name, facts] of Object.entries(wrongs)) {
    t.strictSame(whole.admit(writeChange(facts).bytes), { ok: false, reason: 'misplaced' }, name)
  }
  t.match(whole.admit(next.bytes), { ok: true, isNew: true })
})

test('changes of one document are refused in another', async (t) => {
  const { whole } = aPair()
  const other = openLog('c.other' as typeof DIRECTORY)

  t.strictSame(other.admit(must(whole.find(alpha, 1), 'there').bytes), {
    ok: false,
    reason: 'missing',
  })
})

test('more nodes that wrote apart than a change may name still make changes that can be read back', async (t) => {
  const log = openLog(DIRECTORY)
  const count = CHANGE_DEPENDENCIES_MAX + 20
  for (let index = 0; index < count; index += 1) {
    const apart = openLog(DIRECTORY)
    const entry = { author: undefined, claimedAt: NOON + index * 1000, content: aPost('apart') }
    take(log, append(apart, anActor(`writer ${index}`), entry))
  }
  t.equal(log.heads().length, count)

  const change = append(log, alpha, { author: undefined, claimedAt: NOON, content: aPost('all') })

  t.equal(change.deps.length, CHANGE_DEPENDENCIES_MAX - 1)
  t.ok(change.deps.includes(must(log.find(anActor(`writer ${count - 1}`), 1), 'there').hash))
  t.ok(readChange(change.bytes))
  t.equal(log.heads().length, count - CHANGE_DEPENDENCIES_MAX + 2)
  append(log, alpha, { author: undefined, claimedAt: NOON, content: aPost('again') })
  t.equal(log.heads().length, 1)
  const copy = openLog(DIRECTORY)
  takeOver(copy, log)
  t.strictSame(copy.heads(), log.heads())
})

test('a composition with more dependencies than a change may have, or unknown ones, comes to nothing', async (t) => {
  const log = openLog(DIRECTORY)
  const hashes: ChangeHash[] = []
  for (let index = 0; index <= CHANGE_DEPENDENCIES_MAX; index += 1) {
    const apart = openLog(DIRECTORY)
    const change = apart.next(anActor(`writer ${index}`), Uint8Array.of(1))
    take(log, change)
    hashes.push(change.hash)
  }
  const value = Uint8Array.of(1)

  t.equal(log.compose({ actor: alpha, seq: 1, seen: hashes, value }), undefined)
  t.ok(log.compose({ actor: alpha, seq: 1, seen: hashes.slice(1), value }))
  t.equal(log.compose({ actor: alpha, seq: 1, seen: [], value }), undefined)
  t.equal(log.compose({ actor: alpha, seq: 2, seen: hashes.slice(1), value }), undefined)
  t.equal(
    log.compose({ actor: alpha, seq: 1, seen: ['0'.repeat(64) as ChangeHash], value }),
    undefined,
  )
})

test('what is added to a scratch is seen there and not in its log', async (t) => {
  const { whole } = aPair()
  const scratch = openScratch(whole)
  const before = whole.size()
  const seen = whole.heads()

  const change = must(
    scratch.compose({ actor: alpha, seq: 3, seen, value: Uint8Array.of(1) }),
    'all it depends on is there',
  )
  scratch.add(change)

  t.equal(change.hash, whole.next(alpha, Uint8Array.of(1)).hash)
  t.equal(scratch.find(alpha, 3), change)
  t.ok(scratch.compose({ actor: alpha, seq: 4, seen: [], value: Uint8Array.of(2) }))
  t.equal(whole.size(), before)
  t.equal(whole.find(alpha, 3), undefined)
  t.notOk(whole.has(change.hash))
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
