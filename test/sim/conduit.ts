/** A queue with one reader: how contacts and arrivals get from the simulated network to a node. */
import type { Life } from './timeline.ts'

/** What is put comes out of `stream`, in order, as long as the life it belongs to goes on. */
export interface Conduit<T> {
  readonly put: (value: T) => void
  /** The stream ends once it is empty. */
  readonly close: () => void
  readonly stream: () => AsyncIterable<T>
}

/** An empty conduit. */
export function openConduit<T>(life: Life): Conduit<T> {
  const waiting: T[] = []
  let isClosed = false
  let wake: (() => void) | undefined
  const rouse = (): void => {
    wake?.()
    wake = undefined
  }
  async function* stream(): AsyncGenerator<T> {
    for (;;) {
      if (!life.isAlive()) await new Promise(() => {})
      const next = waiting.shift()
      if (next !== undefined) yield next
      else if (isClosed) return
      else await new Promise<void>((resolve) => void (wake = resolve))
    }
  }
  return {
    put: (value) => {
      if (!life.isAlive() || isClosed) return
      waiting.push(value)
      rouse()
    },
    close: () => {
      isClosed = true
      if (life.isAlive()) rouse()
    },
    stream,
  }
}
