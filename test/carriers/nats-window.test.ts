import { test } from 'tap'
import {
  firstPace,
  paceAfter,
  paceAfterAnswer,
  patienceMs,
  roomOn,
  waitMs,
  type Pace,
} from '#carriers/nats-window.ts'

/** 600 ms there and back, 22 kbit/s. */
const satellite: Pace = { rttMs: 600, bytesPerSecond: 2_750, samples: [] }

test('a parcel takes about 2 s, however slow or fast the line, and a few of them are enough', async (t) => {
  t.equal(roomOn(satellite).parcelBytes, 5_500)
  t.equal(roomOn({ ...satellite, bytesPerSecond: 10 }).parcelBytes, 512)
  t.equal(roomOn(satellite).underWayBytes, 3 * 5_500 + 1_650)
})

test('the next parcel leaves just before the line has done with those before it', async (t) => {
  const under = { bytes: 5_500, beganAtMs: 1_000, answeredAtMs: 0 }

  t.equal(waitMs(satellite, { ...under, bytes: 0 }, 1_000), 0)
  t.equal(waitMs(satellite, under, 1_000), 1_750)
  t.equal(waitMs(satellite, under, 2_000), 750)
  t.equal(waitMs(satellite, under, 2_750), 0)
})

test('an answer tells how far the line has got', async (t) => {
  const under = { bytes: 5_500, beganAtMs: 0, answeredAtMs: 10_000 }

  t.equal(waitMs(satellite, under, 10_000), 2_000 - 600 - 250)
})

test('while answers stay away, one parcel more is sent and then none', async (t) => {
  const under = { bytes: 5_500, beganAtMs: 0, answeredAtMs: 0 }

  t.equal(waitMs(satellite, under, 600_000), 0)
  t.equal(waitMs(satellite, { ...under, bytes: 11_000 }, 600_000), Infinity)
  t.equal(waitMs({ ...satellite, bytesPerSecond: 1e9 }, { ...under, bytes: 65_537 }, 1), Infinity)
})

test('a question tells the round trip without telling the rate', async (t) => {
  t.strictSame(paceAfterAnswer(satellite, 400), { ...satellite, rttMs: 400 })
  t.strictSame(paceAfterAnswer(satellite, 9_000), satellite)
})

test('a dial tells a first pace: never below 2.4 kbit/s', async (t) => {
  t.equal(firstPace(18_000).bytesPerSecond, 300)
  t.equal(firstPace(5).bytesPerSecond, 200_000)
  t.equal(firstPace(1_800).rttMs, 600)
})

test('one small answer on a slow line does not make it slower', async (t) => {
  const flight = { tookMs: 900, answeredBytes: 400, underWayBytes: 400 }

  t.equal(paceAfter(satellite, flight).bytesPerSecond, 2_750)
})

test('the shortest round trip counts', async (t) => {
  const pace = paceAfter(satellite, { tookMs: 450, answeredBytes: 100, underWayBytes: 100 })

  t.equal(paceAfter(pace, { tookMs: 900, answeredBytes: 100, underWayBytes: 100 }).rttMs, 450)
})

test('answers that come in a lump do not make the line look much faster than it is', async (t) => {
  let pace = firstPace(3_800)
  const steady = { tookMs: 1_000, answeredBytes: 2_750, underWayBytes: 2_750 }
  for (let count = 0; count < 8; count += 1) pace = paceAfter(pace, steady)

  pace = paceAfter(pace, { tookMs: 50, answeredBytes: 2_750, underWayBytes: 2_750 })

  t.equal(pace.bytesPerSecond, 2_750)
})

test('a line that became slower is known as such after a dozen answers', async (t) => {
  let pace: Pace = { ...satellite, bytesPerSecond: 20_000, samples: [20_000, 20_000, 20_000] }
  const slow = { tookMs: 10_000, answeredBytes: 3_000, underWayBytes: 3_000 }

  for (let count = 0; count < 12; count += 1) pace = paceAfter(pace, slow)

  t.equal(pace.bytesPerSecond, 300)
})

test('patience grows with what is under way and never falls below its least', async (t) => {
  t.equal(patienceMs(satellite, 0, 4_000), 4_000)
  t.equal(patienceMs(satellite, 27_500, 4_000), 31_800)
})
