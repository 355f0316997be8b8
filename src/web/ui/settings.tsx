/** How it looks and speaks on this device, how to get what plain HTTP withholds, and leaving. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Theme } from '#web/device.ts'
import type { Room } from '#web/core/room.ts'
import { say, times } from '#web/words/words.ts'
import { tell, useApp, useDevice } from './context.ts'
import { Icon } from './icons.tsx'
import { LanguageChoice } from './language-choice.tsx'
import { LockCard } from './lock.tsx'
import { PlaceHead } from './place-head.tsx'

const THEMES: readonly Theme[] = ['system', 'light', 'dark', 'red']

/** The place. */
export function SettingsPlace(): VNode {
  const { store } = useApp()
  const device = useDevice()
  const { theme, isField } = device.settings.value
  const me = store.me.value
  return (
    <div class="page">
      <PlaceHead
        title={say('settings.title')}
        detail={me === undefined ? '' : `\u2068${me.name}\u2069 · \u2066@${me.username}\u2069`}
      />
      <div class="page-body">
        <fieldset class="card">
          <legend>{say('settings.theme')}</legend>
          <div class="segments">
            {THEMES.map((one) => (
              <label key={one}>
                <input
                  type="radio"
                  name="theme"
                  checked={theme === one}
                  onChange={() => device.change({ theme: one })}
                />
                <span>{say(`theme.${one}`)}</span>
              </label>
            ))}
          </div>
          <label class="check">
            <input
              type="checkbox"
              checked={isField}
              onChange={({ currentTarget }) => device.change({ isField: currentTarget.checked })}
            />
            <span>
              {say('settings.field')}
              <small>{say('settings.fieldAbout')}</small>
            </span>
          </label>
          <LanguageChoice />
        </fieldset>
        <LockCard />
        <DeviceCard />
        <LeaveCard />
      </div>
    </div>
  )
}

function DeviceCard(): VNode {
  const { shelf } = useApp()
  const { isSecure } = useDevice()
  return (
    <section class="card">
      <h2>{say('device.title')}</h2>
      <p class="with-icon">
        <Icon name={isSecure ? 'shield' : 'warning'} />
        {say(isSecure ? 'device.secure' : 'device.plain')}
      </p>
      {!isSecure && (
        <p>
          <a href="/trust">{say('device.trust')}</a>
        </p>
      )}
      <p class="with-icon">
        <Icon name={shelf.isLasting ? 'phone' : 'warning'} />
        {say(shelf.isLasting ? 'device.keeps' : 'device.forgets')}
      </p>
      {isSecure && <RoomLines />}
      <p>
        <a href="/about">{say('device.about')}</a>
      </p>
    </section>
  )
}

/** How much room there is, and whether the browser may take it back. */
function RoomLines(): VNode {
  const device = useDevice()
  const [room, setRoom] = useState<Room>()
  const [isForGood, setForGood] = useState(true)
  useEffect(() => {
    void device.room().then(setRoom)
    void device.keepsForGood().then(setForGood)
  }, [device])
  const ask = async (): Promise<void> => {
    const isAgreed = await device.keepsForGood(true)
    setForGood(isAgreed)
    if (!isAgreed) tell(say('device.fleetingStill'))
  }
  const { bytes } = times()
  return (
    <>
      {room !== undefined && (
        <p>{say('device.room', { used: bytes(room.used), quota: bytes(room.quota) })}</p>
      )}
      {!isForGood && (
        <>
          <p class="with-icon">
            <Icon name="warning" />
            {say('device.fleeting')}
          </p>
          <button type="button" class="button" onClick={() => void ask()}>
            {say('device.ask')}
          </button>
        </>
      )}
    </>
  )
}

function LeaveCard(): VNode {
  const app = useApp()
  const [isSure, setSure] = useState(false)
  const waiting = app.store.waiting.value.length
  const [begun, setBegun] = useState({ texts: 0, files: 0 })
  useEffect(() => void app.begun().then(setBegun), [app, isSure])
  const losses = [
    waiting > 0 && say('leave.waiting', { n: waiting }),
    begun.texts > 0 && say('leave.drafts', { n: begun.texts }),
    begun.files > 0 && say('leave.files', { n: begun.files }),
  ].filter((one) => one !== false)
  return (
    <section class="card">
      <h2>{say('leave.title')}</h2>
      <p>{say('leave.about')}</p>
      {losses.map((one) => (
        <p key={one} class="warning with-icon">
          <Icon name="warning" />
          {one}
        </p>
      ))}
      <button
        type="button"
        class="button danger"
        onClick={() => (isSure ? void app.signOut() : setSure(true))}
      >
        {say(isSure ? 'leave.sure' : 'leave.do')}
      </button>
    </section>
  )
}
