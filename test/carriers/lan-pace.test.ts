import { test } from 'tap'
import { PIECE_BYTES_MAX } from '#carriers/lan-message.ts'
import {
  ACKNOWLEDGED_BYTES_MIN,
  FLYING_BYTES_MAX,
  openPace,
  type Pace,
} from '#carriers/lan-pace.ts'

test('on an unknown link two full pieces are on their way', async (t) => {
  const pace = openPace(aClock())

  t.strictSame(pace.allowance(), { pieceBytes: PIECE_BYTES_MAX, isFlashOnly: false })
  pace.sent(PIECE_BYTES_MAX)
  t.equal(pace.allowance().isFlashOnly, false)
  pace.sent(PIECE_BYTES_MAX)

  t.equal(pace.allowance().isFlashOnly, true)
})

test('on a thin link pieces shrink to 2 s of airtime, and flash waits for no more than two', async (t) => {
  const link = aLink(2.75)

  link.sendAll(200_000)

  const { pieceBytes } = link.pace.allowance()
  t.ok(pieceBytes > 4_000 && pieceBytes < 7_000, `${pieceBytes} bytes at 22 kbit/s`)
  t.ok(link.flyingBytes() <= 3 * pieceBytes, `${link.flyingBytes()} bytes`)
})

test('on a fast link much is on its way, but no more than the limit and a piece', async (t) => {
  const link = aLink(10_000)

  link.sendAll(5_000_000)

  t.equal(link.pace.allowance().pieceBytes, PIECE_BYTES_MAX)
  t.ok(link.flyingBytes() > FLYING_BYTES_MAX / 2, `${link.flyingBytes()} bytes`)
  t.ok(link.flyingBytes() <= FLYING_BYTES_MAX + PIECE_BYTES_MAX)
})

test('a link that gets worse is noticed', async (t) => {
  const link = aLink(1_000)
  link.sendAll(5_000_000)

  link.setRate(2.75)
  link.sendAll(1_000_000)

  t.ok(link.pace.allowance().pieceBytes < 8_000)
})

test('a pause in sending is not taken for a slow link', async (t) => {
  const clock = aClock()
  const pace = openPace(clock)
  clock.pass(3_600_000)
  pace.sent(10_000)
  clock.pass(2)
  pace.got()

  t.equal(pace.allowance().pieceBytes, PIECE_BYTES_MAX)
})

test('small pieces are not counted, and acknowledgements of nothing change nothing', async (t) => {
  const pace = openPace(aClock())
  for (let count = 0; count < 10_000; count += 1) pace.sent(ACKNOWLEDGED_BYTES_MIN - 1)
  t.equal(pace.allowance().isFlashOnly, false)

  pace.got()

  t.strictSame(pace.allowance(), { pieceBytes: PIECE_BYTES_MAX, isFlashOnly: false })
})

test('however slow the link, a piece never gets so small that headers eat it', async (t) => {
  const link = aLink(0.01)

  link.sendAll(60_000)

  t.equal(link.pace.allowance().pieceBytes, 1_024)
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
  readonly flyingBytes: () => number
  readonly setRate: (bytesPerMs: number) => void
  /** Sends whatever is allowed until so many bytes have gone, and stops with the link full. */
  readonly sendAll: (bytes: number) => void
}

/** A link that delivers one piece after another and acknowledges each. */
function aLink(bytesPerMsAtFirst: number): TestLink {
  const clock = aClock()
  const pace = openPace(clock)
  const flying: number[] = []
  let bytesPerMs = bytesPerMsAtFirst
  const fill = (): number => {
    let filled = 0
    while (!pace.allowance().isFlashOnly) {
      const { pieceBytes } = pace.allowance()
      pace.sent(pieceBytes)
      flying.push(pieceBytes)
      filled += pieceBytes
    }
    return filled
  }
  return {
    pace,
    flyingBytes: () => flying.reduce((sum, bytes) => sum + bytes, 0),
    setRate: (rate) => {
      bytesPerMs = rate
    },
    sendAll: (bytes) => {
      let sent = fill()
      while (sent < bytes) {
        clock.pass((flying.shift() ?? 0) / bytesPerMs)
        pace.got()
        sent += fill()
      }
    },
  }
}
