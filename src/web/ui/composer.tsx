/** Where one writes. What is written is kept on the device as it is typed, and waits there until the node has it. */
import type { RefObject, VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { beginningAt, completed, matching, type Beginning } from '#web/core/mentioning.ts'
import { comparePosts } from '#web/core/timeline.ts'
import type { Person } from '#web/core/wire.ts'
import type { App } from '#web/state/app.ts'
import { say } from '#web/words/words.ts'
import { AttachButtons, Attachments, taking, useDropping } from './attachments.tsx'
import { LEAVING } from '#web/worker.ts'
import { Avatar } from './avatar.tsx'
import { go, tell, useApp } from './context.ts'
import { Icon } from './icons.tsx'
import { Preview } from './preview.tsx'
import { Voice } from './voice.tsx'
import { PLAIN_WAY, WayOptions, WayPicker, type Way } from './way.tsx'

/** Longest message: the node's own limit. */
const CHARACTERS_MAX = 16_383
const TYPING_EVERY_MS = 4_000

/** The composer of a channel, or of a thread. */
export function Composer(props: { readonly channelId: string; readonly rootId: string }): VNode {
  const { channelId, rootId } = props
  const app = useApp()
  const at = rootId || channelId
  const box = useRef<HTMLTextAreaElement>(null)
  const form = useRef<HTMLFormElement>(null)
  const take = taking(app, at)
  const isOver = useDropping(form, take)
  const [withPlace, setWithPlace] = useState(false)
  const attached = app.attaching.of(at).value
  const isEmpty = attached.length === 0
  const fileBytes = attached.reduce((sum, { size }) => sum + size, 0)
  const { text, setText, empty } = useDraft(app, at)
  const [way, setWay] = useState(PLAIN_WAY)
  const choose = (change: Partial<Way>): void => setWay({ ...way, ...change })
  const [beginning, setBeginning] = useState<Beginning>()
  const typing = useTyping(app, props)
  const label = say(rootId === '' ? 'composer.write' : 'composer.reply')
  useEffect(() => grow(box.current), [text])
  const send = (): void => {
    const message = text.trim()
    if ((message === '' && isEmpty) || message.length > CHARACTERS_MAX) return
    const draft = { ...way, channelId, rootId, message, override: way.override.trim() }
    const emptied = empty()
    void app.send(draft, withPlace).then(emptied.forget, () => {
      emptied.putBack()
      tell(say('device.full'))
    })
    setWithPlace(false)
    setWay(PLAIN_WAY)
    box.current?.focus()
  }
  const complete = (person: Person): void => {
    if (beginning === undefined) return
    const after = completed(text, beginning, person.username)
    setText(after.text)
    setBeginning(undefined)
    setCaret(box, after.caret)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const [first] = suggested(app, beginning)
    if (beginning !== undefined && first !== undefined && event.key === 'Tab') {
      event.preventDefault()
      complete(first)
    } else if (event.key === 'Escape') setBeginning(undefined)
    else if (isSend(event)) {
      event.preventDefault()
      send()
    } else if (event.key === 'ArrowUp' && text === '') focusLastOwn(app, channelId)
  }
  return (
    <form
      ref={form}
      class="composer"
      data-over={String(isOver)}
      data-lane={way.lane}
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <Suggestions people={suggested(app, beginning)} onTake={complete} />
      <WayOptions way={way} onChange={choose} />
      <Attachments at={at} {...{ withPlace, setWithPlace }} />
      <Preview draft={{ channelId, rootId, message: text.trim(), lane: way.lane, fileBytes }} />
      <div class="composer-line">
        <WayPicker way={way} onChange={choose} />
        <AttachButtons onFiles={take} />
        <textarea
          ref={box}
          rows={1}
          value={text}
          dir="auto"
          maxLength={CHARACTERS_MAX}
          placeholder={label}
          aria-label={label}
          enterkeyhint="send"
          onInput={({ currentTarget }) => {
            setText(currentTarget.value)
            setBeginning(beginningAt(currentTarget.value, currentTarget.selectionStart))
            typing()
          }}
          onKeyDown={onKeyDown}
        />
        {text.trim() === '' && isEmpty ? <Voice onFiles={take} /> : <SendButton />}
      </div>
    </form>
  )
}

function SendButton(): VNode {
  return (
    <button type="submit" class="send" aria-label={say('composer.send')}>
      <Icon name="send" />
    </button>
  )
}

/** Enter sends where there is a keyboard; on a touch screen it begins a new line, and the button sends. */
function isSend(event: KeyboardEvent): boolean {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return false
  return event.ctrlKey || event.metaKey || matchMedia('(hover: hover)').matches
}

interface KeptDraft {
  readonly text: string
  /** Keeps it as it is typed. */
  readonly setText: (text: string) => void
  /** Empties the box. What stood there stays kept until it is forgotten, or is put back. */
  readonly empty: () => { readonly forget: () => Promise<void>; readonly putBack: () => void }
}

function useDraft(app: App, at: string): KeptDraft {
  const { shelf } = app
  const key = `draft:${at}`
  const [text, setText] = useState('')
  const mine = useRef('')
  mine.current = text
  useEffect(() => {
    // Another tab may have written into the same draft: both are kept.
    const keepBoth = async (): Promise<void> => {
      const kept = await shelf.get(key)
      if (mine.current === '' || typeof kept !== 'string' || kept === mine.current) return
      await shelf.put(key, `${kept}\n${mine.current}`)
    }
    const leave = (): void => void keepBoth().catch(() => undefined)
    addEventListener(LEAVING, leave)
    return () => removeEventListener(LEAVING, leave)
  }, [shelf, key])
  useEffect(() => {
    let isGone = false
    const load = async (): Promise<void> => {
      const kept = await shelf.get(key)
      if (isGone || typeof kept !== 'string' || isWaiting(app, at, kept)) return
      const typed = mine.current
      if (typed === '') setText(kept)
      // Typing did not wait for the device: what it had kept stands before that.
      else if (!typed.startsWith(kept)) keep(`${kept}\n${typed}`)
    }
    void load()
    return () => {
      isGone = true
    }
  }, [app, shelf, key])
  const keep = (next: string): void => {
    mine.current = next
    setText(next)
    void (next === '' ? shelf.remove(key) : shelf.put(key, next)).catch(() => undefined)
  }
  const empty = (): ReturnType<KeptDraft['empty']> => {
    const before = text
    mine.current = ''
    setText('')
    return {
      forget: async () => {
        const isSame = (await shelf.get(key)) === before
        // What was typed meanwhile is kept in its place.
        if (isSame && mine.current === '') await shelf.remove(key)
      },
      putBack: () => keep(mine.current === '' ? before : `${before}\n${mine.current}`),
    }
  }
  return { text, setText: keep, empty }
}

/** A draft that the device had no room to take out of: it stands among what waits. */
function isWaiting({ store }: App, at: string, draft: string): boolean {
  return store.waiting.value.some(
    ({ isUnkept, message, rootId, channelId }) =>
      isUnkept === true && (rootId || channelId) === at && message === draft.trim(),
  )
}

function useTyping(
  app: App,
  { channelId, rootId }: { readonly channelId: string; readonly rootId: string },
): () => void {
  const toldAt = useRef(0)
  return () => {
    if (Date.now() - toldAt.current < TYPING_EVERY_MS) return
    toldAt.current = Date.now()
    app.tellTyping(channelId, rootId)
  }
}

function suggested(app: App, beginning: Beginning | undefined): readonly Person[] {
  return beginning === undefined ? [] : matching(app.store.people.value.values(), beginning.term)
}

function Suggestions(props: {
  readonly people: readonly Person[]
  readonly onTake: (person: Person) => void
}): VNode | null {
  if (props.people.length === 0) return null
  return (
    <ul class="suggestions" aria-label={say('composer.suggestions')}>
      {props.people.map((person) => (
        <li key={person.id}>
          <button type="button" class="entry" onClick={() => props.onTake(person)}>
            <Avatar userId={person.id} isSmall />
            <span class="entry-name" dir="auto">
              {person.name}
            </span>
            <bdi class="quiet username" dir="ltr">
              @{person.username}
            </bdi>
          </button>
        </li>
      ))}
    </ul>
  )
}

function grow(box: HTMLTextAreaElement | null): void {
  if (box === null) return
  box.style.height = 'auto'
  box.style.height = `${Math.min(box.scrollHeight, innerHeight * 0.4)}px`
}

function setCaret(box: RefObject<HTMLTextAreaElement | null>, caret: number): void {
  setTimeout(() => {
    box.current?.focus()
    box.current?.setSelectionRange(caret, caret)
  })
}

/** The own message before, to be changed. */
function focusLastOwn({ store }: App, channelId: string): void {
  const me = store.me.value?.id
  const last = [...store.timeline(channelId).value.posts.values()]
    .filter((post) => post.userId === me && post.deletedAt === 0)
    .toSorted(comparePosts)
    .at(-1)
  const key = last === undefined ? '' : last.pendingId || last.id
  const row = document.querySelector(`.row[data-key="${CSS.escape(key)}"]`)
  row?.querySelector('article')?.focus()
  if (last !== undefined && row === null) go({ kind: 'channel', channelId })
}
