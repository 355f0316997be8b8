/** What can be done with a message. */
import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { EMOJI_NAMES, emojiOf, QUICK } from '#web/core/emoji.ts'
import type { Post } from '#web/core/wire.ts'
import { say } from '#web/words/words.ts'
import { go, tell, useApp } from './context.ts'
import { Icon, type IconName } from './icons.tsx'
import { plainOf } from './reading.ts'
import { Sheet } from './sheet.tsx'
import { StoryContent } from './story.tsx'

/** The sheet. */
export function MessageSheet(props: {
  readonly post: Post
  readonly isMine: boolean
  readonly onClose: () => void
  readonly onEdit: () => void
}): VNode {
  const { post, isMine, onClose, onEdit } = props
  const { store, writing, personal } = useApp()
  const [isStory, setStory] = useState(false)
  const [isSure, setSure] = useState(false)
  const act = async (deed: Promise<string | undefined>): Promise<void> => {
    const failure = await deed
    if (failure !== undefined) tell(failure || say('failed.away'))
    onClose()
  }
  const isSaved = store.saved.value.has(post.id)
  useEffect(() => void personal.loadSaved(), [])
  const note = async (done: Promise<boolean>, then?: () => void): Promise<void> => {
    const isDone = await done
    onClose()
    if (isDone) then?.()
    else tell(say('failed.away'))
  }
  const mayDelete = isMine || store.me.value?.isAdministrator === true
  const title = isStory ? say('story.title') : plainOf(post.message, 60)
  return (
    <Sheet title={title || say('message.more')} onClose={onClose}>
      {isStory ? (
        <StoryContent post={post} />
      ) : (
        <>
          <ReactionChoice onChoose={(emoji) => void act(writing.react(post, emoji, true))} />
          <ul class="choices">
            <Choice
              icon="reply"
              onChoose={() => {
                onClose()
                const threadId = post.rootId || post.id
                go({ kind: 'channel', channelId: post.channelId, threadId })
              }}
            >
              {say('message.reply')}
            </Choice>
            <Choice icon="away" onChoose={() => setStory(true)}>
              {say('story.title')}
            </Choice>
            {isMine && post.burnSeconds === 0 && (
              <Choice
                icon="edit"
                onChoose={() => {
                  onClose()
                  onEdit()
                }}
              >
                {say('message.edit')}
              </Choice>
            )}
            <Choice icon="pin" onChoose={() => void act(writing.pin(post, !post.isPinned))}>
              {say(post.isPinned ? 'message.unpin' : 'message.pin')}
            </Choice>
            <Choice icon="save" onChoose={() => void note(personal.save(post.id, !isSaved))}>
              {say(isSaved ? 'saved.drop' : 'saved.do')}
            </Choice>
            {!isMine && (
              <Choice
                icon="dot"
                onChoose={() => void note(personal.setUnread(post.id), () => go({ kind: 'home' }))}
              >
                {say('message.unread')}
              </Choice>
            )}
            {mayDelete && (
              <Choice
                icon="trash"
                onChoose={() => (isSure ? void act(writing.remove(post)) : setSure(true))}
              >
                {say(isSure ? 'message.deleteSure' : 'message.delete')}
              </Choice>
            )}
          </ul>
        </>
      )}
    </Sheet>
  )
}

function Choice(props: {
  readonly icon: IconName
  readonly onChoose: () => void
  readonly children: ComponentChildren
}): VNode {
  return (
    <li>
      <button type="button" class="entry" onClick={props.onChoose}>
        <Icon name={props.icon} />
        <span class="entry-name">{props.children}</span>
      </button>
    </li>
  )
}

function ReactionChoice({ onChoose }: { readonly onChoose: (emoji: string) => void }): VNode {
  const [isWhole, setWhole] = useState(false)
  return (
    <div class="emoji-choice" role="group" aria-label={say('reactions.add')}>
      {(isWhole ? EMOJI_NAMES : QUICK).map((name) => (
        <button
          type="button"
          key={name}
          aria-label={name.replaceAll('_', ' ')}
          onClick={() => onChoose(name)}
        >
          {emojiOf(name)}
        </button>
      ))}
      {!isWhole && (
        <button type="button" aria-label={say('reactions.all')} onClick={() => setWhole(true)}>
          <Icon name="plus" />
        </button>
      )}
    </div>
  )
}
