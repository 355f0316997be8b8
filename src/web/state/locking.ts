/**
 * The lock of this device: what the client keeps lies sealed, and opens with a PIN. Wrong tries are counted before they are tried,
 * cost ever more waiting, and in the end everything that is kept here.
 */
import { signal, type Signal } from '@preact/signals'
import { PIN_CHARACTERS_MIN, TRIES_FREE, TRY_WAIT_MS, TRY_WAIT_MS_MAX } from '#web/core/limits.ts'
import type { Shelf } from '#web/core/shelf.ts'
import type * as Sealing from '#web/core/sealing.ts'
import { fields, number } from '#web/core/wire.ts'

/** `none`: nothing is sealed. `locked`: nothing can be read. */
export type LockState = 'none' | 'open' | 'locked'

/** What came of a PIN. */
export type Tried =
  | { readonly kind: 'open' }
  /** Another one, or too soon: so long nothing is tried, and after so many more all is forgotten. */
  | { readonly kind: 'wrong'; readonly waitMs: number; readonly left: number }
  | { readonly kind: 'wiped' }

/** What the node's operator wants of locks. */
export interface LockPolicy {
  readonly isRequired: boolean
  readonly afterMs: number
  readonly triesMax: number
  /** A session that is ended elsewhere takes what was not sent yet, too. */
  readonly forgetsAll: boolean
  /** Files are looked at, and not downloaded. */
  readonly viewsOnly: boolean
}

/** The lock. */
export interface Locking {
  readonly state: Signal<LockState>
  /** What the client keeps things in: sealed while there is a lock. */
  readonly shelf: Shelf
  readonly policy: Signal<LockPolicy>
  /** Whether the PIN is of digits alone: which keys a phone shows. */
  readonly isDigits: () => Promise<boolean>
  /** Sets a lock, or another PIN while it is open. Resolves once all that was kept is sealed. */
  readonly set: (pin: string) => Promise<void>
  /** Takes the lock away. */
  readonly remove: () => Promise<void>
  readonly unlock: (pin: string) => Promise<Tried>
  /** Forgets the key. */
  readonly lock: () => void
  /** Forgets everything that is kept here, and that somebody was signed in. */
  readonly wipe: () => Promise<void>
  /** What the node says from now on. */
  readonly follow: (policy: LockPolicy) => void
}

/** What it needs. */
export interface LockingPorts {
  readonly shelf: Shelf
  readonly now: () => number
  readonly loadSealing: () => Promise<typeof Sealing>
}

interface Kept {
  readonly wrapped: Sealing.Wrapped
  readonly isDigits: boolean
  readonly tries: number
  readonly triedAt: number
  /** All is being sealed, or opened: what that had not come to is done at the next start. */
  readonly isTurning: 'sealed' | 'plain' | undefined
}

/** Where the lock is kept: never sealed. */
const LOCK = 'lock'
/** Kept while a session is still to be ended because what was kept here was wiped. */
export const ENDED = 'ended'
/** What the node has said last of locks and of forgetting. */
const POLICY = 'policy'
const PLAIN_NAMES: ReadonlySet<string> = new Set([LOCK, ENDED, POLICY])

/** Until a node has said otherwise. */
export const DEFAULT_POLICY: LockPolicy = {
  isRequired: false,
  afterMs: 300_000,
  triesMax: 10,
  forgetsAll: false,
  viewsOnly: false,
}

/** What `status` says of locks. */
export function policyFrom(status: unknown): LockPolicy {
  const rules = fields(fields(status).browser)
  return {
    isRequired: rules.lock === 'required',
    afterMs: number(rules.lockAfterMinutes) * 60_000 || DEFAULT_POLICY.afterMs,
    triesMax: number(rules.lockTriesMax) || DEFAULT_POLICY.triesMax,
    forgetsAll: rules.endedSessionForgets === 'everything',
    viewsOnly: rules.files === 'viewed',
  }
}

/** Whether a PIN is long enough. */
export function isPin(pin: string): boolean {
  return pin.length >= PIN_CHARACTERS_MIN
}

/** How long nothing is tried after so many wrong tries, in milliseconds. */
export function waitAfter(tries: number): number {
  if (tries < TRIES_FREE) return 0
  return Math.min(TRY_WAIT_MS_MAX, TRY_WAIT_MS * 2 ** (tries - TRIES_FREE))
}

interface State {
  key: Uint8Array | undefined
  sealing: typeof Sealing | undefined
  /** The lock is being taken away: nothing more is sealed. */
  isLeaving: boolean
  readonly signal: Signal<LockState>
  readonly policy: Signal<LockPolicy>
}

