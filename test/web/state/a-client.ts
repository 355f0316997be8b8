/** The web client without a screen, against a node's door that is really open; its socket, tab and network are in the test's hands. */
import { createApp, type App } from '#web/state/app.ts'
import { textShelf, type Shelf, type TextStore } from '#web/core/shelf.ts'
import { aTextStore } from '../../support/text-store.ts'
import type { LanDoor, Name } from '../../support/lan-door.ts'
import { passwordOf } from '../../support/lan-door.ts'

/** A device with a browser. */
export interface Browser {
  /** Opens the page: what was kept is there. */
  readonly open: () => Promise<App>
  /** The network between the device and the node. */
  readonly network: {
    isThere: boolean
    isAnswerLost: boolean
    asked: string[]
    /** Answers wait until they are released. */
    holdsAnswers: boolean
    held: (() => void)[]
  }
  readonly texts: TextStore
  /** What the node's operator wants of browsers. */
  readonly device: { forgetsAll: boolean; shelfMs: number }
  /** Another tab signs somebody in, or out. */
  readonly cookies: Map<string, string>
  /** The token of the session. */
  readonly token: () => string
  /** Waits for what the node tells. */
  readonly until: (holds: () => boolean) => Promise<void>
  readonly close: () => void
}

/** A browser of somebody; signs in unless `name` is absent. */
export function aBrowser({ url }: Pick<LanDoor, 'url'>): Browser & {
  readonly openAs: (name: Name) => Promise<App>
} {
  const texts = aTextStore()
  const cookies = new Map<string, string>()
  const device = { forgetsAll: false, shelfMs: 0 }
  const network: Browser['network'] = {
    isThere: true,
    isAnswerLost: false,
    asked: [],
    holdsAnswers: false,
    held: [],
  }
  const sockets = new Set<WebSocket>()
  const timers = new Set<NodeJS.Timeout>()
  let ids = 0
  let isClosed = false
  const fetchWith: Parameters<typeof createApp>[0]['fetch'] = async (path, init) => {
    network.asked.push(`${init.method} ${path}`)
    if (!network.isThere) throw new TypeError('Failed to fetch')
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url + path, { ...init, headers: { ...init.headers, cookie } })
    for (const line of response.headers.getSetCookie()) keepCookie(cookies, line)
    const bytes = await response.blob()
    if (network.holdsAnswers) await new Promise<void>((resolve) => network.held.push(resolve))
    if (network.isAnswerLost) throw new TypeError('Failed to fetch')
    return { status: response.status, text: () => bytes.text(), blob: async () => bytes }
  }
  const open = async (): Promise<App> => {
    const app = createApp({
      shelf: slowly(textShelf(texts), device),
      fetch: fetchWith,
      csrf: () => cookies.get('MMCSRF') ?? '',
      user: () => cookies.get('MMUSERID') ?? '',
      patience: () => new AbortController().signal,
      chance: () => 0,
      now: Date.now,
      room: async () => undefined,
      newId: () => `id${(ids += 1)}`,
      onPost: () => undefined,
      forgetsAll: () => device.forgetsAll,
      after: (ms, then) => {
        if (isClosed) return () => undefined
        const timer = setTimeout(then, ms > 1_000 ? ms : 5)
        timers.add(timer)
        return () => clearTimeout(timer)
      },
      open: (query, events) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v4/websocket?${query}`)
        sockets.add(socket)
        socket.addEventListener('open', () => {
          const token = cookies.get('MMAUTHTOKEN') ?? ''
          socket.send(
            JSON.stringify({ action: 'authentication_challenge', seq: 999, data: { token } }),
          )
          events.opened()
        })
        socket.addEventListener('message', ({ data }) => events.received(String(data)))
        socket.addEventListener('close', ({ reason }) => events.closed(reason))
        socket.addEventListener('error', () => undefined)
        return {
          send: (text) => {
            if (socket.readyState === WebSocket.OPEN) socket.send(text)
          },
          close: () => socket.close(),
        }
      },
    })
    await app.start()
    return app
  }
  return {
    open,
    cookies,
    device,
    network,
    texts,
    token: () => cookies.get('MMAUTHTOKEN') ?? '',
    until,
    openAs: async (name) => {
      const app = await open()
      await app.signIn(name, passwordOf(name))
      await until(() => app.store.connection.value === 'here')
      return app
    },
    close: () => {
      isClosed = true
      for (const timer of timers) clearTimeout(timer)
      for (const socket of sockets) socket.close()
    },
  }
}

/** The same, as slow as a device's storage. */
function slowly(shelf: Shelf, device: { readonly shelfMs: number }): Shelf {
  const later = async <T>(job: () => Promise<T>): Promise<T> => {
    if (device.shelfMs > 0) await new Promise((resolve) => setTimeout(resolve, device.shelfMs))
    return job()
  }
  return {
    ...shelf,
    get: (key) => later(() => shelf.get(key)),
    put: (key, value) => later(() => shelf.put(key, value)),
    remove: (key) => later(() => shelf.remove(key)),
    keys: (prefix) => later(() => shelf.keys(prefix)),
    entries: (prefix) => later(() => shelf.entries(prefix)),
    clear: () => later(() => shelf.clear()),
  }
}

function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';')
  const [name = '', value = ''] = pair.split('=')
  if (value === '') cookies.delete(name)
  else cookies.set(name, value)
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}
