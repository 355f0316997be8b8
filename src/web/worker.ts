/** The service worker from the page's side: it is told where browsers allow one, and a newer version is offered. */
import type { Shelf } from '#web/core/shelf.ts'
import type { Device } from './device.ts'

interface TrustedTypes {
  readonly createPolicy: (
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ) => { readonly createScriptURL: (url: string) => string }
}

const WORKER = '/service-worker.js'
/** Told before the page is loaded anew: the last moment to keep something. */
export const LEAVING = 'holdfast-leaving'

/**
 * Registers it, and puts an update that waits into `device.update`. Only the tab in which somebody took it is loaded anew, once
 * what was typed there is kept; others offer it, as somebody may be in the midst of something.
 */
export function followWorker(device: Device, shelf: Shelf): void {
  if (!('serviceWorker' in navigator)) return
  const { serviceWorker } = navigator
  const hadOne = serviceWorker.controller !== null
  const reload = (): void => {
    dispatchEvent(new Event(LEAVING))
    // What is read comes after all that was written before; who looked first what is kept has written by the second time.
    void shelf
      .keys('')
      .then(() => shelf.keys(''))
      .finally(() => location.reload())
  }
  let isWanted = false
  serviceWorker.addEventListener('controllerchange', () => {
    if (isWanted) reload()
    else if (hadOne) device.update.value = reload
  })
  const offer = (take: () => void): void => {
    device.update.value = () => {
      isWanted = true
      take()
    }
  }
  void serviceWorker
    .register(workerUrl(), { updateViaCache: 'none' })
    .then((registration) => follow(registration, offer))
    .catch(() => undefined)
}

function follow(registration: ServiceWorkerRegistration, offer: (take: () => void) => void): void {
  const look = (): void => {
    const { waiting } = registration
    if (waiting === null || navigator.serviceWorker.controller === null) return
    offer(() => waiting.postMessage('take over', {}))
  }
  look()
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', look)
  })
}

/** The one script address that our policy lets through. */
function workerUrl(): string {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('holdfast', {
    createScriptURL: (url) => (url === WORKER ? url : ''),
  })
  return policy === undefined ? WORKER : policy.createScriptURL(WORKER)
}
