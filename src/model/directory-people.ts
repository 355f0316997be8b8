/**
 * A person as the directory has them, folded from all entries about them. Their home and nodes that administer have a say:
 * each kind of question has its own rule, so that nobody who may not can make, bring back or take over anybody.
 */
import type { Instant, UserId } from '#base/ids.ts'
import { byOrder } from './channel-members.ts'
import type { Profile } from './entry.ts'
import type { PersonContent } from './person-content.ts'

/** How a person stands in the organisation. */
export interface Standing {
  /** A node that administers has entered them once: until then only their own node says who they are. */
  readonly isVouchedFor: boolean
  /** Since when they may not sign in; 0 while they may. */
  readonly deactivatedAt: Instant
  /** Who answers for it, where it is a program. */
  readonly bot: { readonly owner: UserId; readonly description: string } | undefined
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** A person as the directory has them. Their home is in their id. */
export interface DirectoryPerson extends Standing {
  readonly id: UserId
  readonly profile: Profile
  /** Whose word they are an administrator by: their own node's, or one that administers for all. */
  readonly administers: 'nothing' | 'home' | 'organisation'
  /** Was one for all once: what they deleted then stays deleted everywhere. Never goes back. */
  readonly hasAdministered: boolean
  /** Was one by the word of their own node once: that counts for messages written there. Never goes back. */
  readonly hasAdministeredHome: boolean
}

/** An entry about a person. */
export interface PersonEntry {
  readonly order: string
  readonly at: Instant
  readonly content: { readonly kind: 'person'; readonly profile: Profile } | PersonContent
  readonly isByAdministrator: boolean
}

type Of<K extends PersonEntry['content']['kind']> = PersonEntry & {
  readonly content: Extract<PersonEntry['content'], { kind: K }>
}

/** All that was said of a person, in its order. */
export type PersonEntries = readonly PersonEntry[]

/** `entries` and one more. */
export function withEntry(entries: PersonEntries, entry: PersonEntry): PersonEntries {
  return [...entries, entry].toSorted(byOrder)
}

/** The person, or undefined while nobody has said what they are called. */
export function personFrom(id: UserId, entries: PersonEntries): DirectoryPerson | undefined {
  const profiles = ofKind(entries, 'person')
  const [first, last] = [profiles[0], profiles.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const forAll = administersBy(profiles, true)
  const atHome = administersBy(profiles, false)
  const bot = ofKind(entries, 'bot').at(-1)?.content
  return {
    id,
    profile: { ...last.content.profile, isAdministrator: forAll.now || atHome.now },
    administers: forAll.now ? 'organisation' : atHome.now ? 'home' : 'nothing',
    hasAdministered: forAll.ever,
    hasAdministeredHome: atHome.ever,
    isVouchedFor: profiles.some((one) => one.isByAdministrator),
    deactivatedAt: deactivatedAt(ofKind(entries, 'standing')),
    bot: bot && { owner: bot.owner, description: bot.description },
    createdAt: first.at,
    updatedAt: entries.at(-1)?.at ?? last.at,
  }
}

/** The last entry decides the profile; each of the two who may make an administrator decides for itself. */
function administersBy(
  profiles: readonly Of<'person'>[],
  isByAdministrator: boolean,
): { readonly now: boolean; readonly ever: boolean } {
  const said = profiles.filter((one) => one.isByAdministrator === isByAdministrator)
  const isOne = (one: Of<'person'> | undefined): boolean =>
    one?.content.profile.isAdministrator === true
  return { now: isOne(said.at(-1)), ever: said.some(isOne) }
}

/** One entry that says of the profile what they all say, where the last of them stands. */
export function summaryOf(
  entries: PersonEntries,
  { profile, administers, createdAt }: DirectoryPerson,
): PersonEntry {
  const { order, at } = entries.at(-1) ?? { order: '', at: createdAt }
  const content = { kind: 'person', profile } as const
  return { order, at, content, isByAdministrator: administers === 'organisation' }
}

/**
 * What a node that administers said last counts; after that the home may still shut its own people out, and let in again
 * whom it has shut out itself, but nobody whom the organisation did.
 */
function deactivatedAt(standings: readonly Of<'standing'>[]): Instant {
  const last = standings.findLast((one) => one.isByAdministrator)
  if (last?.content.isActive === false) return last.at
  const home = standings.findLast((one) => !one.isByAdministrator)
  const isAfter = home !== undefined && home.order > (last?.order ?? '')
  return isAfter && !home.content.isActive ? home.at : 0
}

function ofKind<K extends PersonEntry['content']['kind']>(
  entries: PersonEntries,
  kind: K,
): readonly Of<K>[] {
  return entries.filter((one): one is Of<K> => one.content.kind === kind)
}
