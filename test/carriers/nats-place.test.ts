import fc from 'fast-check'
import { test } from 'tap'
import {
  bytesFromPlace,
  NOWHERE,
  placeFromBytes,
  placeKey,
  withMark,
  type Mark,
  type Place,
} from '#carriers/nats-place.ts'
import { holds } from '../support/property.ts'

const mark = (seq: number): Mark => ({ seq, subject: `a.3.1.k3x9q${seq}` })

const aPlace: fc.Arbitrary<Place> = fc.record(
  {
    cursor: fc.maxSafeNat(),
    marks: fc.array(
      fc.record(
        { seq: fc.maxSafeNat(), subject: fc.string(), storedAt: fc.string() },
        { requiredKeys: ['seq', 'subject'] },
      ),
    ),
    servers: fc.array(fc.string()),
    accepted: fc.array(fc.string()),
    mayHaveForgotten: fc.boolean(),
    streamMadeAt: fc.string(),
  },
  {
    requiredKeys: ['cursor', 'marks', 'servers', 'accepted', 'mayHaveForgotten'],
    noNullPrototype: true,
  },
)

test('a place survives the disk', async (t) => {
  holds(
    t,
    fc.property(aPlace, (place) => {
      const read = placeFromBytes(bytesFromPlace(place))
      return JSON.stringify(read) === JSON.stringify(reordered(place))
    }),
  )
})

test('bytes that are no place are told from one', async (t) => {
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"version":2,"cursor":0,"marks":[],"servers":[],"accepted":[]}',
    '{"version":1,"cursor":"0","marks":[],"servers":[],"accepted":[]}',
    '{"version":1,"cursor":0,"marks":[{"seq":1}],"servers":[],"accepted":[]}',
    '{"version":1,"cursor":0,"marks":[],"servers":[1],"accepted":[]}',
  ])
    t.equal(placeFromBytes(Buffer.from(text)), undefined, text)
})

test('the place of each workspace has a key of its own', async (t) => {
  t.equal(placeKey('carrier/nats/', 'ops'), 'carrier/nats/place/ops')
})

test('older marks stay a hundred numbers apart, and not more than eight in all', async (t) => {
  let marks: readonly Mark[] = []
  for (let seq = 1; seq <= 2_000; seq += 1) marks = withMark(marks, mark(seq))

  t.equal(marks.length, 8)
  t.equal(marks.at(-1)?.seq, 2_000)
  const seqs = marks.slice(0, -1).map(({ seq }) => seq)
  t.ok(seqs.slice(1).every((seq, at) => seq - (seqs[at] ?? 0) >= 100))
})

test('a mark that is older than the newest changes nothing; the same one may bring its time', async (t) => {
  const marks = [mark(5)]

  t.equal(withMark(marks, mark(4)), marks)
  t.strictSame(withMark(marks, { ...mark(5), storedAt: 'then' }), [
    { ...mark(5), storedAt: 'then' },
  ])
})

test('nowhere is before everything', async (t) => {
  t.equal(NOWHERE.cursor, 0)
})

/** The keys in the order in which they are read. */
function reordered({ cursor, marks, servers, accepted, mayHaveForgotten, ...rest }: Place): Place {
  return { cursor, marks, servers, accepted, mayHaveForgotten, ...rest }
}
