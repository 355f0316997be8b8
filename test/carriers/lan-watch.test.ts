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
  guard.watch.sent()

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
  guard.watch.sent()

  for (let second = 0; second < 120; second += 4) {
    await guard.clock.advance(4_000)
    guard.watch.heard()
    guard.watch.sent()
  }

  t.equal(guard.pings(), 0)
  t.equal(guard.isSilent(), false)
})

test('a peer that got all and owes its answer is found out when it falls silent', async (t) => {
  const guard = aWatch()
  guard.await(true)
  guard.watch.sent()
  guard.watch.heard()

  await guard.clock.advance(QUIET_MS + PING_MS + 2 * TICK_MS)

  t.equal(guard.isSilent(), true)
})

test('a thin link gets the time it needs, however long, and no more', async (t) => {
  const guard = aWatch({})
  guard.await(true)
  guard.setPatience(200_000)
  guard.watch.sent()

  await guard.clock.advance(390_000)
  t.strictSame([guard.pings(), guard.isSilent()], [1, false])
  await guard.clock.advance(20_000)

  t.equal(guard.isSilent(), true)
})

test('an idle peer that nothing is to be paid for is never pinged', async (t) => {
  const guard = aWatch({})
  guard.watch.sent()
  guard.watch.heard()

  await guard.clock.advance(24 * 3_600_000)

  t.strictSame([guard.pings(), guard.isSilent()], [0, false])
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
  readonly setPatience: (ms: number) => void
}

function aWatch({ idleMs }: { readonly idleMs?: number } = { idleMs: IDLE_MS }): Guard {
  const clock = virtualClock()
  const over = new AbortController()
  let pings = 0
  let isSilent = false
  let isAwaiting = false
  let patienceMs = 0
  const task = {
    idleMs,
    patienceMs: () => patienceMs,
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
    setPatience: (ms) => {
      patienceMs = ms
    },
  }
}
