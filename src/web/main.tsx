/** The entry: the browser's effects handed to the client, and the client drawn. */
import { effect, untracked } from '@preact/signals'
import { render, type VNode } from 'preact'
import { placeFrom } from '#web/core/address.ts'
import type * as Sealing from '#web/core/sealing.ts'
import { createApp, type App } from '#web/state/app.ts'
import { policyFrom } from '#web/state/lock-policy.ts'
import { openLocking, type Locking } from '#web/state/locking.ts'
import { say, speak, words } from '#web/words/words.ts'
import { openDevice, openShelf, roomHere, type Device } from './device.ts'
import { openPasskeys } from './passkey.ts'
import { announcement, AroundProvider, place } from './ui/context.ts'
import { fetchPlaces } from './ui/lazy.tsx'
import { LockScreen } from './ui/lock.tsx'
import { fetchParser, plainOf } from './ui/reading.ts'
import { Root } from './ui/root.tsx'
import { followWorker } from './worker.ts'

/** Patience with one answer, in milliseconds: a kit may be slow, a dead one is not waited for. */
const PATIENCE_MS = 20_000
/** The places beside channels are fetched when the first messages are drawn, even on an old phone. */
const PLACES_AFTER_MS = 5_000
/** The worker fetches all of the page once more: after the first messages. */
const WORKER_AFTER_MS = 2_000
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'

await begin()

function look(): void {
  place.value = placeFrom(location.hash)
}

async function begin(): Promise<void> {
  const device = openDevice()
  const [locking] = await Promise.all([
    openShelf().then((shelf) =>
      openLocking({ shelf, now: Date.now, loadSealing, passkeys: openPasskeys() }),
    ),
    speak(device.settings.value.language).catch(() => undefined),
  ])
  effect(() => {
    document.documentElement.lang = words.value.language
    document.documentElement.dir = words.value.isRightToLeft ? 'rtl' : 'ltr'
  })
  let app: App | undefined
  addEventListener('hashchange', look)
  look() // it may have changed while what is kept was opened
  addEventListener('online', () => app?.hurry())
  followSight(locking, () => app?.hurry())
  effect(() => {
    const isLocked = locking.state.value === 'locked'
    untracked(() => {
      if (isLocked) {
        app?.stop()
        app = undefined
        draw(<LockScreen locking={locking} />)
      } else app ??= run(device, locking)
    })
  })
  setTimeout(() => followWorker(device, locking.shelf), WORKER_AFTER_MS)
}

function loadSealing(): Promise<typeof Sealing> {
  return import('#web/core/sealing.ts')
}

/** A client of what is kept, drawn and started. */
function run(device: Device, locking: Locking): App {
  const app: App = createApp(portsOf(locking, () => app))
  effect(() => {
    const status = app.store.status.value
    if (status !== undefined) locking.follow(policyFrom(status))
  })
  draw(
    <AroundProvider value={{ app, device, locking }}>
      <Root />
    </AroundProvider>,
  )
  const at = place.value
  void app.start(at.kind === 'channel' ? at.channelId : undefined)
  setTimeout(
    () => void Promise.all([fetchParser(), fetchPlaces()]).catch(() => undefined),
    PLACES_AFTER_MS,
  )
  return app
}

function draw(screen: VNode): void {
  const root = document.querySelector('#app')
  if (root !== null) render(screen, root)
}

/** Out of sight for long enough, it locks; in sight again, the node is asked at once. Timers of hidden pages may be late. */
function followSight(locking: Locking, onSeen: () => void): void {
  let hiddenAt = 0
  let timer = 0
  const lockWhenDue = (): void => {
    if (Date.now() - hiddenAt >= locking.policy.value.afterMs) locking.lock()
  }
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer)
    if (document.visibilityState === 'visible') {
      if (hiddenAt > 0) lockWhenDue()
      onSeen()
      return
    }
    hiddenAt = Date.now()
    timer = window.setTimeout(lockWhenDue, locking.policy.value.afterMs)
  })
}

function cookie(name: string): string {
  const all = document.cookie.split('; ')
  return all.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
}

function portsOf(locking: Locking, app: () => App): Parameters<typeof createApp>[0] {
  return {
    shelf: locking.shelf,
    forgetsAll: () => locking.policy.value.forgetsAll,
    fetch: (url, init) => fetch(url, { ...init, credentials: 'same-origin', cache: 'no-store' }),
    csrf: () => cookie('MMCSRF'),
    user: () => cookie('MMUSERID'),
    patience: () => {
      const impatience = new AbortController()
      setTimeout(() => impatience.abort(), PATIENCE_MS)
      return impatience.signal
    },
    open: (query, events) => {
      const socket = new WebSocket(
        `${location.origin.replace(/^http/, 'ws')}/api/v4/websocket?${query}`,
      )
      socket.addEventListener('open', events.opened)
      socket.addEventListener('close', ({ reason }) => events.closed(reason))
      socket.addEventListener('message', ({ data }) => events.received(String(data)))
      return {
        send: (text) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(text)
        },
        close: () => socket.close(),
      }
    },
    after: (ms, then) => {
      const timer = setTimeout(then, ms)
      return () => clearTimeout(timer)
    },
    chance: Math.random,
    now: Date.now,
    room: roomHere,
    newId: () =>
      [...crypto.getRandomValues(new Uint8Array(26))].map((byte) => LETTERS[byte % 32]).join(''),
    onPost: (post, isMentioned) => {
      const { store } = app()
      const at = place.value
      const isHere = at.kind === 'channel' && at.channelId === post.channelId
      if (!isHere && !isMentioned) return
      const name = store.people.value.get(post.userId)?.name ?? ''
      announcement.value = say('says', { name, text: plainOf(post.message, 200) })
    },
  }
}
