/**
 * Traces: how good a link is, moment by moment, to be replayed.
 *
 * A trace file is CSV with the columns t_ms,up,rate_bps,rtt_ms,loss. A row holds from its t_ms until the next one,
 * the last row marks the end only, and then it begins again. `NAME.up.csv` is from the field to the shore and
 * `NAME.down.csv` the other way; a file without either, or without its sibling, serves both ways.
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { EdgeError } from '#base/errors.ts'

/** What the link is like for a while. */
export interface TraceRow {
  /** Milliseconds since the start of the trace. */
  readonly atMs: number
  readonly isUp: boolean
  /** Bits per second of payload: headers are not counted on top. */
  readonly rateBps: number
  readonly rttMs: number
  /** Share of pieces lost, 0 to 1. */
  readonly loss: number
}

/** One direction. Rows are in order, the first at 0, and at least one can carry something. */
export interface Trace {
  readonly rows: readonly TraceRow[]
  readonly lengthMs: number
}

/** Both directions, which run at the same time. */
export interface LinkTrace {
  readonly name: string
  readonly up: Trace
  readonly down: Trace
}

const HEADER = 't_ms,up,rate_bps,rtt_ms,loss'
const COLUMNS = HEADER.split(',')

/** Reads a trace file, and its sibling for the other direction when there is one. @throws EdgeError INPUT_INVALID */
export function readLinkTrace(file: string): LinkTrace {
  const direction = /\.(up|down)\.csv$/.exec(file)?.[1]
  const own = readTrace(file)
  const name = basename(file).replace(/(\.(up|down))?\.csv$/, '')
  if (direction === undefined) return { name, up: own, down: own }
  const sibling = file.replace(/\.(up|down)\.csv$/, direction === 'up' ? '.down.csv' : '.up.csv')
  const other = existsSync(sibling) ? readTrace(sibling) : own
  return direction === 'up' ? { name, up: own, down: other } : { name, up: other, down: own }
}

/** Parses the text of a trace file. `name` is for the error. @throws EdgeError INPUT_INVALID */
export function parseTrace(text: string, name: string): Trace {
  const lines = text.trimEnd().split(/\r?\n/)
  const fail = (line: number, found: string, wanted: string): never => {
    throw new EdgeError('INPUT_INVALID', { trace: name, line, found, wanted })
  }
  if (lines[0] !== HEADER) fail(1, lines[0] ?? '', HEADER)
  const rows: TraceRow[] = []
  for (const [index, line] of lines.slice(1).entries()) {
    const row = parseRow(line, (found, wanted) => fail(index + 2, found, wanted))
    const before = rows.at(-1)
    if (before === undefined && row.atMs !== 0) fail(index + 2, `t_ms ${row.atMs}`, 't_ms 0')
    if (before !== undefined && row.atMs <= before.atMs)
      fail(index + 2, `t_ms ${row.atMs}`, `t_ms above ${before.atMs}`)
    rows.push(row)
  }
  const end = rows.pop()
  if (end === undefined || rows.length === 0)
    return fail(lines.length, `${lines.length - 1} rows`, 'a row, and one for the end')
  if (!rows.some((row) => row.isUp)) fail(lines.length, 'no row with up 1', 'one at least')
  return { rows, lengthMs: end.atMs }
}

/** How long the link is away at most in either direction, in its own time; an outage may go on into the next round. */
export function longestOutageMs({ up, down }: LinkTrace): number {
  return Math.max(...[up, down].map(longestOf))
}

function longestOf({ rows, lengthMs }: Trace): number {
  const twice = [...rows, ...rows.map((row) => ({ ...row, atMs: row.atMs + lengthMs }))]
  let [longest, sinceMs]: [number, number | undefined] = [0, undefined]
  for (const { atMs, isUp } of [...twice, { atMs: 2 * lengthMs, isUp: true }]) {
    if (!isUp) sinceMs ??= atMs
    else if (sinceMs !== undefined) {
      longest = Math.max(longest, atMs - sinceMs)
      sinceMs = undefined
    }
  }
  return longest
}

/** The link is always the same. */
export function constantTrace(row: Omit<TraceRow, 'atMs' | 'isUp'>): LinkTrace {
  const trace = { rows: [{ atMs: 0, isUp: true, ...row }], lengthMs: 3_600_000 }
  return { name: 'constant', up: trace, down: trace }
}

/** The link is there for `upMs`, then gone for `downMs`, and so on. */
export function flappingTrace(
  row: Omit<TraceRow, 'atMs' | 'isUp'>,
  { upMs, downMs }: { readonly upMs: number; readonly downMs: number },
): LinkTrace {
  const rows = [
    { atMs: 0, isUp: true, ...row },
    { atMs: upMs, isUp: false, ...row, rateBps: 0 },
  ]
  const trace = { rows, lengthMs: upMs + downMs }
  return { name: 'flapping', up: trace, down: trace }
}

/** Traces of our own, made from the figures that makers of such links publish. */
export const BUILT_IN_TRACES: Readonly<Record<string, LinkTrace>> = {
  /** A satellite terminal of the smallest class with a good view: 22 kbit/s up. */
  satellite: constantTrace({ rateBps: 22_000, rttMs: 700, loss: 0.005 }),
  /** A data radio between hills: 9.6 kbit/s for 45 s, then nothing for 15 s. */
  radio: flappingTrace(
    { rateBps: 9_600, rttMs: 300, loss: 0.02 },
    { upMs: 45_000, downMs: 15_000 },
  ),
  /** A geostationary dish: 256 kbit/s. */
  dish: constantTrace({ rateBps: 256_000, rttMs: 600, loss: 0.001 }),
}

function readTrace(file: string): Trace {
  return parseTrace(readFileSync(file, 'utf8'), basename(file))
}

function parseRow(line: string, fail: (found: string, wanted: string) => never): TraceRow {
  const cells = line.split(',')
  if (cells.length !== COLUMNS.length) fail(`${cells.length} columns`, `${COLUMNS.length} columns`)
  const numbers = cells.map((cell, at) => {
    const isNumber = /^\d+(\.\d+)?$/.test(cell)
    return isNumber
      ? Number(cell)
      : fail(`${COLUMNS[at]} ${cell.slice(0, 40)}`, 'a number from 0 on')
  })
  const [atMs = 0, up = 0, rateBps = 0, rttMs = 0, loss = 0] = numbers
  if (up > 1 || !Number.isInteger(up)) fail(`up ${up}`, 'up 0 or 1')
  if (up === 1 && rateBps === 0) fail('up 1 with rate_bps 0', 'a rate_bps above 0')
  if (loss > 1) fail(`loss ${loss}`, 'a loss from 0 to 1')
  return { atMs, isUp: up === 1, rateBps, rttMs, loss }
}
