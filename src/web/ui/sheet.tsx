/** A sheet over the screen: from below on a phone, in the middle elsewhere. The browser keeps the focus in it. */
import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { say } from '#web/words/words.ts'
import { Icon } from './icons.tsx'

/** An open sheet. */
export function Sheet(props: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}): VNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const { current } = dialog
    current?.showModal()
    return () => current?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby={titleId}
      onClose={props.onClose}
      onClick={({ target, currentTarget }) => {
        if (target === currentTarget) props.onClose()
      }}
    >
      <div class="sheet-inside">
        <header>
          <h2 id={titleId}>
            <bdi>{props.title}</bdi>
          </h2>
          <button
            type="button"
            class="plain-button"
            aria-label={say('close')}
            onClick={props.onClose}
          >
            <Icon name="close" />
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  )
}
