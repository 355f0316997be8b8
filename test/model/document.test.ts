/** Snapshots: what Automerge makes of a log is what the log says, and no damaged bytes pass for good ones. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { foldDocument, loadDocument, readSnapshot } from '#model/document.ts'
import { segmentDocument } from '#model/document-id.ts'
import { idFromBytes, type ActorId, type ChannelId } from '#base/ids.ts'
import { openLog, type Log } from '#model/log.ts'
import { anActor, anyHistory, play, type Step } from '../support/histories.ts'
import { seedOf } from '../support/organisation.ts'
import { flip, holds } from '../support/property.ts'

const ops = idFromBytes<ChannelId>(seedOf('channel ops').subarray(0, 16))
const document = segmentDocument(ops, 'routine', 0)
const actors = ['alpha', 'bravo', 'charlie'].map(anActor)

test('a folded log is read back the same, and Automerge itself reads the same lists', async (t) => {
  holds(
    t,
    fc.property(anyHistory(12), (steps) => {
      const { whole } = play(document, actors, steps)

      const snapshot = must(foldDocument(whole), 'Automerge arrives at the same heads')

      const { log, snapshotSize, damage } = loadDocument(document, snapshot, { loose: [] })
      assert.equal(damage, 'none')
      assert.equal(snapshotSize, steps.length)
      assert.deepEqual(log.heads(), whole.heads())
      assert.deepEqual(listsOf(log), listsOf(whole))
      assert.deepEqual(readSnapshot(snapshot), listsOf(whole))
    }),
    40,
  )
})

test('Automerge folds and loads lists that know nothing of each other, however many', async (t) => {
  const log = openLog(document)
  const writers = Array.from({ length: 50 }, (_, index) => anActor(`writer ${index}`))
  for (let round = 0; round < 20; round += 1)
    for (const actor of writers) log.add(log.next(actor, Uint8Array.of(round)))

  const loaded = loadDocument(document, must(foldDocument(log), 'it folds'), { loose: [] })

  t.equal(loaded.damage, 'none')
  t.equal(loaded.log.size(), 1_000)
  t.strictSame(loaded.log.heads(), log.heads())
  t.equal(log.heads().length, 50)
})

test('loose changes go on where the snapshot ends, and those already in it do no harm', async (t) => {
  const { whole } = play(document, actors, talk)
  const changes = whole.since({})
  const half = openLog(document)
  for (const change of changes.slice(0, 6)) half.add(change)

  const loose = changes.slice(4).map(({ bytes }) => bytes)
  const { log, snapshotSize, damage } = loadDocument(document, foldDocument(half), { loose })

  t.equal(damage, 'none')
  t.equal(snapshotSize, 6)
  t.strictSame(log.heads(), whole.heads())
})

test('a document of which nothing is stored is its genesis', async (t) => {
  const { log, damage } = loadDocument(document, undefined, { loose: [] })

  t.equal(damage, 'none')
  t.strictSame(log.heads(), [log.genesis.hash])
  t.strictSame(readSnapshot(must(foldDocument(log), 'it folds')), {})
})

test('a snapshot with any bit turned is reported or reads the same; nothing else comes of it', async (t) => {
  const { whole } = play(document, actors, talk)
  const snapshot = must(foldDocument(whole), 'it folds')
  const wrong: string[] = []
  let reported = 0
  for (let place = 0; place < snapshot.length; place += 1) {
    const { log, damage } = loadDocument(document, flip(snapshot, place, 1 << (place % 8)), {
      loose: [],
    })
    if (damage !== 'none') reported += 1
    else if (log.heads().join() !== whole.heads().join()) wrong.push(`byte ${place}`)
  }

  t.strictSame(wrong, [])
  t.ok(reported > snapshot.length * 0.9, `${reported} of ${snapshot.length} were reported`)
})

test('a snapshot that is cut short, empty or something else is reported', async (t) => {
  const { whole } = play(document, actors, talk)
  const snapshot = must(foldDocument(whole), 'it folds')

  for (const length of [0, 1, 8, 100, snapshot.length - 1]) {
    const { damage } = loadDocument(document, snapshot.subarray(0, length), { loose: [] })
    t.equal(damage, 'snapshot', `${length} bytes`)
  }
  t.equal(loadDocument(document, Uint8Array.of(1, 2, 3), { loose: [] }).damage, 'snapshot')
})

test('the snapshot of another document is reported', async (t) => {
  const other = segmentDocument(ops, 'routine', 1)
  const { whole } = play(other, actors, talk)

  t.equal(loadDocument(document, foldDocument(whole), { loose: [] }).damage, 'snapshot')
})

test('a loose change with any bit turned is reported, and what came before it is there', async (t) => {
  const { whole } = play(document, actors, talk)
  const loose = whole.since({}).map(({ bytes }) => bytes)
  const last = must(loose.at(-1), 'there is one')

  for (let place = 0; place < last.length; place += 1) {
    const stored = [...loose.slice(0, -1), flip(last, place, 1 << (place % 8))]
    const { log, damage } = loadDocument(document, undefined, { loose: stored })
    if (damage !== 'loose changes' || log.size() !== loose.length - 1) t.fail(`byte ${place}`)
  }
  t.equal(last.length > 100, true, 'and there were bytes to turn')
})

test('a missing loose change is reported', async (t) => {
  const { whole } = play(document, actors, talk)
  const loose = whole.since({}).map(({ bytes }) => bytes)

  const { log, damage } = loadDocument(document, undefined, { loose: loose.toSpliced(2, 1) })

  t.equal(damage, 'loose changes')
  t.ok(log.size() >= 2)
})

const talk: readonly Step[] = Array.from({ length: 10 }, (_, index) => ({
  writer: index,
  hears: index + 1,
  seconds: index * 40,
  body: `Convoy ${index} has passed the ford and goes on to the depot.`,
}))

function listsOf(log: Log): Record<string, Uint8Array[]> {
  const lists: Record<string, Uint8Array[]> = {}
  for (const actor of Object.keys(log.clock()) as ActorId[]) {
    const changes = log.since({}).filter((change) => change.actor === actor)
    lists[actor] = changes.map(({ value }) => Uint8Array.from(value))
  }
  return lists
}
