/** All streams of this node: who is connected, and handing each event to those who may hear of it. */
import type { UserId } from '#base/ids.ts'
import { LIVE_KEEP_MS, LIVE_SESSIONS_PER_PERSON_MAX } from './limits.ts'
import type { Announcement } from './live-text.ts'
import type { LiveSession } from './live-session.ts'
import type { MembersHere } from './members-here.ts'

/** All times are monotonic milliseconds. */
export interface LiveHub {
  /** Counts `session` in. Resolves once its person's channels are known; from then on no event is missed. */
  readonly enter: (session: LiveSession) => Promise<void>
  /** The stream with this id, if it is kept and belongs to `person`. */
  readonly find: (id: string, person: UserId) => LiveSession | undefined
  /** Takes a stream out for good. */
  readonly leave: (session: LiveSession) => void
  readonly announce: (announcement: Announcement) => void
  /** Whether this person has a connected stream. */
  readonly isConnected: (person: UserId) => boolean
  /** Takes out the streams whose clients have been away for longer than LIVE_KEEP_MS. */
  readonly forgetStale: (now: number) => void
}

/** A hub without streams. */
export function createLiveHub(members: MembersHere): LiveHub {
  const sessionsOf = new Map<UserId, Set<LiveSession>>()
  const leave = (session: LiveSession): void => {
    const sessions = sessionsOf.get(session.person)
    if (sessions === undefined || !sessions.delete(session) || sessions.size > 0) return
    sessionsOf.delete(session.person)
    members.remove(session.person)
  }
  const pushTo = (person: UserId, text: string): void => {
    for (const session of sessionsOf.get(person) ?? []) session.push(text)
  }
  return {
    enter: async (session) => {
      const sessions = sessionsOf.get(session.person) ?? new Set<LiveSession>()
      sessionsOf.set(session.person, sessions.add(session))
      for (const old of superfluous(sessions)) {
        old.close(1008, 'too many sessions')
        leave(old)
      }
      let isIn = false
      try {
        await members.add(session.person)
        isIn = true
      } finally {
        if (!isIn) leave(session)
      }
    },
    find: (id, person) => {
      for (const session of sessionsOf.get(person) ?? []) if (session.id === id) return session
      return undefined
    },
    leave,
    announce: ({ to, text }) => {
      if (to.kind === 'person') return pushTo(to.person, text)
      const audience = to.kind === 'channel' ? members.of(to.channel) : sessionsOf.keys()
      const except = to.kind === 'channel' ? to.except : undefined
      for (const person of audience) if (person !== except) pushTo(person, text)
    },
    isConnected: (person) =>
      [...(sessionsOf.get(person) ?? [])].some((session) => session.detachedAt() === undefined),
    forgetStale: (now) => {
      const all = [...sessionsOf.values()].flatMap((sessions) => [...sessions])
      for (const session of all) {
        const since = session.detachedAt()
        if (since !== undefined && now - since > LIVE_KEEP_MS) leave(session)
      }
    },
  }
}

/** Those above the limit: first the ones nobody is connected to, then the oldest; never the newest. */
function superfluous(sessions: ReadonlySet<LiveSession>): readonly LiveSession[] {
  const excess = sessions.size - LIVE_SESSIONS_PER_PERSON_MAX
  if (excess <= 0) return []
  const older = [...sessions].slice(0, -1)
  const detached = older.filter((session) => session.detachedAt() !== undefined)
  const connected = older.filter((session) => session.detachedAt() === undefined)
  return [...detached, ...connected].slice(0, excess)
}
