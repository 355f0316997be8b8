/**
 * From one session into the carrier's queue of arrivals. While the queue is full the socket is not read: the sender
 * feels it as a slow link, and what waits here stays as small as what was read before.
 */
import type { Arrival } from '#ports/carrier.ts'
import type { ArrivalQueue } from './arrival-queue.ts'

/** Whose reading may be held up. */
export interface Reader {
  readonly pause: () => void
  readonly resume: () => void
  /** Aborts when the session is over; what waits then is dropped, for nobody could answer for it. */
  readonly over: AbortSignal
}

/** Hands arrivals on, in their order. */
export function openDelivery(queue: ArrivalQueue, reader: Reader): (arrival: Arrival) => void {
  const held: Arrival[] = []
  const drain = async (): Promise<void> => {
    reader.pause()
    for (let next = held[0]; next !== undefined && !reader.over.aborted; next = held[0]) {
      if (queue.push(next)) held.shift()
      // oxlint-disable-next-line no-await-in-loop -- waits until the node has caught up
      else await queue.calm(reader.over)
    }
    held.length = 0
    reader.resume()
  }
  return (arrival) => {
    if (held.length === 0 && queue.push(arrival)) return
    held.push(arrival)
    if (held.length === 1) void drain()
  }
}
