/** Histories of several writers on one document: who wrote after having heard whom, as plain numbers that shrink. */
import fc from 'fast-check'
import { assert, must } from '#base/assert.ts'
import { idFromBytes, type ActorId, type DocumentId, type NodeId, type UserId } from '#base/ids.ts'
import type { Change } from '#model/change.ts'
import { encodeEntry, type Draft } from '#model/entry.ts'
import type { Writer } from '#model/key-book.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
import { placeEntry } from '#model/order.ts'
import { seedOf } from './organisation.ts'

/** One entry: its writer first takes over all that the writer `hears` has. Numbers are taken round and round. */
export interface Step {
  readonly writer: number
  readonly hears: number
  /** Seconds since 2026-11-01 by the writer's clock; negative or huge where that is wrong. */
  readonly seconds: number
  readonly body: string
}

/** What came of a history: each writer's replica, and one that has everything. */
export interface History {
  readonly replicas: readonly Log[]
  readonly whole: Log
}

const START_AT = 1_793_491_200_000

/** Any history of up to `length` entries. */
export function anyHistory(length = 16): fc.Arbitrary<readonly Step[]> {
  const seconds = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 100_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(-1_790_000_000, 1_100_000_000) },
  )
  const step = fc.record({ writer: fc.nat(4), hears: fc.nat(4), seconds, body: anyText(20) })
  return fc.array(step, { minLength: 1, maxLength: length })
}

/** Any text that UTF-8 can carry. */
export function anyText(lengthMax: number): fc.Arbitrary<string> {
  return fc.string({ unit: 'grapheme', maxLength: lengthMax })
}

/** Plays `steps` with these actors. */
export function play(
  document: DocumentId,
  actors: readonly ActorId[],
  steps: readonly Step[],
): History {
  const replicas = actors.map(() => openLog(document))
  const whole = openLog(document)
  for (const step of steps) {
    const at = step.writer % actors.length
    const actor = must(actors[at], 'there are writers')
    const log = must(replicas[at], 'every writer has a replica')
    takeOver(log, must(replicas[step.hears % actors.length], 'every writer has a replica'))
    const post = { kind: 'post' as const, body: step.body, root: undefined }
    const claimedAt = START_AT + step.seconds * 1000
    const change = append(log, actor, { author: aPersonId('amira'), claimedAt, content: post })
    take(whole, change)
  }
  return { replicas, whole }
}

/** Adds the next entry of `actor`. */
export function append(log: Log, actor: ActorId, draft: Draft): Logged {
  const entry = placeEntry(log, draft, { actor, seen: { placeAt: 0 } })
  return log.add(log.next(actor, encodeEntry(entry, log.context(actor))))
}

/** Adds to `into` all that `from` has. */
export function takeOver(into: Log, from: Log): void {
  for (const change of from.since(into.clock())) take(into, change)
}

/** Admits one change, as a replica does with what comes from outside. */
export function take(into: Log, change: Change): void {
  const admission = into.admit(change.bytes)
  assert(admission.ok, 'an honest change is admitted')
  if (admission.isNew) into.add(admission.change)
}

/** The same changes in another order that keeps each list's own; `picks` chooses among those that may come next. */
export function reordered(whole: Log, picks: readonly number[]): readonly Logged[] {
  const done = new Set<string>([whole.genesis.hash])
  const waiting = [...whole.since({})]
  const order: Logged[] = []
  while (waiting.length > 0) {
    const ready = waiting.filter((change) => done.has(change.previous))
    const pick = picks[order.length % Math.max(1, picks.length)] ?? 0
    const chosen = must(ready[pick % ready.length], 'something may always come next')
    waiting.splice(waiting.indexOf(chosen), 1)
    done.add(chosen.hash)
    order.push(chosen)
  }
  return order
}

/** The actor of this name: the same in every run. */
export function anActor(name: string): ActorId {
  return Buffer.from(seedOf(`${name} actor`).subarray(0, 12)).toString('hex') as ActorId
}

/** The node of the actor of this name, as who wrote an entry. */
export function aWriter(name: string, administers = false): Writer {
  return { node: idFromBytes<NodeId>(seedOf(`${name} actor`).subarray(0, 16)), administers }
}

/** The id of the person of this name. */
export function aPersonId(name: string): UserId {
  return idFromBytes<UserId>(seedOf(`person ${name}`).subarray(0, 16))
}
