/** The outermost screen: signing in, or everything else; and what is read out or noted at the bottom. */
import type { VNode } from 'preact'
import { say } from '#web/words/words.ts'
import { announcement, note, useApp, useDevice, useLocking } from './context.ts'
import { LockWanted } from './lock.tsx'
import { Shell } from './shell.tsx'
import { SignIn } from './sign-in.tsx'

/** The client. */
export function Root(): VNode {
  const { store } = useApp()
  const { policy, state } = useLocking()
  const wantsLock = policy.value.isRequired && state.value === 'none'
  return (
    <>
      {screen(store.isReady.value, store.me.value !== undefined, wantsLock)}
      <Update />
      {note.value !== '' && <p class="note">{note.value}</p>}
      <p class="unseen" role="status" aria-live="polite">
        {note.value || announcement.value}
      </p>
    </>
  )
}

function screen(isReady: boolean, isSignedIn: boolean, wantsLock: boolean): VNode | undefined {
  if (!isReady) return undefined
  if (isSignedIn && wantsLock) return <LockWanted />
  return isSignedIn ? <Shell /> : <SignIn />
}

function Update(): VNode | null {
  const { update: offered } = useDevice()
  const update = offered.value
  if (update === undefined) return null
  return (
    <p class="note update">
      {say('update.ready')}{' '}
      <button type="button" class="button small" onClick={update}>
        {say('update.take')}
      </button>{' '}
      <button
        type="button"
        class="text-button"
        onClick={() => {
          offered.value = undefined
        }}
      >
        {say('update.later')}
      </button>
    </p>
  )
}
