/**
 * Who is who, at hand: every event names its sender and every list its people, so the door keeps the workspace's
 * people in memory (some hundred bytes each) and hears of changes from the node.
 */
import type { UserId } from '#base/ids.ts'
import type { EdgeNode } from '#app/node.ts'
import type { Person } from '#app/types.ts'
import type { Log } from '#ports/log.ts'

/** The people of the workspace, now. */
export interface People {
  readonly byId: (id: UserId) => Person | undefined
  /** `username` in any case. */
  readonly byName: (username: string) => Person | undefined
  /** Everybody, by username. */
  readonly all: () => readonly Person[]
  /** Takes in a person who is new or has changed. */
  readonly learn: (person: Person) => void
}

/**
 * Reads everybody once; `person-updated` events then go to `learn`. A newcomer from another node may take a name that
 * somebody has here, who then gets a longer one without an event: everybody is read again.
 */
export async function openPeople(node: Pick<EdgeNode, 'allPeople'>, log: Log): Promise<People> {
  const people = createPeople()
  const readAll = async (): Promise<void> => {
    for (const person of await node.allPeople()) people.learn(person)
  }
  await readAll()
  return {
    ...people,
    learn: (person) => {
      const namesake = people.byName(person.username)
      people.learn(person)
      if (namesake === undefined || namesake.id === person.id) return
      readAll().catch((error: unknown) =>
        log.error('people.unread', { error: error instanceof Error ? error.name : 'unknown' }),
      )
    },
  }
}

/** A book with nobody in it. */
export function createPeople(): People {
  const byId = new Map<UserId, Person>()
  const idByName = new Map<string, UserId>()
  let sorted: readonly Person[] | undefined
  return {
    byId: (id) => byId.get(id),
    byName: (username) => {
      const id = idByName.get(username.toLowerCase())
      return id === undefined ? undefined : byId.get(id)
    },
    all: () => (sorted ??= [...byId.values()].toSorted(compareNames)),
    learn: (person) => {
      const before = byId.get(person.id)
      if (before !== undefined && before.updatedAt > person.updatedAt) return
      if (before !== undefined && idByName.get(before.username) === person.id) {
        idByName.delete(before.username)
      }
      byId.set(person.id, person)
      idByName.set(person.username, person.id)
      sorted = undefined
    },
  }
}

function compareNames(a: Person, b: Person): number {
  return a.username < b.username ? -1 : Number(a.username > b.username)
}
