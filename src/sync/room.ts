/**
 * Room on the disk. Below a reserve the node takes nothing new in, neither from people nor from other nodes: what is left is
 * for reading, for signing in, and for sending what it has, which needs some room, too, and is how a kit that nobody tends
 * gets rid of its queue. Nothing is lost by that: who wrote is told so, and who sends keeps it and tries again.
 * Above the reserve there is a mark at which the operator is told, while there is still time.
 */
import { EdgeError } from '#base/errors.ts'
import { ROOM_KNOWN_MS, ROOM_LOOK_MS } from '#base/limits.ts'
import type { Clock } from '#ports/clock.ts'
import type { Disk } from '#ports/disk.ts'
import type { Log } from '#ports/log.ts'

/** How much room is wanted, in bytes. */
export interface RoomRules {
  /** Below it nothing new is taken in. */
  readonly freeBytesMin: number
  /** Below it the operator is warned. */
  readonly freeBytesLow: number
}

/** How the room is now. */
export interface RoomState {
  readonly state: 'ample' | 'low' | 'full'
  /** Undefined where nobody knows. */
  readonly freeBytes: number | undefined
}

/** The room of one node. */
export interface Room {
  /** As it was a moment ago. */
  readonly now: () => Promise<RoomState>
  /** @throws EdgeError STORE_FULL when there is less than the reserve */
  readonly insist: () => Promise<void>
  /** Looks now and then, and tells when it has changed, until `signal` aborts. */
  readonly keep: (signal: AbortSignal) => Promise<void>
}

/** What room is watched with. */
export interface RoomPorts {
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  /** Hears of every change between ample, low and full. */
  readonly onChange: () => void
}

/** Room that is always ample: where nobody says how much there has to be. */
export const AMPLE_ROOM: Room = {
  now: async () => ({ state: 'ample', freeBytes: undefined }),
  insist: async () => undefined,
  keep: async () => undefined,
}

/** Room on `disk`. */
export function openRoom(rules: RoomRules, { disk, clock, log, onChange }: RoomPorts): Room {
  let known: { readonly atMs: number; readonly found: Promise<RoomState> } | undefined
  let told: RoomState['state'] = 'ample'
  const look = async (): Promise<RoomState> => {
    const found = stateOf(rules, await disk.freeBytes())
    if (found.state !== told) {
      told = found.state
      tell(log, found)
      onChange()
    }
    return found
  }
  const now = (): Promise<RoomState> => {
    const atMs = clock.monotonicMs()
    if (known === undefined || atMs - known.atMs >= ROOM_KNOWN_MS) known = { atMs, found: look() }
    return known.found
  }
  return {
    now,
    insist: async () => {
      const { state, freeBytes = 0 } = await now()
      if (state === 'full') throw refusal(rules, freeBytes)
    },
    keep: async (signal) => {
      while (!signal.aborted) {
        await now()
        await clock.sleep(ROOM_LOOK_MS, signal)
      }
    },
  }
}

function stateOf(
  { freeBytesMin, freeBytesLow }: RoomRules,
  freeBytes: number | undefined,
): RoomState {
  if (freeBytes === undefined) return { state: 'ample', freeBytes }
  if (freeBytes < freeBytesMin) return { state: 'full', freeBytes }
  return { state: freeBytes < freeBytesLow ? 'low' : 'ample', freeBytes }
}

function tell(log: Log, { state, freeBytes = 0 }: RoomState): void {
  const facts = { bytes: freeBytes }
  if (state === 'full') log.error('disk.full', facts)
  else if (state === 'low') log.warn('disk.low', facts)
  else log.info('disk.ample', facts)
}

function refusal({ freeBytesMin }: RoomRules, freeBytes: number): EdgeError {
  return new EdgeError('STORE_FULL', {
    field: 'disk',
    found: `${inMegabytes(freeBytes)} free`,
    wanted: `at least ${inMegabytes(freeBytesMin)}`,
  })
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
