/** Whether somebody may sign in, and whether the organisation knows them: said in the directory, so that it travels. */
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { aboutPerson } from '#model/audit-content.ts'
import type { DirectoryPerson } from '#model/directory-people.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { Deed } from '#model/audit-words.ts'
import type { Content } from '#model/entry.ts'
import { audit } from '#sync/audit.ts'
import type { Accounts } from './account-types.ts'
import { insist, isAdministrator, write, type AppContext } from './context.ts'
import { ourPerson } from './people.ts'
import { maySee } from './sight.ts'
import type { Person } from './types.ts'

const ACTION = 'manage accounts'

/** The part of the app that says who may sign in. */
export function openStanding(context: AppContext): Pick<Accounts, 'setActive' | 'vouchFor'> {
  return {
    setActive: async (subject, person, isActive) => {
      const { bot } = knownPerson(context, subject, person)
      const isOwner = bot?.owner === subject
      if (!isOwner) insistOnAdministrator(context, subject)
      if (subject === person)
        throw new EdgeError('NOT_ALLOWED', { action: 'deactivate', found: 'yourself' })
      const isHome =
        context.sync.roster.homeOf(person)?.node === context.sync.identity.certificate.node
      if (!isHome) insistOnAuthority(context)
      const deed = isActive ? 'person activated' : 'person deactivated'
      const content = { kind: 'standing', person, isActive } as const
      const after = await say(context, subject, { person, content, deed })
      // The organisation may have decided otherwise, and then a home does not undo it.
      if ((after.deactivatedAt === 0) === isActive) return after
      throw new EdgeError('NOT_ALLOWED', {
        action: 'activate',
        found: 'deactivated by the organisation',
        do: 'Ask somebody at a node that administers it.',
      })
    },
    vouchFor: async (subject, person) => {
      const { profile, isVouchedFor, administers } = knownPerson(context, subject, person)
      insistOnAdministrator(context, subject)
      insistOnAuthority(context)
      if (isVouchedFor) return ourPerson(context, person)
      // Vouching says who they are, and gives them nothing else.
      const isAdministratorOfAll = administers === 'organisation'
      const content = {
        kind: 'person',
        person,
        profile: { ...profile, isAdministrator: isAdministratorOfAll },
      } as const
      return say(context, subject, { person, content, deed: 'person vouched for' })
    },
  }
}

async function say(
  context: AppContext,
  subject: UserId,
  said: { readonly person: UserId; readonly content: Content; readonly deed: Deed },
): Promise<Person> {
  const { person, content, deed } = said
  await context.sync.replica.commit(async (tx) => {
    await write(tx, context, { document: DIRECTORY, author: subject, content })
    await audit(tx, context.sync, { deed, by: subject, subjects: [aboutPerson(person)] })
  })
  return ourPerson(context, person)
}

/** Whom the directory knows and `subject` may know of. @throws EdgeError NOT_FOUND */
export function knownPerson(context: AppContext, subject: UserId, person: UserId): DirectoryPerson {
  const found = context.sync.directory().person(person)
  if (found === undefined || !maySee(context, subject, person))
    throw new EdgeError('NOT_FOUND', { what: 'person', id: person })
  return found
}

function insistOnAdministrator(context: AppContext, subject: UserId): void {
  insist(context, subject, { action: ACTION, isAdministrator: isAdministrator(context, subject) })
}

/** Others would pass over what this node says. @throws EdgeError NOT_ALLOWED */
export function insistOnAuthority({ sync }: AppContext, action: string = ACTION): void {
  if (sync.identity.certificate.rights.administers) return
  throw new EdgeError('NOT_ALLOWED', {
    action,
    found: 'a node that does not administer the organisation',
    do: 'Do it on the home node of that person, or on one that administers.',
  })
}
