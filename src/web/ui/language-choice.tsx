/** Choosing the language: in the settings, and before anybody has signed in. */
import type { VNode } from 'preact'
import { isLanguage, LANGUAGES, say, speak, words } from '#web/words/words.ts'
import { useDevice } from './context.ts'

/** The choice; `isQuiet` where it stands beside something else. */
export function LanguageChoice({ isQuiet = false }: { readonly isQuiet?: boolean }): VNode {
  const device = useDevice()
  return (
    <label class={isQuiet ? 'language' : 'field'}>
      <span class={isQuiet ? 'unseen' : undefined}>{say('settings.language')}</span>
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
