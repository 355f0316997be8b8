/**
 * How a link carries bytes in virtual time: so many bits a second, one parcel after another, with a delay, and nothing
 * while it is out. What waits goes by urgency, so a lane overtakes another between parcels, never inside one.
 */
import type { Instant } from '#base/ids.ts'
import { must } from '#base/assert.ts'
import { laneNumber, type Lane } from '#model/precedence.ts'
import type { Trace, TraceRow } from '../../scripts/link/trace.ts'
import type { Timeline } from './timeline.ts'

/** What a direction of a link is like, moment by moment. */
export interface LineShape {
  readonly trace: Trace
  /** From then on it is out no more: its rate then is that of the times when it is there. */
  readonly isCalm: () => boolean
}

/** Bytes that want to go. */
export interface Cargo {
  readonly bytes: number
  readonly lane: Lane
}

/** One direction of one contact. */
export interface Line {
  /** `arrive` is called once the last byte is there. */
  readonly carry: (cargo: Cargo, arrive: () => void) => void
}

/** A line on which nothing is under way. */
export function openLine(timeline: Timeline, shape: LineShape): Line {
  const waiting: (Cargo & { readonly arrive: () => void })[] = []
  let isBusy = false
  let lastArrivalAt = 0
  const next = (): void => {
    const first = waiting.toSorted((a, b) => laneNumber(a.lane) - laneNumber(b.lane))[0]
    if (isBusy || first === undefined) return
    waiting.splice(waiting.indexOf(first), 1)
    isBusy = true
    timeline.after(sendingMs(shape, timeline.now(), first.bytes), () => {
      isBusy = false
      // The delay may shrink meanwhile: what was sent later still arrives later.
      lastArrivalAt = Math.max(lastArrivalAt, timeline.now() + delayMs(shape, timeline.now()))
      timeline.after(lastArrivalAt - timeline.now(), first.arrive)
      next()
    })
  }
  return {
    carry: (cargo, arrive) => {
      waiting.push({ ...cargo, arrive })
      next()
    },
  }
}

/** How long `bytes` take from `at` on, in milliseconds. */
export function sendingMs({ trace, isCalm }: LineShape, at: Instant, bytes: number): number {
  const calmBps = isCalm() ? meanBps(trace) : 0
  let bitsLeft = bytes * 8
  let ms = 0
  let { index, leftMs } = placeIn(trace, at)
  for (;;) {
    const row = rowAt(trace, index)
    const bitsPerMs = (usableBps(row) || calmBps) / 1_000
    if (bitsPerMs * leftMs >= bitsLeft) return ms + bitsLeft / bitsPerMs
    bitsLeft -= bitsPerMs * leftMs
    ms += leftMs
    index += 1
    leftMs = lengthOf(trace, index)
  }
}

/** Mean rate while the link is there, losses taken off, in bits per second. */
export function meanBps({ rows, lengthMs }: Trace): number {
  const up = rows.map((row, index) => ({ row, ms: (rows[index + 1]?.atMs ?? lengthMs) - row.atMs }))
  const there = up.filter(({ row }) => usableBps(row) > 0)
  const ms = there.reduce((sum, one) => sum + one.ms, 0)
  return there.reduce((sum, one) => sum + usableBps(one.row) * one.ms, 0) / ms
}

/** What is lost is sent again. */
function usableBps({ isUp, rateBps, loss }: TraceRow): number {
  return isUp ? rateBps * (1 - Math.min(loss, 0.95)) : 0
}

function delayMs({ trace }: LineShape, at: Instant): number {
  return rowAt(trace, placeIn(trace, at).index).rttMs / 2
}

function placeIn(trace: Trace, at: Instant): { readonly index: number; readonly leftMs: number } {
  const offset = at % trace.lengthMs
  const index = trace.rows.findLastIndex(({ atMs }) => atMs <= offset)
  const endMs = trace.rows[index + 1]?.atMs ?? trace.lengthMs
  return { index, leftMs: endMs - offset }
}

function rowAt({ rows }: Trace, index: number): TraceRow {
  return must(rows[index % rows.length], 'a trace has rows')
}

function lengthOf(trace: Trace, index: number): number {
  const { rows, lengthMs } = trace
  const at = index % rows.length
  return (rows[at + 1]?.atMs ?? lengthMs) - rowAt(trace, at).atMs
}
