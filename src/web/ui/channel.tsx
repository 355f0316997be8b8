/** A channel: its messages, what one writes, and beside it a thread. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { titleOf } from '#web/core/naming.ts'
import type { Channel } from '#web/core/wire.ts'
import type { App } from '#web/state/app.ts'
import { say } from '#web/words/words.ts'
import { Composer } from './composer.tsx'
import { known, useApp } from './context.ts'
import { Icon } from './icons.tsx'
import { Members } from './members.tsx'
import { MessageList } from './message-list.tsx'
import { PlaceHead } from './place-head.tsx'
import { StandingLine } from './standing.tsx'
import { ThreadPane } from './thread.tsx'

/** The place of a channel. */
export function ChannelPlace(props: {
  readonly channelId: string
  readonly threadId: string | undefined
}): VNode {
  const app = useApp()
  const { channelId, threadId } = props
  const channel = app.store.channels.value.get(channelId)
  const [newSince] = useState(() => newSinceOf(app, channelId))
  useEffect(() => void app.show(channelId), [app, channelId, app.store.round.value])
  useEffect(
    () => app.keeping.keep(channelId),
    [app, channelId, app.store.timeline(channelId).value, app.store.stories.value],
  )
  useEffect(() => {
    if (document.visibilityState === 'visible' && document.hasFocus())
      void app.writing.view(channelId)
  }, [app, channelId, channel?.messageCount, app.store.connection.value])
  useEffect(() => {
    const onFocus = (): void => void app.writing.view(channelId)
    addEventListener('focus', onFocus)
    return () => removeEventListener('focus', onFocus)
  }, [app, channelId])
  if (channel === undefined) return <p class="empty">{missingWords(app)}</p>
  return (
    <div class="channel" data-thread={String(threadId !== undefined)}>
      <section class="conversation" aria-label={titleOf(channel, known(app))}>
        <Head channel={channel} />
        <StandingLine />
        <MessageList channelId={channelId} newSince={newSince} />
        <TypingLine channelId={channelId} />
        <Composer key={channelId} channelId={channelId} rootId="" />
      </section>
      {threadId !== undefined && <ThreadPane channelId={channelId} rootId={threadId} />}
    </div>
  )
}

/** That a channel is not here only somebody can say who knows the others. */
function missingWords({ store }: App): string {
  if (store.channels.value.size > 0) return say('channel.gone')
  return say(store.connection.value === 'away' ? 'messages.unseen' : 'loading')
}

/** When one looked last, if there is anything new since. */
function newSinceOf({ store }: App, channelId: string): number {
  const unread = store.unread.value.get(channelId) ?? 0
  return unread === 0 ? 0 : (store.memberships.value.get(channelId)?.viewedAt ?? 0)
}

function Head({ channel }: { readonly channel: Channel }): VNode {
  const app = useApp()
  const [isOpen, setOpen] = useState(false)
  return (
    <PlaceHead
      title={titleOf(channel, known(app))}
      detail={channel.header.split('\n')[0] || channel.purpose}
    >
      <button
        type="button"
        class="plain-button"
        aria-label={say('members.title')}
        onClick={() => setOpen(true)}
      >
        <Icon name="people" />
      </button>
      <>{isOpen && <Members channel={channel} onClose={() => setOpen(false)} />}</>
    </PlaceHead>
  )
}

function TypingLine({ channelId }: { readonly channelId: string }): VNode {
  const { store } = useApp()
  const [now, setNow] = useState(() => Date.now())
  const writing = store.typing.value.filter((one) => one.channelId === channelId && one.until > now)
  useEffect(() => {
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 2_000)
    return () => clearInterval(timer)
  }, [store.typing.value])
  const names = writing.map(({ userId }) => store.people.value.get(userId)?.name ?? '?')
  return (
    <p class="typing" dir="auto">
      {names.length > 0 && say('typing', { n: names.length, names: names.join(', ') })}
    </p>
  )
}
