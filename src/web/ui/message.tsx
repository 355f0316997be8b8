/** One message: who, when, what, how urgent, what others say to it, and how far it has come. */
import { useComputed } from '@preact/signals'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { emojiOf } from '#web/core/emoji.ts'
import type { Box } from '#web/core/markup.ts'
import type { Post } from '#web/core/wire.ts'
import { say, times } from '#web/words/words.ts'
import { Avatar } from './avatar.tsx'
import { go, tell, useApp } from './context.ts'
import { DeliveryLine, OriginLine } from './delivery-line.tsx'
import { Files } from './files.tsx'
import { Icon } from './icons.tsx'
import { Marks } from './marks.tsx'
import { plainOf } from './reading.ts'
import { EditBox } from './edit-box.tsx'
import { MessageSheet } from './message-sheet.tsx'
import { LaneMark } from './lane.tsx'
import { Once } from './once.tsx'

/** The message. */
export function Message(props: {
  readonly post: Post
  readonly isContinued: boolean
  readonly root: Post | undefined
  /** Within its thread: what it answers is not said again. */
  readonly isInThread?: boolean
}): VNode {
  const { post, isContinued, isInThread = false } = props
  const { store } = useApp()
  const [isOpen, setOpen] = useState(false)
  const [isEditing, setEditing] = useState(false)
  const known = useComputed(() => store.people.value.get(post.userId)?.name)
  const isMine = useComputed(() => post.userId === store.me.value?.id).value
  const name = known.value ?? say('somebody')
  const isHeaded = !isContinued
  return (
    <article
      class="message"
      data-lane={post.lane}
      data-headed={String(isHeaded)}
      data-mine={String(isMine)}
      tabIndex={-1}
      aria-label={say('message.label', { name, time: times().moment(post.createdAt, Date.now()) })}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target === event.currentTarget) setOpen(true)
      }}
      onClick={(event) => {
        if (isTap(event)) setOpen(true)
      }}
    >
      <div class="gutter">{isHeaded && <Avatar userId={post.userId} />}</div>
      <div class="message-body">
        {isHeaded && <MessageHead name={name} post={post} />}
        {!isInThread && <Answered post={post} root={props.root} />}
        {isEditing ? (
          <EditBox post={post} onClose={() => setEditing(false)} />
        ) : (
          <Said post={post} isMine={isMine} />
        )}
        <Reactions post={post} />
        <MessageFoot post={post} isMine={isMine} isInThread={isInThread} />
      </div>
      <Tools post={post} onMore={() => setOpen(true)} />
      {isOpen && (
        <MessageSheet
          post={post}
          isMine={isMine}
          onClose={() => setOpen(false)}
          onEdit={() => setEditing(true)}
        />
      )}
    </article>
  )
}

function Said({ post, isMine }: { readonly post: Post; readonly isMine: boolean }): VNode {
  const { writing } = useApp()
  if (post.burnSeconds > 0) return <Once post={post} isMine={isMine} />
  const tick = async (box: Box): Promise<void> => {
    const failure = await writing.tick(post, box)
    if (failure !== undefined) tell(failure || say('failed.away'))
  }
  return (
    <>
      <Marks text={post.message} onTick={(box) => void tick(box)} />
      <Files files={post.files} />
    </>
  )
}

function MessageHead({ name, post }: { readonly name: string; readonly post: Post }): VNode {
  return (
    <header class="message-head">
      <strong dir="auto">{name}</strong>
      <time dateTime={new Date(post.createdAt).toISOString()}>{times().clock(post.createdAt)}</time>
      {post.isTimeUncertain && <span class="doubt">{say('message.uncertain')}</span>}
      {post.isPinned && (
        <span class="quiet with-icon">
          <Icon name="pin" />
          {say('message.pinned')}
        </span>
      )}
      <LaneMark lane={post.lane} />
    </header>
  )
}

/** What a reply answers, in one line. */
function Answered(props: { readonly post: Post; readonly root: Post | undefined }): VNode | null {
  const { post, root } = props
  const { store } = useApp()
  if (post.rootId === '') return null
  const name = root === undefined ? '' : (store.people.value.get(root.userId)?.name ?? '')
  return (
    <button
      type="button"
      class="answered"
      onClick={() => go({ kind: 'channel', channelId: post.channelId, threadId: post.rootId })}
    >
      <Icon name="reply" />
      <span dir="auto">
        {root === undefined
          ? say('message.answer')
          : say('message.answerTo', { name, text: plainOf(root.message, 80) })}
      </span>
    </button>
  )
}

