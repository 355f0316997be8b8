/**
 * Where the histories of contexts lie: too few places for all contexts, so each says in a byte of its hash whose it is. A context
 * looks in four places that lie together; when none is its own, it begins anew where least has come.
 */
import { get, journalled } from './mixing-tables.ts'

/** The histories of several contexts. */
export interface Slots {
  /** Finds the place of a context by its hash; gives the history there, 0 for none. */
  readonly find: (context: number, hash: number) => number
  /** Puts down the history that follows, in the place that was found. */
  readonly put: (context: number, history: number) => void
  readonly keep: () => void
  readonly forget: () => void
}

const PLACE_BITS = 19
const CANDIDATES = 4

/** No histories yet. `weightOf` says how much has come, by history. */
export function openSlots(contexts: number, weightOf: Uint8Array): Slots {
  const table = journalled(new Uint16Array(1 << PLACE_BITS))
  const places = new Int32Array(contexts)
  const checks = new Uint8Array(contexts)
  return {
    find: (context, hash) => {
      const [first, check] = [hash >>> (32 - PLACE_BITS), hash & 255]
      checks[context] = check
      let [place, least] = [first, Infinity]
      for (let step = 0; step < CANDIDATES; step += 1) {
        const slot = get(table.table, first ^ step)
        const history = slot & 255
        if (history !== 0 && slot >> 8 === check) {
          places[context] = first ^ step
          return history
        }
        const weight = get(weightOf, history)
        if (weight >= least) continue
        place = first ^ step
        least = weight
      }
      places[context] = place
      return 0
    },
    put: (context, history) =>
      table.set(get(places, context), (get(checks, context) << 8) | history),
    keep: table.keep,
    forget: table.forget,
  }
}
