/** The device: its storage, network, look and language. The only place, beside `main.tsx`, that touches the browser so. */
import { signal, type Signal } from '@preact/signals'
import type { Room } from '#web/core/room.ts'
import type { Shelf, TextStore } from '#web/core/shelf.ts'
import { textShelf } from '#web/core/shelf.ts'
import { isLanguage, languageFor, type Language } from '#web/words/words.ts'

/** How it looks. `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark' | 'red'

/** What somebody chose on this device. */
export interface Settings {
  readonly theme: Theme
  /** Large targets and text, for gloves and sun. */
  readonly isField: boolean
  readonly language: Language
}

/** The device. */
export interface Device {
  readonly settings: Signal<Settings>
  readonly change: (settings: Partial<Settings>) => void
  /** The page came by a way that browsers trust: service worker, camera and cryptography are there. */
  readonly isSecure: boolean
  /** What the browser gives this page; undefined where it does not say. */
  readonly room: () => Promise<Room | undefined>
  /** Whether the browser keeps what is here even when the device runs out of room; asks it to, if `isAsked`. */
  readonly keepsForGood: (isAsked?: boolean) => Promise<boolean>
  /** A newer version of this page waits; calling it takes that. */
  readonly update: Signal<(() => void) | undefined>
}

const SETTINGS = 'holdfast.settings'
const DARK = matchMedia('(prefers-color-scheme: dark)')

/** Reads what was chosen, and follows it. */
export function openDevice(): Device {
  const settings = signal(readSettings())
  show(settings.value)
  DARK.addEventListener('change', () => show(settings.value))
  return {
    settings,
    isSecure: isSecureContext,
    room: roomHere,
    keepsForGood: async (isAsked = false) => {
      if (!isSecureContext) return false // Elsewhere browsers do not tell.
      return navigator.storage[isAsked ? 'persist' : 'persisted']().catch(() => false)
    },
    update: signal<(() => void) | undefined>(undefined),
    change: (change) => {
      settings.value = { ...settings.value, ...change }
      show(settings.value)
      textStore()?.setItem(SETTINGS, JSON.stringify(settings.value))
    },
  }
}

/** What the browser gives this page, and how much of it is used; undefined where it does not say. */
export async function roomHere(): Promise<Room | undefined> {
  if (!isSecureContext) return undefined
  const { usage, quota } = await navigator.storage.estimate().catch((): StorageEstimate => ({}))
  return usage === undefined || quota === undefined ? undefined : { used: usage, quota }
}

function show({ theme, isField }: Settings): void {
  const { dataset } = document.documentElement
  dataset.theme = theme === 'system' ? (DARK.matches ? 'dark' : 'light') : theme
  dataset.field = String(isField)
}

function readSettings(): Settings {
  const kept = parsed(textStore()?.getItem(SETTINGS) ?? '')
  const { theme, isField, language } = kept
  return {
    theme: theme === 'light' || theme === 'dark' || theme === 'red' ? theme : 'system',
    isField: isField === true,
    language: isLanguage(language) ? language : languageFor(navigator.languages),
  }
}

function parsed(text: string): Partial<Record<keyof Settings, unknown>> {
  try {
    return JSON.parse(text) as Partial<Record<keyof Settings, unknown>>
  } catch {
    return {}
  }
}

/** `localStorage`, where the browser lets us. */
function textStore(): TextStore | undefined {
  try {
    return localStorage
  } catch {
    return undefined
  }
}

/** The database of this browser, or the next best where it is blocked. */
export async function openShelf(): Promise<Shelf> {
  try {
    return databaseShelf(await openDatabase())
  } catch {
    return textShelf(textStore())
  }
}

const STORE = 'values'

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('holdfast', 1)
    opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(STORE))
    opening.addEventListener('success', () => resolve(opening.result))
    opening.addEventListener('error', () => reject(opening.error ?? new Error('no database')))
    opening.addEventListener('blocked', () => reject(new Error('the database is blocked')))
  })
}

function databaseShelf(database: IDBDatabase): Shelf {
  const change = (work: (store: IDBObjectStore) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, 'readwrite', { durability: 'strict' })
      transaction.addEventListener('complete', () => resolve())
      transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('abort')))
      work(transaction.objectStore(STORE))
    })
  const store = (): IDBObjectStore => database.transaction(STORE).objectStore(STORE)
  return {
    isLasting: true,
    areFilesLasting: true,
    get: (key) => outcome(store().get(key)),
    entries: async (prefix) => {
      const range = beginning(prefix)
      const from = store()
      const [keys, values] = await Promise.all([
        outcome(from.getAllKeys(range)),
        outcome<unknown[]>(from.getAll(range)),
      ])
      return keys.map((key, index) => [typeof key === 'string' ? key : '', values[index]] as const)
    },
    keys: async (prefix) => {
      const keys = await outcome(store().getAllKeys(beginning(prefix)))
      return keys.filter((key) => typeof key === 'string')
    },
    put: (key, value) => change((to) => to.put(value, key)),
    remove: (key) => change((to) => to.delete(key)),
    clear: () => change((to) => to.clear()),
  }
}

function beginning(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`)
}

function outcome<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('no answer')))
  })
}
