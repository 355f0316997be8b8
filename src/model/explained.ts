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
  let waiting: T[] = []
  let leastWaiting = Infinity

  const counts = (number: number): boolean => believesAll || number <= counter + COUNTER_GAP_MAX
  const takeWaiting = (): readonly T[] => {
    if (!counts(leastWaiting)) return []
    const inOrder = waiting.toSorted((a, b) => a.entry.counter - b.entry.counter)
    const stop = inOrder.findIndex(({ entry }) => {
      if (!counts(entry.counter)) return true
      counter = Math.max(counter, entry.counter)
      return false
    })
    const taken = stop < 0 ? inOrder : inOrder.slice(0, stop)
    waiting = inOrder.slice(taken.length)
    leastWaiting = waiting[0]?.entry.counter ?? Infinity
    return taken
  }

  return {
    add: (one) => {
      const number = one.entry.counter
      if (!counts(number)) {
        waiting.push(one)
        leastWaiting = Math.min(leastWaiting, number)
        return []
      }
      counter = Math.max(counter, number)
      return [one, ...takeWaiting()]
    },
    counter: () => counter,
    waiting: () => waiting.length,
  }
}
