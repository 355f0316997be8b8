/** People: accounts enrolled here, and everybody the directory knows. */
import { EdgeError } from '#base/errors.ts'
import { newPersonId, PERSON_NUMBER_BYTES, type UserId } from '#base/ids.ts'
import { aboutPerson } from '#model/audit-content.ts'
import { firstChannelId } from '#model/channel-id.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { usernames, USERNAME_PATTERN } from '#model/names.ts'
import type { Passwords } from '#ports/passwords.ts'
import { audit } from '#sync/audit.ts'
import { key, range } from '#sync/keys.ts'
import type { Tx } from '#sync/replica.ts'
import { FIRST_CHANNEL, makeChannel } from './channels.ts'
import {
  channelOf,
  insist,
  isAdministrator,
  peopleOf,
  personIdByName,
  personOf,
  write,
  type AppContext,
} from './context.ts'
import { setMember } from './members.ts'
import type { EdgeNode, PersonDraft } from './node.ts'
import { checkPassword } from './passwords.ts'
import type { Person } from './types.ts'

type NewProfile = Omit<PersonDraft, 'password'>
type People = Pick<EdgeNode, 'setUp' | 'people' | 'personByName' | 'allPeople' | 'enrolPerson'>

/** The people part of the app. */
export function openPeople(context: AppContext, passwords: Passwords): People {
  const { replica, directory } = context.sync
  return {
    setUp: async (administrator) => {
      await refuseSecondSetUp(replica.read)
      return enrol(context, passwords, { draft: administrator, by: undefined })
    },
    people: async (ids) => peopleOf(context, ids),
    personByName: async (username) => {
      const id = personIdByName(context, username)
      return id === undefined ? undefined : personOf(context, id)
    },
    allPeople: async () => {
      const ids = directory().people()
      const people = peopleOf(
        context,
        ids.map(({ id }) => id),
      )
      return people.toSorted((a, b) => (a.username < b.username ? -1 : 1))
    },
    enrolPerson: async (subject, draft) => {
      insist(context, subject, {
        action: 'enrol person',
        isAdministrator: isAdministrator(context, subject),
      })
      return enrol(context, passwords, { draft, by: subject })
    },
  }
}

/** Whom a node knows no more that has lost something to damage comes back. */
async function refuseSecondSetUp(reader: Pick<Tx, 'list'>): Promise<void> {
  const [account] = await reader.list({ ...range.accounts, limit: 1 })
  const [hole] = await reader.list({ ...range.holes, limit: 1 })
  if (account !== undefined || hole !== undefined)
    throw new EdgeError('NOT_ALLOWED', { action: 'set up', found: 'set up already' })
}

async function enrol(
  context: AppContext,
  passwords: Passwords,
  { draft, by }: { readonly draft: PersonDraft; readonly by: UserId | undefined },
): Promise<Person> {
  checkNames(draft)
  checkPassword(draft.password)
  const hash = await passwords.hash(draft.password)
  const id = await context.sync.replica.commit(async (tx) => {
    if (by === undefined) await refuseSecondSetUp(tx) // somebody may have been quicker
    const taken = [...usernames(context.sync.directory()).values()]
    if (taken.includes(draft.username))
      throw new EdgeError('ALREADY_EXISTS', { what: 'person', name: draft.username })
    const person = await enrolInside(tx, context, { draft, by })
    tx.put(key.account(person), hash)
    return person
  })
  return ourPerson(context, id)
}

/**
 * A new person of this node, inside a commit, without a password. Where the name is taken by somebody else, one of the
 * two is called longer.
 */
export async function enrolInside(
  tx: Tx,
  context: AppContext,
  { draft, by }: { readonly draft: NewProfile; readonly by: UserId | undefined },
): Promise<UserId> {
  checkNames(draft)
  const id = drawPerson(context)
  const { username, displayName, isAdministrator: isAdmin } = draft
  const content = {
    kind: 'person' as const,
    person: id,
    profile: { username, displayName, isAdministrator: isAdmin },
  }
  await write(tx, context, { document: DIRECTORY, author: by ?? id, content })
  await joinFirstChannel(tx, context, id)
  const subjects = [aboutPerson(id)]
  await audit(tx, context.sync, { deed: 'person enrolled', by: by ?? id, subjects })
  return id
}

/** Somebody who is certainly there. */
export function ourPerson(context: AppContext, id: UserId): Person {
  const person = personOf(context, id)
  if (person !== undefined) return person
  throw new EdgeError('STORE_BROKEN', { what: 'person', found: 'nothing' })
}

/** An id that nobody has who is known here. */
function drawPerson({ sync, random }: AppContext): UserId {
  for (;;) {
    const id = newPersonId(sync.identity.certificate.node, random.bytes(PERSON_NUMBER_BYTES))
    if (sync.directory().person(id) === undefined) return id
  }
}

/** Everybody is in the first channel; its id is derived, so that nodes set up apart make the same one. */
async function joinFirstChannel(tx: Tx, context: AppContext, person: UserId): Promise<void> {
  const { organisation } = context.sync.identity
  const id = firstChannelId(organisation.id)
  if (context.sync.directory().channel(id) === undefined) {
    const draft = { kind: 'public' as const, name: FIRST_CHANNEL, displayName: 'Town Square' }
    return makeChannel(tx, context, { id, subject: person, draft })
  }
  await channelOf(context, id, tx)
  return setMember(tx, context, { subject: person, channel: id, person, role: 'member' })
}

/** @throws EdgeError INPUT_INVALID which says which of the two cannot be a name */
export function checkNames(draft: Pick<PersonDraft, 'username' | 'displayName'>): void {
  if (!USERNAME_PATTERN.test(draft.username)) {
    throw new EdgeError('INPUT_INVALID', {
      field: 'username',
      found: draft.username,
      wanted: '1 to 64 of a-z 0-9 . _ -, a letter first',
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
