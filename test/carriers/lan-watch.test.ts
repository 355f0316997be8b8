import { test } from 'tap'
import { openWatch, PING_MS, QUIET_MS, type Watch } from '#carriers/lan-watch.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'

const IDLE_MS = 30_000
/** The watch looks every 2.5 s. */
const TICK_MS = 2_500

test('an idle peer is not pinged before its time, and then once', async (t) => {
  const guard = aWatch()

  await guard.clock.advance(IDLE_MS - 1)
  t.equal(guard.pings(), 0)
  await guard.clock.advance(TICK_MS)

  t.equal(guard.pings(), 1)
  t.equal(guard.isSilent(), false)
})

test('a peer that answers every ping is never given up', async (t) => {
  const guard = aWatch()

  for (let minute = 0; minute < 10; minute += 1) {
    await guard.clock.advance(IDLE_MS + TICK_MS)
    guard.watch.heard()
  }

  t.equal(guard.pings(), 10)
  t.equal(guard.isSilent(), false)
})

test('while an answer is awaited a short silence brings a ping, and a longer one the end', async (t) => {
  const guard = aWatch()
  await guard.clock.advance(20_000)
  guard.await(true)
  guard.watch.sent(100)

  await guard.clock.advance(QUIET_MS - 1)
  t.equal(guard.pings(), 0, 'the quiet before counts for nothing')
  await guard.clock.advance(TICK_MS)
  t.equal(guard.pings(), 1)
  await guard.clock.advance(PING_MS + TICK_MS)

  t.equal(guard.isSilent(), true)
  t.equal(guard.pings(), 1)
})

test('any frame from the peer is a sign of life', async (t) => {
  const guard = aWatch()
  guard.await(true)
  guard.watch.sent(100)

  for (let second = 0; second < 120; second += 4) {
    await guard.clock.advance(4_000)
    guard.watch.heard()
    guard.watch.sent(100)
  }

  t.equal(guard.pings(), 0)
  t.equal(guard.isSilent(), false)
})

test('big pieces on a thin link get the time they need', async (t) => {
  const guard = aWatch()
  guard.await(true)
  guard.watch.sent(32_000)

  await guard.clock.advance(QUIET_MS + 27_000 + PING_MS)
  t.equal(guard.isSilent(), false, '32 KB take 27 s at 9.6 kbit/s')
  await guard.clock.advance(10_000)

  t.equal(guard.isSilent(), true)
})

test('a peer is given up within bounds however much was sent', async (t) => {
  const guard = aWatch()
  guard.await(true)
  guard.watch.sent(2_000_000_000)

  await guard.clock.advance(60_000)

  t.equal(guard.isSilent(), true)
})

test('a probe pings at once, and not again while its answer is awaited', async (t) => {
  const guard = aWatch()

  guard.watch.probe()
  guard.watch.probe()
  t.equal(guard.pings(), 1)
  guard.watch.heard()
  guard.watch.probe()

  t.equal(guard.pings(), 2)
})

test('nothing is watched any more when the session is over', async (t) => {
  const guard = aWatch()
  guard.over.abort()

  await guard.clock.advance(10 * IDLE_MS)

  t.equal(guard.pings(), 0)
  t.equal(guard.clock.sleepers(), 0)
})

interface Guard {
  readonly watch: Watch
  readonly clock: VirtualClock
  readonly over: AbortController
  readonly pings: () => number
  readonly isSilent: () => boolean
  readonly await: (isAwaiting: boolean) => void
}

function aWatch(): Guard {
  const clock = virtualClock()
  const over = new AbortController()
  let pings = 0
  let isSilent = false
  let isAwaiting = false
  const task = {
    idleMs: IDLE_MS,
    isAwaiting: () => isAwaiting,
    ping: () => {
      pings += 1
    },
    onSilent: () => {
      isSilent = true
    },
  }
  return {
    watch: openWatch(task, clock, over.signal),
    clock,
    over,
    pings: () => pings,
    isSilent: () => isSilent,
    await: (now) => {
      isAwaiting = now
    },
  }
}
