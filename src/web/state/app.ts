/** The whole client without a screen: what was kept, the node, the stream, the outbox, put together. */
import { createAsk, type Answer, type Ask, type ClientPorts } from '#web/core/client.ts'
import { createLive, type LivePorts } from '#web/core/live.ts'
import type { Outbox } from '#web/core/outbox.ts'
import { roomyShelf } from '#web/core/room.ts'
import type { Shelf } from '#web/core/shelf.ts'
import { personFrom, type Post } from '#web/core/wire.ts'
import { createUpload } from '#web/core/uploading.ts'
import { createAttaching, type Attaching } from './attaching.ts'
import { takeEvent, type EventPorts } from './events.ts'
import { cameHere, createShow } from './freshness.ts'
import { createKeeping, dropOldest, type Keeping, type KeepingPorts } from './keeping.ts'
import { createLeaving, type Begun, type Leaving } from './leaving.ts'
import { takeDrafts } from './left-drafts.ts'
import { createLoading, type Loading } from './loading.ts'
import { createBox } from './outgoing.ts'
import { createPersonal, type Personal } from './personal.ts'
import { createPictures, type Pictures } from './pictures.ts'
import { ENDED } from './sealed-shelf.ts'
import { createStore, type Store } from './store.ts'
import { createStories, type Stories } from './stories.ts'
import { createWriting, sender, type Draft, type Writing } from './writing.ts'

/** Every effect of the client. */
export interface AppPorts extends Pick<ClientPorts, 'fetch' | 'csrf' | 'patience'> {
  readonly shelf: Shelf
  readonly open: LivePorts['open']
  readonly after: LivePorts['after']
  readonly chance: () => number
  readonly now: () => number
  readonly room: KeepingPorts['room']
  /** Whose session the browser has: another tab may have let somebody else in. '' where it has none. */
  readonly user: () => string
  readonly newId: () => string
  /** Whether a session that is ended elsewhere takes what was not sent yet, too. */
  readonly forgetsAll: () => boolean
  /** Somebody else wrote. */
  readonly onPost: (post: Post, isMentioned: boolean) => void
}

/** Why signing in did not work. */
export type SignInFailure = 'wrong' | 'often' | 'away'

/** The client. */
export interface App {
  readonly store: Store
  readonly ask: Ask
  /** For what may take minutes: it is waited for as long as the node works on it. */
  readonly askLong: Ask
  readonly loading: Loading
  readonly stories: Stories
  readonly writing: Writing
  readonly personal: Personal
  readonly shelf: Shelf
  readonly keeping: Keeping
  readonly attaching: Attaching
  readonly pictures: Pictures
  readonly outbox: () => Outbox
  /** Writes with the files of the draft; with where pictures were taken if somebody wants that. */
  readonly send: (draft: Omit<Draft, 'files'>, withPlace: boolean) => Promise<void>
  /** Reads what was kept, and asks the node meanwhile; what is kept of `channelId`, which is on the screen, first. */
  readonly start: (channelId?: string) => Promise<void>
  readonly signIn: (login: string, password: string) => Promise<SignInFailure | undefined>
  /** Ends the session and forgets everything here, the outbox too. */
  readonly signOut: () => Promise<void>
  /** What that would take with it, beside what waits in the outbox. */
  readonly begun: () => Promise<Begun>
  /** Lets go of everything in memory; what is kept stays. */
  readonly stop: () => void
  /** The channel is on the screen: its messages are asked for when they may be old. */
  readonly show: (channelId: string) => Promise<void>
  readonly older: (channelId: string) => Promise<void>
  /** Somebody is writing in a channel. */
  readonly tellTyping: (channelId: string, rootId: string) => void
  /** The browser has a network again, or somebody looks again. */
  readonly hurry: () => void
}

/** A client that has not started. */
export function createApp(given: AppPorts): App {
  const shelf = roomyShelf(given.shelf, () => dropOldest(given.shelf))
  const ports: AppPorts = { ...given, shelf }
  const parts = partsOf(ports)
  const { store, ask, loading, keeping, stories, writing, live, leaving, flush } = parts
  const enter = async (loaded: Promise<unknown> = loading.everything()): Promise<void> => {
    await loaded
    live.start()
    flush()
  }
  const show = createShow(ports, parts)
  return {
    store,
    ask,
    askLong: parts.askLong,
    loading,
    stories,
    writing,
    personal: createPersonal(ask, store, loading.channels),
    keeping,
    shelf: ports.shelf,
    attaching: parts.attaching,
    pictures: parts.pictures,
    outbox: parts.outbox,
    send: createSend(parts),
    start: createStart(ports, parts, { enter, show }),
    signIn: async (login, password) => {
      const body = { login_id: login, password, device_id: '' }
      const answer = await ask('POST', '/api/v4/users/login', body)
      if (answer.kind !== 'ok') return failureOf(answer)
      await leaving.over()
      const person = personFrom(answer.value)
      if (store.me.value !== undefined && store.me.value.id !== person.id) await keeping.forget()
      store.me.value = person
      store.isEnded.value = false
      store.filesGone.value = 0
      await ports.shelf.remove(ENDED)
      await ports.shelf.put('me', person)
      await takeDrafts(ports.shelf, person.id)
      await enter()
      return undefined
    },
    signOut: leaving.signOut,
    begun: leaving.begun,
    stop: () => {
      letGo(parts)
      parts.closeOutbox()
    },
    show,
    older: loading.older,
    tellTyping: (channelId, rootId) =>
      live.say('user_typing', { channel_id: channelId, parent_id: rootId }),
    hurry: () => {
      live.hurry()
      flush()
    },
  }
}

