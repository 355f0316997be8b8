/** The lock of this device: the screen while it is locked, setting it where that is wanted of all, and its card in the settings. */
import type { TargetedSubmitEvent, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { PIN_CHARACTERS_MIN } from '#web/core/limits.ts'
import { isPin, type Locking, type Tried } from '#web/state/locking.ts'
import { say, times } from '#web/words/words.ts'
import { tell, useLocking } from './context.ts'
import { Icon, Mark } from './icons.tsx'
import { useFocus, valueIn } from './form.ts'

/** The screen of a device that is locked. Nothing of what is kept is in memory then. */
export function LockScreen({ locking }: { readonly locking: Locking }): VNode {
  const [tried, setTried] = useState<Tried>()
  const [isBusy, setBusy] = useState(false)
  const [isDigits, setDigits] = useState(false)
  const [isSure, setSure] = useState(false)
  useEffect(() => void locking.isDigits().then(setDigits), [locking])
  const waitMs = useWaiting(tried)
  const attempt = async (outcome: Promise<Tried>): Promise<void> => {
    setBusy(true)
    setTried(await outcome)
    setBusy(false)
  }
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const form = event.currentTarget
    await attempt(locking.unlock(valueIn(form, 'pin')))
    form.reset()
  }
  const hasPasskey = locking.hasPasskey.value
  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <h1>
          <Mark /> {say('lock.closed')}
        </h1>
        {hasPasskey && (
          <button
            type="button"
            class="button primary"
            disabled={isBusy}
            onClick={() => void attempt(locking.unlockByPasskey())}
          >
            <Icon name="shield" />
            {say('lock.byPasskey')}
          </button>
        )}
        <PinField
          name="pin"
          label={say(hasPasskey ? 'lock.enterInstead' : 'lock.enter')}
          isDigits={isDigits}
          isFocused={!hasPasskey}
        />
        <p class="failure" role="alert">
          {tried?.kind === 'cancelled' && say('lock.passkeyNot')}
          {tried?.kind === 'wrong' && say('lock.wrong', { n: tried.left })}
          {waitMs > 0 && ` ${say('lock.wait', { span: times().span(waitMs) })}`}
        </p>
        <button
          type="submit"
          class={hasPasskey ? 'button' : 'button primary'}
          disabled={isBusy || waitMs > 0}
        >
          {say(isBusy ? 'lock.trying' : 'lock.unlock')}
        </button>
        <button
          type="button"
          class="text-button"
          onClick={() => (isSure ? void locking.wipe() : setSure(true))}
        >
          {say(isSure ? 'lock.forgetSure' : 'lock.forget')}
        </button>
      </form>
    </main>
  )
}

/** Milliseconds until the next try, counted down. */
function useWaiting(tried: Tried | undefined): number {
  const [waitMs, setWaitMs] = useState(0)
  useEffect(() => {
    if (tried?.kind !== 'wrong') return undefined
    const until = Date.now() + tried.waitMs
    const count = (): void => setWaitMs(Math.max(0, until - Date.now()))
    count()
    const timer = setInterval(count, 1_000)
    return () => clearInterval(timer)
  }, [tried])
  return waitMs
}

/** The screen of somebody who may read here only with a lock. */
export function LockWanted(): VNode {
  return (
    <main class="sign-in">
      <div class="stack">
        <h1>
          <Mark /> {say('lock.title')}
        </h1>
        <p>{say('lock.required')}</p>
        <LockForm doing={say('lock.set')} />
      </div>
    </main>
  )
}

/** The lock among the settings. */
export function LockCard(): VNode {
  const locking = useLocking()
  const [isChanging, setChanging] = useState(false)
  const { afterMs, isRequired } = locking.policy.value
  const isSet = locking.state.value === 'open'
  return (
    <section class="card">
      <h2>{say('lock.title')}</h2>
      <p>{say('lock.about', { span: times().span(afterMs) })}</p>
      {isSet && !isChanging ? (
        <div class="actions">
          <button type="button" class="button primary" onClick={locking.lock}>
            <Icon name="lock" />
            {say('lock.now')}
          </button>
          <button type="button" class="button" onClick={() => setChanging(true)}>
            {say('lock.change')}
          </button>
          <PasskeyButton />
          {!isRequired && (
            <button type="button" class="button" onClick={() => void locking.remove()}>
              {say('lock.remove')}
            </button>
          )}
        </div>
      ) : (
        <LockForm
          doing={say(isSet ? 'lock.change' : 'lock.set')}
          onDone={() => setChanging(false)}
        />
      )}
    </section>
  )
}

const PASSKEY_WORDS = {
  done: 'lock.passkey.done',
  cancelled: 'lock.passkey.cancelled',
  unfit: 'lock.passkey.unfit',
} as const

/** A passkey beside the PIN, where the browser has what that takes. */
function PasskeyButton(): VNode | null {
  const locking = useLocking()
  const [isBusy, setBusy] = useState(false)
  const add = async (): Promise<void> => {
    setBusy(true)
    const outcome = await locking.addPasskey()
    setBusy(false)
    tell(say(PASSKEY_WORDS[outcome]))
  }
  if (locking.hasPasskey.value)
    return (
      <button type="button" class="button" onClick={() => void locking.removePasskey()}>
        {say('lock.passkeyRemove')}
      </button>
    )
  if (!locking.canHavePasskey.value) return null
  return (
    <button type="button" class="button" disabled={isBusy} onClick={() => void add()}>
      <Icon name="shield" />
      {say('lock.passkeyAdd')}
    </button>
  )
}

function LockForm(props: { readonly doing: string; readonly onDone?: () => void }): VNode {
  const locking = useLocking()
  const [failure, setFailure] = useState('')
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const pin = valueIn(event.currentTarget, 'pin')
    if (!isPin(pin)) return setFailure(say('lock.short', { n: PIN_CHARACTERS_MIN }))
    if (pin !== valueIn(event.currentTarget, 'again')) return setFailure(say('lock.differs'))
    setBusy(true)
    setFailure('')
    const isDone = await locking.set(pin).then(
      () => true,
      () => false,
    )
    setBusy(false)
    if (!isDone) return setFailure(say('device.full'))
    tell(say('lock.done'))
    props.onDone?.()
  }
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <p class="quiet">{say('lock.loss')}</p>
      <PinField name="pin" label={say('lock.pin', { n: PIN_CHARACTERS_MIN })} />
      <PinField name="again" label={say('lock.again')} />
      <p class="failure" role="alert">
        {failure}
      </p>
      <div class="actions">
        <button type="submit" class="button primary" disabled={isBusy}>
          <Icon name="lock" />
          {isBusy ? say('lock.trying') : props.doing}
        </button>
      </div>
    </form>
  )
}

function PinField(props: {
  readonly name: string
  readonly label: string
  readonly isDigits?: boolean
  readonly isFocused?: boolean
}): VNode {
  const field = useFocus(props.isFocused === true)
  return (
    <label class="field">
      <span>{props.label}</span>
      <input
        name={props.name}
        type="password"
        autocomplete="off"
        inputMode={props.isDigits === true ? 'numeric' : 'text'}
        ref={field}
        required
      />
    </label>
  )
}
