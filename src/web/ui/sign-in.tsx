/** Signing in with the name and password that whoever runs the kit has given out. */
import { useState } from 'preact/hooks'
import type { TargetedSubmitEvent, VNode } from 'preact'
import type { SignInFailure } from '#web/state/app.ts'
import { say } from '#web/words/words.ts'
import { useApp, useDevice, useLocking } from './context.ts'
import { valueIn } from './form.ts'
import { Mark } from './icons.tsx'
import { LanguageChoice } from './language-choice.tsx'

const FAILURES = {
  wrong: 'signIn.wrong',
  often: 'signIn.often',
  away: 'signIn.away',
} as const satisfies Record<SignInFailure, string>

/** Why somebody who was signed in is not any more, and what of theirs is still here. */
function Ended(): VNode {
  const { store } = useApp()
  const { policy } = useLocking()
  const waiting = store.waiting.value.length
  const filesGone = store.filesGone.value
  return (
    <>
      {store.isEnded.value && (
        <p role="alert">
          {say('signIn.ended')} {say(policy.value.forgetsAll ? 'signIn.forgotten' : 'signIn.kept')}{' '}
          {!policy.value.forgetsAll && filesGone > 0 && say('signIn.files', { n: filesGone })}
        </p>
      )}
      {waiting > 0 && <p>{say('signIn.waiting', { n: waiting })}</p>}
    </>
  )
}

/** The screen before all others. */
export function SignIn(): VNode {
  const app = useApp()
  const device = useDevice()
  const [failure, setFailure] = useState<SignInFailure>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const form = event.currentTarget
    setBusy(true)
    setFailure(undefined)
    const outcome = await app.signIn(valueIn(form, 'name').trim(), valueIn(form, 'password'))
    setBusy(false)
    setFailure(outcome)
    if (outcome === undefined) void device.keepsForGood(true)
  }
  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <h1>
          <Mark /> Holdfast
        </h1>
        <p class="quiet">{say('signIn.about')}</p>
        <Ended />
        <label class="field">
          <span>{say('signIn.name')}</span>
          <input name="name" autocomplete="username" autocapitalize="none" required dir="auto" />
        </label>
        <label class="field">
          <span>{say('signIn.password')}</span>
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="failure" role="alert">
          {failure !== undefined && say(FAILURES[failure])}
        </p>
        {app.store.isLocked.value && <a href="/?unlock">{say('connection.locked')}</a>}
        <button type="submit" class="button primary" disabled={isBusy}>
          {say('signIn.enter')}
        </button>
        <LanguageChoice isQuiet />
      </form>
    </main>
  )
}
