import { test } from 'tap'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { key } from '#sync/keys.ts'
import { openRunningTime, type RunningTime } from '#sync/running-time.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOON = 1_800_000_000_000

/** A node that starts on `store`, with its wall clock at `at`. */
async function started(
  store: Store,
  at: number,
): Promise<{ time: RunningTime; clock: VirtualClock; keep: () => Promise<boolean> }> {
  const clock = virtualClock(at)
  const time = openRunningTime(clock)
  await time.begin(store)
  const keep = async (): Promise<boolean> => {
    const writes: { key: string; value: Uint8Array }[] = []
    time.keep({ put: (place, value) => void writes.push({ key: place, value }) })
    await store.write(writes)
    return writes.length > 0
  }
  return { time, clock, keep }
}

test('it goes on while the node runs, whatever somebody does to the wall clock', async (t) => {
  const { time, clock } = await started(openMemoryStore(), 1_000)
  await clock.advance(HOUR_MS)
  t.equal(time.nowMs(), HOUR_MS)

  for (const wall of [NOON, 0, 2_840_000_000_000]) {
    clock.setWall(wall)
    t.equal(time.nowMs(), HOUR_MS)
  }
})

test('time that the node was down counts as far as both ends can be right', async (t) => {
  for (const [stoppedAt, startedAt, downMs] of [
    [NOON, NOON + DAY_MS, DAY_MS],
    [NOON, NOON - DAY_MS, 0],
    [NOON, 1_000, 0],
    [1_000, NOON, 0],
    [1_000, 2_000, 0],
  ] as const) {
    const store = openMemoryStore()
    const before = await started(store, stoppedAt - HOUR_MS)
    await before.clock.advance(HOUR_MS)
    await before.keep()

    const { time } = await started(store, startedAt)

    t.equal(time.nowMs(), HOUR_MS + downMs, `${stoppedAt} to ${startedAt}`)
  }
})

test('it is noted once a minute at most', async (t) => {
  const store = openMemoryStore()
  const { clock, keep } = await started(store, NOON)

  t.equal(await keep(), true)
  await clock.advance(59_999)
  t.equal(await keep(), false)
  await clock.advance(1)
  t.equal(await keep(), true)
  t.ok(await store.get(key.runningTime))
})
