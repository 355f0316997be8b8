/** The entry: the browser's effects handed to the client, and the client drawn. */
import { effect } from '@preact/signals'
import { render } from 'preact'
import { placeFrom } from '#web/core/address.ts'
import { plainOf } from '#web/core/markup.ts'
import type { Shelf } from '#web/core/shelf.ts'
import { createApp, type App } from '#web/state/app.ts'
import { say, speak, words } from '#web/words/words.ts'
import { openDevice, openShelf, type Device } from './device.ts'
import { announcement, AroundProvider, place } from './ui/context.ts'
import { Root } from './ui/root.tsx'
import { followWorker } from './worker.ts'

/** Patience with one answer, in milliseconds: a kit may be slow, a dead one is not waited for. */
const PATIENCE_MS = 20_000
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'

await begin()

async function begin(): Promise<void> {
  const device = openDevice()
  const [shelf] = await Promise.all([
    openShelf(),
    speak(device.settings.value.language).catch(() => undefined),
  ])
  effect(() => {
    document.documentElement.lang = words.value.language
    document.documentElement.dir = words.value.isRightToLeft ? 'rtl' : 'ltr'
  })
  const app = createApp(portsOf(shelf, () => app))
  addEventListener('hashchange', () => {
    place.value = placeFrom(location.hash)
  })
  addEventListener('online', app.hurry)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') app.hurry()
  })
  draw(app, device)
  const at = place.value
  void app.start(at.kind === 'channel' ? at.channelId : undefined)
  followWorker(device)
}

function draw(app: App, device: Device): void {
  const root = document.querySelector('#app')
  if (root === null) return
  render(
    <AroundProvider value={{ app, device }}>
      <Root />
    </AroundProvider>,
    root,
  )
}

function portsOf(shelf: Shelf, app: () => App): Parameters<typeof createApp>[0] {
  return {
    shelf,
    fetch: (url, init) => fetch(url, { ...init, credentials: 'same-origin', cache: 'no-store' }),
    csrf: () => /(?:^|; )MMCSRF=([^;]*)/.exec(document.cookie)?.[1] ?? '',
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
      socket.addEventListener('close', events.closed)
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
    newId: () =>
      [...crypto.getRandomValues(new Uint8Array(26))].map((byte) => LETTERS[byte % 32]).join(''),
    onPost: (post, isMentioned) => {
      const { store } = app()
      const at = place.value
      const isHere = at.kind === 'channel' && at.channelId === post.channelId
      if (!isHere && !isMentioned) return
      const name = store.people.value.get(post.userId)?.name ?? ''
      announcement.value = say('says', { name, text: plainOf(post.message).slice(0, 200) })
    },
  }
}
