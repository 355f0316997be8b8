/**
 * The trail of a list: a running digest of its changes, which is what its node signs (`#trust/attestation.ts`). From the trail
 * at one number to that at a later one lead the steps between, and a step shows nothing of its change: it is a hash of the
 * change's hash. So whoever must not read a list can check that a signature covers a part of it (`fork-content.ts`).
 */
import { must } from '#base/assert.ts'
import { bytesFromHex, bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { ActorId, ChangeHash, Step, Trail } from '#base/ids.ts'
import { writeChange, type Change } from './change.ts'
import type { Log } from './log.ts'
import type { Stub } from './stub.ts'

/** A change, and the trail of its list up to it. */
export interface Trodden extends Change {
  readonly trail: Trail
}

const STEP = bytesFromText('holdfast step 1')
const TRAIL = bytesFromText('holdfast trail 1')

/** The trail of a list without changes: the hash of its document's genesis. */
export function trailFrom(genesis: ChangeHash): Trail {
  return genesis as string as Trail
}

/** What a change adds to the trail of its list. */
export function stepOf(hash: ChangeHash): Step {
  return hexFromBytes(sha256(STEP, bytesFromHex(hash))) as Step
}

/** A trail with these steps more. */
export function trailAfter(before: Trail, steps: readonly Step[]): Trail {
  return steps.reduce(
    (trail, step) => hexFromBytes(sha256(TRAIL, bytesFromHex(trail), bytesFromHex(step))) as Trail,
    before,
  )
}

/** A list up to one of its changes, as its node signs it. */
export function upTo(
  { document, trail }: Pick<Log, 'document' | 'trail'>,
  { actor, seq }: Pick<Change, 'actor' | 'seq'>,
) {
  return { document, actor, seq, trail: must(trail(actor, seq), 'what is here has a trail') }
}

/** The change with this entry that goes on from another one, or from the genesis. */
export function changeAfter(
  { seq, hash, trail }: Pick<Trodden, 'seq' | 'hash' | 'trail'>,
  { actor, value }: { readonly actor: ActorId; readonly value: Uint8Array },
): Trodden {
  const change = writeChange({ actor, seq: seq + 1, previous: hash, value })
  return { ...change, trail: trailAfter(trail, [stepOf(change.hash)]) }
}

/** The trails of a document's lists, worked out as far as somebody asks: most of what is loaded is only read. */
export function openTrails(genesis: ChangeHash, { find, reachedFrom }: Lists) {
  const known = new Map<ActorId, (Trail | undefined)[]>()
  /** Undefined inside of what was purged, and beyond the end of the list. */
  return (actor: ActorId, seq: number): Trail | undefined => {
    const trails = known.get(actor) ?? [trailFrom(genesis)]
    known.set(actor, trails)
    while (trails.length <= seq) {
      const [at, before] = [trails.length, trails.at(-1)]
      const change = find(actor, at)
      const stub = change === undefined ? reachedFrom(actor, at) : undefined
      if (change !== undefined && before !== undefined)
        trails.push(trailAfter(before, [stepOf(change.hash)]))
      else if (stub !== undefined) trails[stub.to] = stub.trail
      else return undefined
    }
    return trails[seq]
  }
}

/** The lists of a document, of which some may be purged. */
interface Lists {
  readonly find: (actor: ActorId, seq: number) => Pick<Change, 'hash'> | undefined
  /** The stub that begins with this change, once the list has gone on with it. */
  readonly reachedFrom: (actor: ActorId, seq: number) => Stub | undefined
}
