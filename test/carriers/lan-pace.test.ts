import { test } from 'tap'
import { PIECE_BYTES_MAX } from '#carriers/lan-message.ts'
import {
  ACKNOWLEDGED_BYTES_MIN,
  FLYING_BYTES_MAX,
  openGrouping,
  openPace,
  PIECE_BYTES_MIN,
  type Pace,
  type Ping,
} from '#carriers/lan-pace.ts'

test('an unknown link is taken for a thin one: one small piece is on its way', async (t) => {
  const pace = openPace(aClock())

  t.strictSame(pace.allowance(), { pieceBytes: PIECE_BYTES_MIN, isFlashOnly: false })
  pace.sent(PIECE_BYTES_MIN)

  t.match(pace.allowance(), { isFlashOnly: true, waitMs: Infinity })
})

for (const [name, bytesPerMs, roundTripMs] of [
  ['2.4 kbit/s and 3 s', 0.3, 3_000],
  ['9.6 kbit/s and 0.3 s', 1.2, 300],
  ['22 kbit/s and 0.7 s', 2.75, 700],
  ['256 kbit/s and 0.6 s', 32, 600],
] as const)
  test(`at ${name} the link is always busy, and flash waits for little more than one piece of 2 s`, async (t) => {
    const link = aLink(bytesPerMs, roundTripMs)
    link.sendAll(40_000 * bytesPerMs)
    const beganMs = link.nowMs()
    const longestMs = link.sendAll(120_000 * bytesPerMs)

    const { pieceBytes } = link.pace.allowance()
    const airtimeMs = pieceBytes / bytesPerMs
    const least = Math.min(PIECE_BYTES_MAX, 1_900 * bytesPerMs)
    t.ok(pieceBytes >= least && airtimeMs <= 2_100, `${pieceBytes} bytes, ${airtimeMs} ms`)
    t.ok(longestMs <= airtimeMs + 600, `flash would have waited ${longestMs} ms`)
    const share = 120_000 / (link.nowMs() - beganMs)
    t.ok(share > 0.95, `${share} of the time was used`)
  })

test('on a fast link much is on its way, but no more than the limit and a piece', async (t) => {
  const link = aLink(10_000, 20)

  link.sendAll(20_000_000)

  t.equal(link.pace.allowance().pieceBytes, PIECE_BYTES_MAX)
  t.ok(link.flyingBytes() > FLYING_BYTES_MAX / 2, `${link.flyingBytes()} bytes`)
  t.ok(link.flyingBytes() <= FLYING_BYTES_MAX + PIECE_BYTES_MAX)
})

test('a round trip that may have been held up counts only with others, and then the least', async (t) => {
  const clock = aClock()
  const pace = openPace(clock)
  const tripMs = [9_000, 8_000, 4_000, 7_000, 9_000]
  for (const [at, ms] of tripMs.entries()) {
    t.equal(pace.needsRoundTrip(), true, `after ${at}`)
    const ping = pace.pinged()
    pace.sent(PIECE_BYTES_MIN)
    clock.pass(ms)
    pace.answered(ping, true)
    pace.got()
  }

  t.equal(pace.needsRoundTrip(), false)
  pace.sent(PIECE_BYTES_MIN)
  t.ok((pace.allowance().waitMs ?? 0) < Infinity)
})

test('what was said before the first piece is not taken for a longer round trip', async (t) => {
  const link = aLink(0.3, 3_000, 1_200)

  link.sendAll(12_000)

  const airtimeMs = link.pace.allowance().pieceBytes / 0.3
  const longestMs = link.sendAll(30_000)
  t.ok(longestMs <= airtimeMs + 600, `flash would have waited ${longestMs} ms`)
})

test('a link that gets worse is noticed', async (t) => {
  const link = aLink(1_000, 20)
  link.sendAll(5_000_000)

  link.setRate(2.75)
  link.sendAll(1_000_000)

  t.ok(link.pace.allowance().pieceBytes < 8_000)
})

test('little traffic does not make a link look slower than it is', async (t) => {
  const link = aLink(32, 600)
  link.sendAll(1_000_000)
  const before = link.pace.bytesPerMs() ?? 0

  for (let count = 0; count < 50; count += 1) link.sendOne(600)

  t.ok(Math.abs((link.pace.bytesPerMs() ?? 0) - before) <= before / 10)
})

test('a link that was quiet for long is unknown again, with its round trip', async (t) => {
  const link = aLink(32, 600)
  link.sendAll(100_000)
  link.drain()
  t.equal(link.pace.allowance().pieceBytes, PIECE_BYTES_MAX)
  t.equal(link.pace.needsRoundTrip(), false)

  link.pass(30_000)

  t.equal(link.pace.allowance().pieceBytes, PIECE_BYTES_MIN)
  t.equal(link.pace.needsRoundTrip(), true)
})

test('while no acknowledgement comes, no more than another piece is sent', async (t) => {
  const link = aLink(1.2, 300)
  link.sendAll(60_000)
  const before = link.flyingBytes()
  const { pieceBytes } = link.pace.allowance()

  link.freeze(600_000)

  t.ok(link.flyingBytes() <= before + pieceBytes, `${link.flyingBytes()} bytes after ${before}`)
})

