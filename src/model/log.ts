/**
 * A document as a log: which changes it has, what each depends on, and what may come next.
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
} from '#base/ids.ts'
import { CHANGE_DEPENDENCIES_MAX, EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import { genesisOf, readChange, writeChange, type Change } from './change.ts'
import { decodeEntry, EMPTY_LIST, type Entry, type ListContext } from './entry.ts'

/** A change in its place. */
export interface Logged extends Change {
  readonly entry: Entry
  /** Where it stands in time: its claimed time, but after everything its author had seen. */
  readonly orderAt: Instant
}

/** For each actor, the number of its newest change: exactly what a replica has. */
export type Clock = Readonly<Record<string, number>>

/** Whether a change may be taken, and if not, why. */
export type Admission =
  | { readonly ok: true; readonly change: Change; readonly isNew: boolean }
  | { readonly ok: false; readonly reason: 'malformed' | 'missing' | 'forked' | 'misplaced' }

/** The index of one document; grows only by `add`. */
export interface Log {
  readonly document: DocumentId
  readonly genesis: Change
  readonly size: () => number
  readonly heads: () => readonly ChangeHash[]
  readonly clock: () => Clock
  readonly find: (actor: ActorId, seq: number) => Logged | undefined
  readonly has: (hash: ChangeHash) => boolean
  /** Actor and number of a change this log has. */
  readonly dotOf: (hash: ChangeHash) => Dot
  /** Counter of the last operation of a change this log has. */
  readonly endOf: (hash: ChangeHash) => number | undefined
  /** What must be known to write the actor's next entry. */
  readonly context: (actor: ActorId) => ListContext
  /** The change that would append `value` now; not yet added. */
  readonly next: (actor: ActorId, value: Uint8Array) => Change
  /** The change with these dependencies (its own last one is added by itself), or undefined when one is missing. */
  readonly compose: (draft: Composition) => Change | undefined
  /** Decides on a change from outside; adds nothing. */
  readonly admit: (bytes: Uint8Array) => Admission
  /** Adds a change that `next`, `compose` or a good admission gave. */
  readonly add: (change: Change) => Logged
  /** Changes that a replica at `clock` lacks, every one after all it depends on. */
  readonly since: (clock: Clock) => readonly Logged[]
}

/** A change named by its author and number. */
export interface Dot {
  readonly actor: ActorId
  readonly seq: number
}

/** A log and, on top of it, changes that are not added yet. */
export interface Scratch {
  readonly genesis: Change
  readonly find: (actor: ActorId, seq: number) => Change | undefined
  readonly compose: (draft: Composition) => Change | undefined
  readonly add: (change: Change) => void
}

/** What a receiver knows of a change before it writes it again. */
export interface Composition {
  readonly actor: ActorId
  readonly seq: number
  /** Heads its author saw, its own last change left out or not. */
  readonly seen: readonly ChangeHash[]
  readonly value: Uint8Array
}

/** An author whose clock is further behind than this does not take over the time of what it saw. */
const DAY_MS = 86_400_000

/** The log of a document that holds its genesis only. */
export function openLog(document: DocumentId): Log {
  const genesis = genesisOf(document)
  const byHash = new Map<ChangeHash, Known>()
  byHash.set(genesis.hash, { endOp: genesis.endOp, orderAt: 0, actor: genesis.actor, seq: 0 })
  const byActor = new Map<ActorId, Logged[]>()
  const contexts = new Map<ActorId, ListContext>()
  const order: Logged[] = []
  const heads = new Set<ChangeHash>([genesis.hash])

  const find = (actor: ActorId, seq: number): Logged | undefined => byActor.get(actor)?.[seq - 1]
  const endOf = (hash: ChangeHash): number | undefined => byHash.get(hash)?.endOp
  const compose = (draft: Composition): Change | undefined => write(draft, find, endOf)

  return {
    document,
    genesis,
    size: () => order.length,
    heads: () => [...heads].toSorted(),
    clock: () => Object.fromEntries([...byActor].map(([actor, list]) => [actor, list.length])),
    find,
    has: (hash) => byHash.has(hash),
    endOf,
    dotOf: (hash) => must(byHash.get(hash), 'the change is in this log'),
    context: (actor) => contexts.get(actor) ?? EMPTY_LIST,
    next: (actor, value) => {
      const seq = (byActor.get(actor)?.length ?? 0) + 1
      const seen = newestHeads(heads, (hash) => must(byHash.get(hash), 'a head is known').orderAt)
      return must(compose({ actor, seq, seen, value }), 'our own heads are known')
    },
    compose,
    admit: (bytes) => admitTo({ find, compose }, bytes),
    add: (change) => {
      const list = byActor.get(change.actor) ?? []
      assert(change.seq === list.length + 1, 'changes of an actor are added in their order')
      const read = decodeEntry(change.value, contexts.get(change.actor) ?? EMPTY_LIST)
      const seen = change.deps.map(
        (hash) => must(byHash.get(hash), 'dependencies come first').orderAt,
      )
      const logged = { ...change, entry: read.entry, orderAt: orderOf(read.entry.claimedAt, seen) }
      contexts.set(change.actor, read.context)
      list.push(logged)
      byActor.set(change.actor, list)
      byHash.set(change.hash, logged)
      for (const hash of change.deps) heads.delete(hash)
      heads.add(change.hash)
      order.push(logged)
      return logged
    },
    since: (clock) => order.filter((change) => change.seq > (clock[change.actor] ?? 0)),
  }
}

