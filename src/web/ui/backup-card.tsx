/** Backups of this node: when the last one was, and one to be downloaded, where a key is set to seal it for. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { fields, number, text } from '#web/core/wire.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { Icon } from './icons.tsx'

/** The last one is asked for again once the download has begun. */
const AGAIN_MS = 2_000

/** The card. */
export function BackupCard(): VNode | null {
  const app = useApp()
  const [facts, setFacts] = useState<Readonly<Record<string, unknown>>>()
  const [isHidden, setHidden] = useState(false)
  const load = async (): Promise<void> => {
    const answer = await app.ask('GET', '/api/holdfast/v1/backup')
    // Who may not know of it is not told that there is none.
    setHidden(answer.kind === 'refused')
    if (answer.kind === 'ok') setFacts(fields(answer.value))
  }
  useEffect(() => void load(), [app])
  if (isHidden) return null
  if (facts === undefined) return <section class="card" aria-busy="true" />
  const last = fields(facts.last)
  const at = number(last.at)
  const recipient = text(facts.recipient)
  const name = app.store.people.value.get(text(last.by))?.name ?? say('somebody')
  return (
    <section class="card stack">
      <h2>{say('backup.title')}</h2>
      <p class={at === 0 ? 'with-icon warning' : 'with-icon'}>
        <Icon name={at === 0 ? 'warning' : 'check'} />
        {at === 0
          ? say('backup.never')
          : say('backup.last', { time: times().moment(at, Date.now()), name })}
      </p>
      {recipient === '' ? (
        <p class="quiet">{say('backup.unset', { setting: 'backup.recipient' })}</p>
      ) : (
        <>
          <p class="quiet">{say('backup.about')}</p>
          <p class="shown">
            <code dir="ltr">{recipient}</code>
          </p>
          <div class="actions">
            <a
              class="button primary"
              href="/api/holdfast/v1/backup/file"
              download
              onClick={() => void setTimeout(() => void load(), AGAIN_MS)}
            >
              <Icon name="down" />
              {say('backup.take')}
            </a>
          </div>
        </>
      )}
    </section>
  )
}
