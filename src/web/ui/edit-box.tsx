/** Changing one's own message where it stands. */
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Post } from '#web/core/wire.ts'
import { say } from '#web/words/words.ts'
import { tell, useApp } from './context.ts'

/** The box. */
export function EditBox(props: { readonly post: Post; readonly onClose: () => void }): VNode {
  const { post, onClose } = props
  const app = useApp()
  const [text, setText] = useState(post.message)
  const box = useRef<HTMLTextAreaElement>(null)
  useEffect(() => box.current?.focus(), [])
  const save = async (): Promise<void> => {
    const failure = await app.writing.edit(post, text)
    if (failure !== undefined) return tell(failure || say('failed.away'))
    onClose()
  }
  return (
    <form
      class="edit-box"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <textarea
        ref={box}
        value={text}
        rows={Math.min(12, text.split('\n').length + 1)}
        dir="auto"
        aria-label={say('message.edit')}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose()
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void save()
        }}
      />
      <div class="actions">
        <button type="submit" class="button primary small" disabled={text.trim() === ''}>
          {say('save')}
        </button>
        <button type="button" class="button small" onClick={onClose}>
          {say('cancel')}
        </button>
      </div>
    </form>
  )
}
