/** Sessions: what a client keeps to prove who it is. The store keeps only hashes of tokens. */
import { EdgeError } from '#base/errors.ts'
import { idFromBytes, type Instant, type UserId } from '#base/ids.ts'
import {
  DEVICE_CHARACTERS_MAX,
  SESSION_MS,
  SESSION_NOTED_MS,
  SESSIONS_PER_PERSON_MAX,
} from '#base/limits.ts'
import { aboutPerson } from '#model/audit-content.ts'
import { audit } from '#sync/audit.ts'
import { range } from '#sync/keys.ts'
import { unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import {
  allSessions,
  endSessions,
  putSession,
  sessionIdOf,
  sessionPlace,
  tellEnded,
  type SessionRecord,
  type SignedInBy,
} from '#sync/session-book.ts'
import type { Accounts, OpenSession, Session, SignInWords } from './account-types.ts'
import { insist, isAdministrator, personIdByName, type AppContext } from './context.ts'
import { whyShutOut } from './shut-out.ts'

type Sessions = Pick<
  Accounts,
  | 'openSession'
  | 'sessionOf'
  | 'signOut'
  | 'sessionsOf'
  | 'endSession'
  | 'endSessions'
  | 'setDevice'
>

/** The session part of the app. */
export function openSessions(context: AppContext): Sessions {
  const { replica } = context.sync
  return {
    openSession: async (username) => {
      const person = personIdByName(context, username)
      if (person === undefined) throw new EdgeError('NOT_FOUND', { what: 'person', name: username })
      return replica.commit((tx) => newSession(tx, context, { person, by: 'operator' }))
    },
    sessionOf: (token) => sessionOf(context, token),
    signOut: (token) =>
      replica.commit(async (tx) => {
        const id = sessionIdOf(token)
        const record = unpack<SessionRecord>(await tx.get(sessionPlace(id)))
        if (record === undefined || record.accessToken !== undefined) return
        tx.delete(sessionPlace(id))
        tellEnded(tx, context.sync, [id])
        await audit(tx, context.sync, { deed: 'signed out', by: record.person })
      }),
    sessionsOf: async (subject, person) => {
      insistOnAccount(context, subject, person)
      const own = (await allSessions(replica.read)).filter((one) => isPersons(one, person))
      return own.map(shown).toSorted((a, b) => b.createdAt - a.createdAt)
    },
    endSession: async (subject, person, id) => {
      insistOnAccount(context, subject, person)
      const ended = await end(context, subject, (one) => one.id === id && isPersons(one, person))
      if (ended === 0) throw new EdgeError('NOT_FOUND', { what: 'session' })
    },
    endSessions: async (subject, person) => {
      insistOnAccount(context, subject, person)
      await end(context, subject, (one) => person === undefined || one.person === person)
    },
    setDevice: (token, device) =>
      replica.commit(async (tx) => {
        if (device.length > DEVICE_CHARACTERS_MAX)
          throw new EdgeError('INPUT_INVALID', {
            field: 'device',
            foundCharacters: device.length,
            wanted: `at most ${DEVICE_CHARACTERS_MAX}`,
          })
        const id = sessionIdOf(token)
        const record = unpack<SessionRecord>(await tx.get(sessionPlace(id)))
        if (record === undefined) throw new EdgeError('NOT_FOUND', { what: 'session' })
        putSession(tx, id, { ...record, device })
      }),
  }
}

/** Refuses unless it is one's own account, or one administers. `undefined` is everybody's. */
export function insistOnAccount(
  context: AppContext,
  subject: UserId,
  person: UserId | undefined,
): void {
  if (subject === person) return
  const action = 'manage accounts'
  insist(context, subject, { action, isAdministrator: isAdministrator(context, subject) })
}

/** Whose session it is to be, and how it came about. */
export interface NewSession {
  readonly person: UserId
  readonly by: SignedInBy
  readonly words?: SignInWords | undefined
  /** When it ends at the latest; SESSION_MS from now unless that is sooner. */
  readonly until?: Instant | undefined
}

/** Opens a session, in the commit that also keeps what goes with it. */
export async function newSession(
  tx: Tx,
  context: AppContext,
  { person, by, words, until }: NewSession,
): Promise<Session> {
  refuseShutOut(context, person)
  const token = idFromBytes<UserId>(context.random.bytes(16))
  const createdAt = context.sync.now()
  const record: SessionRecord = {
    person,
    createdAt,
    expiresAt: Math.min(createdAt + SESSION_MS, until ?? Infinity),
    usedAt: createdAt,
    by,
    ...(words?.client && { client: words.client }),
    ...(words?.device && { device: words.device.slice(0, DEVICE_CHARACTERS_MAX) }),
  }
  await sweep(tx, createdAt)
  await endOldest(tx, context, person)
  const id = sessionIdOf(token)
  putSession(tx, id, record)
  await audit(tx, context.sync, {
    deed: by === 'operator' ? 'operator signed in' : 'signed in',
    by: person,
  })
  return { token, ...shown({ ...record, id }) }
}

/** Nobody hears that it is the account and not the password. */
function refuseShutOut(context: AppContext, person: UserId): void {
  const reason = whyShutOut(context, person)
  if (reason === undefined) return
  const subjects = [aboutPerson(person)]
  context.sync.audit.count({ deed: 'sign-in refused', result: 'refused', subjects, reason })
  throw new EdgeError('NOT_SIGNED_IN', { found: 'wrong name or password' })
}

async function sessionOf(context: AppContext, token: string): Promise<Session | undefined> {
  const { replica, now } = context.sync
  const id = sessionIdOf(token)
  const record = unpack<SessionRecord>(await replica.read.get(sessionPlace(id)))
  if (record === undefined || record.expiresAt <= now()) return undefined
  if (whyShutOut(context, record.person) !== undefined) return undefined
  if (now() - record.usedAt >= SESSION_NOTED_MS) await noteUse(context, id)
  return { token, ...shown({ ...record, id }) }
}

/** A disk that is full today must not sign anybody out. */
async function noteUse(context: AppContext, id: string): Promise<void> {
  const { replica, now, log } = context.sync
  const noted = replica.commit(async (tx) => {
    const record = unpack<SessionRecord>(await tx.get(sessionPlace(id)))
    if (record !== undefined) putSession(tx, id, { ...record, usedAt: now() })
  })
  await noted.catch((error: unknown) => log.warn('session.not-noted', { error: String(error) }))
}

function shown(record: SessionRecord & { readonly id: string }): OpenSession {
  const { id, person, createdAt, expiresAt, usedAt, by, client, device } = record
  const words = { ...(client && { client }), ...(device !== undefined && { device }) }
  return { id, person, createdAt, expiresAt, usedAt, by, ...words }
}

/** What a person sees of their own: tokens of programs and the command line have lists of their own. */
function isPersons({ by, ...one }: SessionRecord, person: UserId): boolean {
  return one.person === person && by !== 'operator' && by !== 'access token'
}

/** How many it ended. The command line's, and those of access tokens, stay. */
async function end(
  context: AppContext,
  subject: UserId,
  which: (session: SessionRecord & { readonly id: string }) => boolean,
): Promise<number> {
  return context.sync.replica.commit(async (tx) => {
    const ended = await endSessions(
      tx,
      context.sync,
      (one) => isPersons(one, one.person) && which(one),
    )
    for (const person of new Set(ended.map((one) => one.person))) {
      const subjects = [aboutPerson(person)]
      const count = ended.filter((one) => one.person === person).length
      await audit(tx, context.sync, { deed: 'session ended', by: subject, subjects, count })
    }
    return ended.length
  })
}

/**
 * Ends what an earlier run of the node left to the command line. Whose power went could not do so, and who found its disk
 * has the token.
 */
export async function endOperatorSessions(tx: Tx, context: AppContext): Promise<void> {
  for (const { person } of await endSessions(tx, context.sync, ({ by }) => by === 'operator'))
    await audit(tx, context.sync, { deed: 'signed out', by: person })
}

/** Sessions that have ended leave the disk when a new one begins. */
async function sweep(tx: Tx, now: Instant): Promise<void> {
  for (const [place, bytes] of await tx.list(range.sessions)) {
    const record = unpack<SessionRecord>(bytes)
    if (record === undefined || record.expiresAt <= now) tx.delete(place)
  }
}

/** Makes way for one session more of a person; the command line's and those of access tokens are not counted. */
async function endOldest(tx: Tx, context: AppContext, person: UserId): Promise<void> {
  const own = (await allSessions(tx)).filter((one) => isPersons(one, person))
  const oldest = own.toSorted((a, b) => a.createdAt - b.createdAt)
  const count = Math.max(0, own.length + 1 - SESSIONS_PER_PERSON_MAX)
  const names = new Set(oldest.slice(0, count).map(({ id }) => id))
  if (count > 0) await endSessions(tx, context.sync, ({ id }) => names.has(id))
}
