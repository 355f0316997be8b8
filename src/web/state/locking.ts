/**
 * The lock of this device: what the client keeps lies sealed, and opens with a PIN, or with a passkey beside it. Wrong PINs are
 * counted before they are tried, cost ever more waiting, and in the end everything that is kept here; a passkey counts its own.
 */
import { signal, type Signal } from '@preact/signals'
import { PIN_CHARACTERS_MIN, TRIES_FREE, TRY_WAIT_MS, TRY_WAIT_MS_MAX } from '#web/core/limits.ts'
import type { Shelf } from '#web/core/shelf.ts'
import type * as Sealing from '#web/core/sealing.ts'
import { DEFAULT_POLICY, type LockPolicy } from './lock-policy.ts'
import {
  ENDED,
  keptLock,
  LOCK,
  POLICY,
  sealedShelf,
  turnAll,
  type KeptLock,
  type LockMemory,
  type LockState,
} from './sealed-shelf.ts'

/** What came of a PIN. */
export type Tried =
  | { readonly kind: 'open' }
  /** Another one, or too soon: so long nothing is tried, and after so many more all is forgotten. */
  | { readonly kind: 'wrong'; readonly waitMs: number; readonly left: number }
  | { readonly kind: 'wiped' }
  /** The passkey was not there, was not wanted, or is another one: nothing has changed. */
  | { readonly kind: 'cancelled' }

/** Authenticators, as the browser has them. `salt` has 32 bytes, as has the secret, which is another one for each salt. */
export interface Passkeys {
  /** Whether the browser, and the name under which the page came, allow one that can keep a secret. */
  readonly isOffered: () => Promise<boolean>
  /** A new one and its secret; `unfit` when it keeps none, `cancelled` when it was not made. */
  readonly make: (
    salt: Uint8Array,
  ) => Promise<{ readonly id: Uint8Array; readonly secret: Uint8Array } | 'cancelled' | 'unfit'>
  /** The secret of one; undefined when it was not there or not wanted. */
  readonly ask: (id: Uint8Array, salt: Uint8Array) => Promise<Uint8Array | undefined>
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
  /** Whether this browser could make a passkey that opens the lock, too; and whether there is one. */
  readonly canHavePasskey: Signal<boolean>
  readonly hasPasskey: Signal<boolean>
  /** Has a passkey open the lock, too, while it is open. */
  readonly addPasskey: () => Promise<'done' | 'cancelled' | 'unfit'>
  readonly removePasskey: () => Promise<void>
  readonly unlockByPasskey: () => Promise<Tried>
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
  readonly passkeys: Passkeys
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

interface State extends LockMemory {
  readonly policy: Signal<LockPolicy>
  readonly hasPasskey: Signal<boolean>
}

/** The lock of this device, closed if there is one. */
export async function openLocking(ports: LockingPorts): Promise<Locking> {
  const { shelf } = ports
  const [kept, policy] = await Promise.all([
    keptLock(shelf),
    shelf.get(POLICY) as Promise<LockPolicy | undefined>,
  ])
  const state: State = {
    key: undefined,
    sealing: undefined,
    isLeaving: false,
    signal: signal(kept === undefined ? 'none' : 'locked'),
    policy: signal(policy ?? DEFAULT_POLICY),
    hasPasskey: signal(kept?.passkey !== undefined),
  }
  const lock = (): void => {
    state.key = undefined
    state.isLeaving = false
    if (state.signal.value === 'open') state.signal.value = 'locked'
  }
  const forget = async (): Promise<void> => {
    await shelf.clear()
    lock()
    leave(state)
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
      leave(state)
      lock()
    },
    canHavePasskey: offered(ports.passkeys),
    hasPasskey: state.hasPasskey,
    addPasskey: () => addPasskey(ports, state),
    removePasskey: async () => {
      const before = await keptLock(shelf)
      if (before === undefined || state.key === undefined) return
      await shelf.put(LOCK, { ...before, passkey: undefined })
      state.hasPasskey.value = false
    },
    unlockByPasskey: () => unlockByPasskey(ports, state),
    unlock: (pin) => unlock(ports, state, { pin, wipe: () => wipe(shelf, forget) }),
    wipe: () => wipe(shelf, forget),
    follow: (next) => {
      if (JSON.stringify(next) === JSON.stringify(state.policy.value)) return
      state.policy.value = next
      void shelf.put(POLICY, next).catch(() => undefined)
    },
  }
}

function offered(passkeys: Passkeys): Signal<boolean> {
  const isOffered = signal(false)
  const look = async (): Promise<void> => {
    isOffered.value = await passkeys.isOffered()
  }
  void look()
  return isOffered
}

function leave(state: State): void {
  state.signal.value = 'none'
  state.hasPasskey.value = false
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
  const wrapped = await sealing.wrap(key, pin)
  // The passkey wraps the key, and no PIN: another PIN leaves it as it is.
  const passkey = state.key === undefined ? undefined : (await keptLock(shelf))?.passkey
  const lock: KeptLock = {
    wrapped,
    passkey,
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
  return openWith(shelf, state, { kept, key, sealing })
}

async function openWith(
  shelf: Shelf,
  state: State,
  opened: { readonly kept: KeptLock; readonly key: Uint8Array; readonly sealing: typeof Sealing },
): Promise<Tried> {
  const { key, sealing } = opened
  const kept = { ...opened.kept, tries: 0, triedAt: 0 }
  Object.assign(state, { key, sealing })
  await shelf.put(LOCK, kept)
  if (kept.isTurning !== undefined) {
    await turnAll(shelf, state, 'sealed')
    await shelf.put(LOCK, { ...kept, isTurning: undefined })
  }
  state.signal.value = 'open'
  return { kind: 'open' }
}

async function addPasskey(
  { shelf, passkeys }: LockingPorts,
  state: State,
): Promise<'done' | 'cancelled' | 'unfit'> {
  const { key, sealing } = state
  if (key === undefined || sealing === undefined) return 'cancelled'
  const salt = sealing.newKey()
  const made = await passkeys.make(salt)
  if (made === 'cancelled' || made === 'unfit') return made
  const kept = await keptLock(shelf)
  // It may have been locked, or forgotten, while somebody looked for their key.
  if (kept === undefined || state.key !== key) return 'cancelled'
  const wrapped = sealing.wrapBySecret(key, made.secret, salt)
  await shelf.put(LOCK, { ...kept, passkey: { id: sealing.textFrom(made.id), wrapped } })
  state.hasPasskey.value = true
  return 'done'
}

async function unlockByPasskey(
  { shelf, passkeys, loadSealing }: LockingPorts,
  state: State,
): Promise<Tried> {
  const before = await keptLock(shelf)
  if (before === undefined) return { kind: 'open' }
  if (before.passkey === undefined) return { kind: 'cancelled' }
  const sealing = await loadSealing()
  const { id, wrapped } = before.passkey
  const secret = await passkeys.ask(sealing.bytesFrom(id), sealing.bytesFrom(wrapped.salt))
  const key = secret === undefined ? undefined : sealing.unwrapBySecret(wrapped, secret)
  const kept = await keptLock(shelf)
  return key === undefined || kept === undefined
    ? { kind: 'cancelled' }
    : openWith(shelf, state, { kept, key, sealing })
}
