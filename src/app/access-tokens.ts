/**
 * Tokens that programs keep instead of a password. Each is a session that does not end by itself: one look-up finds
 * either. A token is shown once, and only its hash is kept.
 */
import { EdgeError } from '#base/errors.ts'
import { idFromBytes, type Instant, type UserId } from '#base/ids.ts'
import { ACCESS_TOKENS_PER_PERSON_MAX, CREDENTIAL_NAME_CHARACTERS_MAX } from '#base/limits.ts'
import { aboutPerson } from '#model/audit-content.ts'
import { audit } from '#sync/audit.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { putSession, sessionIdOf, sessionPlace, tellEnded } from '#sync/session-book.ts'
import type { AccessToken, Accounts } from './account-types.ts'
import type { AppContext } from './context.ts'
import { insistOnAccount } from './sessions.ts'

type AccessTokens = Pick<
  Accounts,
  'makeAccessToken' | 'accessTokens' | 'accessToken' | 'setAccessToken'
>

interface AccessTokenRecord extends AccessToken {
  /** The session that is open while the token is active. */
  readonly session: string
}

/** It has no end of its own. */
const NEVER: Instant = Number.MAX_SAFE_INTEGER

/** The part of the app that keeps access tokens. */
export function openAccessTokens(context: AppContext): AccessTokens {
  const { replica } = context.sync
  return {
    makeAccessToken: (subject, person, description) =>
      replica.commit((tx) => make(tx, context, { subject, person, description })),
    accessTokens: async (subject, person) => {
      insistOnTokensOf(context, subject, person)
      const all = await allTokens(replica.read)
      return all.filter((one) => person === undefined || one.person === person).map(shown)
    },
    accessToken: async (subject, id) => shown(await known(replica.read, context, { subject, id })),
    setAccessToken: (subject, id, state) =>
      replica.commit(async (tx) => {
        const record = await known(tx, context, { subject, id })
        const { person, session } = record
        if (state === 'active') await open(tx, context, record)
        else {
          tx.delete(sessionPlace(session))
          tellEnded(tx, context.sync, [session])
        }
        if (state === 'gone') tx.delete(key.accessToken(id))
        else tx.put(key.accessToken(id), pack({ ...record, isActive: state === 'active' }))
        const deed = state === 'active' ? 'access token made' : 'access token ended'
        await audit(tx, context.sync, { deed, by: subject, subjects: [aboutPerson(person)] })
      }),
  }
}

interface Making {
  readonly subject: UserId
  readonly person: UserId
  readonly description: string
}

/** Nobody, whoever they are, makes a key to another person: only people for themselves and for bots. */
async function make(
  tx: Tx,
  context: AppContext,
  { subject, person, description }: Making,
): Promise<AccessToken & { readonly token: string }> {
  insistOnTokensOf(context, subject, person)
  const isBot = context.sync.directory().person(person)?.bot !== undefined
  if (subject !== person && !isBot)
    throw new EdgeError('NOT_ALLOWED', { action: 'make access token', found: 'another person' })
  const length = Array.from(description).length
  if (length === 0 || length > CREDENTIAL_NAME_CHARACTERS_MAX)
    throw new EdgeError('INPUT_INVALID', {
      field: 'description',
      foundCharacters: length,
      wanted: `1 to ${CREDENTIAL_NAME_CHARACTERS_MAX} characters`,
    })
  const own = (await allTokens(tx)).filter((one) => one.person === person)
  if (own.length >= ACCESS_TOKENS_PER_PERSON_MAX)
    throw new EdgeError('NOT_ALLOWED', {
      action: 'make access token',
      found: `${ACCESS_TOKENS_PER_PERSON_MAX} tokens`,
      do: 'Remove one first.',
    })
  const token = idFromBytes<UserId>(context.random.bytes(16))
  const record: AccessTokenRecord = {
    id: idFromBytes(context.random.bytes(16)),
    person,
    description,
    isActive: true,
    createdAt: context.sync.now(),
    session: sessionIdOf(token),
  }
  tx.put(key.accessToken(record.id), pack(record))
  await open(tx, context, record)
  const subjects = [aboutPerson(person)]
  await audit(tx, context.sync, { deed: 'access token made', by: subject, subjects })
  return { ...shown(record), token }
}

async function open(tx: Tx, { sync }: AppContext, record: AccessTokenRecord): Promise<void> {
  const { id, person, createdAt, session } = record
  if (sync.roster.homeOf(person)?.node !== sync.identity.certificate.node)
    throw new EdgeError('NOT_ALLOWED', {
      action: 'make access token',
      found: 'somebody of another node',
      do: 'Make it on the node where the account was made.',
    })
  putSession(tx, session, {
    person,
    createdAt,
    expiresAt: NEVER,
    usedAt: sync.now(),
    by: 'access token',
    accessToken: id,
  })
}

/** What one may not see is not there. */
async function known(
  reader: Pick<Tx, 'get'>,
  context: AppContext,
  { subject, id }: { readonly subject: UserId; readonly id: string },
): Promise<AccessTokenRecord> {
  const record = unpack<AccessTokenRecord>(await reader.get(key.accessToken(id)))
  if (record === undefined) throw new EdgeError('NOT_FOUND', { what: 'access token' })
  insistOnTokensOf(context, subject, record.person)
  return record
}

/** A bot's are its owner's, too. */
function insistOnTokensOf(context: AppContext, subject: UserId, person: UserId | undefined): void {
  const of = person === undefined ? undefined : context.sync.directory().person(person)
  if (of?.bot?.owner === subject) return
  insistOnAccount(context, subject, person)
}

async function allTokens(reader: Pick<Tx, 'list'>): Promise<readonly AccessTokenRecord[]> {
  const found = await reader.list(range.accessTokens)
  return found
    .flatMap(([, bytes]) => unpack<AccessTokenRecord>(bytes) ?? [])
    .toSorted((a, b) => a.createdAt - b.createdAt)
}

function shown({ id, person, description, isActive, createdAt }: AccessTokenRecord): AccessToken {
  return { id, person, description, isActive, createdAt }
}
