/** Passwords of people enrolled here: which ones are taken, and changing them. */
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { aboutPerson } from '#model/audit-content.ts'
import type { Passwords } from '#ports/passwords.ts'
import { audit } from '#sync/audit.ts'
import { key } from '#sync/keys.ts'
import { endSessions, sessionIdOf } from '#sync/session-book.ts'
import type { Accounts, PasswordChange } from './account-types.ts'
import type { AppContext } from './context.ts'
import { insistOnAccount } from './sessions.ts'

const PASSWORD_CHARACTERS_MIN = 8
const PASSWORD_CHARACTERS_MAX = 72

/** The part of the app that changes passwords. */
export function openPasswords(
  context: AppContext,
  passwords: Passwords,
): Pick<Accounts, 'changePassword'> {
  return {
    changePassword: async (subject, change) => {
      insistOnAccount(context, subject, change.person)
      checkPassword(change.wanted)
      const before = await presentHash(context, change.person)
      if (subject === change.person) await insistOnPresent(passwords, before, change)
      const hash = await passwords.hash(change.wanted)
      await keep(context, subject, { ...change, before, hash })
    },
  }
}

/** @throws EdgeError INPUT_INVALID when it is too short or too long */
export function checkPassword(password: string): void {
  const length = Array.from(password).length
  if (length >= PASSWORD_CHARACTERS_MIN && length <= PASSWORD_CHARACTERS_MAX) return
  throw new EdgeError('INPUT_INVALID', {
    field: 'password',
    foundCharacters: length,
    wanted: '8 to 72 characters',
  })
}

/** Others' passwords are kept elsewhere: by their home, or by a source outside. */
async function presentHash({ sync }: AppContext, person: UserId): Promise<Uint8Array> {
  const hash = await sync.replica.read.get(key.account(person))
  const isOutside = (await sync.replica.read.get(key.origin(person))) !== undefined
  if (hash !== undefined && !isOutside) return hash
  throw new EdgeError('NOT_FOUND', {
    what: 'password',
    do: isOutside
      ? 'Change it where your organisation keeps it.'
      : 'Change it on the node where the account was made.',
  })
}

async function insistOnPresent(
  passwords: Passwords,
  hash: Uint8Array,
  { present = '' }: PasswordChange,
): Promise<void> {
  if (await passwords.check(present, hash)) return
  throw new EdgeError('INPUT_INVALID', {
    field: 'current password',
    found: 'another',
    wanted: 'the one in use',
  })
}

async function keep(
  context: AppContext,
  subject: UserId,
  change: PasswordChange & { readonly before: Uint8Array; readonly hash: Uint8Array },
): Promise<void> {
  const { person, except, before, hash } = change
  const goesOn = except === undefined ? undefined : sessionIdOf(except)
  await context.sync.replica.commit(async (tx) => {
    const now = await tx.get(key.account(person))
    if (now === undefined || Buffer.compare(now, before) !== 0)
      throw new EdgeError('NOT_ALLOWED', { action: 'change password', found: 'changed meanwhile' })
    tx.put(key.account(person), hash)
    await endSessions(
      tx,
      context.sync,
      (one) =>
        one.person === person &&
        one.id !== goesOn &&
        one.by !== 'operator' &&
        one.by !== 'access token',
    )
    const subjects = [aboutPerson(person)]
    await audit(tx, context.sync, { deed: 'password changed', by: subject, subjects })
  })
}
