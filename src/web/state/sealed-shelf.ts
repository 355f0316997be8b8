/** What lies sealed on this device: everything but the lock itself, and what has to be known while it is locked. */
import type { Signal } from '@preact/signals'
import type * as Sealing from '#web/core/sealing.ts'
import type { Shelf } from '#web/core/shelf.ts'

/** `none`: nothing is sealed. `locked`: nothing can be read. */
export type LockState = 'none' | 'open' | 'locked'

/** The lock, as it is kept. */
export interface KeptLock {
  readonly wrapped: Sealing.Wrapped
  /** The same key, wrapped once more. */
  readonly passkey?: { readonly id: string; readonly wrapped: Sealing.Wrapped } | undefined
  readonly isDigits: boolean
  readonly tries: number
  readonly triedAt: number
  /** All is being sealed, or opened: what that had not come to is done at the next start. */
  readonly isTurning: 'sealed' | 'plain' | undefined
}

/** Where the lock is kept: never sealed. */
export const LOCK = 'lock'
/** Kept while a session is still to be ended because what was kept here was wiped. */
export const ENDED = 'ended'
/** What the node has said last of locks and of forgetting. */
export const POLICY = 'policy'
const PLAIN_NAMES: ReadonlySet<string> = new Set([LOCK, ENDED, POLICY])

/** The lock, as it stands in memory. */
export interface LockMemory {
  key: Uint8Array | undefined
  sealing: typeof Sealing | undefined
  /** The lock is being taken away: nothing more is sealed. */
  isLeaving: boolean
  readonly signal: Signal<LockState>
}

/** Seals or opens everything that is not so yet, each on its own: whatever ends it in between, all can be read. */
export async function turnAll(
  shelf: Shelf,
  state: LockMemory,
  to: 'sealed' | 'plain',
): Promise<void> {
  const { key, sealing } = state
  if (key === undefined || sealing === undefined) return
  for (const name of await shelf.keys('')) {
    if (PLAIN_NAMES.has(name)) continue
    const value = await shelf.get(name)
    if (value === undefined || sealing.isSealed(value) === (to === 'sealed')) continue
    await shelf.put(name, await sealing[to === 'sealed' ? 'seal' : 'open'](key, name, value))
  }
}

/** The lock that is kept here; undefined when there is none. */
export async function keptLock(shelf: Shelf): Promise<KeptLock | undefined> {
  return (await shelf.get(LOCK)) as KeptLock | undefined
}

/** `shelf`, where all but the lock itself is sealed while there is one. */
export function sealedShelf(shelf: Shelf, state: LockMemory, forget: () => Promise<void>): Shelf {
  const opened = async (name: string, kept: unknown): Promise<unknown> => {
    const { key, sealing } = state
    return key === undefined || sealing === undefined ? kept : sealing.open(key, name, kept)
  }
  return {
    ...shelf,
    get: async (name) => opened(name, await shelf.get(name)),
    entries: async (prefix) => {
      const all = await shelf.entries(prefix)
      return Promise.all(all.map(async ([name, kept]) => [name, await opened(name, kept)] as const))
    },
    put: async (name, value) => {
      const { key, sealing } = state
      if (state.signal.value === 'locked') throw new Error('this device is locked')
      const isPlain =
        key === undefined || sealing === undefined || state.isLeaving || PLAIN_NAMES.has(name)
      await shelf.put(name, isPlain ? value : await sealing.seal(key, name, value))
    },
    clear: forget,
  }
}
