import { test } from 'tap'
import { constantTrace, parseTrace, type Trace } from '../../scripts/link/trace.ts'
import { openChance } from './chance.ts'
import { drawLink } from './line-shapes.ts'
import { meanBps, openLine, sendingMs, type LineShape } from './lines.ts'
import { openTimeline } from './timeline.ts'

const THIN = constantTrace({ rateBps: 8_000, rttMs: 1_000, loss: 0 }).up
const FLAPPING = parseTrace(
  't_ms,up,rate_bps,rtt_ms,loss\n0,1,8000,1000,0\n1000,0,0,1000,0\n5000,0,0,0,0\n',
  'flapping',
)

test('bytes take their time, one parcel after another, and half a round trip more', async (t) => {
  const { line, arrivals, run } = openRig(THIN)

  line.carry({ bytes: 1_000, lane: 'routine' }, arrivals('first'))
  line.carry({ bytes: 2_000, lane: 'routine' }, arrivals('second'))

  t.strictSame(await run(), ['first at 1500', 'second at 3500'])
})

test('what is urgent overtakes what waits, and not what is on its way', async (t) => {
  const { line, arrivals, run } = openRig(THIN)

  line.carry({ bytes: 10_000, lane: 'routine' }, arrivals('on its way'))
  line.carry({ bytes: 10_000, lane: 'routine' }, arrivals('waiting'))
  line.carry({ bytes: 100, lane: 'flash' }, arrivals('flash'))

  t.strictSame(await run(), ['on its way at 10500', 'flash at 10600', 'waiting at 20600'])
})

test('nothing goes while the link is out, and it goes on where it stopped', async (t) => {
  const { line, arrivals, run } = openRig(FLAPPING)

  line.carry({ bytes: 1_500, lane: 'routine' }, arrivals('parcel'))

  t.strictSame(await run(), ['parcel at 6000'])
})

test('once faults are over an outage is none', async (t) => {
  const shape = { trace: FLAPPING, isCalm: () => true }

  t.equal(sendingMs(shape, 0, 3_000), 3_000)
  t.equal(sendingMs(shape, 4_500, 1_000), 1_000, 'from the middle of one')
})

test('losses cost rate', async (t) => {
  const lossy = constantTrace({ rateBps: 8_000, rttMs: 0, loss: 0.5 }).up

  t.equal(meanBps(lossy), 4_000)
  t.equal(sendingMs({ trace: lossy, isCalm: () => false }, 0, 1_000), 2_000)
})

test('drawn links are thin, slow to answer and sometimes out, and the same for the same seed', async (t) => {
  const drawn = Array.from({ length: 200 }, (_, seed) => drawLink(openChance(`link ${seed}`)))
  const rows = drawn.flatMap(({ up, down }) => [...up.rows, ...down.rows])
  const there = rows.filter(({ isUp }) => isUp)

  t.ok(there.every(({ rateBps }) => rateBps >= 2_400 && rateBps <= 88_000))
  t.ok(rows.every(({ rttMs }) => rttMs >= 600 && rttMs <= 3_000))
  t.ok(rows.length > there.length, 'outages')
  t.ok(drawn.every(({ up }) => up.rows[0]?.isUp === true && up.lengthMs > 0))
  t.strictSame(drawLink(openChance('link 3')), drawn[3])
  t.notSame(drawn[3], drawn[4])
})

function openRig(trace: Trace) {
  const timeline = openTimeline(0)
  const shape: LineShape = { trace, isCalm: () => false }
  const seen: string[] = []
  return {
    line: openLine(timeline, shape),
    arrivals: (name: string) => (): void => void seen.push(`${name} at ${timeline.now()}`),
    run: async () => {
      await timeline.run(60_000, () => false)
      return seen
    },
  }
}
