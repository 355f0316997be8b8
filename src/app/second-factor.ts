/**
 * The second factor: six digits that change every 30 seconds (TOTP, RFC 6238). Each counts once, and none before it:
 * whoever looks over a shoulder has nothing.
 */
import { Secret, TOTP } from 'otpauth'
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { CODE_STEPS_MAX } from '#base/limits.ts'
import { aboutPerson } from '#model/audit-content.ts'
import { audit } from '#sync/audit.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import type { Accounts } from './account-types.ts'
import type { AppContext } from './context.ts'
import { insistOnAccount } from './sessions.ts'

type SecondFactor = Pick<
  Accounts,
  'newSecondFactor' | 'activateSecondFactor' | 'removeSecondFactor' | 'hasSecondFactor'
>

interface TotpRecord {
  /** 20 bytes. */
  readonly secret: Uint8Array
  /** It has been shown to be in an authenticator: signing in wants it. */
  readonly isActive: boolean
  /** Number of the last step whose digits were used. */
  readonly lastStep: number
}

const STEP_MS = 30_000
const SECRET_BYTES = 20

/** The part of the app that looks after second factors. */
export function openSecondFactor(context: AppContext): SecondFactor {
  const { replica } = context.sync
  return {
    newSecondFactor: (subject, person) =>
      replica.commit(async (tx) => {
        insistOnSelf(subject, person)
        await refuseWithoutPassword(tx, person)
        const known = unpack<TotpRecord>(await tx.get(key.secondFactor(person)))
        if (known?.isActive === true)
          throw new EdgeError('ALREADY_EXISTS', {
            what: 'second factor',
            do: 'Take the one in use away first.',
          })
        const secret = context.random.bytes(SECRET_BYTES)
        tx.put(key.secondFactor(person), pack({ secret, isActive: false, lastStep: 0 }))
        return { secret: base32(secret) }
      }),
    activateSecondFactor: (subject, person, code) =>
      replica.commit(async (tx) => {
        insistOnSelf(subject, person)
        const known = unpack<TotpRecord>(await tx.get(key.secondFactor(person)))
        if (known === undefined)
          throw new EdgeError('NOT_FOUND', {
            what: 'second factor',
            do: 'Ask for a new secret first.',
          })
        const lastStep = stepOf(known, code, context.sync.now())
        if (lastStep === undefined) throw new EdgeError('CODE_WANTED', { found: 'wrong digits' })
        tx.put(key.secondFactor(person), pack({ ...known, isActive: true, lastStep }))
        const subjects = [aboutPerson(person)]
        await audit(tx, context.sync, { deed: 'second factor set', by: subject, subjects })
      }),
    removeSecondFactor: (subject, person) =>
      replica.commit(async (tx) => {
        insistOnAccount(context, subject, person)
        if ((await tx.get(key.secondFactor(person))) === undefined) return
        tx.delete(key.secondFactor(person))
        const subjects = [aboutPerson(person)]
        await audit(tx, context.sync, { deed: 'second factor removed', by: subject, subjects })
      }),
    hasSecondFactor: async (person) =>
      unpack<TotpRecord>(await replica.read.get(key.secondFactor(person)))?.isActive === true,
  }
}

/**
 * Uses up a code of who has a second factor, in the commit that lets them in.
 * @throws EdgeError CODE_WANTED, which says whether there was one
 */
export async function useCode(
  tx: Tx,
  context: AppContext,
  { person, code }: { readonly person: UserId; readonly code: string | undefined },
): Promise<void> {
  const known = unpack<TotpRecord>(await tx.get(key.secondFactor(person)))
  if (known?.isActive !== true) return
  const shown = code?.replace(/\s/g, '') ?? ''
  if (shown === '') throw new EdgeError('CODE_WANTED', { found: 'no digits' })
  const lastStep = stepOf(known, shown, context.sync.now())
  if (lastStep === undefined) {
    const subjects = [aboutPerson(person)]
    const refused = { deed: 'sign-in refused', result: 'refused', subjects } as const
    context.sync.audit.count({ ...refused, reason: 'wrong code' })
    throw new EdgeError('CODE_WANTED', { found: 'wrong digits, or used before' })
  }
  tx.put(key.secondFactor(person), pack({ ...known, lastStep }))
}

/** The step whose digits these are, later than all that were used; undefined when there is none. */
function stepOf({ secret, lastStep }: TotpRecord, code: string, now: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined
  const totp = new TOTP({ secret: secretOf(secret), period: STEP_MS / 1_000 })
  const off = totp.validate({ token: code, timestamp: now, window: CODE_STEPS_MAX })
  const step = Math.floor(now / STEP_MS) + (off ?? 0)
  return off === null || step <= lastStep ? undefined : step
}

function base32(secret: Uint8Array): string {
  return secretOf(secret).base32
}

function secretOf(bytes: Uint8Array): Secret {
  return new Secret({ buffer: Uint8Array.from(bytes).buffer })
}

/** A secret is for its owner's eyes only. */
function insistOnSelf(subject: UserId, person: UserId): void {
  if (subject === person) return
  throw new EdgeError('NOT_ALLOWED', { action: 'set second factor', found: 'another person' })
}

/** Programs have no authenticator, and without a password there is nothing to be the second of. */
async function refuseWithoutPassword(tx: Tx, person: UserId): Promise<void> {
  if ((await tx.get(key.account(person))) !== undefined) return
  const origin = unpack<{ readonly source: string }>(await tx.get(key.origin(person)))
  if (origin?.source === 'ldap') return
  throw new EdgeError('NOT_ALLOWED', { action: 'set second factor', found: 'no password here' })
}
