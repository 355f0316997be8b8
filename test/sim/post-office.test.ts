import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { NodeId } from '#base/ids.ts'
import { parcel } from '../support/carrier-side.ts'
import { ahead, nextFor, withAccepted, type Cursor } from './cursor.ts'
import { openPostOffice, type PostOffice } from './post-office.ts'

const alpha = 'alpha' as NodeId
const bravo = 'bravo' as NodeId

test('a number is taken once: the same bytes again are no harm, others are refused', async (t) => {
  const office = openPostOffice()

  t.equal(office.put(alpha, parcel('report'), 0), 'departed')
  t.equal(office.put(alpha, parcel('report'), 1), 'departed')
  t.match(office.put(alpha, parcel('other'), 2), { code: 'ALREADY_EXISTS' })
  t.equal(office.put(bravo, parcel('other'), 3), 'departed', 'another sender has its own numbers')
  t.equal(office.put(alpha, parcel('other', { lane: 'flash' }), 4), 'departed', 'so has a lane')

  t.equal(office.next(1, bravo)?.sequence, 3)
})

test('a power failure takes back what was stored last, and whoever was further goes back', async (t) => {
  const office = aFilledOffice([10, 20, 30, 40])
  const before = office.resume({ ...office.start(), sequence: 4 })

  const lost = office.failPower(25)
  office.put(alpha, parcel('new', { number: 9 }), 50)

  t.equal(lost, 2)
  t.equal(before.sequence, 4)
  t.equal(office.resume(before).sequence, 2, 'what stands at 3 now is new')
  t.equal(office.resume({ ...before, sequence: 1 }).sequence, 1)
  t.equal(office.resume(office.resume(before)).sequence, 2)
})

test('a post office made anew is read from its start', async (t) => {
  const office = aFilledOffice([10, 20])
  const place = office.resume({ ...office.start(), sequence: 2 })

  office.wipe()

  t.equal(office.next(0, bravo), undefined)
  t.equal(office.resume(place).sequence, 0)
})

test('a cursor passes only what was accepted', async (t) => {
  const office = aFilledOffice([1, 2, 3, 4])
  const at = { office, reader: bravo }
  const start: Cursor = { place: office.resume(undefined), beyond: [], told: office.start() }

  const two = withAccepted(start, 2, at)
  const three = withAccepted(two, 3, at)
  const all = withAccepted(three, 1, at)

  t.match(two, { place: { sequence: 0 }, beyond: [2] })
  t.match(three, { place: { sequence: 0 }, beyond: [2, 3] })
  t.match(all, { place: { sequence: 3 }, beyond: [] })
  t.equal(nextFor(two, new Set([1]), at)?.sequence, 3)
  t.equal(ahead(all, 4).place.sequence, 7, 'a planted lie is further than the truth')
})

test('parcels of the reader itself are passed over', async (t) => {
  const office = aFilledOffice([1, 2])
  office.put(bravo, parcel('own', { number: 0 }), 3)
  office.put(alpha, parcel('last', { number: 7 }), 4)
  const start: Cursor = {
    place: { ...office.start(), sequence: 2 },
    beyond: [],
    told: office.start(),
  }

  const next = must(nextFor(start, new Set(), { office, reader: bravo }), 'alpha wrote more')

  t.equal(next.sequence, 4)
  t.equal(withAccepted(start, 4, { office, reader: bravo }).place.sequence, 4)
})

function aFilledOffice(times: readonly number[]): PostOffice {
  const office = openPostOffice()
  for (const [number, at] of times.entries())
    office.put(alpha, parcel(`report ${number}`, { number }), at)
  return office
}
