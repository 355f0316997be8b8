/**
 * A message that is shown once: covered until somebody opens it, then for as long as its author wants, and gone from here.
 * The node is told before it is shown. What it says is in memory for that time alone.
 */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Post } from '#web/core/wire.ts'
import { say, times } from '#web/words/words.ts'
import { tell, useApp } from './context.ts'
import { Files } from './files.tsx'
import { Guarded } from './guarded.tsx'
import { Icon } from './icons.tsx'
import { Marks } from './marks.tsx'

/** The message, or the cover over it. */
export function Once({ post, isMine }: { readonly post: Post; readonly isMine: boolean }): VNode {
  const { store, writing } = useApp()
  const [shown, setShown] = useState<Post>()
  const [isBusy, setBusy] = useState(false)
  const [wasHere, setWasHere] = useState(false)
  const me = store.me.value?.id ?? ''
  const close = (): void => setShown(undefined)
  const open = async (): Promise<void> => {
    setBusy(true)
    const whole = await writing.reveal(post)
    setBusy(false)
    if (whole === undefined) return tell(say('once.away'))
    if (whole === 'over') return setWasHere(true)
    setWasHere(!isMine)
    setShown(whole)
  }
  if (shown !== undefined)
    return (
      <Guarded>
        <Marks text={shown.message} />
        <Files files={shown.files} isGuarded />
        <Countdown seconds={post.burnSeconds} onEnd={close} />
      </Guarded>
    )
  const isGone = wasHere || (!isMine && post.acks.includes(me))
  const span = times().span(post.burnSeconds * 1_000)
  return (
    <div class="once" data-gone={String(isGone)}>
      <Icon name="flame" />
      <span>
        {isGone ? say('once.gone') : say('once.about', { span })}
        {isMine && <small>{say('once.opened', { n: post.acks.length })}</small>}
      </span>
      {!isGone && (
        <button type="button" class="button small" disabled={isBusy} onClick={() => void open()}>
          {say('once.open')}
        </button>
      )}
    </div>
  )
}

function Countdown(props: { readonly seconds: number; readonly onEnd: () => void }): VNode {
  const [left, setLeft] = useState(props.seconds)
  useEffect(() => {
    const until = Date.now() + props.seconds * 1_000
    const timer = setInterval(() => {
      const seconds = Math.ceil((until - Date.now()) / 1_000)
      setLeft(seconds)
      if (seconds <= 0) props.onEnd()
    }, 250)
    return () => clearInterval(timer)
  }, [])
  return (
    <p class="countdown">
      <progress max={props.seconds} value={Math.max(0, left)} aria-label={say('once.left')} />
      <span aria-hidden="true">{times().span(Math.max(0, left) * 1_000)}</span>
      <button type="button" class="text-button" onClick={props.onEnd}>
        {say('close')}
      </button>
    </p>
  )
}
