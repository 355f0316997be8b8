/** The story of a message: from the device it was written on to everybody who has it. */
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { inOrder, lateAt, type Delivery } from '#web/core/delivery.ts'
import type { Post } from '#web/core/wire.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { carrierName, isStranded, nodeName, STAGE_ICONS } from './delivery-words.ts'
import { Icon } from './icons.tsx'
import { standingWords } from './standing.tsx'

/** The story. */
export function StoryContent({ post }: { readonly post: Post }): VNode {
  const { store, stories } = useApp()
  useEffect(() => stories.want([post.id]), [post.id])
  const story = store.stories.value.get(post.id)
  const standing = store.standing.value
  const now = Date.now()
  const { moment } = times()
  if (story === undefined) return <p class="quiet">{say('story.unknown')}</p>
  const late = lateAt(story, post.createdAt)
  const origin = nodeName(store, story.origin)
  return (
    <div class="stack">
      <ol class="story">
        <li data-done="true">
          <Icon name="edit" />
          <span>
            {origin === undefined ? say('story.written') : say('story.writtenOn', { node: origin })}
          </span>
          <time>{moment(post.createdAt, now)}</time>
        </li>
        <li data-done="true">
          <Icon name="kit" />
          <span>{late === undefined ? say('stage.kit') : say('story.arrivedLate')}</span>
          <time>{moment(story.savedAt, now)}</time>
        </li>
        {inOrder(story.deliveries).map((delivery) => (
          <DeliveryItem key={delivery.destination} delivery={delivery} />
        ))}
      </ol>
      {story.deliveries.length === 0 && <p class="quiet">{say('story.nobody')}</p>}
      {story.deliveries.some(({ stage }) => isStranded(stage, standing)) && (
        <p class="warning with-icon">
          <Icon name="warning" />
          {standingWords(standing)}
        </p>
      )}
      {story.overdueSince > 0 && (
        <p class="warning with-icon">
          <Icon name="warning" />
          {say('story.overdue', { time: moment(story.overdueSince, now) })}
        </p>
      )}
      {post.isTimeUncertain && <p class="quiet">{say('story.uncertain')}</p>}
      {post.override !== '' && (
        <p class="quiet">{say('story.override', { reason: post.override })}</p>
      )}
    </div>
  )
}

function DeliveryItem({ delivery }: { readonly delivery: Delivery }): VNode {
  const { stage, name, at } = delivery
  const isDone = stage === 'stored' || stage === 'read'
  return (
    <li data-done={String(isDone)}>
      <Icon name={STAGE_ICONS[stage]} />
      <span>
        <strong dir="auto">{name}</strong>
        {delivery.isHub && <small class="tag">{say('hub')}</small>}
        <br />
        {stageWords(delivery)}
      </span>
      {at > 0 && <time>{times().moment(at, Date.now())}</time>}
    </li>
  )
}

function stageWords(delivery: Delivery): string {
  const { stage, carrier, place, estimateMs, link } = delivery
  switch (stage) {
    case 'read':
      return say('story.read')
    case 'stored':
      return say('story.stored')
    case 'left this kit':
      return carrier === ''
        ? say('stage.left')
        : say('stage.leftBy', { carrier: carrierName(carrier) })
    case 'queued': {
      const by = link === '' ? say('stage.queued') : say('story.queuedBy', { link })
      const behind = place === undefined ? '' : ` · ${say('stage.queuedBehind', { n: place })}`
      const wait =
        estimateMs === undefined
          ? ''
          : ` · ${say('story.about', { span: times().span(estimateMs) })}`
      return by + behind + wait
    }
    case 'on this kit':
      return say('story.notYet')
  }
}