/** The lock of this device, closed if there is one. */
export async function openLocking(ports: LockingPorts): Promise<Locking> {
  const { shelf } = ports
  const kept = await keptLock(shelf)
  const policy = (await shelf.get(POLICY)) as LockPolicy | undefined
  const state: State = {
    key: undefined,
    sealing: undefined,
    isLeaving: false,
    signal: signal(kept === undefined ? 'none' : 'locked'),
    policy: signal(policy ?? DEFAULT_POLICY),
  }
  const lock = (): void => {
    state.key = undefined
    state.isLeaving = false
    if (state.signal.value === 'open') state.signal.value = 'locked'
  }
  const forget = async (): Promise<void> => {
    await shelf.clear()
    lock()
    state.signal.value = 'none'
  }
  return {
    state: state.signal,
    policy: state.policy,
    shelf: sealedShelf(shelf, state, forget),
    lock,
    isDigits: async () => (await keptLock(shelf))?.isDigits === true,
    set: (pin) => setLock(ports, state, pin),
    remove: async () => {
      const before = await keptLock(shelf)
      if (before === undefined || state.key === undefined) return
      state.isLeaving = true
      await shelf.put(LOCK, { ...before, isTurning: 'plain' })
      await turnAll(shelf, state, 'plain')
      await shelf.remove(LOCK)
      state.signal.value = 'none'
      lock()
    },
    unlock: (pin) => unlock(ports, state, { pin, wipe: () => wipe(shelf, forget) }),
    wipe: () => wipe(shelf, forget),
    follow: (next) => {
      if (JSON.stringify(next) === JSON.stringify(state.policy.value)) return
      state.policy.value = next
      void shelf.put(POLICY, next).catch(() => undefined)
    },
  }
}

async function wipe(shelf: Shelf, forget: () => Promise<void>): Promise<void> {
  await forget()
  await shelf.put(ENDED, true)
}

async function setLock(
  { shelf, loadSealing }: LockingPorts,
  state: State,
  pin: string,
): Promise<void> {
  const sealing = await loadSealing()
  if (state.signal.value === 'locked') return
  const key = state.key ?? sealing.newKey()
  const lock: Kept = {
    wrapped: await sealing.wrap(key, pin),
    isDigits: /^\d+$/.test(pin),
    tries: 0,
    triedAt: 0,
    isTurning: 'sealed',
  }
  await shelf.put(LOCK, lock)
  Object.assign(state, { key, sealing })
  state.signal.value = 'open'
  await turnAll(shelf, state, 'sealed')
  await shelf.put(LOCK, { ...lock, isTurning: undefined })
}

async function unlock(
  { shelf, now, loadSealing }: LockingPorts,
  state: State,
  { pin, wipe: wipeAll }: { readonly pin: string; readonly wipe: () => Promise<void> },
): Promise<Tried> {
  const kept = await keptLock(shelf)
  if (kept === undefined) return { kind: 'open' }
  const left = (tries: number): number => Math.max(0, state.policy.value.triesMax - tries)
  const waitMs = kept.triedAt + waitAfter(kept.tries) - now()
  if (waitMs > 0) return { kind: 'wrong', waitMs, left: left(kept.tries) }
  const tries = kept.tries + 1
  // Before it is tried: whoever ends the tab meanwhile has tried, too.
  await shelf.put(LOCK, { ...kept, tries, triedAt: now() })
  const sealing = await loadSealing()
  const key = await sealing.unwrap(kept.wrapped, pin)
  if (key === undefined) {
    if (left(tries) > 0) return { kind: 'wrong', waitMs: waitAfter(tries), left: left(tries) }
    await wipeAll()
    return { kind: 'wiped' }
  }
  Object.assign(state, { key, sealing })
  await shelf.put(LOCK, { ...kept, tries: 0, triedAt: 0 })
  if (kept.isTurning !== undefined) await turnAll(shelf, state, 'sealed')
  if (kept.isTurning !== undefined)
    await shelf.put(LOCK, { ...kept, tries: 0, triedAt: 0, isTurning: undefined })
  state.signal.value = 'open'
  return { kind: 'open' }
}

/** Seals or opens everything that is not so yet, each on its own: whatever ends it in between, all can be read. */
async function turnAll(shelf: Shelf, state: State, to: 'sealed' | 'plain'): Promise<void> {
  const { key, sealing } = state
  if (key === undefined || sealing === undefined) return
  for (const name of await shelf.keys('')) {
    if (PLAIN_NAMES.has(name)) continue
    const value = await shelf.get(name)
    if (value === undefined || sealing.isSealed(value) === (to === 'sealed')) continue
    await shelf.put(name, await sealing[to === 'sealed' ? 'seal' : 'open'](key, name, value))
  }
}

async function keptLock(shelf: Shelf): Promise<Kept | undefined> {
  return (await shelf.get(LOCK)) as Kept | undefined
}

function sealedShelf(shelf: Shelf, state: State, forget: () => Promise<void>): Shelf {
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