function Reactions({ post }: { readonly post: Post }): VNode | null {
  const app = useApp()
  const { store, writing } = app
  const me = store.me.value?.id ?? ''
  if (post.reactions.length === 0) return null
  const names = [...new Set(post.reactions.map(({ emoji }) => emoji))]
  const react = async (emoji: string, isOn: boolean): Promise<void> => {
    const failure = await writing.react(post, emoji, isOn)
    if (failure !== undefined) tell(failure || say('failed.away'))
  }
  return (
    <ul class="reactions" aria-label={say('reactions.label')}>
      {names.map((emoji) => {
        const people = post.reactions.filter((one) => one.emoji === emoji)
        const isOn = people.some(({ userId }) => userId === me)
        const who = people.map(({ userId }) => store.people.value.get(userId)?.name ?? '?')
        return (
          <li key={emoji}>
            <button
              type="button"
              aria-pressed={isOn}
              title={who.join(', ')}
              aria-label={say('reactions.one', {
                emoji: emoji.replaceAll('_', ' '),
                names: who.join(', '),
              })}
              onClick={() => void react(emoji, !isOn)}
            >
              <span aria-hidden="true">{emojiOf(emoji)}</span>
              <span aria-hidden="true">{times().number(people.length)}</span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}

function MessageFoot(props: {
  readonly post: Post
  readonly isMine: boolean
  readonly isInThread: boolean
}): VNode {
  const { post, isMine, isInThread } = props
  const hasThread = post.replyCount > 0 && post.rootId === '' && !isInThread
  return (
    <footer class="message-foot">
      {isMine ? <DeliveryLine post={post} /> : <OriginLine post={post} />}
      {post.editedAt > 0 && <span class="quiet">{say('message.edited')}</span>}
      {hasThread && (
        <button
          type="button"
          class="text-button"
          onClick={() => go({ kind: 'channel', channelId: post.channelId, threadId: post.id })}
        >
          <Icon name="thread" />
          {say('message.replies', { n: post.replyCount })}
        </button>
      )}
      <Acknowledge post={post} isMine={isMine} />
    </footer>
  )
}

function Acknowledge(props: { readonly post: Post; readonly isMine: boolean }): VNode | null {
  const { post, isMine } = props
  const { store, writing } = useApp()
  const me = store.me.value?.id ?? ''
  if (!post.wantsAck || post.burnSeconds > 0) return null
  const hasAcked = post.acks.includes(me)
  if (isMine || hasAcked)
    return (
      <span class="quiet with-icon">
        <Icon name="check" />
        {say('ack.count', { n: post.acks.length })}
      </span>
    )
  const acknowledge = async (): Promise<void> => {
    const failure = await writing.acknowledge(post)
    if (failure !== undefined) tell(failure || say('failed.away'))
  }
  return (
    <button type="button" class="button small" onClick={() => void acknowledge()}>
      <Icon name="check" />
      {say('ack.do')}
    </button>
  )
}

function Tools({ post, onMore }: { readonly post: Post; readonly onMore: () => void }): VNode {
  const threadId = post.rootId || post.id
  return (
    <div class="tools">
      <button
        type="button"
        class="plain-button"
        aria-label={say('message.reply')}
        onClick={() => go({ kind: 'channel', channelId: post.channelId, threadId })}
      >
        <Icon name="reply" />
      </button>
      <button type="button" class="plain-button" aria-label={say('message.more')} onClick={onMore}>
        <Icon name="more" />
      </button>
    </div>
  )
}

/** A finger on the message itself, not on something in it, and not to mark text. */
function isTap(event: MouseEvent): boolean {
  if (!matchMedia('(hover: none)').matches) return false
  const { target } = event
  const isOnControl =
    target instanceof Element && target.closest('a, button, input, textarea, pre, dialog') !== null
  return !isOnControl && String(getSelection() ?? '') === ''
}
