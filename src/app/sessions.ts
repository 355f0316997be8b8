/** Sessions: what a client keeps to prove who it is. The store keeps only hashes of tokens. */
import { EdgeError } from '#base/errors.ts'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { idFromBytes, type Instant, type UserId } from '#base/ids.ts'
import { SESSIONS_PER_PERSON_MAX } from '#base/limits.ts'
import { aboutPerson } from '#model/audit-content.ts'
import { type Deed } from '#model/audit-words.ts'
import type { Passwords } from '#ports/passwords.ts'
import { audit } from '#sync/audit.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { personIdByName, type AppContext } from './context.ts'
import type { EdgeNode, Session } from './node.ts'

type Sessions = Pick<EdgeNode, 'openSession' | 'signIn' | 'sessionOf' | 'signOut'>

interface SessionRecord {
  readonly person: UserId
  readonly createdAt: Instant
  readonly expiresAt: Instant
  /** The command line of this machine has it, in a file: it is good for one run of the node only. */
  readonly isOperator?: true
}

/** Mattermost's own length of a session: 30 days. */
const SESSION_MS = 30 * 24 * 3_600_000
/** A hash no password has: checked when there is no account. */
const NO_ACCOUNT = new Uint8Array(49).fill(1)

/** The session part of the app. */
export function openSessions(context: AppContext, passwords: Passwords): Sessions {
  const { replica, directory, now } = context.sync
  return {
    openSession: async (username) => {
      const person = personIdByName(context, username)
      if (person === undefined) throw new EdgeError('NOT_FOUND', { what: 'person', name: username })
      return newSession(context, person, 'operator signed in')
    },
    signIn: async (login, password) => {
      const account = await accountOf(context, login)
      // The same work whether the name exists or not, so that the answer's time does not tell.
      const isRight = await passwords.check(password, account?.hash ?? NO_ACCOUNT)
      if (account === undefined || !isRight) {
        const subjects = account === undefined ? [] : [aboutPerson(account.person)]
        const refused = { deed: 'sign-in refused', result: 'refused', subjects } as const
        context.sync.audit.count({ ...refused, reason: 'wrong password' })
        throw new EdgeError('NOT_SIGNED_IN', { found: 'wrong name or password' })
      }
      return newSession(context, account.person, 'signed in')
    },
    sessionOf: async (token) => {
      const record = unpack<SessionRecord>(await replica.read.get(sessionKey(token)))
      if (record === undefined || record.expiresAt <= now()) return undefined
      return directory().person(record.person) === undefined ? undefined : { token, ...record }
    },
    signOut: (token) =>
      replica.commit(async (tx) => {
        const record = unpack<SessionRecord>(await tx.get(sessionKey(token)))
        if (record === undefined) return
        tx.delete(sessionKey(token))
        await audit(tx, context.sync, { deed: 'signed out', by: record.person })
      }),
  }
}

interface Account {
  readonly person: UserId
  readonly hash: Uint8Array
}

/**
 * The account on this node of whoever is called so. When another node enrolled the same name earlier, the person of
 * this node has got a longer one, perhaps without knowing: the name they were enrolled under still opens their account.
 */
async function accountOf(context: AppContext, login: string): Promise<Account | undefined> {
  const wanted = login.trim().toLowerCase()
  const { directory, replica } = context.sync
  const enrolledSo = directory()
    .people()
    .filter(({ profile }) => profile.username === wanted)
  const called = personIdByName(context, wanted)
  const candidates = [...(called === undefined ? [] : [called]), ...enrolledSo.map(({ id }) => id)]
  const hashes = await replica.read.getMany(candidates.map((id) => key.account(id)))
  const at = hashes.findIndex((hash) => hash !== undefined)
  const [person, hash] = [candidates[at], hashes[at]]
  return person === undefined || hash === undefined ? undefined : { person, hash }
}

async function newSession(context: AppContext, person: UserId, deed: Deed): Promise<Session> {
  const token = idFromBytes<UserId>(context.random.bytes(16))
  const createdAt = context.sync.now()
  const record: SessionRecord = {
    person,
    createdAt,
    expiresAt: createdAt + SESSION_MS,
    ...(deed === 'operator signed in' && { isOperator: true }),
  }
  await context.sync.replica.commit(async (tx) => {
    await sweep(tx, createdAt)
    await endOldest(tx, person)
    tx.put(sessionKey(token), pack(record))
    await audit(tx, context.sync, { deed, by: person })
  })
  return { token, ...record }
}

/**
 * Ends what an earlier run of the node left to the command line. Whose power went could not do so, and who found its disk
 * has the token.
 */
export async function endOperatorSessions(tx: Tx, context: AppContext): Promise<void> {
  for (const [place, bytes] of await tx.list(range.sessions)) {
    const record = unpack<SessionRecord>(bytes)
    if (record?.isOperator !== true) continue
    tx.delete(place)
    await audit(tx, context.sync, { deed: 'signed out', by: record.person })
  }
}

/** Sessions that have ended leave the disk when a new one begins. */
async function sweep(tx: Tx, now: Instant): Promise<void> {
  for (const [place, bytes] of await tx.list(range.sessions)) {
    const record = unpack<SessionRecord>(bytes)
    if (record === undefined || record.expiresAt <= now) tx.delete(place)
  }
}

/** Makes way for one session more of a person; the command line's are not counted. */
async function endOldest(tx: Tx, person: UserId): Promise<void> {
  const own = (await tx.list(range.sessions)).flatMap(([place, bytes]) => {
    const record = unpack<SessionRecord>(bytes)
    return record?.person === person && record.isOperator !== true ? [{ place, ...record }] : []
  })
  const oldest = own.toSorted((a, b) => a.createdAt - b.createdAt)
  for (const { place } of oldest.slice(0, Math.max(0, own.length + 1 - SESSIONS_PER_PERSON_MAX)))
    tx.delete(place)
}

function sessionKey(token: string): string {
  return key.session(
    hexFromBytes(sha256(bytesFromText(`holdfast session ${token}`)).subarray(0, 16)),
  )
}
