/** Stubs made from lists that are here, and held against them: whoever has what is purged believes no order that tells of it wrongly. */
import type { ActorId } from '#base/ids.ts'
import { decodeEntry } from './entry.ts'
import { EMPTY_LIST, type ListContext } from './list.ts'
import type { Log } from './log.ts'
import { contextAfter, isSameStub, type Stub } from './stub.ts'

/** Changes of one list, `from` to `to`, both included. */
export interface Stretch {
  readonly actor: ActorId
  readonly from: number
  readonly to: number
}

/** What would stand in the place of a stretch; undefined when it is not all here. */
export function stubFrom(log: Log, { actor, from, to }: Stretch): Stub | undefined {
  const previous = log.before(actor, from)
  const hash = log.before(actor, to + 1)
  const trail = log.trail(actor, to)
  const [start, end] = [contextAt(log, actor, from - 1), contextAt(log, actor, to)]
  if (previous === undefined || hash === undefined || !trail || !start || !end) return undefined
  const { people, seconds, placeAt, counter } = end
  const after = { people: people.slice(start.people.length), seconds, placeAt, counter }
  return { actor, from, to, previous, hash, trail, after }
}

/** Whether a stub contradicts nothing of what is here. */
export function fits(log: Log, stub: Stub): boolean {
  const { actor, from, to, previous, hash, trail } = stub
  const before = log.before(actor, from)
  const at = log.before(actor, to + 1)
  if (before !== undefined && before !== previous) return false
  if (at !== undefined && (at !== hash || log.trail(actor, to) !== trail)) return false
  const made = stubFrom(log, stub)
  return made === undefined || isSameStub(made, stub)
}

/** The part of a stub of which nothing is here; undefined when all of it is. */
export function lackingOf(log: Log, stub: Stub): Stub | undefined {
  const { actor, from, to, after } = stub
  const last = log.last(actor)
  if (last === undefined || last.seq < from) return stub
  if (last.seq >= to) return undefined
  const known = log.context(actor).people
  const people = after.people.filter((person) => !known.includes(person))
  return { ...stub, from: last.seq + 1, previous: last.hash, after: { ...after, people } }
}

/** What an entry is read with that comes after number `seq`; undefined where that cannot be known. */
function contextAt(log: Log, actor: ActorId, seq: number): ListContext | undefined {
  let context = EMPTY_LIST
  for (let at = 1; at <= seq; at += 1) {
    const known = log.find(actor, at)
    const stub = known === undefined ? log.stubAt(actor, at) : undefined
    if (known !== undefined) context = decodeEntry(known.value, context).context
    else if (stub?.from !== at || stub.to > seq) return undefined
    else {
      context = contextAfter(stub, context)
      at = stub.to
    }
  }
  return context
}
