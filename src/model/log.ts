/**
 * A document as a log: for each actor the chain of its changes, and what may come next. Chains are independent of each
 * other: no change waits for another actor's, and a fork in one chain leaves the others whole.
 *
 * Automerge keeps the same facts, but to ask it means to load the document into its memory and costs time in
 * proportion to the document (research/automerge.md 4). Because every change has the one form of `change.ts`, this
 * index answers from plain values; `document.ts` holds it against Automerge each time a document is folded.
 */
import { assert, must } from '#base/assert.ts'
import { bytesFromHex, bytesFromText, byteWriter } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  idFromBytes,
  type ActorId,
  type ChangeHash,
  type DocumentId,
  type Instant,
  type PostId,
  type Trail,
} from '#base/ids.ts'
import { genesisOf, readChange, writeChange, type Change } from './change.ts'
import { decodeEntry, type Content, type Entry } from './entry.ts'
import { openExplained } from './explained.ts'
import { EMPTY_LIST, type ListContext } from './list.ts'
import { contextAfter, isIn, type Stub } from './stub.ts'
import { openTrails } from './trail.ts'

/** A change in its place. */
export interface Logged extends Change {
  readonly entry: Entry
}

/** For each actor, the number of its newest change: exactly what a replica has. */
export type Clock = Readonly<Record<string, number>>

/** Whether a change may be taken, and if not, why. `misplaced`: it goes on from another change than the one here. */
export type Admission =
  | { readonly ok: true; readonly change: Change; readonly isNew: boolean }
  | {
      readonly ok: false
      readonly reason: 'malformed' | 'missing' | 'forked' | 'misplaced' | 'purged'
    }

/** A change by its number and name. */
export type Head = Pick<Change, 'seq' | 'hash'>

/** The index of one document; grows only by `add`. */
export interface Log {
  readonly document: DocumentId
  readonly genesis: Pick<Change, 'hash' | 'bytes'>
  /** Somebody's list was proved to fork. */
  readonly isCut: boolean
  /** What was purged of it, by list and number; a list that has not come so far yet will go on with its stub. */
  readonly stubs: readonly Stub[]
  /** Changes in it, without the genesis and without what was purged. */
  readonly size: () => number
  readonly heads: () => readonly ChangeHash[]
  readonly clock: () => Clock
  /** Undefined also for a change that was purged. */
  readonly find: (actor: ActorId, seq: number) => Logged | undefined
  /** Number and hash of an actor's newest change, purged or not. */
  readonly last: (actor: ActorId) => Head | undefined
  /** The stub that a change is part of, or would be. */
  readonly stubAt: (actor: ActorId, seq: number) => Stub | undefined
  /** The change that one with number `seq` must go on from; undefined when it is not here. */
  readonly before: (actor: ActorId, seq: number) => ChangeHash | undefined
  /** The trail of an actor's list up to change `seq`; undefined beyond its end, and inside of what was purged. */
  readonly trail: (actor: ActorId, seq: number) => Trail | undefined
  /** What must be known to write the actor's next entry. */
  readonly context: (actor: ActorId) => ListContext
  /** The largest counter of an entry here that counts; 0 when none has one. */
  readonly counter: () => number
  /** What counted from when this entry was added: the entry, unless it waits, and what had waited for it (`explained.ts`). */
  readonly countedBy: (logged: Logged) => readonly Logged[]
  /** Whether some entries wait for what explains their counters. */
  readonly hasUnexplained: () => boolean
  /** The newest place of an entry here that does not lie after `until`; 0 when there is none. */
  readonly newestPlaceAt: (until: Instant) => Instant
  /** The change that would append `value` now; not yet added. */
  readonly next: (actor: ActorId, value: Uint8Array) => Change
  /** Decides on a change from outside; adds nothing. */
  readonly admit: (bytes: Uint8Array) => Admission
  /** Adds a change that `next`, a rebuilt delta or a good admission gave. */
  readonly add: (change: Change) => Logged
  /** Changes that a replica at `clock` lacks, in the order they were added: an actor's in theirs. */
  readonly since: (clock: Clock) => readonly Logged[]
}

