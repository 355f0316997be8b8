/** A thread beside its channel; on a phone, over it. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { threadOf } from '#web/core/timeline.ts'
import { say } from '#web/words/words.ts'
import { Composer } from './composer.tsx'
import { go, tell, useApp } from './context.ts'
import { Icon } from './icons.tsx'
import { Message } from './message.tsx'
import { WaitingMessage } from './waiting-message.tsx'

/** The thread of the message `rootId`. */
export function ThreadPane(props: { readonly channelId: string; readonly rootId: string }): VNode {
  const { channelId, rootId } = props
  const app = useApp()
  const { store } = app
  useEffect(() => void app.loading.thread(channelId, rootId), [rootId, store.round.value])
  const posts = threadOf(store.timeline(channelId).value, rootId)
  useEffect(() => app.stories.want(posts.map(({ id }) => id)), [posts.length])
  const here = new Set(posts.map(({ pendingId }) => pendingId))
  const waiting = store.waiting.value.filter(
    (one) => one.rootId === rootId && !here.has(one.pendingId),
  )
  const close = (): void => go({ kind: 'channel', channelId })
  return (
    <aside class="thread" aria-label={say('thread.title')}>
      <header class="place-head">
        <div class="place-title">
          <h2>{say('thread.title')}</h2>
        </div>
        <Follow rootId={rootId} replies={posts.length - 1} />
        <button type="button" class="plain-button" aria-label={say('close')} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div
        class="thread-messages"
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={say('thread.title')}
      >
        {posts.map((post) => (
          <Message key={post.id} post={post} isContinued={false} root={undefined} isInThread />
        ))}
        {waiting.map((one) => (
          <WaitingMessage key={one.pendingId} waiting={one} isContinued={false} />
        ))}
      </div>
      <Composer key={rootId} channelId={channelId} rootId={rootId} />
    </aside>
  )
}

/** Whether one hears of what comes in this thread: known once there is a reply. */
function Follow(props: { readonly rootId: string; readonly replies: number }): VNode | null {
  const { rootId, replies } = props
  const { personal, store } = useApp()
  const [isOn, setOn] = useState<boolean>()
  useEffect(() => {
    if (replies > 0) void personal.isFollowing(rootId).then(setOn)
  }, [rootId, replies > 0, store.round.value])
  if (isOn === undefined) return null
  const turn = async (): Promise<void> => {
    if (await personal.follow(rootId, !isOn)) setOn(!isOn)
    else tell(say('failed.away'))
  }
  return (
    <button type="button" class="button small" aria-pressed={isOn} onClick={() => void turn()}>
      <Icon name="bell" />
      {say(isOn ? 'thread.followed' : 'thread.follow')}
    </button>
  )
}