/** A scratch on top of `log`, which never changes by it. */
export function openScratch(log: Log): Scratch {
  const added = new Map<string, Change>()
  const ends = new Map<ChangeHash, number>()
  const find = (actor: ActorId, seq: number): Change | undefined =>
    log.find(actor, seq) ?? added.get(`${actor} ${seq}`)
  const endOf = (hash: ChangeHash): number | undefined => ends.get(hash) ?? log.endOf(hash)
  return {
    genesis: log.genesis,
    find,
    compose: (draft) => write(draft, find, endOf),
    add: (change) => {
      added.set(`${change.actor} ${change.seq}`, change)
      ends.set(change.hash, change.endOp)
    },
  }
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

type Known = Dot & { readonly endOp: number; readonly orderAt: Instant }

function admitTo({ find, compose }: Pick<Log, 'find' | 'compose'>, bytes: Uint8Array): Admission {
  const change = readChange(bytes)
  if (change === undefined) return { ok: false, reason: 'malformed' }
  const present = find(change.actor, change.seq)
  if (present !== undefined) {
    const isSame = present.hash === change.hash
    return isSame ? { ok: true, change, isNew: false } : { ok: false, reason: 'forked' }
  }
  const expected = compose({ ...change, seen: change.deps })
  if (expected === undefined) return { ok: false, reason: 'missing' }
  const isSame = expected.hash === change.hash
  return isSame ? { ok: true, change, isNew: true } : { ok: false, reason: 'misplaced' }
}

/** The change of a draft, or undefined when something it depends on is not known. */
function write(
  draft: Composition,
  find: (actor: ActorId, seq: number) => Change | undefined,
  endOf: (hash: ChangeHash) => number | undefined,
): Change | undefined {
  const last = find(draft.actor, draft.seq - 1)
  if (draft.seq > 1 && last === undefined) return undefined
  const seen = last === undefined ? draft.seen : [...draft.seen, last.hash]
  const deps = [...new Set(seen)].toSorted()
  const ends = deps.map(endOf)
  if (deps.length === 0 || deps.length > CHANGE_DEPENDENCIES_MAX) return undefined
  if (ends.includes(undefined)) return undefined
  const startOp = 1 + Math.max(...ends.map((end) => must(end, 'every dependency is known')))
  const listOp =
    last === undefined ? startOp : must(find(draft.actor, 1), 'a list has a start').startOp
  return writeChange({ ...draft, startOp, deps, listOp, afterOp: last?.endOp ?? 0 })
}

/**
 * The heads a change names: all, or the newest when more nodes wrote apart than one change may depend on. The rest
 * stay heads, and later changes take them up. One place is left for the author's own last change.
 */
function newestHeads(
  heads: ReadonlySet<ChangeHash>,
  orderAt: (hash: ChangeHash) => Instant,
): readonly ChangeHash[] {
  const most = CHANGE_DEPENDENCIES_MAX - 1
  if (heads.size <= most) return [...heads]
  return [...heads].toSorted((a, b) => orderAt(b) - orderAt(a)).slice(0, most)
}

/**
 * A change stands after what its author had seen, unless that lies more than a day ahead of the author's own
 * credible clock: one clock in 2060 must not drag everybody's order there.
 */
function orderOf(claimedAt: Instant, seen: readonly Instant[]): Instant {
  const isCredible = claimedAt >= EARLIEST_CREDIBLE_AT
  const bounds = seen.filter((at) => !isCredible || at <= claimedAt + DAY_MS)
  return Math.max(claimedAt, ...bounds.map((at) => at + 1))
}
