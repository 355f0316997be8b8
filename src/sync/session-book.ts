/**
 * The sessions on this node's disk. They end in the commit that ends them: of what is heard from another node, that a
 * person may not sign in any more, in the commit that takes it in.
 */
import { bytesFromText, bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { bytesFromId, idFromBytes, type Instant, type ShortId, type UserId } from '#base/ids.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** How somebody came by a session. The command line of this machine has `operator`: good for one run of the node only. */
export type SignedInBy = 'password' | 'passkey' | 'ldap' | 'openid' | 'access token' | 'operator'

/** What a client says of itself: nobody checks it. */
export interface ClientWords {
  readonly platform: string
  readonly browser: string
}

/** A session as it stands on the disk, under a hash of its token. */
export interface SessionRecord {
  readonly person: UserId
  readonly createdAt: Instant
  readonly expiresAt: Instant
  /** When it was used last, to the hour. */
  readonly usedAt: Instant
  readonly by: SignedInBy
  readonly client?: ClientWords
  /** Where notifications for the app go, as it said itself. */
  readonly device?: string
  /** Id of the access token that it belongs to: it lasts as long as that. */
  readonly accessToken?: string
}

/** The name of the session of `token`: shows nothing of the token, and finds the session. */
export function sessionIdOf(token: string): string {
  const hash = sha256(bytesFromText(`holdfast session ${token}`))
  return idFromBytes(hash.subarray(0, 16))
}

/** Where the session called `id` stands. */
export function sessionPlace(id: string): string {
  return key.session(hexFromBytes(bytesFromId(id as ShortId)))
}

/** All sessions of this node, by name. */
export async function allSessions(
  reader: Pick<Tx, 'list'>,
): Promise<readonly (SessionRecord & { readonly id: string })[]> {
  const found = await reader.list(range.sessions)
  return found.flatMap(([place, bytes]) => {
    const record = unpack<SessionRecord>(bytes)
    return record === undefined ? [] : [{ ...record, id: idOfPlace(place) }]
  })
}

/** Ends those that `which` picks; one of an access token only sleeps, and its sockets end. Answers with what it ended. */
export async function endSessions(
  tx: Tx,
  context: Pick<SyncContext, 'emit'>,
  which: (session: SessionRecord & { readonly id: string }) => boolean,
): Promise<readonly (SessionRecord & { readonly id: string })[]> {
  const ended = (await allSessions(tx)).filter(which)
  for (const { id, accessToken } of ended)
    if (accessToken === undefined) tx.delete(sessionPlace(id))
  tellEnded(
    tx,
    context,
    ended.map(({ id }) => id),
  )
  return ended
}

/** Tells the doors, once it is on disk, that these are over. */
export function tellEnded(
  tx: Tx,
  { emit }: Pick<SyncContext, 'emit'>,
  ids: readonly string[],
): void {
  if (ids.length > 0) tx.afterwards(() => emit({ kind: 'sessions-ended', sessions: ids }))
}

/** Writes a session. */
export function putSession(tx: Tx, id: string, record: SessionRecord): void {
  tx.put(sessionPlace(id), pack(record))
}

function idOfPlace(place: string): string {
  return idFromBytes(bytesFromHex(place.slice(range.sessions.from.length)))
}
