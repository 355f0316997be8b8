import { test } from 'tap'
import { chanceFrom, givenUpAt, leftAt, momentAt, openPacer } from '../../scripts/link/schedule.ts'
import { constantTrace, flappingTrace } from '../../scripts/link/trace.ts'

const never = (): number => 1

test('rows hold lap after lap', async (t) => {
  const { up } = flappingTrace({ rateBps: 8000, rttMs: 100, loss: 0 }, { upMs: 30, downMs: 70 })

  for (const [atMs, isUp, untilMs] of [
    [0, true, 30],
    [29.9, true, 30],
    [30, false, 100],
    [99, false, 100],
    [100, true, 130],
    [1_000_000_035, false, 1_000_000_100],
  ] as const)
    t.match(momentAt(up, atMs), { row: { isUp }, untilMs }, String(atMs))
})

test('bytes leave at the rate, and wait out what is down in between', async (t) => {
  // 1 byte a millisecond, for 30 of every 100.
  const { up } = flappingTrace({ rateBps: 8000, rttMs: 100, loss: 0 }, { upMs: 30, downMs: 70 })

  t.equal(leftAt(up, 0, 30), 30)
  t.equal(leftAt(up, 0, 31), 101)
  t.equal(leftAt(up, 25, 10), 105)
  t.equal(leftAt(up, 40, 1), 101)
  t.equal(leftAt(up, 0, 3000), 9930, 'a hundred laps')
})

test('pieces go one after the other and arrive half a round trip later', async (t) => {
  const { up } = constantTrace({ rateBps: 8000, rttMs: 100, loss: 0 })
  const pacer = openPacer(up, never)

  t.equal(pacer.send(0, 10), 60)
  t.equal(pacer.send(0, 10), 70, 'behind the first')
  t.equal(pacer.send(500, 10), 560, 'the link was idle meanwhile')
  pacer.send(500, 100_000)
  pacer.clear()
  t.equal(pacer.send(600, 10), 660, 'after clearing nothing is ahead')
})

test('over an hour of a varying link the bytes are those of the trace', async (t) => {
  const { up } = flappingTrace(
    { rateBps: 22_000, rttMs: 700, loss: 0 },
    { upMs: 45_000, downMs: 15_000 },
  )
  const pacer = openPacer(up, never)

  let [bytes, arrivesAtMs] = [0, 0]
  for (; arrivesAtMs < 3_600_000; bytes += 1460) arrivesAtMs = pacer.send(0, 1460)

  const wanted = (22_000 / 8) * 3600 * 0.75
  t.ok(Math.abs(bytes / wanted - 1) < 0.001, `${bytes} of ${wanted}`)
})

test('a lost piece comes a round trip late, as often as the trace says and the seed decides', async (t) => {
  const { up } = constantTrace({ rateBps: 8_000_000, rttMs: 100, loss: 0.1 })
  const delays = (seed: number): readonly number[] => {
    const pacer = openPacer(up, chanceFrom(seed))
    return Array.from({ length: 10_000 }, (_, at) => Math.round(pacer.send(at * 10, 1) - at * 10))
  }
  const some = delays(1)

  const late = some.filter((delay) => delay > 50)
  t.ok(late.length > 900 && late.length < 1100, `${late.length} of 10,000`)
  t.ok(late.every((delay) => delay % 100 === 50))
  t.strictSame(some, delays(1), 'the same seed loses the same pieces')
  t.notSame(some, delays(2))
})

test('a piece is not lost for ever', async (t) => {
  const { up } = constantTrace({ rateBps: 8_000_000, rttMs: 100, loss: 1 })

  t.equal(Math.round(openPacer(up, chanceFrom(1)).send(0, 1)), 550)
})

test('a connection is given up when an outage has lasted long enough', async (t) => {
  const shape = { rateBps: 8000, rttMs: 100, loss: 0 }
  const { up } = flappingTrace(shape, { upMs: 30, downMs: 70 })

  t.equal(givenUpAt(up, 0, 50), 80)
  t.equal(givenUpAt(up, 81, 50), 180, 'what is left of an outage counts from now')
  t.equal(givenUpAt(up, 1_000_000_000, 50), 1_000_000_080)
  t.equal(givenUpAt(up, 0, 71), undefined)
  t.equal(givenUpAt(constantTrace(shape).up, 0, 1), undefined)
})

test('an outage over the end of the trace is one outage', async (t) => {
  const row = { rateBps: 8000, rttMs: 100, loss: 0 }
  const trace = {
    rows: [
      { ...row, atMs: 0, isUp: false, rateBps: 0 },
      { ...row, atMs: 40, isUp: true },
      { ...row, atMs: 60, isUp: false, rateBps: 0 },
    ],
    lengthMs: 100,
  }

  t.equal(givenUpAt(trace, 50, 60), 120)
})
