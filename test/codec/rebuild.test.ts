/** From a delta back to the very same changes, or to a plain word on what is missing; never to anything else. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { hexFromBytes } from '#base/bytes.ts'
import type { ActorId, DocumentId } from '#base/ids.ts'
import { decodeDelta, type Delta } from '#codec/delta.ts'
import { rebuildDelta, type Rebuilt } from '#codec/rebuild.ts'
import type { Change } from '#model/change.ts'
import { DIRECTORY, segmentDocument } from '#model/document-id.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
import { anyHistory, append, play, takeOver, type Step } from '../support/histories.ts'
import { flip, holds } from '../support/property.ts'
import { actorAt, actors, aDeltaBody, aRoster, ops } from '../support/wire.ts'

const segment = segmentDocument(ops, 'routine', 3)
const anyPlace = fc.constantFrom(segment, DIRECTORY)

test('a delta from any replica’s clock is rebuilt byte for byte, in any direction', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), anyPlace, fc.nat(3), fc.nat(3), (steps, document, from, to) => {
      const { replicas } = play(document, actors, steps)
      const [ours, theirs] = [must(replicas[from], 'there'), must(replicas[to], 'there')]
      const changes = ours.since(theirs.clock())

      fc.pre(changes.length > 0)
      const rebuilt = rebuildDelta(sent(ours, changes, actorAt(from)), theirs)

      const copy = openLog(document)
      takeOver(copy, theirs)
      for (const run of rebuilt) {
        assert.equal(run.kind, 'good')
        const wanted = changes.filter(({ actor }) => actor === run.actor)
        assert.deepEqual(freshOf(run).map(plain), wanted.map(plain))
        assert.equal(run.kind === 'good' && run.newest.hash, wanted.at(-1)?.hash)
        for (const change of freshOf(run)) copy.add(change)
      }
      takeOver(ours, theirs)
      assert.deepEqual(copy.heads(), ours.heads())
    }),
    200,
  )
})

test('changes that are there already do no harm, wherever the delta begins', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), fc.nat(16), fc.nat(16), (steps, sentFrom, has) => {
      const { whole } = play(segment, actors, steps)
      const all = whole.since({})
      fc.pre(sentFrom < all.length)
      const replica = openLog(segment)
      for (const change of all.slice(0, Math.max(sentFrom, has))) replica.add(change)
      const known = replica.size()

      const rebuilt = rebuildDelta(sent(whole, all.slice(sentFrom), actorAt(0)), replica)

      const fresh = new Set(rebuilt.flatMap(freshOf).map(({ hash }) => hash))
      assert.deepEqual(fresh, new Set(all.slice(known).map(({ hash }) => hash)))
      for (const run of rebuilt) {
        const newest = all.findLast(({ actor }) => actor === run.actor)
        assert.equal(run.kind === 'good' && run.newest.hash, newest?.hash)
      }
      assert.equal(replica.size(), known, 'rebuilding touches nothing')
    }),
    200,
  )
})

test('each run waits for the changes of its own actor only, and tells up to which', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), fc.nat(16), fc.nat(16), (steps, sentFrom, has) => {
      const { whole } = play(segment, actors, steps)
      const all = whole.since({})
      fc.pre(sentFrom < all.length)
      const replica = openLog(segment)
      for (const change of all.slice(0, Math.min(has, sentFrom))) replica.add(change)

      for (const run of rebuildDelta(sent(whole, all.slice(sentFrom), actorAt(0)), replica)) {
        const isTheirs = ({ actor }: Logged): boolean => actor === run.actor
        const [before, here] = [all.slice(0, sentFrom), replica.since({})].map(
          (changes) => changes.filter(isTheirs).length,
        )
        if (here === before) assert.equal(run.kind, 'good')
        else assert.deepEqual(run, { kind: 'missing', actor: run.actor, wanted: before })
      }
    }),
    200,
  )
})

test('a run with another change under a number that is here is another branch, seen from either side', async (t) => {
  const [ours, theirs] = [openLog(segment), openLog(segment)]
  for (const log of [ours, theirs]) say(log, 'before the split')
  const split = [say(ours, 'here'), say(ours, 'here too'), say(theirs, 'there')]

  for (const [from, to] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    const branch = from.since({}).slice(1)
    const [run] = rebuildDelta(sent(from, from.since({}), actorAt(0)), to)
    t.match(run, { kind: 'forked', actor: actorAt(0), seq: 2, newest: { hash: from.heads()[0] } })
    t.strictSame(run?.kind === 'forked' && run.branch.map(plain), branch.map(plain))
  }
  t.equal(split.length, ours.size() + theirs.size() - 2)
})

test('a branch that begins behind what is here in common cannot be told from forged changes', async (t) => {
  const [ours, theirs] = [openLog(segment), openLog(segment)]
  say(ours, 'here')
  say(theirs, 'there')
  const last = say(theirs, 'and on')

  const [run] = rebuildDelta(sent(theirs, [last], actorAt(0)), ours)

  t.match(run, { kind: 'good', changes: [{ seq: 2 }] })
  t.not(run?.kind === 'good' && run.newest.hash, last.hash, 'so its signature does not hold')
})

test('another branch of one actor does not touch the runs of others', async (t) => {
  const { whole } = play(segment, actors, talk)
  const other = openLog(segment)
  say(other, 'the other alpha')

  const rebuilt = rebuildDelta(sent(whole, whole.since({}), actorAt(2)), other)

  t.strictSame(rebuilt.map(({ actor, kind }) => `${actors.indexOf(actor)} ${kind}`).toSorted(), [
    '0 forked',
    '1 good',
    '2 good',
  ])
})

test('a delta with one byte changed makes the same changes, none, or such as no signature covers', async (t) => {
  const { whole } = play(segment, actors, talk)
  const changes = whole.since({})
  const honest = new Set(changes.map(({ hash }) => hash))
  const body = aDeltaBody(whole, changes, actorAt(0))
  const passed: number[] = []
  for (let place = 0; place < body.length; place += 1) {
    const delta = decoded(flip(body, place, 1 << (place % 8)), segment)
    if (delta === undefined) continue
    for (const run of rebuildDelta(delta, openLog(segment))) {
      if (run.kind !== 'good') continue
      // Whoever is vouched for at the newest change is honest in all before it.
      if (honest.has(run.newest.hash)) assert.ok(run.changes.every(({ hash }) => honest.has(hash)))
      else passed.push(place)
    }
  }

  t.ok(passed.length > 0, 'some changed entries are well-formed, only the signature can tell')
})

const talk: readonly Step[] = Array.from({ length: 9 }, (_, index) => ({
  writer: index % 3,
  hears: (index + 1) % 3,
  seconds: index * 50,
  body: `Lorry ${index} is at the ford`,
}))

function sent(log: Log, changes: readonly Logged[], sender: ActorId): Delta {
  return must(decoded(aDeltaBody(log, changes, sender), log.document, sender), 'it is well-formed')
}

function decoded(body: Uint8Array, document: DocumentId, sender = actorAt(0)): Delta | undefined {
  const scope = document === DIRECTORY ? 'directory' : ops
  const read = decodeDelta(body, { scope, sender, roster: aRoster() })
  return read.ok ? read.delta : undefined
}

function say(log: Log, body: string): Logged {
  const content = { kind: 'post' as const, body, root: undefined }
  return append(log, actorAt(0), { author: undefined, claimedAt: 1_793_534_400_000, content })
}

function freshOf(run: Rebuilt): readonly Change[] {
  return run.kind === 'good' ? run.changes : []
}

function plain({ bytes, hash, seq }: Change): unknown {
  return { bytes: hexFromBytes(bytes), hash, seq }
}
