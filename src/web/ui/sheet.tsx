/** A sheet over the screen: from below on a phone, in the middle elsewhere. The browser keeps the focus in it. */
import type { ComponentChildren, VNode } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
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
  // At once: a key pressed before it is open would take the focus elsewhere, and that would be where it comes back to.
  useLayoutEffect(() => {
    const { current } = dialog
    const before = document.activeElement
    current?.showModal()
    return () => {
      current?.close()
      // Browsers say late that what is not to be seen any more has no focus.
      const { activeElement } = document
      if (activeElement === document.body || current?.contains(activeElement) === true)
        focusAgain(before)
    }
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

/** A sheet that is taken out of the page takes the focus with it: whoever has no mouse would begin at the top again. */
function focusAgain(before: Element | null): void {
  if (!(before instanceof HTMLElement)) return
  // Some buttons are there only while the focus is around them.
  before.closest<HTMLElement>('[tabindex]')?.focus()
  before.focus()
}
