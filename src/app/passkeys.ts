/** Passkeys: devices that prove their owner. What they sign is checked at the door; here is what is known of them. */
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import type { UserId } from '#base/ids.ts'
import { CREDENTIAL_NAME_CHARACTERS_MAX, PASSKEYS_PER_PERSON_MAX } from '#base/limits.ts'
import { aboutPerson } from '#model/audit-content.ts'
import { audit } from '#sync/audit.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import type { Accounts, Passkey, Session } from './account-types.ts'
import type { AppContext } from './context.ts'

type Passkeys = Pick<Accounts, 'passkeysOf' | 'addPasskey' | 'removePasskey'>

/** The part of the app that keeps passkeys. */
export function openPasskeys(context: AppContext): Passkeys {
  const { replica, now } = context.sync
  return {
    passkeysOf: (subject) => passkeysOf(replica.read, subject),
    addPasskey: (subject, draft) =>
      replica.commit(async (tx) => {
        if (Array.from(draft.name).length > CREDENTIAL_NAME_CHARACTERS_MAX || draft.name === '')
          throw new EdgeError('INPUT_INVALID', {
            field: 'name',
            foundCharacters: draft.name.length,
            wanted: `1 to ${CREDENTIAL_NAME_CHARACTERS_MAX} characters`,
          })
        if ((await tx.get(placeOf(draft.credential))) !== undefined)
          throw new EdgeError('ALREADY_EXISTS', { what: 'passkey' })
        if ((await passkeysOf(tx, subject)).length >= PASSKEYS_PER_PERSON_MAX)
          throw new EdgeError('NOT_ALLOWED', {
            action: 'add passkey',
            found: `${PASSKEYS_PER_PERSON_MAX} passkeys`,
            do: 'Remove one first.',
          })
        const passkey: Passkey = { ...draft, person: subject, createdAt: now(), usedAt: 0 }
        tx.put(placeOf(draft.credential), pack(passkey))
        await note(tx, context, { by: subject, deed: 'passkey added' })
        return passkey
      }),
    removePasskey: (subject, credential) =>
      replica.commit(async (tx) => {
        const known = unpack<Passkey>(await tx.get(placeOf(credential)))
        if (known?.person !== subject) throw new EdgeError('NOT_FOUND', { what: 'passkey' })
        tx.delete(placeOf(credential))
        await note(tx, context, { by: subject, deed: 'passkey removed' })
      }),
  }
}

/**
 * Lets in who has a passkey. Its counter must grow unless it has none: one that does not is a copy's.
 * @throws EdgeError NOT_SIGNED_IN
 */
export async function usePasskey(
  context: AppContext,
  {
    credential,
    prove,
  }: { readonly credential: string } & {
    readonly prove: (passkey: Passkey) => Promise<{ readonly counter: number }>
  },
  letIn: (tx: Tx, person: UserId) => Promise<Session>,
): Promise<Session> {
  const { replica, now } = context.sync
  const known = unpack<Passkey>(await replica.read.get(placeOf(credential)))
  if (known === undefined) throw refused(context, undefined, 'unknown key')
  const { counter } = await prove(known)
  return replica.commit(async (tx) => {
    const newest = unpack<Passkey>(await tx.get(placeOf(credential)))
    if (newest === undefined) throw refused(context, known.person, 'unknown key')
    if (counter <= newest.counter && (counter > 0 || newest.counter > 0))
      throw refused(context, known.person, 'copied passkey')
    tx.put(placeOf(credential), pack({ ...newest, counter, usedAt: now() }))
    return letIn(tx, newest.person)
  })
}

/** All passkeys of a person. */
async function passkeysOf(reader: Pick<Tx, 'list'>, person: UserId): Promise<readonly Passkey[]> {
  const all = (await reader.list(range.passkeys)).map(([, bytes]) => unpack<Passkey>(bytes))
  return all
    .filter((one) => one !== undefined)
    .filter((one) => one.person === person)
    .toSorted((a, b) => a.createdAt - b.createdAt)
}

function refused({ sync }: AppContext, person: UserId | undefined, reason: string): EdgeError {
  const subjects = person === undefined ? [] : [aboutPerson(person)]
  sync.audit.count({ deed: 'sign-in refused', result: 'refused', subjects, reason })
  return new EdgeError('NOT_SIGNED_IN', { found: 'a passkey that is not known here' })
}

async function note(
  tx: Tx,
  { sync }: AppContext,
  { by, deed }: { readonly by: UserId; readonly deed: 'passkey added' | 'passkey removed' },
): Promise<void> {
  await audit(tx, sync, { deed, by, subjects: [aboutPerson(by)] })
}

function placeOf(credential: string): string {
  return key.passkey(hexFromBytes(sha256(bytesFromText(credential)).subarray(0, 16)))
}
