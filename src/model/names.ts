/** Names people are called by: unique, equal on every node, and found in text after an `@`. */
import type { UserId } from '#base/ids.ts'
import type { Directory } from './directory.ts'
import type { DirectoryPerson } from './directory-people.ts'

/** Form of a username: Mattermost's own rule. */
export const USERNAME_PATTERN = /^[a-z][a-z0-9._-]{0,63}$/

/** In place of a name that has another form: other nodes may enter what they like. */
const NO_NAME = 'person'

/**
 * Everybody's name. Where two nodes enrolled the same one apart, the later person's carries a part of their id; times can
 * be made up, so whom a node that administers has entered comes first.
 */
export function usernames(directory: Directory): ReadonlyMap<UserId, string> {
  const taken = new Set<string>()
  const names = new Map<UserId, string>()
  const rank = ({ id }: DirectoryPerson): number => (directory.isVouchedFor(id) ? 0 : 1)
  const people = directory.people().toSorted((a, b) => rank(a) - rank(b) || byAge(a, b))
  for (const person of people) {
    const { username } = person.profile
    const wanted = USERNAME_PATTERN.test(username) ? username : NO_NAME
    const name = freeName(wanted, person.id, taken)
    taken.add(name)
    names.set(person.id, name)
  }
  return names
}

/** The names mentioned in a message, lower case, without the `@`. */
export function mentionsIn(body: string): readonly string[] {
  const found = body.toLowerCase().matchAll(/(?:^|[^a-z0-9._-])@([a-z][a-z0-9._-]{0,63})/g)
  const names = [...found].map(([, name = '']) => name.replace(/[._-]+$/, ''))
  return [...new Set(names)]
}

function freeName(wanted: string, id: UserId, taken: ReadonlySet<string>): string {
  let name = wanted
  for (let length = 4; taken.has(name) && length <= id.length; length += 2)
    name = `${wanted}-${id.slice(-1 - length, -1)}` // an id begins with its home node
  return name
}

function byAge(a: DirectoryPerson, b: DirectoryPerson): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)
}
