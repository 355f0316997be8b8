/** When something sent over a traced link arrives: plain arithmetic on virtual milliseconds. */
import { must } from '#base/assert.ts'
import type { Trace, TraceRow } from './trace.ts'

/** What the link is like at a moment, and until when. */
export interface Moment {
  readonly row: TraceRow
  readonly untilMs: number
}

/** The bytes that queue up for one direction of the link, and when they get through. */
export interface Pacer {
  /** Sends `bytes` at `nowMs`, after everything sent before. Gives when the last of them arrives. */
  readonly send: (nowMs: number, bytes: number) => number
  /** Forgets what is still waiting to be sent. */
  readonly clear: () => void
}

/** A lost piece is sent again this often, each time one round trip later. */
const RESENDS_MAX = 5

/** The row that holds at `atMs`. */
export function momentAt(trace: Trace, atMs: number): Moment {
  const { rows, lengthMs } = trace
  const lap = Math.floor(atMs / lengthMs)
  const within = atMs - lap * lengthMs
  let [low, high] = [0, rows.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((rows[middle]?.atMs ?? 0) <= within) low = middle
    else high = middle
  }
  const row = must(rows[low], 'a trace has a row from 0 on')
  return { row, untilMs: lap * lengthMs + (rows[low + 1]?.atMs ?? lengthMs) }
}

/** When the last of `bytes` has left, if the first leaves at `startMs` or as soon after it as the link is up. */
export function leftAt(trace: Trace, startMs: number, bytes: number): number {
  let bits = bytes * 8
  let atMs = startMs
  for (;;) {
    const { row, untilMs } = momentAt(trace, atMs)
    const capacity = row.isUp ? (row.rateBps * (untilMs - atMs)) / 1000 : 0
    if (row.isUp && capacity >= bits) return atMs + (bits * 1000) / row.rateBps
    bits -= capacity
    atMs = untilMs
  }
}

/** The next moment from `fromMs` on at which the link has been down for `patienceMs`; undefined if there is none. */
export function givenUpAt(trace: Trace, fromMs: number, patienceMs: number): number | undefined {
  let downSinceMs: number | undefined
  let atMs = fromMs
  while (atMs < fromMs + 2 * trace.lengthMs + patienceMs) {
    const { row, untilMs } = momentAt(trace, atMs)
    if (row.isUp) downSinceMs = undefined
    else {
      downSinceMs ??= atMs
      if (untilMs - downSinceMs >= patienceMs) return downSinceMs + patienceMs
    }
    atMs = untilMs
  }
  return undefined
}

/**
 * One direction of a link, first come, first served. `chance` gives numbers from 0 to 1.
 * TCP hides loss from who uses it, so a lost piece is one that arrives a round trip later.
 */
export function openPacer(trace: Trace, chance: () => number): Pacer {
  let freeAtMs = 0
  return {
    send: (nowMs, bytes) => {
      freeAtMs = leftAt(trace, Math.max(nowMs, freeAtMs), Math.max(1, bytes))
      const { rttMs, loss } = momentAt(trace, freeAtMs).row
      let resends = 0
      while (resends < RESENDS_MAX && chance() < loss) resends += 1
      return freeAtMs + rttMs / 2 + resends * rttMs
    },
    clear: () => {
      freeAtMs = 0
    },
  }
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32 by Tommy Ettinger). */
export function chanceFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
