/** Thin links as they are measured in the field, drawn from the seed: rates that wander, delays, losses and outages. */
import type { LinkTrace, Trace, TraceRow } from '../../scripts/link/trace.ts'
import type { Chance } from './chance.ts'

const MINUTE_MS = 60_000
/** The thinnest that people still use (a satellite telephone), and what a small terminal gives on a good day. */
const BPS_MIN = 2_400
const BPS_MAX = 88_000
const RTT_MS_MIN = 600
const RTT_MS_MAX = 3_000
const ROWS_MAX = 400

/** Draws a link, each direction on its own. */
export function drawLink(chance: Chance): LinkTrace {
  const kind = chance.pick(['steady', 'wandering', 'passes'])
  const draw = { steady, wandering, passes }[kind]
  const drawn = draw ?? steady
  return { name: kind, up: drawn(chance.fork('up')), down: drawn(chance.fork('down')) }
}

/** Always there, always thin. */
function steady(chance: Chance): Trace {
  return { rows: [{ atMs: 0, isUp: true, ...quality(chance) }], lengthMs: 60 * MINUTE_MS }
}

/** A moving vehicle: the rate wanders from second to second, and hills take it away. */
function wandering(chance: Chance): Trace {
  const rows: TraceRow[] = []
  let { rateBps, rttMs, loss } = quality(chance)
  const lengthMs = chance.between(10, 60) * MINUTE_MS
  for (let atMs = 0; atMs < lengthMs && rows.length < ROWS_MAX;) {
    const isUp = rows.length === 0 || !chance.happens(0.12)
    rows.push({ atMs, isUp, rateBps: isUp ? rateBps : 0, rttMs, loss })
    rateBps = clamp(rateBps * chance.pick([0.5, 0.8, 1, 1.25, 2]), BPS_MIN, BPS_MAX)
    rttMs = clamp(rttMs * chance.pick([0.7, 1, 1, 1.4]), RTT_MS_MIN, RTT_MS_MAX)
    atMs += isUp ? chance.between(1_000, 60_000) : chance.between(1_000, 5 * MINUTE_MS)
  }
  return { rows, lengthMs }
}

/** A satellite that comes by: minutes with a link, then many more without. */
function passes(chance: Chance): Trace {
  const upMs = chance.between(4, 12) * MINUTE_MS
  const downMs = chance.between(5, 25) * MINUTE_MS
  const up = quality(chance)
  const rows = [
    { atMs: 0, isUp: true, ...up },
    { atMs: upMs, isUp: false, ...up, rateBps: 0 },
  ]
  return { rows, lengthMs: upMs + downMs }
}

function quality(chance: Chance): Omit<TraceRow, 'atMs' | 'isUp'> {
  return {
    rateBps: chance.pick([BPS_MIN, 4_800, 9_600, 22_000, BPS_MAX]),
    rttMs: chance.between(RTT_MS_MIN, RTT_MS_MAX),
    loss: chance.between(0, 5) / 100,
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.round(Math.min(high, Math.max(low, value)))
}
