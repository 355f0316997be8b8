/** A clock for whoever uses an emulated link that is faster than life: everything takes as long as the link thinks. */
import type { Clock } from '#ports/clock.ts'
import { realClock } from '#ports/real.ts'

/** Runs `speed` times as fast as a real clock, from now on. */
export function quickClock(speed: number): Clock {
  const real = realClock()
  const startedAt = real.now()
  const startedMs = real.monotonicMs()
  const elapsedMs = (): number => (real.monotonicMs() - startedMs) * speed
  return {
    now: () => startedAt + Math.trunc(elapsedMs()),
    monotonicMs: elapsedMs,
    sleep: (ms, signal) => real.sleep(ms / speed, signal),
  }
}
