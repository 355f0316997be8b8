import { join } from 'node:path'
import { test } from 'tap'
import {
  BUILT_IN_TRACES,
  flappingTrace,
  longestOutageMs,
  parseTrace,
  readLinkTrace,
  type Trace,
} from '../../scripts/link/trace.ts'

const HEADER = 't_ms,up,rate_bps,rtt_ms,loss'
const GOOD = [HEADER, '0,1,2400,1800,0', '500,0,0,1800,0', '2000,1,9600,600,0.02', '3000,0,0,0,0']

test('a row holds until the next, and the last one marks the end only', async (t) => {
  const trace = parseTrace(`${GOOD.join('\n')}\n`, 'hills')

  t.strictSame(trace, {
    rows: [
      { atMs: 0, isUp: true, rateBps: 2400, rttMs: 1800, loss: 0 },
      { atMs: 500, isUp: false, rateBps: 0, rttMs: 1800, loss: 0 },
      { atMs: 2000, isUp: true, rateBps: 9600, rttMs: 600, loss: 0.02 },
    ],
    lengthMs: 3000,
  })
  t.strictSame(parseTrace(GOOD.join('\r\n'), 'hills'), trace, 'line ends of Windows are fine')
})

test('a bad line is refused with its number, what was found and what was wanted', async (t) => {
  const cases: readonly (readonly [at: number, line: string, found: RegExp, wanted: RegExp])[] = [
    [0, 'time,up', /time,up/, /t_ms,up/],
    [1, '5,1,2400,1800,0', /t_ms 5/, /t_ms 0/],
    [2, '500,0,0,1800', /4 columns/, /5 columns/],
    [2, '500,0,,1800,0', /rate_bps/, /number/],
    [2, '500,0,fast,1800,0', /rate_bps fast/, /number/],
    [2, '500,0,-1,1800,0', /rate_bps -1/, /number/],
    [2, '500,2,1,1800,0', /up 2/, /up 0 or 1/],
    [2, '500,1,0,1800,0', /rate_bps 0/, /above 0/],
    [3, '500,1,1,1,0.5', /t_ms 500/, /above 500/],
    [3, '2000,1,1,1,1.5', /loss 1.5/, /0 to 1/],
  ]
  for (const [at, line, found, wanted] of cases)
    t.throws(() => parseTrace(GOOD.with(at, line).join('\n'), 'hills'), {
      code: 'INPUT_INVALID',
      facts: { trace: 'hills', line: at + 1, found, wanted },
    })
})

test('a trace that could carry nothing, or has no end, is refused', async (t) => {
  for (const lines of [[''], [HEADER], GOOD.slice(0, 2), [HEADER, '0,0,0,0,0', '9,1,1,1,0']])
    t.throws(
      () => parseTrace(lines.join('\n'), 'empty'),
      { code: 'INPUT_INVALID' },
      lines.join('|'),
    )
})

/** A trace file of one rate. */
function file(rate: number): string {
  return `${HEADER}\n0,1,${rate},100,0\n1000,1,1,1,0\n`
}

test('a file finds its sibling for the other direction', async (t) => {
  const folder = t.testdir({
    'a.up.csv': file(1),
    'a.down.csv': file(2),
    'b.up.csv': file(3),
    'c.csv': file(4),
  })
  const ratesOf = (name: string): readonly unknown[] => {
    const trace = readLinkTrace(join(folder, name))
    return [trace.name, trace.up.rows[0]?.rateBps, trace.down.rows[0]?.rateBps]
  }

  t.strictSame(ratesOf('a.up.csv'), ['a', 1, 2])
  t.strictSame(ratesOf('a.down.csv'), ['a', 1, 2])
  t.strictSame(ratesOf('b.up.csv'), ['b', 3, 3])
  t.strictSame(ratesOf('c.csv'), ['c', 4, 4])
})

test('the built-in traces keep the rules of files', async (t) => {
  const flapping = flappingTrace({ rateBps: 10, rttMs: 1, loss: 0 }, { upMs: 5, downMs: 7 })
  for (const { up } of [...Object.values(BUILT_IN_TRACES), flapping]) {
    const lines = up.rows.map(
      (row) => `${row.atMs},${Number(row.isUp)},${row.rateBps},${row.rttMs},${row.loss}`,
    )
    t.strictSame(parseTrace([HEADER, ...lines, `${up.lengthMs},0,0,0,0`].join('\n'), 'own'), up)
  }
})

function rows(text: string): Trace {
  return parseTrace(`${HEADER}\n${text}`, 'a')
}

test('the longest outage is found in both directions, and where the trace begins again', async (t) => {
  const steady = rows('0,1,9,1,0\n1000,1,9,1,0')
  const broken = rows('0,0,0,1,0\n100,1,9,1,0\n500,0,0,1,0\n600,1,9,1,0\n900,0,0,1,0\n1000,0,0,1,0')

  t.equal(longestOutageMs({ name: 'a', up: steady, down: steady }), 0)
  t.equal(longestOutageMs({ name: 'a', up: steady, down: broken }), 200)
})
