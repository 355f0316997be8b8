/** Names people are called by: unique, equal on every node, and found in text after an `@`. */
import type { UserId } from '#base/ids.ts'
import type { Directory, DirectoryPerson } from './directory.ts'

/** Form of a username: Mattermost's own rule. */
export const USERNAME_PATTERN = /^[a-z][a-z0-9._-]{0,63}$/

/** Everybody's name. Where two nodes enrolled the same one apart, the later person's carries a part of their id. */
export function usernames(directory: Directory): ReadonlyMap<UserId, string> {
  const taken = new Set<string>()
  const names = new Map<UserId, string>()
  for (const person of directory.people().toSorted(byAge)) {
    const wanted = person.profile.username
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
