/**
 * Finds what a channel's own dictionary is best made of. Nothing packs a post as small as the posts just before it: texts put
 * together from the most frequent passages of all history are worse in what comes next (research/wire.md 1). So a dictionary is
 * the newest stretch of the history, and what is to be found is how much of it pays. Whatever is found has to prove itself on
 * the newest messages of all, which it has not read.
 */
import { DICTIONARY_BYTES_MAX, DICTIONARY_STRETCHES_MAX } from '#base/limits.ts'
import { compress, type Squeeze } from './compression.ts'
import {
  bodyOf,
  bytesInText,
  dropCoder,
  trainedDictionary,
  type Said,
  type TrainedDictionary,
} from './trained-dictionary.ts'

/** A dictionary, and how it did on what it had not read. */
export interface Training<Change extends Said = Said> {
  readonly dictionary: TrainedDictionary
  /** What it is made of, in its order. */
  readonly made: readonly Change[]
  /** How many of the newest changes it was measured with. */
  readonly heldBack: number
  /** What these have on a thin link before they are sealed, each alone: with what is in use, and with this. */
  readonly presentBytes: number
  readonly bytes: number
  /** The same on a link that is not thin. */
  readonly presentPlainBytes: number
  readonly plainBytes: number
}

/** Out of how many changes one is held back, at least and at most how many. */
const HELD_BACK = { oneOf: 8, least: 16, most: 64 }
/** Sizes that are tried. */
const SIZES = [8_192, 16_384, 32_768, 65_536, DICTIONARY_BYTES_MAX]
/** What a larger one has to be better by than a smaller, out of a hundred of what is in use: each reader takes time to read it. */
const WORTH_PERCENT = 1

/**
 * Trains on changes of one channel, the oldest first; `present` is what is in use, nothing for the base. Gives each size that was
 * measured, the last being the best; between two others may have their turn. Nothing at all when there is too little to train on.
 */
export function* trainDictionary<Change extends Said>(
  history: readonly Change[],
  present?: TrainedDictionary,
): Generator<Training<Change>> {
  const { least, most, oneOf } = HELD_BACK
  const count = Math.max(least, Math.min(most, Math.floor(history.length / oneOf)))
  const [read, held] = [history.slice(0, -count), history.slice(-count)]
  const presentBytes = sizeOf(held, { isThin: true, dictionary: present })
  const presentPlainBytes = sizeOf(held, { dictionary: present })
  let best: Training<Change> | undefined
  for (const size of SIZES) {
    const made = byList(newestOf(read, size))
    if (made.length <= (best?.made.length ?? 0)) break
    const dictionary = trainedDictionary(made)
    if (dictionary === undefined) break
    const bytes = sizeOf(held, { isThin: true, dictionary })
    const plainBytes = sizeOf(held, { dictionary })
    dropCoder(dictionary)
    const measured = { presentBytes, bytes, presentPlainBytes, plainBytes }
    const training = { dictionary, made, heldBack: held.length, ...measured }
    const worth = (presentBytes * WORTH_PERCENT) / 100
    if (best !== undefined && bytes > best.bytes - worth) break
    best = training
    yield best
  }
}

/** The best of all. */
export function lastOf<Item>(items: Iterable<Item>): Item | undefined {
  let last: Item | undefined
  for (const item of items) last = item
  return last
}

/** The newest changes whose text has at most so many bytes, in their order. */
function newestOf<Change extends Said>(changes: readonly Change[], size: number): Change[] {
  let bytes = 0
  let from = changes.length
  for (; from > 0; from -= 1) {
    const change = changes[from - 1]
    bytes += change === undefined ? 0 : bytesInText(change)
    if (bytes > size) break
  }
  return changes.slice(from)
}

/** List by list, the one that was longest silent first: few words say which changes these are. */
function byList<Change extends Said>(changes: readonly Change[]): Change[] {
  const lists = new Map<string, Change[]>()
  for (const change of changes) {
    const name = `${change.document} ${change.actor}`
    const list = lists.get(name) ?? []
    lists.delete(name)
    list.push(change)
    lists.set(name, list)
  }
  const bySize = [...lists.values()].toSorted((a, b) => b.length - a.length)
  const kept = new Set(bySize.slice(0, DICTIONARY_STRETCHES_MAX))
  return [...lists.values()].filter((list) => kept.has(list)).flat()
}

/** What changes have before they are sealed, each alone. */
function sizeOf(changes: readonly Said[], squeeze: Squeeze): number {
  return changes.reduce((sum, change) => sum + compress(bodyOf(change), squeeze).bytes.length, 0)
}
