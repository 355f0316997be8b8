/** Who may not come in any more, and what goes on in their name without a session: that ends, too. */
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { allSessions } from '#sync/session-book.ts'
import type { AppContext } from './context.ts'

/** Why somebody may not come in. */
type ShutOut = 'deactivated' | 'revoked'

/**
 * Why somebody may not come in here, or undefined. Of a node that is revoked, whoever took it may be anybody who was enrolled there:
 * only that node itself still serves them. A bot stands and falls with who answers for it, who may know its token.
 */
export function whyShutOut(context: AppContext, person: UserId): ShutOut | undefined {
  const own = whyItself(context, person)
  if (own !== undefined) return own
  const owner = context.sync.directory().person(person)?.bot?.owner
  return owner === undefined ? undefined : whyItself(context, owner)
}

function whyItself({ sync }: AppContext, person: UserId): ShutOut | undefined {
  if (sync.directory().person(person)?.deactivatedAt !== 0) return 'deactivated'
  const home = sync.roster.homeOf(person)?.node
  const isElsewhere = home !== undefined && home !== sync.identity.certificate.node
  return isElsewhere && sync.roster.revokedSince(home) !== undefined ? 'revoked' : undefined
}

/** Refuses what a program, or the node itself, would do in the name of who may not come in. @throws EdgeError NOT_ALLOWED */
export function refuseInName(context: AppContext, person: UserId, what: string): void {
  const reason = whyShutOut(context, person)
  if (reason === undefined) return
  const why = reason === 'revoked' ? 'whose node is revoked' : 'who may not sign in any more'
  throw new EdgeError('NOT_ALLOWED', { found: `${what} of somebody ${why}` })
}

/** Sessions of bots that have fallen with who answers for them: those of people end when they are shut out themselves. */
export async function fallenSessions(context: AppContext): Promise<readonly string[]> {
  const directory = context.sync.directory()
  const isFallen = (person: UserId): boolean =>
    directory.person(person)?.bot !== undefined && whyShutOut(context, person) !== undefined
  const all = await allSessions(context.sync.replica.read)
  return all.filter(({ person }) => isFallen(person)).map(({ id }) => id)
}
