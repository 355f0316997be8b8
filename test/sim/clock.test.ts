import { getEventListeners } from 'node:events'
import { test } from 'tap'
import { openChance } from './chance.ts'
import { drawClockFault, openClock, TRUE_CLOCK, type ClockFault } from './clock.ts'
import { beginLife, openTimeline } from './timeline.ts'

const START_AT = Date.UTC(2026, 10, 2)
const HOUR_MS = 3_600_000

test('sleep wakes at its time, and at once when it is told to', async (t) => {
  const timeline = openTimeline(START_AT)
  const clock = openClock(timeline, TRUE_CLOCK, beginLife())
  const woken: string[] = []
  const stop = new AbortController()
  const note = (name: string) => (): void => void woken.push(`${name} ${timeline.now() - START_AT}`)
  void clock.sleep(500, new AbortController().signal).then(note('slept'))
  void clock.sleep(500, stop.signal).then(note('roused'))
  void clock.sleep(500, AbortSignal.abort()).then(note('never slept'))
  timeline.after(100, () => stop.abort())

  await timeline.run(START_AT + 1_000, () => false)

  t.strictSame(woken, ['never slept 0', 'roused 100', 'slept 500'])
  t.strictSame(getEventListeners(stop.signal, 'abort'), [], 'no listener is left behind')
})

test('a sleeper whose node lost its power never wakes', async (t) => {
  const timeline = openTimeline(START_AT)
  const life = beginLife()
  let isAwake = false
  const stop = new AbortController()
  void openClock(timeline, TRUE_CLOCK, life)
    .sleep(500, stop.signal)
    .then(() => (isAwake = true))
  timeline.after(100, life.end)
  timeline.after(200, () => stop.abort())

  await timeline.run(START_AT + 1_000, () => false)

  t.equal(isAwake, false)
})

test('clocks are wrong in every way they can be, and time passes on all of them', async (t) => {
  const kinds = new Map<string, ClockFault>()
  for (let seed = 0; seed < 200; seed += 1) {
    const fault = drawClockFault(openChance(`clock ${seed}`), START_AT)
    kinds.set(fault.kind, fault)
  }

  t.strictSame([...kinds.keys()].toSorted(), [
    'decades ahead',
    'drifting',
    'jumping',
    'no battery',
    'off',
    'set back',
    'set right',
    'true',
  ])
  const later = START_AT + 24 * HOUR_MS
  for (const [kind, { wall }] of kinds)
    t.ok(wall(later + 10_000, START_AT) > wall(later, START_AT), kind)
  t.equal(kinds.get('no battery')?.wall(later, later - 1_000), 1_000, 'it begins in 1970')
  t.equal(kinds.get('set right')?.wall(later, START_AT), later)
})

test('the monotonic clock begins with each life and never goes back', async (t) => {
  const timeline = openTimeline(START_AT)
  const jumping: ClockFault = { kind: 'jumping', wall: (at) => START_AT * 2 - at, rate: 1 }
  const clock = openClock(timeline, jumping, beginLife())
  const before = [clock.now(), clock.monotonicMs()]
  await timeline.run(START_AT + 50, () => false)

  t.strictSame(before, [START_AT, 0])
  t.strictSame([clock.now(), clock.monotonicMs()], [START_AT - 50, 50])
})
