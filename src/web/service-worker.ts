/**
 * The service worker: keeps this page and all its parts, so that it opens while the node is out of reach. Each version
 * has a store of its own, filled before it takes over, so that parts of two versions are never mixed. It keeps no message.
 */

interface Extendable extends Event {
  readonly waitUntil: (work: Promise<unknown>) => void
}
interface Fetching extends Extendable {
  readonly request: Request
  readonly respondWith: (answer: Promise<Response>) => void
}
interface Scope {
  readonly skipWaiting: () => Promise<void>
  readonly clients: { readonly claim: () => Promise<void> }
  readonly addEventListener: (
    name: string,
    listener: (event: Fetching & MessageEvent) => void,
  ) => void
}

/** Put in by the build. */
declare const KEPT_FILES: readonly string[]
/** Put in by the build: another one for other content. */
declare const KEPT_VERSION: string

const scope = globalThis as unknown as Scope
const NAME = `holdfast-${KEPT_VERSION}`
const KEPT = new Set(KEPT_FILES)

scope.addEventListener('install', (event) => event.waitUntil(keepAll()))
scope.addEventListener('activate', (event) => event.waitUntil(takeOver()))
scope.addEventListener('message', ({ data }) => {
  if (data === 'take over') void scope.skipWaiting()
})
scope.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname, search } = new URL(request.url)
  // With a question behind it, the node itself is meant: its page to unlock it.
  if (request.method !== 'GET' || origin !== location.origin || search !== '') return
  if (!KEPT.has(pathname)) return
  event.respondWith(answer(request, pathname))
})

async function keepAll(): Promise<void> {
  const cache = await caches.open(NAME)
  await cache.addAll(KEPT_FILES.map((url) => new Request(url, { cache: 'no-cache' })))
}

async function takeOver(): Promise<void> {
  const names = await caches.keys()
  await Promise.all(
    names
      .filter((name) => name.startsWith('holdfast-') && name !== NAME)
      .map((name) => caches.delete(name)),
  )
  await scope.clients.claim()
}

async function answer(request: Request, pathname: string): Promise<Response> {
  const cache = await caches.open(NAME)
  return (await cache.match(pathname)) ?? fetch(request)
}
