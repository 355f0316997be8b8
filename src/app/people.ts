/** People: accounts enrolled here, sessions, and what clients ask us to keep for them. */
import { EdgeError } from '#base/errors.ts'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { idFromBytes, type Instant, type UserId } from '#base/ids.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { usernames, USERNAME_PATTERN } from '#model/names.ts'
import type { Passwords } from '#ports/passwords.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { FIRST_CHANNEL, makeChannel, setMember } from './channels.ts'
import { channelOf, insist, isAdministrator, personOf, write, type AppContext } from './context.ts'
import type { EdgeNode, PersonDraft, Preference, Session } from './node.ts'
import type { Channel, Person } from './types.ts'

type People = Pick<
  EdgeNode,
  | 'setUp'
  | 'openSession'
  | 'signIn'
  | 'sessionOf'
  | 'signOut'
  | 'people'
  | 'personByName'
  | 'allPeople'
  | 'enrolPerson'
  | 'preferences'
  | 'setPreferences'
  | 'deletePreferences'
>

interface SessionRecord {
  readonly person: UserId
  readonly createdAt: Instant
  readonly expiresAt: Instant
}

/** Mattermost's own length of a session: 30 days. */
const SESSION_MS = 30 * 24 * 3_600_000
const PASSWORD_CHARACTERS_MIN = 8
const PASSWORD_CHARACTERS_MAX = 72
const PREFERENCE_BYTES_MAX = 20_000

/** The people part of the app. `tell` is called once changed preferences are on disk. */
export function openPeople(
  context: AppContext,
  options: {
    readonly passwords: Passwords
    readonly tell: (person: UserId, preferences: readonly Preference[]) => void
  },
): People {
  const { replica, directory, now } = context.sync
  const { passwords, tell } = options
  const byName = (name: string): UserId | undefined => {
    const wanted = name.trim().toLowerCase()
    return [...usernames(directory())].find(([, username]) => username === wanted)?.[0]
  }
  return {
    setUp: async (administrator) => {
      const [account] = await replica.read.list({ ...range.accounts, limit: 1 })
      if (account !== undefined)
        throw new EdgeError('NOT_ALLOWED', { action: 'set up', found: 'set up already' })
      return enrol(context, passwords, { draft: administrator, by: undefined })
    },
    openSession: (username) => {
      const person = byName(username)
      if (person === undefined) throw new EdgeError('NOT_FOUND', { what: 'person', name: username })
      return newSession(context, person)
    },
    signIn: async (login, password) => {
      const person = byName(login)
      const hash = person === undefined ? undefined : await replica.read.get(key.account(person))
      // The same work whether the name exists or not, so that the answer's time does not tell.
      const isRight = await passwords.check(password, hash ?? NO_ACCOUNT)
      if (person === undefined || hash === undefined || !isRight)
        throw new EdgeError('NOT_SIGNED_IN', { found: 'wrong name or password' })
      return newSession(context, person)
    },
    sessionOf: async (token) => {
      const record = unpack<SessionRecord>(await replica.read.get(sessionKey(token)))
      const isGood =
        record !== undefined &&
        record.expiresAt > now() &&
        directory().person(record.person) !== undefined
      return isGood ? { token, ...record } : undefined
    },
    signOut: (token) => replica.commit(async (tx) => tx.delete(sessionKey(token))),
    people: async (ids) =>
      ids.map((id) => personOf(context, id)).filter((person) => person !== undefined),
    personByName: async (username) => {
      const id = byName(username)
      return id === undefined ? undefined : personOf(context, id)
    },
    allPeople: async () => {
      const people = directory()
        .people()
        .map(({ id }) => personOf(context, id))
      return people
        .filter((person) => person !== undefined)
        .toSorted((a, b) => (a.username < b.username ? -1 : 1))
    },
    enrolPerson: async (subject, draft) => {
      insist({ action: 'enrol person', isAdministrator: isAdministrator(context, subject) })
      return enrol(context, passwords, { draft, by: subject })
    },
    preferences: async (subject) => {
      const kept = await replica.read.list(range.preferences(subject))
      return kept.map(([, bytes]) => unpack<Preference>(bytes)).filter((one) => one !== undefined)
    },
    setPreferences: async (subject, preferences) => {
      preferences.forEach(checkPreference)
      await replica.commit(async (tx) => {
        for (const one of preferences) tx.put(preferenceKey(subject, one), pack(one))
      })
      tell(subject, preferences)
    },
    deletePreferences: (subject, preferences) =>
      replica.commit(async (tx) => {
        for (const one of preferences) tx.delete(preferenceKey(subject, one))
      }),
  }
}

