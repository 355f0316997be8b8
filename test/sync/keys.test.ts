import { test } from 'tap'
import fc from 'fast-check'
import type { ActorId, DocumentId } from '#base/ids.ts'
import type { PeerId } from '#ports/carrier.ts'
import { key, padded, range, within } from '#sync/keys.ts'
import { holds } from '../support/property.ts'

const actor = '00112233445566778899aabb' as ActorId
const bravo = 'bravo' as PeerId

test('keys with numbers stand in the order of the numbers', async (t) => {
  const number = fc.nat({ max: 999_999_999_999 })

  holds(
    t,
    fc.property(number, number, (a, b) => padded(a) < padded(b) === a < b),
  )
  t.equal(padded(-5), padded(0), 'a time before 1970 is as early as can be')
})

test('a range holds what is in its folder and nothing beside it', async (t) => {
  const { from, to } = within('peer/')
  const isInside = (place: string): boolean => place >= from && place < to

  t.ok(isInside(key.peer(bravo)))
  t.notOk(isInside('peer'))
  t.notOk(isInside('peers/x'))
  t.notOk(isInside('peer0'))
})

test('a document does not see the keys of one whose name begins like its own', async (t) => {
  const first = 's.x.3.1' as DocumentId
  const { from, to } = range.loose(first)
  const tenth = key.loose('s.x.3.10' as DocumentId, 0)

  t.notOk(tenth >= from && tenth < to)
})

test('departures from a number on leave out earlier ones', async (t) => {
  const document = 's.x.3.1' as DocumentId
  const { from, to } = range.departures(document, actor, 5)

  t.notOk(key.departure(document, actor, 4) >= from)
  t.ok(key.departure(document, actor, 5) >= from && key.departure(document, actor, 500) < to)
})

test('an outbox lists the urgent lanes first', async (t) => {
  const keys = (['routine', 'flash', 'priority', 'immediate'] as const).map((lane) =>
    key.outbox(bravo, lane, 'd' as DocumentId),
  )

  t.strictSame(
    keys.toSorted().map((place) => place.split('/')[2]),
    ['0', '1', '2', '3'],
  )
})
