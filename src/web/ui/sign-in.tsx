/** Signing in with the name and password that whoever runs the kit has given out. */
import { useState } from 'preact/hooks'
import type { TargetedSubmitEvent, VNode } from 'preact'
import type { SignInFailure } from '#web/state/app.ts'
import { LANGUAGES, say, speak, words, isLanguage } from '#web/words/words.ts'
import { useApp, useDevice } from './context.ts'
import { Mark } from './icons.tsx'

const FAILURES = {
  wrong: 'signIn.wrong',
  often: 'signIn.often',
  away: 'signIn.away',
} as const satisfies Record<SignInFailure, string>

/** The screen before all others. */
export function SignIn(): VNode {
  const app = useApp()
  const [failure, setFailure] = useState<SignInFailure>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setFailure(undefined)
    const outcome = await app.signIn(valueOf(form, 'name').trim(), valueOf(form, 'password'))
    setBusy(false)
    setFailure(outcome)
  }
  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <h1>
          <Mark /> Holdfast
        </h1>
        <p class="quiet">{say('signIn.about')}</p>
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
        <LanguageChoice />
      </form>
    </main>
  )
}

function LanguageChoice(): VNode {
  const device = useDevice()
  return (
    <label class="language">
      <span class="unseen">{say('settings.language')}</span>
      <select
        value={words.value.language}
        onChange={({ currentTarget: { value } }) => {
          if (!isLanguage(value)) return
          device.change({ language: value })
          void speak(value)
        }}
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

function valueOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
