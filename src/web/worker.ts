/** The service worker from the page's side: it is told where browsers allow one, and a newer version is offered. */
import type { Device } from './device.ts'

interface TrustedTypes {
  readonly createPolicy: (
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ) => { readonly createScriptURL: (url: string) => string }
}

const WORKER = '/service-worker.js'

/** Registers it, and puts an update that waits into `device.update`. */
export function followWorker(device: Device): void {
  if (!('serviceWorker' in navigator)) return
  const { serviceWorker } = navigator
  const hadOne = serviceWorker.controller !== null
  serviceWorker.addEventListener('controllerchange', () => {
    if (hadOne) location.reload()
  })
  void serviceWorker
    .register(workerUrl(), { updateViaCache: 'none' })
    .then((registration) => follow(registration, device))
    .catch(() => undefined)
}

function follow(registration: ServiceWorkerRegistration, device: Device): void {
  const offer = (): void => {
    const { waiting } = registration
    if (waiting === null || navigator.serviceWorker.controller === null) return
    device.update.value = () => waiting.postMessage('take over', {})
  }
  offer()
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer)
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
