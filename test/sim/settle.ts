/** The first day of a node: its operator sets it up and enrols some people. */
import { codeOf, EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import type { EdgeNode, PersonDraft } from '#app/node.ts'
import type { Person } from '#app/types.ts'
import type { Chance } from './chance.ts'
import type { Member } from './fleet.ts'
import { USERNAMES } from './words.ts'

/**
 * Enrols an administrator and some people. Their names may be taken, here or, unknown here,
 * elsewhere; the power may have gone in the middle of an earlier try.
 */
export async function settle(member: Member, chance: Chance): Promise<void> {
  const node = member.boot?.node
  if (node === undefined || member.people.length > 0 || underWay.has(node)) return
  // Another who sets it up at the same time would see people whom the disk may still refuse.
  underWay.add(node)
  try {
    await setUp(member, node, chance)
  } finally {
    underWay.delete(node)
  }
}

const underWay = new WeakSet<EdgeNode>()

async function setUp(member: Member, node: EdgeNode, chance: Chance): Promise<void> {
  const here = (await node.allPeople()).filter((person) => person.homeNode === member.id)
  const administrator = here.find((person) => person.isAdministrator)
  const names = chance.happens(0.5) ? ['amira', `amira.${member.name}`] : [`amira.${member.name}`]
  const first = administrator?.id ?? (await enrolFirst(names, (draft) => node.setUp(draft)))
  const others = ['bo', chance.pick(USERNAMES)]
  const found = here.map((person) => person.id).filter((id) => id !== first)
  member.people.push(first, ...found)
  for (const name of others) {
    const attempts = [name, `${name}.${member.name}`]
    member.people.push(await enrolFirst(attempts, (draft) => node.enrolPerson(first, draft)))
  }
}

/** Enrols somebody under the first of `names` that is free; the first one enrolled here is the administrator. */
async function enrolFirst(
  names: readonly string[],
  enrolAs: (draft: PersonDraft) => Promise<Person>,
): Promise<UserId> {
  const [name, ...rest] = names
  if (name === undefined) throw new EdgeError('ALREADY_EXISTS', { what: 'person' })
  try {
    return (await enrolAs(draftOf(name, name.startsWith('amira')))).id
  } catch (error) {
    if (codeOf(error) !== 'ALREADY_EXISTS') throw error
    return enrolFirst(rest, enrolAs)
  }
}

/** Somebody to be enrolled. */
export function draftOf(username: string, isAdministrator: boolean): PersonDraft {
  return { username, displayName: username, password: 'correct horse battery', isAdministrator }
}
