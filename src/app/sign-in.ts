/**
 * Signing in: with a password that is kept here, with one that a source outside knows, with a passkey, or on the word of a
 * source outside. While such a source is out of reach its people come in by what is kept here, for a time.
 */
import { hexFromBytes, bytesFromText } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import { idFromBytes, type Instant, type UserId } from '#base/ids.ts'
import { CLOCK_TOLERANCE_MS, CONFIRMED_MS } from '#base/limits.ts'
import { aboutPerson } from '#model/audit-content.ts'
import { USERNAME_PATTERN } from '#model/names.ts'
import type { Passwords } from '#ports/passwords.ts'
import type { OutsidePerson, PeopleSource } from '#ports/people-source.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { endSessions } from '#sync/session-book.ts'
import type { Accounts, Session, SignInWords } from './account-types.ts'
import { personIdByName, type AppContext } from './context.ts'
import { usePasskey } from './passkeys.ts'
import { enrolInside } from './people.ts'
import { useCode } from './second-factor.ts'
import { newSession } from './sessions.ts'

type SigningIn = Pick<
  Accounts,
  'signIn' | 'signInFromOutside' | 'signInWithPasskey' | 'isPasswordOf'
>

/** What signing in needs besides. */
export interface SignInPorts {
  readonly passwords: Passwords
  /** Asked about everybody who has no password of this node's own. */
  readonly source?: PeopleSource | undefined
  /** How long whom a source outside has confirmed may sign in without it. */
  readonly offlineMs: number
}

/** Which source outside vouches for somebody enrolled here, and when it did last. */
interface OriginRecord {
  readonly source: OutsidePerson['source']
  readonly confirmedAt: Instant
}

interface Account {
  readonly person: UserId
  readonly hash: Uint8Array | undefined
  readonly origin: OriginRecord | undefined
}

/** A hash no password has: checked when there is no account. */
const NO_ACCOUNT = new Uint8Array(49).fill(1)

/** The part of the app that lets people in. */
export function openSigningIn(context: AppContext, ports: SignInPorts): SigningIn {
  const { replica } = context.sync
  return {
    signIn: async (login, password, words) => {
      const account = await accountOf(context, login)
      if (
        ports.source !== undefined &&
        (account?.hash === undefined || account.origin !== undefined)
      )
        return signInThere(context, { ...ports, source: ports.source }, { login, password, words })
      return signInHere(context, ports, { account, password, words })
    },
    signInFromOutside: async (outside, words) => {
      const person = await personFrom(context, outside)
      return replica.commit((tx) => {
        confirm(tx, context, { person, outside })
        const until = context.sync.now() + Math.max(ports.offlineMs, CONFIRMED_MS)
        return newSession(tx, context, { person, by: outside.source, words, until })
      })
    },
    signInWithPasskey: (credential, prove, words) =>
      usePasskey(context, { credential, prove }, async (tx, person) => {
        const origin = unpack<OriginRecord>(await tx.get(key.origin(person)))
        const until = untilOf(context, ports, { person, origin })
        return newSession(tx, context, { person, by: 'passkey', words, until })
      }),
    isPasswordOf: async (person, password) => {
      const hash = await replica.read.get(key.account(person))
      return ports.passwords.check(password, hash ?? NO_ACCOUNT)
    },
  }
}

interface Attempt {
  readonly password: string
  readonly words: SignInWords | undefined
}

/** With what is kept here. */
async function signInHere(
  context: AppContext,
  ports: SignInPorts,
  { account, password, words }: Attempt & { readonly account: Account | undefined },
): Promise<Session> {
  // The same work whether the name exists or not, so that the answer's time does not tell.
  const isRight = await ports.passwords.check(password, account?.hash ?? NO_ACCOUNT)
  if (account === undefined || !isRight) throw wrong(context, account?.person)
  const { person, origin, hash } = account
  return context.sync.replica.commit(async (tx) => {
    // Another one may have been set while this one was checked.
    const now = await tx.get(key.account(person))
    if (now === undefined || Buffer.compare(now, hash ?? NO_ACCOUNT) !== 0)
      throw wrong(context, person)
    const until = untilOf(context, ports, { person, origin })
    await useCode(tx, context, { person, code: words?.code })
    return newSession(tx, context, { person, by: 'password', words, until })
  })
}

