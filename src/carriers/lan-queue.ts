/**
 * A queue between whoever notices something and the one who waits for it. It holds what is pushed until it is taken;
 * who pushes keeps it short, by `size` or by taking back what has been overtaken.
 */

/** For one consumer. */
export interface Queue<T> {
  readonly push: (value: T) => void
  /** Removes the newest value that still waits and matches; false when there is none. */
  readonly takeBack: (matches: (value: T) => boolean) => boolean
  readonly size: () => number
  /** No more values; those that wait are still handed out. */
  readonly end: () => void
  /** The values in order; ends after `end`. */
  readonly values: () => AsyncIterable<T>
}

/** A new, empty queue. */
export function openQueue<T>(): Queue<T> {
  const waiting: T[] = []
  let hasEnded = false
  let wake = (): void => {}
  async function* values(): AsyncIterable<T> {
    for (;;) {
      const next = waiting.shift()
      if (next !== undefined) yield next
      else if (hasEnded) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return {
    push: (value) => {
      if (!hasEnded) waiting.push(value)
      wake()
    },
    takeBack: (matches) => {
      const at = waiting.findLastIndex(matches)
      if (at >= 0) waiting.splice(at, 1)
      return at >= 0
    },
    size: () => waiting.length,
    end: () => {
      hasEnded = true
      wake()
    },
    values,
  }
}