/**
 * The log of a document that holds its genesis only. `isCut`: an actor's list was proved to fork and ends early, and with
 * what is gone others' counters may have lost what explained them; all count.
 */
export function openLog(document: DocumentId, options: LogOptions = {}): Log {
  const { isCut = false, stubs = [] } = options
  const genesis = genesisOf(document)
  const lists = openLists(genesis.hash, stubs)
  const order: Logged[] = []
  const explained = openExplained<Logged>(isCut || stubs.length > 0)
  /** Where it is not the entry alone. */
  const counted = new WeakMap<Logged, readonly Logged[]>()
  let newestAt = 0
  const { find, before, last } = lists
  const stubAt = (actor: ActorId, seq: number): Stub | undefined =>
    stubs.find((stub) => isIn(stub, { actor, seq }))

  return {
    document,
    genesis,
    isCut,
    stubs,
    size: () => order.length,
    heads: () => {
      const newest = lists.all().map(([, { hash }]) => hash)
      return newest.length === 0 ? [genesis.hash] : newest.toSorted()
    },
    clock: () => Object.fromEntries(lists.all().map(([actor, { seq }]) => [actor, seq])),
    find,
    last,
    stubAt,
    before,
    trail: openTrails(genesis.hash, lists),
    context: lists.context,
    counter: explained.counter,
    countedBy: (logged) => counted.get(logged) ?? [logged],
    hasUnexplained: () => explained.waiting() > 0,
    newestPlaceAt: (until) => (newestAt <= until ? newestAt : newestOf(order, until)),
    next: (actor, value) => {
      const { seq, hash } = last(actor) ?? { seq: 0, hash: genesis.hash }
      return writeChange({ actor, seq: seq + 1, previous: hash, value })
    },
    admit: (bytes) => admitTo({ find, before, last }, bytes),
    add: (change) => {
      const logged = lists.add(change)
      order.push(logged)
      const now = explained.add(logged)
      if (now.length !== 1) counted.set(logged, now)
      newestAt = Math.max(newestAt, logged.entry.placeAt)
      return logged
    },
    since: (clock) => order.filter((change) => change.seq > (clock[change.actor] ?? 0)),
  }
}

/** What an empty log is opened with. */
export interface LogOptions {
  readonly isCut?: boolean
  readonly stubs?: readonly Stub[]
}

/** The lists of a log, each going on with its stubs where it has come so far. */
function openLists(genesis: ChangeHash, stubs: readonly Stub[]) {
  const byActor = new Map<ActorId, (Logged | undefined)[]>()
  const contexts = new Map<ActorId, ListContext>()
  /** Stubs that their lists have reached, by the first and by the last change. */
  const reached = { from: new Map<string, Stub>(), to: new Map<string, Stub>() }
  const context = (actor: ActorId): ListContext => contexts.get(actor) ?? EMPTY_LIST
  const find = (actor: ActorId, seq: number): Logged | undefined => byActor.get(actor)?.[seq - 1]
  const hashAt = (actor: ActorId, seq: number): ChangeHash | undefined =>
    find(actor, seq)?.hash ?? reached.to.get(`${actor} ${seq}`)?.hash
  const before = (actor: ActorId, seq: number): ChangeHash | undefined =>
    seq === 1 ? genesis : hashAt(actor, seq - 1)
  const last = (actor: ActorId): Head | undefined => {
    const seq = byActor.get(actor)?.length ?? 0
    const hash = hashAt(actor, seq)
    return hash && { seq, hash }
  }
  const goOn = (actor: ActorId): void => {
    for (const stub of stubs) {
      const list = byActor.get(actor) ?? []
      const isNext = stub.actor === actor && stub.from === list.length + 1
      if (!isNext || stub.previous !== before(actor, stub.from)) continue
      list.length = stub.to
      byActor.set(actor, list)
      reached.from.set(`${actor} ${stub.from}`, stub)
      reached.to.set(`${actor} ${stub.to}`, stub)
      contexts.set(actor, contextAfter(stub, context(actor)))
    }
  }
  for (const { actor, from } of stubs) if (from === 1) goOn(actor)
  return {
    find,
    before,
    last,
    context,
    reachedFrom: (actor: ActorId, seq: number) => reached.from.get(`${actor} ${seq}`),
    all: () =>
      [...byActor.keys()].map((actor) => [actor, must(last(actor), 'a list has an end')] as const),
    add: (change: Change): Logged => {
      const { actor, seq } = change
      const list = byActor.get(actor) ?? []
      const fits = seq === list.length + 1 && change.previous === before(actor, seq)
      assert(fits, 'changes of an actor are added in their order')
      const read = decodeEntry(change.value, context(actor))
      const logged = { ...change, entry: read.entry }
      contexts.set(actor, read.context)
      list.push(logged)
      byActor.set(actor, list)
      goOn(actor)
      return logged
    },
  } as const
}

