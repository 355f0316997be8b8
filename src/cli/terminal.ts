/** What every command gets: where to write, when to stop, and its share of the world. */
import type { Environment } from '#config/environment.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import type { Question } from './question.ts'

/** Where a command writes to. Neither adds a line break. */
export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void
  /** Everything else. */
  readonly error: (text: string) => void
  /** Asks the person; undefined when nobody is there. Without it nobody ever is. */
  readonly ask?: (question: Question) => Promise<string | undefined>
}

/** The surroundings of one command. */
export interface Surroundings {
  readonly terminal: Terminal
  readonly environment: Environment
  /** Aborts when the person or the system wants the program to stop. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly random: Random
}

/** Options that every command has. */
export interface CommonOptions {
  /** The data folder, absolute. */
  readonly data: string
  /** One line of JSON instead of words. */
  readonly json: boolean
}

/** Writes `value` as one line of JSON. */
export function writeJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value)}\n`)
}

/** Writes lines. What people and other nodes wrote may be in them, so nothing in a line steers the terminal. */
export function writeLines(terminal: Terminal, lines: readonly string[]): void {
  const all = lines.flatMap((line) => line.split('\n'))
  terminal.out(`${all.map((line) => line.replace(/(?!\t)\p{Cc}/gu, '\u{fffd}')).join('\n')}\n`)
}

/** Rows with two spaces before each cell; every column but the last is as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, at) => `  ${at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)}`)
      .join(''),
  )
}

/** Bytes for people: in powers of a thousand, as disks and operators count. */
export function amount(bytes: number): string {
  return bytes < 1_000
    ? `${bytes} B`
    : bytes < 1e6
      ? `${(bytes / 1e3).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`
}

/** How far a calendar goes from 1970, either way, in milliseconds; what others claim may lie beyond. */
const CALENDAR_MS = 8.64e15

/** A point in time as the machine's own time zone has it, to the minute; in words when no calendar has it. */
export function when(at: number): string {
  if (!(Math.abs(at) <= CALENDAR_MS)) return 'an impossible time'
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short' }).format(at)
}
