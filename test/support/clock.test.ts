import { getEventListeners } from 'node:events'
import { test } from 'tap'
import { virtualClock } from './clock.ts'

const { signal } = new AbortController()

test('sleepers wake in the order of their time, each with the clock at that time', async (t) => {
  const clock = virtualClock(1000)
  const seen: string[] = []
  const sleeper = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms, signal)
    seen.push(`${name} ${clock.now()} ${clock.monotonicMs()}`)
  }
  const all = [sleeper('c', 30), sleeper('a', 10), sleeper('b', 10), sleeper('late', 31)]

  await clock.advance(30)

  t.strictSame(seen, ['a 1010 10', 'b 1010 10', 'c 1030 30'])
  t.equal(clock.sleepers(), 1)
  await clock.advance(1)
  await Promise.all(all)
})

test('whoever sleeps again while time moves is woken again in that move', async (t) => {
  const clock = virtualClock(0)
  const beats: number[] = []
  const stop = new AbortController()
  const heart = (async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(10, stop.signal)
      beats.push(clock.now())
    }
  })()

  await clock.advance(35)
  stop.abort()
  await heart

  t.strictSame(beats, [10, 20, 30, 35])
  t.equal(clock.sleepers(), 0)
})

test('no listener is left on a signal, whether time or the signal ended the sleep', async (t) => {
  const clock = virtualClock()
  const stop = new AbortController()
  const [short, long] = [clock.sleep(1, stop.signal), clock.sleep(1000, stop.signal)]
  t.equal(getEventListeners(stop.signal, 'abort').length, 2)

  await clock.advance(1)
  await short
  t.equal(getEventListeners(stop.signal, 'abort').length, 1)
  stop.abort()
  await long
  t.equal(getEventListeners(stop.signal, 'abort').length, 0)
})

test('the wall clock can jump without waking anybody', async (t) => {
  const clock = virtualClock(1_800_000_000_000)
  const sleeping = clock.sleep(10, signal)

  clock.setWall(0)
  await clock.advance(9)

  t.strictSame([clock.now(), clock.monotonicMs(), clock.sleepers()], [9, 9, 1])
  await clock.advance(1)
  await sleeping
})

test('a test can wait until somebody sleeps', async (t) => {
  const clock = virtualClock()
  const asleep = clock.whenAsleep(2)
  const all = [clock.sleep(1, signal), clock.sleep(2, signal)]

  await asleep
  t.equal(clock.sleepers(), 2)
  await clock.whenAsleep(1)

  await clock.advance(2)
  await Promise.all(all)
})
