/** All streams of this node: who is connected, and handing each event to those who may hear of it. */
import type { ChannelId, UserId } from '#base/ids.ts'
import type { MayHear } from '#app/policy-types.ts'
import { LIVE_KEEP_MS, LIVE_SESSIONS_PER_PERSON_MAX } from './limits.ts'
import type { Announcement } from './live-text.ts'
import type { LiveSession } from './live-session.ts'
import type { MembersHere } from './members-here.ts'

/** All times are monotonic milliseconds. */
export interface LiveHub {
  /** Counts `session` in: from then on it misses no event. */
  readonly enter: (session: LiveSession) => void
  /** The stream with this id, if it is kept and belongs to `person`. */
  readonly find: (id: string, person: UserId) => LiveSession | undefined
  /** Takes a stream out for good. */
  readonly leave: (session: LiveSession) => void
  readonly announce: (announcement: Announcement) => void
  /** Ends every stream of a person, so that their clients begin anew with what they may hear now. */
  readonly endPerson: (person: UserId) => void
  /** Replays nothing any more of what a person was told so far: they may not read some of it now. */
  readonly forgetTold: (person: UserId) => void
  /** Ends the streams that hear of other channels than when they began: nothing is replayed from them, and clients ask anew. */
  readonly endOutdated: () => void
  /** Whether this person has a connected stream. */
  readonly isConnected: (person: UserId) => boolean
  /** Takes out the streams whose clients have been away for longer than LIVE_KEEP_MS. */
  readonly forgetStale: (now: number) => void
}

/** Who may hear what, now. */
export interface Hearing {
  /** What happens in a channel, under the circumstances of a stream. */
  readonly whoMayHear: (channel: ChannelId) => MayHear
  /** What happens to a person. */
  readonly maySee: (subject: UserId, person: UserId) => boolean
}

/** A hub without streams. */
export function createLiveHub(members: MembersHere, hearing: Hearing): LiveHub {
  const sessionsOf = new Map<UserId, Set<LiveSession>>()
  const leave = (session: LiveSession): void => {
    const sessions = sessionsOf.get(session.person)
    if (sessions === undefined || !sessions.delete(session) || sessions.size > 0) return
    sessionsOf.delete(session.person)
    members.remove(session.person)
  }
  const end = (session: LiveSession): void => {
    session.close(1008, 'access has changed')
    leave(session)
  }
  const streams = { sessionsOf, members, hearing }
  /** The channels of its person that a stream did not hear of when it began, by its circumstances. */
  const deafTo = new WeakMap<LiveSession, ReadonlySet<ChannelId>>()
  const silent = ({ person, told }: LiveSession): readonly ChannelId[] =>
    [...members.channelsOf(person)].filter((channel) => !hearing.whoMayHear(channel)(person, told))
  return {
    enter: (session) => {
      const sessions = sessionsOf.get(session.person) ?? new Set<LiveSession>()
      sessionsOf.set(session.person, sessions.add(session))
      for (const old of superfluous(sessions)) {
        old.close(1008, 'too many sessions')
        leave(old)
      }
      members.add(session.person)
      deafTo.set(session, new Set(silent(session)))
    },
    find: (id, person) => {
      for (const session of sessionsOf.get(person) ?? []) if (session.id === id) return session
      return undefined
    },
    leave,
    announce: (announcement) => announceTo(streams, announcement),
    endPerson: (person) => void Array.from(sessionsOf.get(person) ?? [], end),
    forgetTold: (person) => {
      for (const session of sessionsOf.get(person) ?? []) session.forget()
    },
    endOutdated: () => {
      for (const session of [...sessionsOf.values()].flatMap((sessions) => [...sessions])) {
        const [before, now] = [deafTo.get(session), silent(session)]
        const isOther = now.length !== before?.size || now.some((one) => !before.has(one))
        if (isOther) end(session)
      }
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

interface Streams {
  readonly sessionsOf: ReadonlyMap<UserId, ReadonlySet<LiveSession>>
  readonly members: MembersHere
  readonly hearing: Hearing
}

function announceTo({ sessionsOf, members, hearing }: Streams, { to, text }: Announcement): void {
  const streamsOf = (person: UserId): Iterable<LiveSession> => sessionsOf.get(person) ?? []
  switch (to.kind) {
    case 'person': {
      const mayHear = to.of === undefined ? undefined : hearing.whoMayHear(to.of)
      for (const session of streamsOf(to.person))
        if (mayHear?.(to.person, session.told) !== false) session.push(text)
      break
    }
    case 'channel': {
      const mayHear = hearing.whoMayHear(to.channel)
      for (const person of members.of(to.channel)) {
        if (person === to.except) continue
        for (const session of streamsOf(person))
          if (mayHear(person, session.told)) session.push(text)
      }
      break
    }
    case 'everybody':
      for (const [person, sessions] of sessionsOf) {
        if (to.about !== undefined && !hearing.maySee(person, to.about)) continue
        for (const session of sessions) session.push(text)
      }
      break
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
