import { test } from 'tap'
import { firstPace, paceAfter, patienceMs, windowBytes, type Pace } from '#carriers/nats-window.ts'

/** 600 ms there and back, 22 kbit/s. */
const satellite: Pace = { rttMs: 600, bytesPerSecond: 2_750, samples: [] }

test('the window holds a round trip and a bit of what the line can carry', async (t) => {
  t.equal(windowBytes(satellite), 2_922)
})

test('the window stays between 2 and 64 KB, however slow or fast the line', async (t) => {
  t.equal(windowBytes({ ...satellite, bytesPerSecond: 10 }), 2_048)
  t.equal(windowBytes({ ...satellite, bytesPerSecond: 1e9 }), 65_536)
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