/** With what a source outside says, or, while it is out of reach, with what it said last. */
async function signInThere(
  context: AppContext,
  ports: SignInPorts & { readonly source: PeopleSource },
  { login, password, words }: Attempt & { readonly login: string },
): Promise<Session> {
  const answer = await ports.source.check(login.trim(), password)
  if (answer.kind === 'right') {
    const person = await personFrom(context, answer.person)
    const hash = await ports.passwords.hash(password)
    return context.sync.replica.commit(async (tx) => {
      await useCode(tx, context, { person, code: words?.code })
      if (ports.offlineMs > 0) tx.put(key.account(person), hash)
      else tx.delete(key.account(person)) // it is nobody's business here
      confirm(tx, context, { person, outside: answer.person })
      const until = context.sync.now() + Math.max(ports.offlineMs, CONFIRMED_MS)
      return newSession(tx, context, { person, by: 'ldap', words, until })
    })
  }
  const account = await accountOf(context, login)
  if (answer.kind === 'unreachable') return signInHere(context, ports, { account, password, words })
  const isKept = await ports.passwords.check(password, account?.hash ?? NO_ACCOUNT)
  if (account?.origin?.source === 'ldap' && (isKept || answer.kind === 'unknown'))
    await disown(context, account.person, answer.kind)
  throw wrong(context, account?.person)
}

/** What was right once is right no more; of whom the source does not know any more, nothing stays open. */
async function disown(
  context: AppContext,
  person: UserId,
  kind: 'wrong' | 'unknown',
): Promise<void> {
  await context.sync.replica.commit(async (tx) => {
    tx.delete(key.account(person))
    if (kind === 'wrong') return
    tx.put(key.origin(person), pack({ source: 'ldap', confirmedAt: 0 } satisfies OriginRecord))
    await endSessions(tx, context.sync, (one) => one.person === person)
  })
}

/**
 * When a session of somebody must end for want of a word from outside; undefined for who belongs to this node alone.
 * A clock that goes back gives nobody more time.
 */
function untilOf(
  context: AppContext,
  { offlineMs }: SignInPorts,
  { person, origin }: Pick<Account, 'person' | 'origin'>,
): Instant | undefined {
  if (origin === undefined) return undefined
  const now = context.sync.now()
  const until = origin.confirmedAt + offlineMs
  if (now < until && now >= origin.confirmedAt - CLOCK_TOLERANCE_MS) return until
  const reason = 'not confirmed for too long'
  const subjects = [aboutPerson(person)]
  context.sync.audit.count({ deed: 'sign-in refused', result: 'refused', subjects, reason })
  throw new EdgeError('NOT_SIGNED_IN', {
    found: 'not confirmed by your organisation for too long',
    wanted: 'signing in once while its directory is in reach',
  })
}

function wrong(context: AppContext, person: UserId | undefined): EdgeError {
  const subjects = person === undefined ? [] : [aboutPerson(person)]
  const refused = { deed: 'sign-in refused', result: 'refused', subjects } as const
  context.sync.audit.count({ ...refused, reason: 'wrong password' })
  return new EdgeError('NOT_SIGNED_IN', { found: 'wrong name or password' })
}

function confirm(
  tx: Tx,
  context: AppContext,
  { person, outside }: { readonly person: UserId; readonly outside: OutsidePerson },
): void {
  const record: OriginRecord = { source: outside.source, confirmedAt: context.sync.now() }
  tx.put(key.origin(person), pack(record))
}

/** The person here of somebody outside. A name that is the same makes nobody the same person. */
async function personFrom(context: AppContext, outside: OutsidePerson): Promise<UserId> {
  const { source, subject, displayName } = outside
  const place = key.outsider(
    hexFromBytes(sha256(bytesFromText(`holdfast ${source} ${subject}`)).subarray(0, 16)),
  )
  const { replica } = context.sync
  const known = unpack<UserId>(await replica.read.get(place))
  if (known !== undefined) return known
  const username = usernameFrom(outside.username, subject)
  const draft = { username, displayName: displayName.slice(0, 128), isAdministrator: false }
  return replica.commit(async (tx) => {
    const meanwhile = unpack<UserId>(await tx.get(place))
    if (meanwhile !== undefined) return meanwhile
    const person = await enrolInside(tx, context, { draft, by: undefined })
    tx.put(place, pack(person))
    return person
  })
}

function usernameFrom(name: string, subject: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const wanted = plain
    .replace(/@.*$/, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 64)
  if (USERNAME_PATTERN.test(wanted)) return wanted
  return `person-${idFromBytes(sha256(bytesFromText(subject)).subarray(0, 16)).slice(0, 6)}`
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
  const origins = await replica.read.getMany(candidates.map((id) => key.origin(id)))
  const found = hashes.findIndex((hash) => hash !== undefined)
  const at = found >= 0 ? found : origins.findIndex((origin) => origin !== undefined)
  const person = candidates[at]
  if (person === undefined) return undefined
  return { person, hash: hashes[at], origin: unpack<OriginRecord>(origins[at]) }
}
