/** The head of a place. */
import type { VNode } from 'preact'
import { say } from '#web/words/words.ts'
import { go } from './context.ts'
import { Icon } from './icons.tsx'

/** The head of a place: back on a phone, a title, and what can be done. */
export function PlaceHead(props: {
  readonly title: string
  readonly detail?: string
  readonly children?: VNode | readonly VNode[]
}): VNode {
  return (
    <header class="place-head">
      <button
        type="button"
        class="plain-button back"
        aria-label={say('back')}
        onClick={() => go({ kind: 'home' })}
      >
        <Icon name="back" />
      </button>
      <div class="place-title">
        <h1>
          <bdi>{props.title}</bdi>
        </h1>
        {props.detail !== undefined && props.detail !== '' && (
          <p>
            <bdi>{props.detail}</bdi>
          </p>
        )}
      </div>
      <div class="place-tools">{props.children}</div>
    </header>
  )
}