test('small frames are acknowledged together, and what waits for company stops nothing', async (t) => {
  const pace = openPace(aClock())
  const grouping = openGrouping()
  const groups: number[] = []
  for (let count = 0; count < 4; count += 1) {
    groups.push(grouping(ACKNOWLEDGED_BYTES_MIN / 4))
    pace.sent(ACKNOWLEDGED_BYTES_MIN / 4)
  }
  t.strictSame(groups, [0, 0, 0, ACKNOWLEDGED_BYTES_MIN])
  t.equal(pace.allowance().isFlashOnly, true)
  pace.got()
  pace.sent(ACKNOWLEDGED_BYTES_MIN - 1)

  t.equal(pace.allowance().isFlashOnly, false)
})

test('acknowledgements of nothing change nothing', async (t) => {
  const pace = openPace(aClock())

  pace.got()

  t.strictSame(pace.allowance(), { pieceBytes: PIECE_BYTES_MIN, isFlashOnly: false })
  t.equal(pace.bytesPerMs(), undefined)
})

test('however slow the link, a piece never gets so small that headers eat it', async (t) => {
  const link = aLink(0.01, 1_000)

  link.sendAll(60_000)

  t.equal(link.pace.allowance().pieceBytes, PIECE_BYTES_MIN)
})

test('patience is thrice what is on its way and the round trip, for as slow a link as it may be', async (t) => {
  const link = aLink(0.3, 3_000)
  t.equal(link.pace.patienceMs(), 9_000)

  link.sendAll(30_000)

  const neededMs = 3_000 + link.flyingBytes() / 0.3
  const patienceMs = link.pace.patienceMs()
  t.ok(patienceMs > 2.5 * neededMs && patienceMs < 4 * neededMs, `${patienceMs} for ${neededMs} ms`)
})

interface TestClock {
  readonly monotonicMs: () => number
  readonly pass: (ms: number) => void
}

function aClock(): TestClock {
  let nowMs = 0
  return {
    monotonicMs: () => nowMs,
    pass: (ms) => {
      nowMs += ms
    },
  }
}

interface TestLink {
  readonly pace: Pace
  readonly nowMs: () => number
  readonly pass: (ms: number) => void
  readonly flyingBytes: () => number
  readonly setRate: (bytesPerMs: number) => void
  /** Sends whatever is allowed until so many bytes have gone. Gives the longest that anything sent had to wait for its turn. */
  readonly sendAll: (bytes: number) => number
  /** Sends a piece and waits for its acknowledgement. */
  readonly sendOne: (bytes: number) => void
  /** Waits for all acknowledgements. */
  readonly drain: () => void
  /** Lets time pass in which nothing is acknowledged and everything allowed is sent. */
  readonly freeze: (ms: number) => void
}

/** A link that delivers one piece after another, after what was said before, acknowledges each, and takes its time for both. */
function aLink(bytesPerMsAtFirst: number, roundTripMs: number, saidBytes = 0): TestLink {
  const clock = aClock()
  const pace = openPace(clock, saidBytes)
  const flying: { readonly bytes: number; readonly gotAtMs: number }[] = []
  let bytesPerMs = bytesPerMsAtFirst
  let freeAtMs = saidBytes / bytesPerMs
  let pong: { readonly ping: Ping; readonly atMs: number } | undefined
  const send = (bytes: number): number => {
    const waitMs = Math.max(0, freeAtMs - clock.monotonicMs())
    if (pace.needsRoundTrip())
      pong ??= { ping: pace.pinged(), atMs: clock.monotonicMs() + waitMs + roundTripMs }
    freeAtMs = clock.monotonicMs() + waitMs + bytes / bytesPerMs
    flying.push({ bytes, gotAtMs: freeAtMs + roundTripMs })
    pace.sent(bytes)
    return waitMs
  }
  const next = (): void => {
    const [first] = flying
    if (first === undefined) return
    if (pong !== undefined && pong.atMs <= first.gotAtMs) {
      clock.pass(Math.max(0, pong.atMs - clock.monotonicMs()))
      pace.answered(pong.ping, false)
      pong = undefined
      return
    }
    flying.shift()
    clock.pass(Math.max(0, first.gotAtMs - clock.monotonicMs()))
    pace.got()
  }
  const drain = (): void => {
    while (flying.length > 0) next()
  }
  return {
    pace,
    nowMs: clock.monotonicMs,
    pass: clock.pass,
    flyingBytes: () => flying.reduce((sum, { bytes }) => sum + bytes, 0),
    setRate: (rate) => {
      bytesPerMs = rate
    },
    sendAll: (bytes) => {
      let sent = 0
      let longestMs = 0
      while (sent < bytes) {
        const { pieceBytes, isFlashOnly, waitMs = 0 } = pace.allowance()
        const gotInMs = (flying[0]?.gotAtMs ?? Infinity) - clock.monotonicMs()
        if (isFlashOnly && waitMs < gotInMs) clock.pass(waitMs)
        else if (isFlashOnly) next()
        else {
          longestMs = Math.max(longestMs, send(pieceBytes) + pieceBytes / bytesPerMs)
          sent += pieceBytes
        }
      }
      return longestMs
    },
    sendOne: (bytes) => {
      send(bytes)
      drain()
    },
    drain,
    freeze: (ms) => {
      for (const endMs = clock.monotonicMs() + ms; clock.monotonicMs() < endMs; clock.pass(100)) {
        const { pieceBytes, isFlashOnly } = pace.allowance()
        if (!isFlashOnly) send(pieceBytes)
      }
    },
  }
}
