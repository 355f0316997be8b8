/** Stubs in the place of what was purged: the rest of a list keeps its hashes, and a document without it is kept and read again. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { DocumentId } from '#base/ids.ts'
import { foldDocument, loadDocument } from '#model/document.ts'
import { openLog, type Log } from '#model/log.ts'
import { fits, lackingOf, stubFrom } from '#model/stretch.ts'
import { coveredWith, joinStubs, type Stub } from '#model/stub.ts'
import { anActor, anyHistory, play, type Step } from '../support/histories.ts'
import { holds } from '../support/property.ts'

const actors = [anActor('alpha'), anActor('bravo'), anActor('charlie')]
const document = 's.eeeeeeeeeeeeeeeeeeeeeg.0.0' as DocumentId
const cuts = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 12 }), fc.nat(4)), {
  maxLength: 5,
})

function said(seconds: number): Step {
  return { writer: 0, hears: 0, seconds, body: `number ${seconds}` }
}

function left({ since }: Log): readonly string[] {
  return since({}).map(({ hash }) => hash)
}

/** The stretches that are there. */
function stubsOf(whole: Log, wanted: readonly (readonly [number, number, number])[]): Stub[] {
  return wanted.flatMap(([who, from, more]) => {
    const actor = must(actors[who], 'there are three')
    const stub = stubFrom(whole, { actor, from, to: from + more })
    return stub === undefined ? [] : [stub]
  })
}

/** What is left of a log. */
function without(whole: Log, stubs: readonly Stub[]): Log {
  const log = openLog(document, { stubs: joinStubs(stubs) })
  for (const change of whole.since({}))
    if (change.seq > (log.last(change.actor)?.seq ?? 0)) log.add(change)
  return log
}

test('heads and clock stay, what is left has its bytes, and what is purged is not there', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), cuts, (steps, wanted) => {
      const { whole } = play(document, actors, steps)
      const stubs = stubsOf(whole, wanted)
      const log = without(whole, stubs)
      assert.deepEqual(log.heads(), whole.heads())
      assert.deepEqual(log.clock(), whole.clock())
      for (const actor of actors) assert.deepEqual(log.context(actor), whole.context(actor))
      for (const change of whole.since({})) {
        const isGone = stubs.some(
          ({ actor, from, to }) => actor === change.actor && from <= change.seq && change.seq <= to,
        )
        assert.equal(log.find(change.actor, change.seq)?.hash, isGone ? undefined : change.hash)
      }
    }),
  )
})

test('a snapshot holds nothing of what was purged, is the same whatever came first, and gives the rest back', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), cuts, (steps, wanted) => {
      const { whole } = play(document, actors, steps)
      const stubs = stubsOf(whole, wanted)
      const log = without(whole, stubs)
      const snapshot = must(foldDocument(log), 'it folds')
      const other = without(whole, stubs.toReversed())
      assert.deepEqual(foldDocument(other), snapshot)
      const loaded = loadDocument(document, snapshot, { loose: [], stubs: log.stubs })
      assert.equal(loaded.damage, 'none')
      assert.deepEqual(loaded.log.heads(), whole.heads())
      assert.deepEqual(left(loaded.log).toSorted(), left(log).toSorted())
    }),
  )
})

test('stubs that overlap or lie side by side are one, whatever came first', async (t) => {
  holds(
    t,
    fc.property(
      anyHistory(),
      cuts,
      fc.array(fc.nat(), { maxLength: 5 }),
      (steps, wanted, order) => {
        const { whole } = play(document, actors, steps)
        const stubs = stubsOf(whole, wanted)
        const joined = joinStubs(stubs)
        const other = stubs.toSorted((a, b) => (order[a.from] ?? 0) - (order[b.from] ?? 0))
        assert.deepEqual(joinStubs(other.flatMap((one) => joinStubs([one, ...other]))), joined)
        for (const one of joined) assert.deepEqual(stubFrom(whole, one), one)
      },
    ),
  )
})

test('a stub that tells of a list otherwise than that is here does not fit', async (t) => {
  const { whole } = play(document, actors, [said(1), said(2), said(3), said(4)])
  const actor = must(actors[0], 'the first')
  const stub = must(stubFrom(whole, { actor, from: 2, to: 3 }), 'it is all there')
  const wrong = '1'.repeat(64) as Stub['hash']

  t.ok(fits(whole, stub))
  t.notOk(fits(whole, { ...stub, hash: wrong }))
  t.notOk(fits(whole, { ...stub, previous: wrong }))
  t.notOk(fits(whole, { ...stub, after: { ...stub.after, seconds: stub.after.seconds + 1 } }))
  t.ok(fits(openLog(document), stub), 'nothing is here that it contradicts')
})

test('of a stretch that is held, what is not here is a stub, and a peer is taken to have what it gets by the order', async (t) => {
  const { whole } = play(document, actors, [said(1), said(2), said(3), said(4)])
  const actor = must(actors[0], 'the first')
  const stub = must(stubFrom(whole, { actor, from: 2, to: 4 }), 'it is all there')
  const log = openLog(document)
  for (const change of whole.since({}).slice(0, 3)) log.add(change)

  t.match(lackingOf(log, stub), { from: 4, to: 4, hash: stub.hash })
  t.equal(lackingOf(whole, stub), undefined)
  t.strictSame(coveredWith([stub], { [actor]: 1 }), { [actor]: 4 })
  t.strictSame(coveredWith([stub], {}), {})
})
