/**
 * Who administers here, beside the directory. When damage takes that, nobody here could sign in any more, speak for the command
 * line or put in the stick that brings it back: until it is back they are who they were when they were last heard of.
 */
import { equalBytes } from '#base/bytes.ts'
import { nodePrefix, nodePrefixOfPerson, type UserId } from '#base/ids.ts'
import type { DirectoryChange } from '#model/directory.ts'
import type { PersonEntry } from '#model/directory-people.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { isOurs } from '#trust/restrictions.ts'
import type { SyncContext } from './context.ts'
import { key, range, within } from './keys.ts'
import { subjectFacts } from './readers.ts'
import { pack, unpack } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** PersonEntry: what is known of somebody who administers this node and may sign in. Part of the disk format, as what `keys.ts` has. */
const officerKey = (person: UserId): string => `office/${person}`
const OFFICERS = within('office/')
const idIn = (place: string): UserId => place.slice(OFFICERS.from.length) as UserId

/** Keeps who administers here as an entry of the directory has changed it. */
export async function officersChanged(
  tx: Tx,
  context: SyncContext,
  change: DirectoryChange,
): Promise<void> {
  if (change.kind === 'person') await keepOfficer(tx, context, change.person.id)
  if (change.kind === 'policy' && change.part.about === 'person')
    await keepOfficer(tx, context, change.part.person)
}

/** Keeps who administers here as the directory has it by now. */
export async function keepOfficers(tx: Tx, context: SyncContext): Promise<void> {
  const kept = (await tx.list(OFFICERS)).map(([place]) => idIn(place))
  const known = context
    .directory()
    .people()
    .map(({ id }) => id)
  for (const id of new Set([...kept, ...known])) await keepOfficer(tx, context, id)
}

async function keepOfficer(tx: Tx, context: SyncContext, id: UserId): Promise<void> {
  if (nodePrefixOfPerson(id) !== nodePrefix(context.identity.certificate.node)) return
  const place = officerKey(id)
  const before = await tx.get(place)
  const now = isInOffice(context, id) ? pack(context.directory().summary(id)) : undefined
  if (now === undefined && before !== undefined) tx.delete(place)
  if (now !== undefined && !(before && equalBytes(now, before))) tx.put(place, now)
}

function isInOffice({ directory }: SyncContext, id: UserId): boolean {
  const person = directory().person(id)
  const { isAdministrator, subject } = subjectFacts(directory(), id)
  const isHere = person?.bot === undefined && person?.deactivatedAt === 0
  return isHere && isAdministrator && isOurs(subject)
}

/** All that damage took from the directory is back: from now on it goes by nothing else. */
export async function presumeNobody(tx: Tx, context: SyncContext): Promise<void> {
  await context.refold(tx)
  await keepOfficers(tx, context)
}

/** Goes by them while the directory has a hole. To be called once it was folded. */
export async function presumeOfficers(
  reader: Pick<Reader, 'list'>,
  { directory }: SyncContext,
): Promise<void> {
  const holes = await reader.list(range.holes)
  if (!holes.some(([place]) => place === key.hole(DIRECTORY))) return
  for (const [place, bytes] of await reader.list(OFFICERS)) {
    const summary = unpack<PersonEntry>(bytes)
    if (summary !== undefined) directory().presume(idIn(place), summary)
  }
}
