/**
 * Who is online here. A person is online while a socket is open, unless they said otherwise; this is known to this
 * node alone, lives in memory, and costs no link.
 */
import type { Instant, UserId } from '#base/ids.ts'

/** The words of Mattermost clients. */
export const STATUSES = ['online', 'away', 'dnd', 'offline'] as const

/** One of them. */
export type Status = (typeof STATUSES)[number]

/** How somebody is here now. */
export interface PersonStatus {
  readonly person: UserId
  readonly status: Status
  /** They chose it themselves. */
  readonly isManual: boolean
  /** 0 when they were not here since the node started. */
  readonly lastActiveAt: Instant
}

/** Every method that changes something tells the new status to the listener, if it is another than before. */
export interface Presence {
  readonly of: (person: UserId) => PersonStatus
  /** A first socket was opened (`true`), or the last one has gone. */
  readonly setHere: (person: UserId, isHere: boolean, now: Instant) => void
  /** The client says whether its person is looking. */
  readonly setActive: (person: UserId, isActive: boolean, now: Instant) => void
  /** The person chose; `online` hands it back to the node. */
  readonly choose: (person: UserId, status: Status, now: Instant) => void
}

interface State {
  readonly isHere: boolean
  readonly isActive: boolean
  readonly chosen: Status | undefined
  readonly lastActiveAt: Instant
}

const ABSENT: State = { isHere: false, isActive: true, chosen: undefined, lastActiveAt: 0 }

/** Nobody is here yet. `onChange` hears of each change, at once. */
export function createPresence(onChange: (status: PersonStatus) => void): Presence {
  const states = new Map<UserId, State>()
  const of = (person: UserId): PersonStatus => statusFrom(person, states.get(person) ?? ABSENT)
  const change = (person: UserId, part: Partial<State>): void => {
    const before = of(person)
    states.set(person, { ...(states.get(person) ?? ABSENT), ...part })
    const after = of(person)
    if (after.status !== before.status) onChange(after)
  }
  return {
    of,
    setHere: (person, isHere, now) => change(person, { isHere, isActive: true, lastActiveAt: now }),
    setActive: (person, isActive, now) =>
      change(person, isActive ? { isActive, lastActiveAt: now } : { isActive }),
    choose: (person, status, now) =>
      change(person, { chosen: status === 'online' ? undefined : status, lastActiveAt: now }),
  }
}

function statusFrom(person: UserId, state: State): PersonStatus {
  return {
    person,
    status: wordFor(state),
    isManual: state.chosen !== undefined,
    lastActiveAt: state.lastActiveAt,
  }
}

function wordFor(state: State): Status {
  if (!state.isHere) return 'offline'
  if (state.chosen !== undefined) return state.chosen
  return state.isActive ? 'online' : 'away'
}
