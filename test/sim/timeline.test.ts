import { test } from 'tap'
import { beginLife, openTimeline, within } from './timeline.ts'

test('alarms ring in the order of their times, equal ones in the order they were set', async (t) => {
  const timeline = openTimeline(1_000)
  const rung: string[] = []
  const at = (ms: number, name: string) =>
    timeline.after(ms, () => rung.push(`${name} at ${timeline.now()}`))
  at(30, 'last')
  at(10, 'first')
  at(20, 'second')
  at(20, 'third')

  await timeline.run(2_000, () => false)

  t.strictSame(rung, ['first at 1010', 'second at 1020', 'third at 1020', 'last at 1030'])
  t.equal(timeline.now(), 2_000)
})

test('everything that follows from an alarm happens before the next one rings', async (t) => {
  const timeline = openTimeline(0)
  const seen: string[] = []
  timeline.after(1, () => {
    void (async () => {
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
      seen.push('consequence')
    })()
  })
  timeline.after(2, () => seen.push('next'))

  await timeline.run(10, () => false)

  t.strictSame(seen, ['consequence', 'next'])
})

test('a cancelled alarm and one of a life that ended do not ring', async (t) => {
  const timeline = openTimeline(0)
  const life = beginLife()
  const rung: string[] = []
  timeline.after(5, () => rung.push('cancelled')).cancel()
  timeline.after(6, () => rung.push('dead'), life)
  timeline.after(2, life.end)

  await timeline.run(10, () => false)

  t.strictSame(rung, [])
  t.equal(timeline.steps(), 1)
})

test('a run stops where it is told to, and goes on from there', async (t) => {
  const timeline = openTimeline(0)
  const rung: number[] = []
  for (const ms of [1, 2, 3]) timeline.after(ms, () => rung.push(ms))

  await timeline.run(10, () => rung.length === 2)
  const stoppedAt = timeline.now()
  await timeline.run(10, () => false)

  t.equal(stoppedAt, 2)
  t.strictSame(rung, [1, 2, 3])
})

test('a thousand alarms in any order come out sorted', async (t) => {
  const timeline = openTimeline(0)
  const rung: number[] = []
  const times = Array.from({ length: 1_000 }, (_, index) => (index * 7_919) % 1_000)
  for (const ms of times) timeline.after(ms, () => rung.push(ms))

  await timeline.run(1_000, () => false)

  t.strictSame(
    rung,
    times.toSorted((a, b) => a - b),
  )
})

test('a promise of a life that ended never settles', async (t) => {
  const life = beginLife()
  const settled: string[] = []
  const note = (word: string) => (): void => void settled.push(word)
  within(life, Promise.resolve()).then(note('kept'), note('broken'))
  await new Promise(setImmediate)
  life.end()
  within(life, Promise.resolve()).then(note('kept'), note('broken'))
  within(life, Promise.reject(new Error('lost'))).then(note('kept'), note('broken'))
  await new Promise(setImmediate)

  t.strictSame(settled, ['kept'])
})