/** All that was kept here has been wiped: nothing is asked of the node before it has ended the session, too. */
async function endSession({ shelf }: AppPorts, { ask }: Parts): Promise<boolean> {
  if ((await shelf.get(ENDED)) !== true) return false
  const answer = await ask('POST', '/api/v4/users/logout')
  if (answer.kind !== 'away') await shelf.remove(ENDED)
  return true
}

function letGo({ live, attaching, pictures, store }: Omit<Parts, 'leaving'>): void {
  live.stop()
  attaching.clear()
  pictures.clear()
  store.clear()
}

interface Ways {
  readonly enter: (loaded?: Promise<unknown>) => Promise<void>
  readonly show: App['show']
}

function createStart(ports: AppPorts, parts: Parts, { enter, show }: Ways): App['start'] {
  const { store, loading, keeping } = parts
  return async (channelId) => {
    const asking = endSession(ports, parts).then((isOver) => {
      // Without a session there is nothing to ask for yet.
      if (isOver || ports.csrf() === '') return undefined
      if (channelId !== undefined) void show(channelId)
      return { loaded: loading.everything() }
    })
    // At once: an old phone takes a while for each that it reads.
    const [asked] = await Promise.all([asking, keeping.restore(channelId), parts.openOutbox()])
    store.isReady.value = true
    keeping.follow()
    const isSignedIn = asked !== undefined || store.me.value !== undefined
    await Promise.all([
      keeping.restoreRest().then(() => parts.attaching.sweep()),
      isSignedIn ? enter(asked?.loaded) : undefined,
    ])
  }
}

function createSend({ attaching, writing }: Parts): App['send'] {
  return async (draft, withPlace) => {
    const at = draft.rootId || draft.channelId
    const files = await attaching.take(at, withPlace)
    await writing.write({ ...draft, files })
    await attaching.done(at)
  }
}

function failureOf(answer: Exclude<Answer, { kind: 'ok' }>): SignInFailure {
  if (answer.kind === 'away') return 'away'
  return answer.status === 429 ? 'often' : 'wrong'
}

const nothing = (): void => undefined

interface Parts {
  readonly store: Store
  readonly ask: Ask
  readonly askLong: Ask
  readonly loading: Loading
  readonly keeping: Keeping
  readonly stories: Stories
  readonly writing: Writing
  readonly attaching: Attaching
  readonly pictures: Pictures
  readonly live: ReturnType<typeof createLive>
  readonly leaving: Leaving
  readonly outbox: () => Outbox
  readonly openOutbox: () => Promise<void>
  readonly closeOutbox: () => void
  readonly flush: () => void
  readonly onRefresh: (listener: () => void) => void
}

function partsOf(ports: AppPorts): Parts {
  const store = createStore()
  const keeping = createKeeping({ ...ports, store })
  const asking: ClientPorts = {
    ...ports,
    isOurs: () => ['', store.me.value?.id ?? ports.user()].includes(ports.user()),
    // Where nothing can be removed, as on a device that is locked meanwhile, the next start does it.
    onSignedOut: () => void parts.leaving.ended().catch(nothing),
    onLocked: (isLocked) => {
      store.isLocked.value = isLocked
    },
  }
  const ask = createAsk(asking)
  const askLong = createAsk({ ...asking, patience: () => new AbortController().signal })
  const loading = createLoading(ask, store)
  const stories = createStories(ask, store, ports.after)
  const attaching = createAttaching(ports)
  const pictures = createPictures(ports, ask)
  const outbox = createBox(ports, sender(ask, store, createUpload(ask, attaching.read)), store)
  const heard = listenerOf(ports, { store, loading, stories, keeping })
  let onRefresh = nothing
  const live = createLive({
    ...ports,
    onEvent: (event) => takeEvent(heard, event),
    onHere: (isResumed) => {
      if (!isResumed) onRefresh()
      outbox.flush()
      // At a start that found nobody it is known only now who is signed in, and nothing was sent before.
      void cameHere({ store, loading, stories }, isResumed).then(outbox.flush)
    },
    onSignedOut: asking.onSignedOut,
    onAway: () => {
      store.connection.value = 'away'
      // A locked node would say so.
      void loading.status()
    },
  })
  const { box, flush } = outbox
  const deeds = { outbox: box, reloadChannels: loading.channels, onWaiting: flush }
  const writing = createWriting({ ...ports, ...deeds, ask, store })
  const others: Omit<Parts, 'leaving'> = {
    store,
    ask,
    askLong,
    loading,
    keeping,
    stories,
    writing,
    attaching,
    pictures,
    live,
    outbox: outbox.box,
    openOutbox: outbox.open,
    closeOutbox: outbox.close,
    flush: outbox.flush,
    onRefresh: (listener) => {
      onRefresh = listener
    },
  }
  const letGoAll = (): void => letGo(others)
  const parts = { ...others, leaving: createLeaving(ports, { ...others, letGo: letGoAll }) }
  return parts
}

function listenerOf(
  { now, onPost }: AppPorts,
  { store, loading, stories, keeping }: Pick<Parts, 'store' | 'loading' | 'stories' | 'keeping'>,
): EventPorts {
  return {
    store,
    loading,
    now,
    onDelivery: stories.changed,
    onPost: (post, isMentioned) => {
      keeping.keep(post.channelId)
      onPost(post, isMentioned)
    },
  }
}