/** A hash no password has: checked when there is no account. */
const NO_ACCOUNT = new Uint8Array(49).fill(1)

async function enrol(
  context: AppContext,
  passwords: Passwords,
  { draft, by }: { readonly draft: PersonDraft; readonly by: UserId | undefined },
): Promise<Person> {
  checkPerson(draft)
  const hash = await passwords.hash(draft.password)
  const id = idFromBytes<UserId>(context.random.bytes(16))
  await context.sync.replica.commit(async (tx) => {
    const taken = [...usernames(context.sync.directory()).values()]
    if (taken.includes(draft.username))
      throw new EdgeError('ALREADY_EXISTS', { what: 'person', name: draft.username })
    const { username, displayName, isAdministrator: isAdmin } = draft
    const content = {
      kind: 'person' as const,
      person: id,
      profile: { username, displayName, isAdministrator: isAdmin },
    }
    await write(tx, context, { document: DIRECTORY, author: by ?? id, content })
    tx.put(key.account(id), hash)
    await joinFirstChannel(tx, context, id)
  })
  const person = personOf(context, id)
  if (person === undefined)
    throw new EdgeError('STORE_BROKEN', { what: 'person', found: 'nothing' })
  return person
}

/** Everybody is in the first channel; its id is derived, so that nodes set up apart make the same one. */
async function joinFirstChannel(tx: Tx, context: AppContext, person: UserId): Promise<void> {
  const { organisation } = context.sync.identity
  const id = idFromBytes<Channel['id']>(
    sha256(bytesFromText(`holdfast first channel ${organisation.id}`)).subarray(0, 16),
  )
  if (context.sync.directory().channel(id) === undefined) {
    const draft = { kind: 'public' as const, name: FIRST_CHANNEL, displayName: 'Town Square' }
    return makeChannel(tx, context, { id, subject: person, draft })
  }
  await channelOf(context, id, tx)
  return setMember(tx, context, { subject: person, channel: id, person, role: 'member' })
}

async function newSession(context: AppContext, person: UserId): Promise<Session> {
  const token = idFromBytes<UserId>(context.random.bytes(16))
  const createdAt = context.sync.now()
  const record: SessionRecord = { person, createdAt, expiresAt: createdAt + SESSION_MS }
  await context.sync.replica.commit(async (tx) => tx.put(sessionKey(token), pack(record)))
  return { token, ...record }
}

function sessionKey(token: string): string {
  return key.session(
    hexFromBytes(sha256(bytesFromText(`holdfast session ${token}`)).subarray(0, 16)),
  )
}

function preferenceKey(person: UserId, { category, name }: Preference): string {
  return key.preference(
    person,
    hexFromBytes(sha256(bytesFromText(`${category}\n${name}`)).subarray(0, 16)),
  )
}

function checkPreference(preference: Preference): void {
  const bytes = Buffer.byteLength(preference.value + preference.category + preference.name)
  if (bytes > PREFERENCE_BYTES_MAX) {
    throw new EdgeError('TOO_LARGE', {
      field: 'preference',
      foundBytes: bytes,
      wantedBytesMax: PREFERENCE_BYTES_MAX,
    })
  }
}

function checkPerson(draft: PersonDraft): void {
  if (!USERNAME_PATTERN.test(draft.username)) {
    throw new EdgeError('INPUT_INVALID', {
      field: 'username',
      found: draft.username,
      wanted: '1 to 64 of a-z 0-9 . _ -, a letter first',
    })
  }
  const length = [...draft.password].length
  if (length < PASSWORD_CHARACTERS_MIN || length > PASSWORD_CHARACTERS_MAX) {
    throw new EdgeError('INPUT_INVALID', {
      field: 'password',
      foundCharacters: length,
      wanted: '8 to 72 characters',
    })
  }
  if (draft.displayName.length > 128) {
    throw new EdgeError('INPUT_INVALID', {
      field: 'display name',
      foundCharacters: draft.displayName.length,
      wanted: 'at most 128',
    })
  }
}
