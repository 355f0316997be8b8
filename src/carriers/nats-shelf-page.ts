/** Some pieces of a file on their way to the node: how far the file is read follows what the node has settled, in order. */
import { fingerprint } from './nats-books.ts'
import type { Reading } from './nats-shelf-books.ts'

/** A page that is being filled. */
export interface Page {
  /** First number not yet fetched. */
  readonly next: () => number
  /** What came so far, own pieces included. */
  readonly size: () => { readonly count: number; readonly bytes: number }
  /** A piece goes to the node, with its number or one before it. Call what this returns once the node has settled it. */
  readonly take: (seq: number, bytes: Uint8Array) => () => void
  /** A piece that is not for the node. */
  readonly pass: (seq: number, bytes: Uint8Array) => void
  /** The last piece stands at this number. One that is none, or behind, changes nothing. */
  readonly reach: (seq: number) => void
  /** Resolves once all is settled, and noted. */
  readonly settled: () => Promise<void>
}

interface Step {
  readonly seq: number
  readonly print: string
  isOpen: boolean
}

/** A page that begins where the file was read to; `save` notes how far that is. */
export function openPage(reading: Reading, save: () => Promise<void>): Page {
  const steps: Step[] = []
  const size = { count: 0, bytes: 0 }
  let next = reading.seq + 1
  let change = Promise.withResolvers<void>()

  const move = (): void => {
    for (let [first] = steps; first?.isOpen === false; [first] = steps) {
      if (first.seq >= reading.seq) Object.assign(reading, { seq: first.seq, print: first.print })
      steps.shift()
    }
    change.resolve()
    change = Promise.withResolvers()
  }
  let last: Step | undefined
  const step = (seq: number, bytes: Uint8Array): Step => {
    last = { seq, print: fingerprint(bytes), isOpen: true }
    steps.push(last)
    next = Math.max(next, seq + 1)
    size.count += 1
    size.bytes += bytes.length
    return last
  }
  const close = (made: Step): void => {
    made.isOpen = false
    move()
  }
  return {
    next: () => next,
    size: () => size,
    take: (seq, bytes) => {
      const made = step(seq, bytes)
      return () => close(made)
    },
    pass: (seq, bytes) => close(step(seq, bytes)),
    reach: (seq) => {
      if (last === undefined || !Number.isSafeInteger(seq) || seq < next) return
      next = seq + 1
      steps.push({ seq, print: last.print, isOpen: false })
      move()
    },
    settled: async () => {
      // oxlint-disable-next-line no-await-in-loop -- until the last is settled
      while (steps.length > 0) await change.promise
      await save()
    },
  }
}
