/** The trail of a list: what it is made of, that every replica finds the same, and what is left of it where some was purged. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromHex, bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { DocumentId } from '#base/ids.ts'
import { openLog, type Log } from '#model/log.ts'
import { stubFrom } from '#model/stretch.ts'
import { changeAfter, stepOf, trailAfter, trailFrom, upTo } from '#model/trail.ts'
import { anActor, anyHistory, play, take } from '../support/histories.ts'
import { holds } from '../support/property.ts'

const actors = [anActor('alpha'), anActor('bravo'), anActor('charlie')]
const document = 's.eeeeeeeeeeeeeeeeeeeeeg.0.0' as DocumentId
const [alpha] = actors

test('a step is a hash of the hash, and a trail of the trail before and the step', async (t) => {
  const { whole } = play(document, actors, [
    { writer: 0, hears: 0, seconds: 1, body: 'one' },
    { writer: 0, hears: 0, seconds: 2, body: 'two' },
  ])
  let trail = bytesFromHex(whole.genesis.hash)
  for (const { hash } of whole.since({})) {
    const step = sha256(bytesFromText('holdfast step 1'), bytesFromHex(hash))
    trail = sha256(bytesFromText('holdfast trail 1'), trail, step)
  }

  t.equal(whole.trail(must(alpha, 'the first'), 2), hexFromBytes(trail))
  t.equal(whole.trail(must(alpha, 'the first'), 3), undefined)
  t.equal(whole.trail(must(actors[1], 'the second'), 0), whole.genesis.hash)
})

test('whatever is asked for first, all replicas have the same trails, and from each of them steps lead to the later ones', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), fc.nat(20), (steps, first) => {
      const { whole } = play(document, actors, steps)
      const other = openLog(document)
      for (const change of whole.since({})) {
        take(other, change)
        other.trail(change.actor, first)
      }
      for (const actor of actors) {
        const list = whole.since({}).filter((change) => change.actor === actor)
        const from = Math.min(first, list.length)
        const later = list.slice(from).map(({ hash }) => stepOf(hash))
        const { trail } = upTo(whole, { actor, seq: from })
        assert.equal(trailAfter(trail, later), other.trail(actor, list.length))
      }
    }),
  )
})

test('what comes after a stub has its trail, and inside of it nobody knows one', async (t) => {
  const whole = listOf(6)
  const actor = must(alpha, 'the first')
  const stub = must(stubFrom(whole, { actor, from: 2, to: 4 }), 'it is all there')
  const log = openLog(document, { stubs: [stub] })
  for (const change of whole.since({}))
    if (change.seq > (log.last(actor)?.seq ?? 0)) log.add(change)

  const trails = [0, 1, 2, 3, 4, 5, 6, 7].map((seq) => log.trail(actor, seq))

  t.strictSame(
    trails,
    [0, 1, 2, 3, 4, 5, 6, 7].map((seq) =>
      seq === 2 || seq === 3 ? undefined : whole.trail(actor, seq),
    ),
  )
})

test('a change that goes on from another one brings its trail', async (t) => {
  const whole = listOf(2)
  const actor = must(alpha, 'the first')
  const start = { seq: 0, hash: whole.genesis.hash, trail: trailFrom(whole.genesis.hash) }
  let at: Parameters<typeof changeAfter>[0] = start
  for (const { value, hash } of whole.since({})) {
    const change = changeAfter(at, { actor, value })
    t.equal(change.hash, hash)
    t.equal(change.trail, whole.trail(actor, change.seq))
    at = change
  }
})

function listOf(length: number): Log {
  const said = Array.from({ length }, (_, at) => ({ writer: 0, hears: 0, seconds: at, body: 'x' }))
  return play(document, actors, said).whole
}
