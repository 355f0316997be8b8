import fc from 'fast-check'
import { test } from 'tap'
import type { NodeId } from '#base/ids.ts'
import { backOffMs, BACK_OFF_MIN_MS, keepDialling, type DialEnd } from '#carriers/lan-dial.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { collectingLog, type CollectingLog } from '../support/log.ts'
import { holds } from '../support/property.ts'
import { seededRandom } from '../support/random.ts'

const bravo = 'bravo' as NodeId
const failed: DialEnd = { peer: undefined, reason: 'unreachable' }

test('the delay doubles with each failure up to the limit, less up to a half', async (t) => {
  holds(
    t,
    fc.property(
      fc.nat(1_000),
      fc.integer({ min: 1, max: 600_000 }),
      fc.nat(),
      (count, max, seed) => {
        const full = Math.min(max, BACK_OFF_MIN_MS * 2 ** Math.max(0, count - 1))

        const delay = backOffMs(count, max, seededRandom(seed))

        return delay >= Math.floor(full / 2) && delay <= full
      },
    ),
    300,
  )
})

test('an address that does not answer is tried ever more rarely', async (t) => {
  const dialler = aDialler(async () => failed)

  await dialler.clock.advance(10 * 60_000)

  t.ok(dialler.dials() >= 20 && dialler.dials() <= 46, `${dialler.dials()} tries in 10 minutes`)
  await dialler.stop()
})

test('while the peer at the address is in contact nobody dials it', async (t) => {
  const over = Promise.withResolvers<void>()
  const dialler = aDialler(
    async () => ({ peer: bravo, reason: 'already-connected' }),
    () => over.promise,
  )

  await dialler.clock.advance(60_000)
  t.equal(dialler.dials(), 1)
  over.resolve()
  await dialler.clock.advance(60_000)

  t.ok(dialler.dials() > 1)
  await dialler.stop()
})

test('after a session that lasted the address is tried again soon', async (t) => {
  const ends: (() => void)[] = []
  const dialler = aDialler(async (at) => {
    if (at < 6) return failed
    const end = Promise.withResolvers<void>()
    ends.push(end.resolve)
    await end.promise
    return { peer: bravo, reason: 'closed-by-peer' }
  })
  await dialler.clock.advance(120_000)
  t.equal(dialler.dials(), 7)

  ends[0]?.()
  await dialler.clock.advance(BACK_OFF_MIN_MS)

  t.equal(dialler.dials(), 8)
  ends[1]?.()
  await dialler.stop()
})

test('an address that somebody only said to be one is given up soon', async (t) => {
  let dials = 0
  const clock = virtualClock()
  const dial = async (): Promise<DialEnd> => ((dials += 1), failed)
  const task = { url: 'ws://hub:1', backOffMaxMs: 1_000, contactOver: async () => undefined, dial }
  const ports = { clock, random: seededRandom(1), log: collectingLog() }
  const dialling = keepDialling({ ...task, failuresMax: 3 }, ports, new AbortController().signal)

  await clock.advance(60_000)
  await dialling
  t.equal(dials, 3)
})

test('failures are told when they begin and then rarely', async (t) => {
  const dialler = aDialler(async () => failed)

  await dialler.clock.advance(60 * 60_000)

  t.ok(dialler.dials() > 100)
  const told = dialler.log.named('lan.dial-failed').filter(({ level }) => level === 'info')
  t.match(told[0], { facts: { peer: 'ws://hub:1', reason: 'unreachable', attempt: 1 } })
  t.ok(told.length <= 3)
  await dialler.stop()
})

test('an address with TLS is tried without when nobody answers, and then by the way that worked', async (t) => {
  const seen: string[] = []
  const clock = virtualClock()
  const end = new AbortController()
  const dial = async (url: string): Promise<DialEnd> => {
    seen.push(url)
    return url.startsWith('wss:') ? failed : { peer: bravo, reason: 'closed-by-peer' }
  }
  const task = { url: 'wss://hub:1', backOffMaxMs: 1_000, contactOver: async () => undefined, dial }
  const ports = { clock, random: seededRandom(1), log: collectingLog() }
  const dialling = keepDialling(task, ports, end.signal)

  await clock.advance(1_000)
  end.abort()
  await dialling

  t.strictSame(seen.slice(0, 3), ['wss://hub:1', 'ws://hub:1', 'ws://hub:1'])
})

test('a peer that answers by TLS and is refused is not dialled without it', async (t) => {
  const seen: string[] = []
  const clock = virtualClock()
  const end = new AbortController()
  const dial = async (url: string): Promise<DialEnd> => {
    seen.push(url)
    return { peer: undefined, reason: 'not-a-member' }
  }
  const task = { url: 'wss://hub:1', backOffMaxMs: 1_000, contactOver: async () => undefined, dial }
  const ports = { clock, random: seededRandom(1), log: collectingLog() }
  const dialling = keepDialling(task, ports, end.signal)

  await clock.advance(1_000)
  end.abort()
  await dialling

  t.strictSame([...new Set(seen)], ['wss://hub:1'])
})

interface Dialler {
  readonly clock: VirtualClock
  readonly log: CollectingLog
  readonly dials: () => number
  readonly stop: () => Promise<void>
}

function aDialler(
  dial: (at: number) => Promise<DialEnd>,
  contactOver: () => Promise<void> = async () => undefined,
): Dialler {
  const clock = virtualClock()
  const log = collectingLog()
  const end = new AbortController()
  let dials = 0
  const task = {
    url: 'ws://hub:1',
    backOffMaxMs: 30_000,
    contactOver,
    dial: () => {
      dials += 1
      return dial(dials - 1)
    },
  }
  const dialling = keepDialling(task, { clock, random: seededRandom(1), log }, end.signal)
  return {
    clock,
    log,
    dials: () => dials,
    stop: () => {
      end.abort()
      return dialling
    },
  }
}
