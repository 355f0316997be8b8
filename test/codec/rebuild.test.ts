/** From a delta back to the very same changes, or to a plain word on what is missing; never to anything else. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { hexFromBytes } from '#base/bytes.ts'
import type { ActorId, DocumentId } from '#base/ids.ts'
import { decodeDelta, type Delta, type DeltaRecord } from '#codec/delta.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import { DIRECTORY, segmentDocument } from '#model/document-id.ts'
import {
  covers,
  countBeyond,
  meetClocks,
  openLog,
  type Clock,
  type Log,
  type Logged,
} from '#model/log.ts'
import { anyHistory, play, takeOver, type Step } from '../support/histories.ts'
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

      const rebuilt = rebuildDelta(sent(ours, changes, actorAt(from)), theirs)

      assert.ok(rebuilt.ok)
      assert.deepEqual(rebuilt.changes.map(plain), changes.map(plain))
      for (const change of changes.values()) {
        const newest = must(
          changes.findLast(({ actor }) => actor === change.actor),
          'there',
        )
        assert.equal(rebuilt.newest.get(change.actor)?.hash, newest.hash)
      }
      const copy = openLog(document)
      takeOver(copy, theirs)
      for (const change of rebuilt.changes) copy.add(change)
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
      const replica = openLog(segment)
      for (const change of all.slice(0, Math.max(sentFrom, has))) replica.add(change)
      const known = replica.size()

      const rebuilt = rebuildDelta(sent(whole, all.slice(sentFrom), actorAt(0)), replica)

      assert.ok(rebuilt.ok)
      assert.deepEqual(rebuilt.changes.map(plain), all.slice(known).map(plain))
      assert.equal(replica.size(), known, 'rebuilding touches nothing')
    }),
    200,
  )
})

test('what is missing is told by actor and number, and once it is there the delta is rebuilt', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), fc.nat(16), fc.nat(16), (steps, sentFrom, has) => {
      const { whole } = play(segment, actors, steps)
      const all = whole.since({})
      fc.pre(sentFrom < all.length)
      const replica = openLog(segment)
      for (const change of all.slice(0, Math.min(has, sentFrom))) replica.add(change)
      const delta = sent(whole, all.slice(sentFrom), actorAt(0))

      let rounds = 0
      for (;;) {
        const rebuilt = rebuildDelta(delta, replica)
        if (rebuilt.ok) break
        assert.equal(rebuilt.reason, 'missing')
        const { wanted } = rebuilt
        assert.ok(Object.keys(wanted).length > 0)
        for (const [actor, seq] of Object.entries(wanted)) {
          assert.ok(covers(whole.clock(), actor as ActorId, seq), 'only what there is')
          assert.ok(!covers(replica.clock(), actor as ActorId, seq), 'only what is missing')
        }
        assert.equal(countBeyond(meetClocks(wanted, clockOf(all.slice(0, sentFrom))), wanted), 0)
        fetch(replica, whole, wanted)
        rounds += 1
        assert.ok(rounds <= all.length)
      }
    }),
    200,
  )
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
    const rebuilt = rebuildDelta(delta, openLog(segment))
    if (!rebuilt.ok) continue
    for (const { hash } of rebuilt.newest.values()) {
      // Whoever is vouched for at the newest change is honest in all before it.
      if (honest.has(hash)) continue
      passed.push(place)
      break
    }
    for (const change of rebuilt.changes) {
      const newest = must(rebuilt.newest.get(change.actor), 'every actor has a newest change')
      assert.ok(newest.seq >= change.seq)
      if (honest.has(newest.hash)) assert.ok(honest.has(change.hash))
    }
  }

  t.ok(passed.length > 0, 'some changed entries are well-formed, only the signature can tell')
})

test('an old signature of an actor cannot stand for a newer change', async (t) => {
  const { whole } = play(segment, actors, talk)
  const changes = whole.since({})
  const known = must(
    changes.find(({ actor }) => actor === actorAt(1)),
    'bravo writes',
  )
  const forged: DeltaRecord = {
    actor: actorAt(1),
    seq: 1 + changes.filter(({ actor }) => actor === actorAt(1)).length,
    seesPrevious: false,
    sees: [],
    value: Uint8Array.of(1),
  }
  const old = { ...forged, seq: known.seq, value: known.value }

  const rebuilt = rebuildDelta(
    { document: segment, records: [forged, old], attestations: new Map() },
    whole,
  )

  t.equal(rebuilt.ok && rebuilt.newest.get(actorAt(1))?.seq, forged.seq)
})

test('references to what cannot be are malformed, not missing', async (t) => {
  const record = {
    actor: actorAt(0),
    seq: 1,
    seesPrevious: false,
    sees: [],
    value: Uint8Array.of(1),
  }
  const wrongs: readonly (readonly DeltaRecord[])[] = [
    [record],
    [{ ...record, seesPrevious: true }],
    [{ ...record, sees: [{ kind: 'back', steps: 1 }] }],
    [
      { ...record, sees: [{ kind: 'genesis' }] },
      { ...record, actor: actorAt(1), sees: [{ kind: 'back', steps: 2 }] },
    ],
  ]

  for (const records of wrongs) {
    const delta = { document: segment, records, attestations: new Map() }
    t.strictSame(rebuildDelta(delta, openLog(segment)), { ok: false, reason: 'malformed' })
  }
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

function plain({
  bytes,
  hash,
  endOp,
}: {
  bytes: Uint8Array
  hash: string
  endOp: number
}): unknown {
  return { bytes: hexFromBytes(bytes), hash, endOp }
}

function clockOf(changes: readonly Logged[]): Clock {
  return Object.fromEntries(changes.map(({ actor, seq }) => [actor, seq]))
}

/** Takes over from `from` what `wanted` names, with all it depends on. */
function fetch(into: Log, from: Log, wanted: Clock): void {
  const needed = new Set<string>()
  for (const change of from.since({}).toReversed()) {
    if (wanted[change.actor] === change.seq || needed.has(change.hash)) {
      for (const hash of change.deps) needed.add(hash)
      needed.add(change.hash)
    }
  }
  for (const change of from.since(into.clock())) if (needed.has(change.hash)) into.add(change)
}
