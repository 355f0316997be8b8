/**
 * Which entries of a document count already, by their counters. Whoever writes honestly takes the next number after all it
 * has seen, so the numbers of a document have no large gaps, whatever is still on its way. An entry far above all others
 * waits until others explain it: nobody can take the last number and have the last word for good. The result follows from
 * which entries there are, not from when they came.
 */
import { COUNTER_GAP_MAX } from '#base/limits.ts'
import type { Entry } from './entry.ts'

/** An entry, wherever it stands. */
export interface Numbered {
  readonly entry: Pick<Entry, 'counter'>
}

/** The counters of one document. */
export interface Explained<T extends Numbered> {
  /** Adds an entry. Gives what counts now and did not before: the entry and what it explains, by their numbers. */
  readonly add: (one: T) => readonly T[]
  /** The largest counter that counts; 0 when there is none. */
  readonly counter: () => number
  /** How many entries wait. */
  readonly waiting: () => number
}

/** No entries yet. `believesAll`: what explained them may have been taken out of the document, so nothing waits. */
export function openExplained<T extends Numbered>(believesAll: boolean): Explained<T> {
  let counter = 0
  const waiting = openHeap<T>()

  const counts = (number: number): boolean => believesAll || number <= counter + COUNTER_GAP_MAX
  const takeWaiting = (): readonly T[] => {
    const taken: T[] = []
    for (let least = waiting.least(); least !== undefined; least = waiting.least()) {
      if (!counts(least.entry.counter)) break
      counter = Math.max(counter, least.entry.counter)
      taken.push(least)
      waiting.takeLeast()
    }
    return taken
  }

  return {
    add: (one) => {
      const number = one.entry.counter
      if (!counts(number)) {
        waiting.add(one)
        return []
      }
      counter = Math.max(counter, number)
      return [one, ...takeWaiting()]
    },
    counter: () => counter,
    waiting: waiting.size,
  }
}

/** What waits, the least number at hand: whoever writes very many that wait must not make each one dear. */
interface Heap<T> {
  readonly add: (one: T) => void
  readonly least: () => T | undefined
  readonly takeLeast: () => void
  readonly size: () => number
}

/** Each stands before the two at twice its place and one or two more. */
function openHeap<T extends Numbered>(): Heap<T> {
  const all: T[] = []
  const isBefore = (a: T | undefined, b: T | undefined): boolean =>
    a !== undefined && b !== undefined && a.entry.counter < b.entry.counter
  const swap = (at: number, other: number): void => {
    const [one, two] = [all[at], all[other]]
    if (one === undefined || two === undefined) return
    all[at] = two
    all[other] = one
  }
  return {
    add: (one) => {
      all.push(one)
      for (let at = all.length - 1; at > 0 && isBefore(all[at], all[above(at)]); at = above(at))
        swap(at, above(at))
    },
    least: () => all[0],
    takeLeast: () => {
      swap(0, all.length - 1)
      all.pop()
      for (let at = 0; ;) {
        const [left, right] = [2 * at + 1, 2 * at + 2]
        const lesser = isBefore(all[right], all[left]) ? right : left
        if (!isBefore(all[lesser], all[at])) return
        swap(at, lesser)
        at = lesser
      }
    },
    size: () => all.length,
  }
}

function above(at: number): number {
  return (at - 1) >> 1
}
