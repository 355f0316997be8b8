/** What every screen needs: the client, the place somebody is at, and short notes at the bottom. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { signal, type Signal } from '@preact/signals'
import { hashOf, placeFrom, type Place } from '#web/core/address.ts'
import type { Known } from '#web/core/naming.ts'
import type { App } from '#web/state/app.ts'
import type { Device } from '#web/device.ts'
import type { Locking } from '#web/state/locking.ts'

/** What is around every screen. */
export interface Around {
  readonly app: App
  readonly device: Device
  readonly locking: Locking
}

const Context = createContext<Around | undefined>(undefined)

/** Puts the client around the screens. */
export const AroundProvider = Context.Provider

/** The client. */
export function useApp(): App {
  return useAround().app
}

/** The device that it runs on. */
export function useDevice(): Device {
  return useAround().device
}

/** The lock of this device. */
export function useLocking(): Locking {
  return useAround().locking
}

/** Where somebody is. */
export const place: Signal<Place> = signal(placeFrom(location.hash))

/** Goes to another place; the browser's back button leads back. */
export function go(to: Place): void {
  location.hash = hashOf(to)
}

/** A short note at the bottom of the screen; '' when there is none. */
export const note: Signal<string> = signal('')

/** What is read out to whoever does not see the screen. */
export const announcement: Signal<string> = signal('')

/** Shows a note for a moment. */
export function tell(text: string): void {
  note.value = text
  setTimeout(() => {
    if (note.value === text) note.value = ''
  }, 5_000)
}

/** What naming has to know, as it is now. */
export function known(app: App): Known {
  return { me: app.store.me.value?.id ?? '', people: app.store.people.value }
}

function useAround(): Around {
  const around = useContext(Context)
  if (around === undefined) throw new Error('a screen stands within the client')
  return around
}
