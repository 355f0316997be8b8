/**
 * One client's numbered stream of events. It outlives its socket: a client that returns soon enough with the number
 * it expects next gets exactly what it missed.
 */
import { must } from '#base/assert.ts'
import type { UserId } from '#base/ids.ts'
import type { Attributes } from '#model/policy.ts'
import { LIVE_REPLAY_MAX } from './limits.ts'

/** Where a stream goes while a client is connected. */
export interface LiveOutlet {
  /** Sends an event: `text` ends with `"seq":`; `number` and a brace complete it. */
  readonly tell: (text: string, number: number) => void
  /** Sends what has no number: the answer to a request. */
  readonly answer: (text: string) => void
  /** Ends the connection: a WebSocket close code and a word. */
  readonly close: (code: number, reason: string) => void
}

/** One stream. All times are monotonic milliseconds. */
export interface LiveSession {
  /** 26 characters; the client shows it to resume. */
  readonly id: string
  readonly person: UserId
  /** The circumstances under which it began: those under which it may hear. */
  readonly told: Attributes
  /** Sends an event, or keeps it for replay. `text` ends with `"seq":`. */
  readonly push: (text: string) => void
  /**
   * Connects `outlet` and first sends what was missed from event number `next` on. False, and nothing happens, when
   * some of that is no longer kept. An outlet that was connected before is closed.
   */
  readonly attach: (outlet: LiveOutlet, next: number) => boolean
  /** Disconnects `outlet`; of no effect when another has taken its place. */
  readonly detach: (outlet: LiveOutlet, now: number) => void
  /** Replays nothing any more of what was pushed so far: who missed some of it begins a new stream. */
  readonly forget: () => void
  /** Ends the connection, if there is one. */
  readonly close: (code: number, reason: string) => void
  /** When the last outlet left; undefined while one is connected. */
  readonly detachedAt: () => number | undefined
}

/** A stream that begins at number 0, not connected. */
export function createLiveSession(
  id: string,
  { person, told = {} }: { readonly person: UserId; readonly told?: Attributes },
  now: number,
): LiveSession {
  const kept: string[] = []
  let next = 0
  let oldest = 0
  let wasAttached = false
  let outlet: LiveOutlet | undefined
  let detachedAt: number | undefined = now
  return {
    id,
    person,
    told,
    push: (text) => {
      kept[next % LIVE_REPLAY_MAX] = text
      outlet?.tell(text, next)
      next += 1
    },
    attach: (newOutlet, from) => {
      if (from > next || from < Math.max(oldest, next - LIVE_REPLAY_MAX)) return false
      outlet?.close(1000, 'resumed elsewhere')
      outlet = newOutlet
      wasAttached = true
      detachedAt = undefined
      for (let number = from; number < next; number += 1) {
        newOutlet.tell(must(kept[number % LIVE_REPLAY_MAX], 'what is replayed is kept'), number)
      }
      return true
    },
    detach: (oldOutlet, at) => {
      if (outlet !== oldOutlet) return
      outlet = undefined
      detachedAt = at
    },
    forget: () => {
      if (!wasAttached) return // its first client is on the way, and has missed nothing
      kept.length = 0
      oldest = next
    },
    close: (code, reason) => outlet?.close(code, reason),
    detachedAt: () => detachedAt,
  }
}
