/** How far a message has come, in a few quiet words; the whole story when somebody taps them. */
import { useComputed } from '@preact/signals'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { lateAt, summaryOf, type Stage } from '#web/core/delivery.ts'
import type { Post } from '#web/core/wire.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { isStranded, nodeName, STAGE_ICONS, wordsOf } from './delivery-words.ts'
import { Icon } from './icons.tsx'
import { Sheet } from './sheet.tsx'
import { StoryContent } from './story.tsx'

/** Under one's own message. */
export function DeliveryLine({ post }: { readonly post: Post }): VNode {
  const { store } = useApp()
  const [isOpen, setOpen] = useState(false)
  const story = useComputed(() => store.stories.value.get(post.id)).value
  const summary = story === undefined ? undefined : summaryOf(story)
  const stage = summary?.stage ?? 'on this kit'
  const standing = store.standing.value
  const isWarning =
    summary?.isOverdue === true || (summary !== undefined && isStranded(stage, standing))
  return (
    <>
      <button
        type="button"
        class="delivery"
        data-stage={stage}
        data-overdue={String(isWarning)}
        onClick={() => setOpen(true)}
      >
        <Icon name={isWarning ? 'warning' : STAGE_ICONS[stage as Stage]} />
        {summary === undefined ? say('stage.kit') : wordsOf(summary, standing)}
      </button>
      {isOpen && <Story post={post} onClose={() => setOpen(false)} />}
    </>
  )
}

/** Under a message of others: from which node it is, and whether it came late. */
export function OriginLine({ post }: { readonly post: Post }): VNode | null {
  const { store } = useApp()
  const [isOpen, setOpen] = useState(false)
  const story = useComputed(() => store.stories.value.get(post.id)).value
  if (story === undefined) return null
  const origin = nodeName(store, story.origin)
  const late = lateAt(story, post.createdAt)
  if (origin === undefined && late === undefined) return null
  return (
    <>
      <button type="button" class="delivery" onClick={() => setOpen(true)}>
        {origin !== undefined && say('origin.from', { node: origin })}
        {late !== undefined && (
          <span class="late with-icon">
            <Icon name="clock" />
            {say('origin.late', { time: times().moment(late, Date.now()) })}
          </span>
        )}
      </button>
      {isOpen && <Story post={post} onClose={() => setOpen(false)} />}
    </>
  )
}

function Story(props: { readonly post: Post; readonly onClose: () => void }): VNode {
  return (
    <Sheet title={say('story.title')} onClose={props.onClose}>
      <StoryContent post={props.post} />
    </Sheet>
  )
}
