/** What happened in a run: a hash over all of it, the last of it in words, and counts of what was rare. */
import { createHash } from 'node:crypto'
import type { Facts } from '#base/errors.ts'
import type { Timeline } from './timeline.ts'

/** How often each named thing happened: proof that the faults of a run were really there. */
export interface Marks {
  readonly count: (mark: string) => void
  readonly counts: () => Readonly<Record<string, number>>
}

/** The record of a run. */
export interface Trace {
  readonly note: (who: string, event: string, facts?: Facts) => void
  /** Over every line so far: equal seeds give equal hashes. */
  readonly hash: () => string
  /** The newest lines, oldest first. */
  readonly tail: () => readonly string[]
}

const TAIL_LINES = 60

/** An empty trace. `print` gets every line when somebody wants to read along. */
export function openTrace(timeline: Timeline, print: ((line: string) => void) | undefined): Trace {
  const digest = createHash('sha256')
  const start = timeline.now()
  const tail: string[] = []
  return {
    note: (who, event, facts = {}) => {
      const told = Object.entries(facts).map(([name, value]) => ` ${name}=${value}`)
      const line = `${timeline.steps()} ${timeOf(timeline.now() - start)} ${who} ${event}${told.join('')}`
      digest.update(line)
      digest.update('\n')
      tail.push(line)
      if (tail.length > TAIL_LINES) tail.shift()
      print?.(line)
    },
    hash: () => digest.copy().digest('hex').slice(0, 32),
    tail: () => [...tail],
  }
}

/** No marks yet. */
export function openMarks(): Marks {
  const counts = new Map<string, number>()
  return {
    count: (mark) => void counts.set(mark, (counts.get(mark) ?? 0) + 1),
    counts: () => Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** Hours, minutes, seconds and milliseconds since the run began. */
function timeOf(ms: number): string {
  const part = (unit: number, size: number, width: number): string =>
    String(Math.floor(ms / unit) % size).padStart(width, '0')
  return `${part(3_600_000, 1000, 2)}:${part(60_000, 60, 2)}:${part(1000, 60, 2)}.${part(1, 1000, 3)}`
}
