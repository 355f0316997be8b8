/**
 * Arrivals on their way to the node, between a carrier's callbacks and the one consumer that takes its time.
 *
 * It never grows beyond its limits: what does not fit is refused, and the carrier fetches it again later.
 */
import { laneNumber, LANES } from '#model/precedence.ts'
import type { Arrival } from '#ports/carrier.ts'

/** How much may wait. */
export interface ArrivalLimits {
  readonly arrivalsMax: number
  readonly bytesMax: number
}

/** The most urgent first, and within a lane first in, first out; for one consumer. */
export interface ArrivalQueue {
  /** Whether the arrival was taken in; false when the queue is full or closed. One always fits into an empty queue. */
  readonly push: (arrival: Arrival) => boolean
  /** Whether at most half of the limits is in use. */
  readonly isCalm: () => boolean
  readonly size: () => number
  /** Resolves once the queue is calm or closed, or `signal` aborts. */
  readonly calm: (signal: AbortSignal) => Promise<void>
  /** Ends when the queue is closed; what still waits then is not given out. */
  readonly arrivals: () => AsyncIterable<Arrival>
  readonly close: () => void
}

/** An empty, open queue. */
export function openArrivalQueue(limits: ArrivalLimits): ArrivalQueue {
  const lanes: readonly Arrival[][] = LANES.map(() => [])
  const size = (): number => lanes.reduce((sum, lane) => sum + lane.length, 0)
  const state = { bytes: 0, isClosed: false }
  let change = Promise.withResolvers<void>()

  const changed = (): void => {
    change.resolve()
    change = Promise.withResolvers()
  }
  const hasRoom = (bytes: number): boolean =>
    size() === 0 || (size() < limits.arrivalsMax && state.bytes + bytes <= limits.bytesMax)
  const isCalm = (): boolean =>
    size() * 2 <= limits.arrivalsMax && state.bytes * 2 <= limits.bytesMax

  return {
    push: (arrival) => {
      if (state.isClosed || !hasRoom(arrival.bytes.length)) return false
      lanes[laneNumber(arrival.lane ?? 'routine')]?.push(arrival)
      state.bytes += arrival.bytes.length
      changed()
      return true
    },
    isCalm,
    size,
    calm: async (signal) => {
      const aborted = Promise.withResolvers<void>()
      const onAbort = (): void => aborted.resolve()
      signal.addEventListener('abort', onAbort)
      while (!isCalm() && !state.isClosed && !signal.aborted)
        // oxlint-disable-next-line no-await-in-loop -- waits for one change after another
        await Promise.race([change.promise, aborted.promise])
      signal.removeEventListener('abort', onAbort)
    },
    arrivals: async function* take() {
      while (!state.isClosed) {
        const arrival = lanes.find(({ length }) => length > 0)?.shift()
        if (arrival === undefined) {
          // oxlint-disable-next-line no-await-in-loop -- one after another, as they come
          await change.promise
          continue
        }
        state.bytes -= arrival.bytes.length
        changed()
        yield arrival
      }
    },
    close: () => {
      state.isClosed = true
      for (const lane of lanes) lane.length = 0
      state.bytes = 0
      changed()
    },
  }
}
