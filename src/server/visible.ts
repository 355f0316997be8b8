/** The people of the workspace as one of them may know them: a guest knows those of their channels. */
import type { UserId } from '#base/ids.ts'
import type { Person } from '#app/types.ts'
import type { Door } from './door.ts'
import type { People } from './people.ts'

/** The people whom `subject` may know of. */
export function peopleFor(
  { people, node }: Pick<Door, 'people' | 'node'>,
  subject: UserId,
): Pick<People, 'all' | 'byId' | 'byName'> {
  const seen = node.seenBy(subject)
  if (seen === undefined) return people
  const known = (person: Person | undefined): Person | undefined =>
    person !== undefined && seen.has(person.id) ? person : undefined
  return {
    all: () => people.all().filter(({ id }) => seen.has(id)),
    byId: (id) => known(people.byId(id)),
    byName: (name) => known(people.byName(name)),
  }
}
