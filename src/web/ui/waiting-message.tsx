/** A message that is on this device and not on the node yet. */
import type { VNode } from 'preact'
import type { Waiting } from '#web/core/outbox.ts'
import { FILE_GONE } from '#web/core/uploading.ts'
import { say, times } from '#web/words/words.ts'
import { WaitingFiles } from './attachments.tsx'
import { Avatar } from './avatar.tsx'
import { useApp } from './context.ts'
import { Icon } from './icons.tsx'
import { LaneMark } from './lane.tsx'
import { Marks } from './marks.tsx'

/** The message. */
export function WaitingMessage(props: {
  readonly waiting: Waiting
  readonly isContinued: boolean
}): VNode {
  const { waiting, isContinued } = props
  const app = useApp()
  const name = app.store.me.value?.name ?? ''
  return (
    <article
      class="message waiting"
      data-headed={String(!isContinued)}
      data-mine="true"
      tabIndex={-1}
      aria-label={say('message.label', { name, time: times().clock(waiting.writtenAt) })}
    >
      <div class="gutter">{!isContinued && <Avatar userId={waiting.userId} />}</div>
      <div class="message-body">
        {!isContinued && (
          <header class="message-head">
            <strong dir="auto">{name}</strong>
            <time>{times().clock(waiting.writtenAt)}</time>
            <LaneMark lane={waiting.lane} />
          </header>
        )}
        <Marks text={waiting.message} />
        <WaitingFiles files={waiting.files} />
        <WaitingFoot waiting={waiting} />
      </div>
    </article>
  )
}

function WaitingFoot({ waiting }: { readonly waiting: Waiting }): VNode {
  const app = useApp()
  const { pendingId, refusal } = waiting
  const isLasting = app.shelf.isLasting && waiting.isUnkept !== true
  if (refusal === undefined)
    return (
      <footer class="message-foot">
        <span class="delivery" data-stage="waiting">
          <Icon name={isLasting ? 'phone' : 'warning'} />
          {say(isLasting ? 'stage.waiting' : 'stage.waitingMemory')}
        </span>
      </footer>
    )
  const retry = async (): Promise<void> => {
    await app.outbox().retry(pendingId)
    app.hurry()
  }
  return (
    <footer class="message-foot">
      <span class="failure with-icon" role="alert">
        <Icon name="warning" />
        {refusal === FILE_GONE ? say('files.gone') : `${say('stage.refused')} ${refusal}`}
      </span>
      <button type="button" class="text-button" onClick={() => void retry()}>
        {say('again')}
      </button>
      <button
        type="button"
        class="text-button"
        onClick={() => void app.outbox().discard(pendingId)}
      >
        {say('message.delete')}
      </button>
    </footer>
  )
}
