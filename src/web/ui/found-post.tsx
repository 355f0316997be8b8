/** A message outside its channel, with the way there. */
import type { ComponentChildren, VNode } from 'preact'
import { titleOf } from '#web/core/naming.ts'
import type { Post } from '#web/core/wire.ts'
import { say, times } from '#web/words/words.ts'
import { go, known, useApp } from './context.ts'
import { Marks } from './marks.tsx'

/** The message as a card. */
export function FoundPost(props: {
  readonly post: Post
  readonly children?: ComponentChildren
}): VNode {
  const { post } = props
  const app = useApp()
  const channel = app.store.channels.value.get(post.channelId)
  const { channelId } = post
  return (
    <li class="card">
      <header class="message-head">
        <strong dir="auto">{app.store.people.value.get(post.userId)?.name}</strong>
        <time>{times().moment(post.createdAt, Date.now())}</time>
        <button
          type="button"
          class="text-button"
          onClick={() => go({ kind: 'channel', channelId, threadId: post.rootId || post.id })}
        >
          {channel === undefined ? say('search.open') : titleOf(channel, known(app))}
        </button>
      </header>
      {post.burnSeconds > 0 ? (
        <p class="quiet">{say('once.title')}</p>
      ) : (
        <Marks text={post.message} />
      )}
      {props.children}
    </li>
  )
}
