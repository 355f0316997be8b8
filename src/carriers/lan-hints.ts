/**
 * Addresses at which a peer is said to be (`neighbours.ts`): each is dialled a few times, and forgotten when nobody of ours answers. Few at
 * once, whatever is said: a network full of lies costs a few connections and nothing else.
 */

/** Addresses that are being dialled. */
export interface Hints {
  /** Begins to dial an address, unless that is being done, or too much is. */
  readonly take: (url: string) => void
  /** Resolves when nothing is dialled any more. */
  readonly over: () => Promise<void>
}

/** Addresses dialled at once because somebody said so. */
export const HINTS_MAX = 16
/** Failures in a row after which one is forgotten. */
export const HINT_FAILURES_MAX = 3

/** No hint yet. `known` are dialled anyway. */
export function openHints(known: readonly string[], dial: (url: string) => Promise<void>): Hints {
  const open = new Map<string, Promise<void>>()
  return {
    take: (url) => {
      if (known.includes(url) || open.has(url) || open.size >= HINTS_MAX) return
      open.set(
        url,
        dial(url).finally(() => open.delete(url)),
      )
    },
    over: async () => void (await Promise.all(open.values())),
  }
}
