/**
 * What stands in the place of changes of one list that were purged: nothing of what they said, and what the rest of the list
 * needs to be read and proved without them. What comes before ends with one hash, what comes after goes on from another, so
 * every change that is left keeps its bytes, its name and its signature.
 */
import type { ActorId, ChangeHash, Instant, Trail, UserId } from '#base/ids.ts'
import type { ListContext } from './list.ts'

/** What an order to purge says of a stretch of a list. */
export interface Stub {
  readonly actor: ActorId
  /** The first change that is gone and the last. */
  readonly from: number
  readonly to: number
  /** What the first went on from: the genesis where `from` is 1. */
  readonly previous: ChangeHash
  /** The last one's. */
  readonly hash: ChangeHash
  /** The list's trail up to that one: whatever comes after it is signed with it. */
  readonly trail: Trail
  /** What the next entry of the list is read with. */
  readonly after: StubContext
}

/** As ListContext, but for the people: those whom the stretch names first. */
export interface StubContext {
  readonly people: readonly UserId[]
  readonly seconds: number
  readonly placeAt: Instant
  readonly counter: number
}

/** The context after a stub where `before` is the one before it. */
export function contextAfter({ after }: Stub, before: ListContext): ListContext {
  return { ...after, people: [...before.people, ...after.people] }
}

/** Whether a change with this number is one of those that are gone. */
export function isIn({ actor, from, to }: Stub, at: { actor: ActorId; seq: number }): boolean {
  return actor === at.actor && from <= at.seq && at.seq <= to
}

/**
 * The same stretches in as few stubs as can be, by list and number: what overlaps or lies side by side is one, so that the
 * result does not depend on how many orders said it, and in what order they came.
 */
export function joinStubs(stubs: readonly Stub[]): readonly Stub[] {
  const joined: Stub[] = []
  for (const stub of stubs.toSorted(compare)) {
    const last = joined.at(-1)
    if (last === undefined || last.actor !== stub.actor || stub.from > last.to + 1)
      joined.push(stub)
    else if (stub.to > last.to) joined.splice(-1, 1, joinTwo(last, stub))
  }
  return joined
}

/** What a clock covers where whoever has it takes the stubs that come next in a list as had. */
export function coveredWith(
  stubs: readonly Stub[] | undefined,
  clock: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  if (stubs === undefined || stubs.length === 0) return clock
  const covered = { ...clock }
  for (const { actor, from, to } of stubs) {
    const seq = covered[actor] ?? 0
    if (from <= seq + 1 && seq < to) covered[actor] = to
  }
  return covered
}

/** Whether two stubs say the same. */
export function isSameStub(a: Stub, b: Stub): boolean {
  return packStub(a) === packStub(b)
}

function packStub({ actor, from, to, previous, hash, trail, after }: Stub): string {
  const { people, seconds, placeAt, counter } = after
  const context = [people, seconds, placeAt, counter]
  return JSON.stringify([actor, from, to, previous, hash, trail, ...context])
}

function joinTwo(first: Stub, next: Stub): Stub {
  const added = next.after.people.filter((person) => !first.after.people.includes(person))
  const people = [...first.after.people, ...added]
  return { ...next, from: first.from, previous: first.previous, after: { ...next.after, people } }
}

function compare(a: Stub, b: Stub): number {
  if (a.actor !== b.actor) return a.actor < b.actor ? -1 : 1
  return a.from - b.from || b.to - a.to || (packStub(a) < packStub(b) ? -1 : 1)
}
