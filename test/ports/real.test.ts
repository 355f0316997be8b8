import { getEventListeners } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import type { Facts } from '#base/errors.ts'
import { FACT_NAMES, realClock, realLog, realRandom, type LogLevel } from '#ports/real.ts'
import { virtualClock } from '../support/clock.ts'

/** What a log of this level writes for one event of each level. */
function linesOf(level: LogLevel, facts?: Facts): readonly string[] {
  const lines: string[] = []
  const clock = virtualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 6))
  const log = realLog({ clock, level, put: (line) => lines.push(line) })
  for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each](`test.${each}`, facts)
  return lines
}

test('an event is one line of JSON', async (t) => {
  const [line] = linesOf('error', { peer: 'bravo', bytes: 7 })

  t.equal(
    line,
    '{"at":"2026-01-02T03:04:05.006Z","level":"error","event":"test.error","peer":"bravo","bytes":7}\n',
  )
})

test('a level shows itself and what is more urgent', async (t) => {
  for (const [level, count] of [
    ['error', 1],
    ['warn', 2],
    ['info', 3],
    ['debug', 4],
  ] as const)
    t.equal(linesOf(level).length, count, level)
})

test('a fact of an unknown name is left out, and the line says so', async (t) => {
  const [line = ''] = linesOf('error', { peer: 'bravo', body: 'meet at the bridge', at: 'noon' })

  t.match(JSON.parse(line), { peer: 'bravo', dropped: ['body', 'at'] })
  t.notMatch(line, /bridge|noon/)
})

test('every fact that the source names in a log call may be logged', async (t) => {
  const source = join(import.meta.dirname, '../../src')
  const unknown: string[] = []
  for (const file of globSync('**/*.ts', { cwd: source })) {
    const text = readFileSync(join(source, file), 'utf8')
    for (const [, facts = ''] of text.matchAll(/\blog\.\w+\(\s*'[^']+',\s*\{([^}]*)\}/gi))
      for (const [, name = ''] of facts.matchAll(/(?:^|,)\s*(\w+)(?=\s*[:,]|\s*$)/g))
        if (!FACT_NAMES.has(name)) unknown.push(`${file}: ${name}`)
  }

  t.strictSame(unknown, [])
})

test('a long fact is cut, and a line end inside does not make a second line', async (t) => {
  const [line = ''] = linesOf('error', { reason: `a\nb${'.'.repeat(1000)}` })

  t.equal(line.indexOf('\n'), line.length - 1)
  t.ok(line.length < 350)
})

test('a sleep ends in time, or at once when its signal aborts, and leaves no listener', async (t) => {
  const clock = realClock()
  const { signal } = new AbortController()
  const startedMs = clock.monotonicMs()

  await clock.sleep(15, signal)
  t.ok(clock.monotonicMs() - startedMs >= 14)
  t.equal(getEventListeners(signal, 'abort').length, 0)

  const stop = new AbortController()
  const long = clock.sleep(2 ** 40, stop.signal)
  stop.abort()
  await long
  await clock.sleep(2 ** 40, stop.signal)
  t.equal(getEventListeners(stop.signal, 'abort').length, 0)
})

test('real chance has the length asked for and does not repeat', async (t) => {
  const random = realRandom()

  t.equal(random.bytes(0).length, 0)
  t.not(String(random.bytes(16)), String(random.bytes(16)))
})
