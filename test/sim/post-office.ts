/**
 * A post office as a NATS stream is one: a parcel is known by sender, lane and number, is stored once, and is found
 * there by everybody else. It acknowledges before its own sync, so a power failure takes back what it took last
 * (Jepsen, NATS 2.12.1, 2025-12), and somebody may make it anew. How nodes reach it is in `post-carrier.ts`.
 */
import type { Instant, NodeId } from '#base/ids.ts'
import { equalBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { Lane } from '#model/precedence.ts'
import type { Parcel } from '#ports/carrier.ts'
import type { Outcome } from './network.ts'

/** One parcel as it is stored. Sequences start at 1. */
export interface Item {
  readonly sequence: number
  readonly name: string
  readonly sender: NodeId
  readonly lane: Lane
  readonly bytes: Uint8Array
  readonly storedAt: Instant
  /** The file of which it is a piece. */
  readonly file?: string
}

/** Which post office it is: `stream` counts how often it was made anew, `era` how often it was started. */
export interface Start {
  readonly stream: number
  readonly era: number
}

/** How far somebody has come, counted since this start. */
export interface Place extends Start {
  readonly sequence: number
}

/** The place where parcels lie. */
export interface PostOffice {
  readonly start: () => Start
  /** `departed`, also for a parcel it has already; ALREADY_EXISTS when other bytes have that number. */
  readonly put: (sender: NodeId, parcel: Parcel, at: Instant) => Outcome
  /** The first parcel behind `sequence` that is not by `reader`. */
  readonly next: (sequence: number, reader: NodeId) => Item | undefined
  /** The pieces of a file behind `sequence` that are not by `reader`: they lie apart, with numbers of their own. */
  readonly onShelf: (file: string, sequence: number, reader: NodeId) => readonly Item[]
  /** Where somebody goes on who had come to `place`, which may have been lost since. */
  readonly resume: (place: Place | undefined) => Place
  /** Started again without what was stored at or after `at`. Gives how many parcels that were. */
  readonly failPower: (at: Instant) => number
  /** Made anew: empty. */
  readonly wipe: () => void
}

/** Whether both are the same start. */
export function isSameStart(a: Start | undefined, b: Start): boolean {
  return a?.stream === b.stream && a.era === b.era
}

/** An empty post office. */
export function openPostOffice(): PostOffice {
  const messages = openRow()
  const pieces = openRow()
  /** The last sequence that was left at the start of each era. */
  let lefts = [0]
  let stream = 0
  const start = (): Start => ({ stream, era: lefts.length - 1 })

  return {
    start,
    put: (sender, parcel, at) => {
      const row = parcel.file === undefined ? messages : pieces
      return row.put(sender, parcel, at)
    },
    next: (sequence, reader) =>
      messages.items.find((item) => item.sequence > sequence && item.sender !== reader),
    onShelf: (file, sequence, reader) =>
      pieces.items.filter(
        (item) => item.file === file && item.sequence > sequence && item.sender !== reader,
      ),
    resume: (place) => {
      const sequence =
        place?.stream === stream ? Math.min(place.sequence, ...lefts.slice(place.era + 1)) : 0
      return { ...start(), sequence }
    },
    failPower: (at) => {
      const lost = messages.lose(at) + pieces.lose(at)
      lefts.push(messages.last())
      return lost
    },
    wipe: () => {
      messages.clear()
      pieces.clear()
      lefts = [0]
      stream += 1
    },
  }
}

/** Where parcels stand in the order in which they came. */
interface Row {
  readonly items: readonly Item[]
  readonly last: () => number
  readonly put: PostOffice['put']
  /** Takes back what was stored at or after `at`. Gives how many parcels that were. */
  readonly lose: (at: Instant) => number
  readonly clear: () => void
}

function openRow(): Row {
  const items: Item[] = []
  const byName = new Map<string, Item>()
  const last = (): number => items.at(-1)?.sequence ?? 0
  return {
    items,
    last,
    put: (sender, { bytes, lane, number, file }, at) => {
      const name = `${sender} ${lane} ${number}`
      const present = byName.get(name)
      if (present !== undefined) {
        return equalBytes(present.bytes, bytes)
          ? 'departed'
          : new EdgeError('ALREADY_EXISTS', { number, lane })
      }
      const place = { sequence: last() + 1, name, sender, lane, storedAt: at }
      const item = { ...place, bytes: Uint8Array.from(bytes), ...(file && { file }) }
      items.push(item)
      byName.set(name, item)
      return 'departed'
    },
    lose: (at) => {
      let lost = 0
      for (;;) {
        const item = items.at(-1)
        if (item === undefined || item.storedAt < at) return lost
        items.pop()
        byName.delete(item.name)
        lost += 1
      }
    },
    clear: () => {
      items.length = 0
      byName.clear()
    },
  }
}
