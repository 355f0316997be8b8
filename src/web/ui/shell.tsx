/** Everything around a place: the list of channels beside it, or below it on a phone, and the keys that work everywhere. */
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { inSections } from '#web/core/naming.ts'
import type { App } from '#web/state/app.ts'
import { say } from '#web/words/words.ts'
import { ChannelPlace } from './channel.tsx'
import { go, known, place, useApp } from './context.ts'
import { Lazy } from './lazy.tsx'
import { Sidebar } from './sidebar.tsx'
import { Mark } from './icons.tsx'

/** The client of somebody who is signed in. */
export function Shell(): VNode {
  const app = useApp()
  useEffect(() => followKeys(app), [app])
  useEffect(() => {
    document.title = titleWith([...app.store.unread.value.values()])
  }, [app.store.unread.value])
  const isHome = place.value.kind === 'home'
  return (
    <div class="shell" data-home={String(isHome)}>
      <a
        class="skip"
        href="#place"
        onClick={(event) => {
          event.preventDefault()
          document.querySelector<HTMLElement>('#place')?.focus()
        }}
      >
        {say('skip')}
      </a>
      <Sidebar />
      <main id="place" class="place" tabIndex={-1}>
        <Place />
      </main>
    </div>
  )
}

function Place(): VNode {
  const at = place.value
  switch (at.kind) {
    case 'channel':
      return <ChannelPlace key={at.channelId} channelId={at.channelId} threadId={at.threadId} />
    case 'link':
    case 'people':
    case 'search':
    case 'saved':
    case 'operator':
    case 'settings':
      return <Lazy at={at} />
    case 'home':
      return (
        <div class="empty">
          <Mark />
          <p>{say('home.choose')}</p>
        </div>
      )
  }
}

function titleWith(unread: readonly number[]): string {
  const sum = unread.reduce((all, one) => all + one, 0)
  return sum === 0 ? 'Holdfast' : `(${sum}) Holdfast`
}

/** Ctrl K finds a channel, Ctrl / searches, Alt with an arrow goes to the next channel, Escape closes what is open. */
function followKeys(app: App): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const isCommand = event.ctrlKey || event.metaKey
    if (isCommand && event.key === 'k') {
      event.preventDefault()
      if (matchMedia('(max-width: 47.99rem)').matches) go({ kind: 'home' })
      setTimeout(() => document.querySelector<HTMLElement>('#find')?.focus())
    } else if (isCommand && event.key === '/') {
      event.preventDefault()
      go({ kind: 'search' })
    } else if (event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault()
      goBeside(app, event.key === 'ArrowDown' ? 1 : -1)
    } else if (event.key === 'Escape') closeThread()
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}

function goBeside(app: App, step: 1 | -1): void {
  const { rooms, conversations } = inSections(app.store.channels.value.values(), known(app))
  const ids = [...rooms, ...conversations].map(({ id }) => id)
  const at = place.value
  const index = at.kind === 'channel' ? ids.indexOf(at.channelId) : -1
  const channelId = ids[(index + step + ids.length) % ids.length]
  if (channelId !== undefined) go({ kind: 'channel', channelId })
}

function closeThread(): void {
  const at = place.value
  if (at.kind === 'channel' && at.threadId !== undefined)
    go({ kind: 'channel', channelId: at.channelId })
}
