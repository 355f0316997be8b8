/** Who administers: said in the directory, so that it travels, and heard by every session at once. */
import { EdgeError } from '#base/errors.ts'
import { nodePrefixOfPerson, type UserId } from '#base/ids.ts'
import { aboutPerson } from '#model/audit-content.ts'
import type { DirectoryPerson } from '#model/directory-people.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { audit } from '#sync/audit.ts'
import { subjectFacts } from '#sync/readers.ts'
import { isOurs } from '#trust/restrictions.ts'
import type { Accounts } from './account-types.ts'
import { insist, isAdministrator, write, type AppContext } from './context.ts'
import { ourPerson } from './people.ts'
import { insistOnAuthority, knownPerson } from './standing.ts'

const ACTION = 'manage administrators'

/** The part of the app that appoints and dismisses administrators. */
export function openAdministrators(context: AppContext): Pick<Accounts, 'setAdministrator'> {
  const { replica, identity, roster } = context.sync
  const { node, rights } = identity.certificate
  return {
    setAdministrator: async (subject, person, isWanted) => {
      insist(context, subject, {
        action: ACTION,
        isAdministrator: isAdministrator(context, subject),
      })
      knownPerson(context, subject, person)
      if (roster.homeOf(person)?.node !== node) insistOnAuthority(context, ACTION)
      await replica.commit(async (tx) => {
        const known = knownPerson(context, subject, person) // as it is once everybody before has had their say
        if (isWanted) refuseStranger(context, known)
        if (isSaid(known, isWanted, rights.administers)) return
        if (!isWanted) refuseLast(context, person, ACTION)
        const profile = { ...known.profile, isAdministrator: isWanted }
        const content = { kind: 'person' as const, person, profile }
        await write(tx, context, { document: DIRECTORY, author: subject, content })
        const deed = isWanted ? 'administrator appointed' : 'administrator dismissed'
        await audit(tx, context.sync, { deed, by: subject, subjects: [aboutPerson(person)] })
      })
      const after = ourPerson(context, person)
      if (after.isAdministrator === isWanted) return after
      throw saidElsewhere(context.sync.directory().person(person))
    },
  }
}

/** Whether this node has nothing to add: what others have said it neither repeats nor takes back. */
function isSaid(
  { administers, profile }: DirectoryPerson,
  isWanted: boolean,
  isForAll: boolean,
): boolean {
  if (isForAll) return (administers === 'organisation') === isWanted
  return isWanted ? profile.isAdministrator : administers !== 'home'
}

/** Who is not of our own never administers, and neither does a program. */
function refuseStranger(context: AppContext, { id, bot }: DirectoryPerson): void {
  const { subject, isGuest } = subjectFacts(context.sync.directory(), id)
  if (bot === undefined && isOurs(subject)) return
  const partners = isGuest === true ? 'a guest' : 'somebody of a partner organisation'
  throw new EdgeError('NOT_ALLOWED', {
    action: ACTION,
    found: bot === undefined ? partners : 'a bot',
    wanted: 'a member of our own organisation',
  })
}

/**
 * Refuses what would leave the node of `person` without anybody who administers there: nobody could appoint one, and its command
 * line would have nobody to speak for.
 */
export function refuseLast(context: AppContext, person: UserId, action: string): void {
  if (!isInOffice(context, person)) return
  const home = nodePrefixOfPerson(person)
  const isOther = ({ id }: DirectoryPerson): boolean =>
    id !== person && nodePrefixOfPerson(id) === home && isInOffice(context, id)
  if (context.sync.directory().people().some(isOther)) return
  throw new EdgeError('NOT_ALLOWED', {
    action,
    found: 'the last administrator of that node',
    wanted: 'another one there',
    do: 'Appoint somebody else of that node first.',
  })
}

function isInOffice(context: AppContext, id: UserId): boolean {
  const isActive = context.sync.directory().person(id)?.deactivatedAt === 0
  return isActive && isAdministrator(context, id)
}

function saidElsewhere(person: DirectoryPerson | undefined): EdgeError {
  const isForAll = person?.administers === 'organisation'
  return new EdgeError('NOT_ALLOWED', {
    action: ACTION,
    found: `an administrator by the word of ${isForAll ? 'the organisation' : 'their own node'}`,
    do: isForAll ? 'Do it on a node that administers it.' : 'Do it on their own node.',
  })
}