/** The id of the message whose post is this change: derived from where it stands, so it never travels. */
export function postIdOf(document: DocumentId, actor: ActorId, seq: number): PostId {
  const place = byteWriter()
  place.raw(bytesFromText('holdfast post'))
  place.block(bytesFromText(document))
  place.raw(bytesFromHex(actor))
  place.uint(seq)
  return idFromBytes(sha256(place.bytes()).subarray(0, 16))
}

/** The message that an entry answers, or says something of. */
export function messageNamedBy(content: Content): PostId | undefined {
  if (content.kind === 'post') return content.root
  return 'target' in content ? content.target : undefined
}

/** Whether `clock` covers change `seq` of `actor`. */
export function covers(clock: Clock, actor: ActorId, seq: number): boolean {
  return (clock[actor] ?? 0) >= seq
}

/** The clock that covers whatever one of the two covers. */
export function joinClocks(a: Clock, b: Clock): Clock {
  const joined: Record<string, number> = { ...a }
  for (const [actor, seq] of Object.entries(b)) joined[actor] = Math.max(seq, joined[actor] ?? 0)
  return joined
}

/** The clock that covers only what both cover. */
export function meetClocks(a: Clock, b: Clock): Clock {
  const met: Record<string, number> = {}
  for (const [actor, seq] of Object.entries(a)) {
    const least = Math.min(seq, b[actor] ?? 0)
    if (least > 0) met[actor] = least
  }
  return met
}

/** How many changes `ahead` covers that `behind` does not. */
export function countBeyond(ahead: Clock, behind: Clock): number {
  let count = 0
  for (const [actor, seq] of Object.entries(ahead)) count += Math.max(0, seq - (behind[actor] ?? 0))
  return count
}

function admitTo(
  { find, before, last }: Pick<Log, 'find' | 'before' | 'last'>,
  bytes: Uint8Array,
): Admission {
  const change = readChange(bytes)
  if (change === undefined) return { ok: false, reason: 'malformed' }
  const present = find(change.actor, change.seq)
  if (present !== undefined) {
    const isSame = present.hash === change.hash
    return isSame ? { ok: true, change, isNew: false } : { ok: false, reason: 'forked' }
  }
  if (change.seq <= (last(change.actor)?.seq ?? 0)) return { ok: false, reason: 'purged' }
  const expected = before(change.actor, change.seq)
  if (expected === undefined) return { ok: false, reason: 'missing' }
  return expected === change.previous
    ? { ok: true, change, isNew: true }
    : { ok: false, reason: 'misplaced' }
}

function newestOf(changes: readonly Logged[], until: Instant): Instant {
  let newest = 0
  for (const { entry } of changes) {
    if (entry.placeAt <= until && entry.placeAt > newest) newest = entry.placeAt
  }
  return newest
}
