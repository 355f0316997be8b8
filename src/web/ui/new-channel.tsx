/** Making a channel, or joining one that is open. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { channelFrom, list, type Channel } from '#web/core/wire.ts'
import { valueOf } from '#web/state/loading.ts'
import { say } from '#web/words/words.ts'
import { go, tell, useApp } from './context.ts'
import { Icon } from './icons.tsx'
import { Sheet } from './sheet.tsx'

/** The button, and the sheet that it opens. */
export function NewChannel(): VNode {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        class="plain-button"
        aria-label={say('channel.add')}
        onClick={() => setOpen(true)}
      >
        <Icon name="plus" />
      </button>
      {isOpen && <AddSheet onClose={() => setOpen(false)} />}
    </>
  )
}

function AddSheet({ onClose }: { readonly onClose: () => void }): VNode {
  const app = useApp()
  const [name, setName] = useState('')
  const [isPrivate, setPrivate] = useState(false)
  const make = async (): Promise<void> => {
    const channelId = await app.writing.makeChannel(name.trim(), isPrivate)
    if (channelId === undefined) return tell(say('failed.away'))
    onClose()
    go({ kind: 'channel', channelId })
  }
  return (
    <Sheet title={say('channel.add')} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void make()
        }}
      >
        <label class="field">
          <span>{say('channel.name')}</span>
          <input
            required
            maxLength={64}
            value={name}
            dir="auto"
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isPrivate}
            onChange={({ currentTarget }) => setPrivate(currentTarget.checked)}
          />
          <span>{say('channel.private')}</span>
        </label>
        <button type="submit" class="button primary">
          {say('channel.make')}
        </button>
      </form>
      <OpenChannels onClose={onClose} />
    </Sheet>
  )
}

function OpenChannels({ onClose }: { readonly onClose: () => void }): VNode | null {
  const app = useApp()
  const [channels, setChannels] = useState<readonly Channel[]>([])
  const load = async (): Promise<void> => {
    const path = `/api/v4/teams/${app.store.workspace.value.id}/channels?per_page=200`
    const all = list(valueOf(await app.ask('GET', path))).map(channelFrom)
    setChannels(all.filter(({ id }) => !app.store.memberships.value.has(id)))
  }
  useEffect(() => void load(), [app])
  if (channels.length === 0) return null
  const join = async (channel: Channel): Promise<void> => {
    if (!(await app.writing.join(channel))) return tell(say('failed.away'))
    onClose()
    go({ kind: 'channel', channelId: channel.id })
  }
  return (
    <section class="stack">
      <h3>{say('channel.open')}</h3>
      <ul class="choices">
        {channels.map((channel) => (
          <li key={channel.id}>
            <button type="button" class="entry" onClick={() => void join(channel)}>
              <Icon name="hash" />
              <span class="entry-name" dir="auto">
                {channel.displayName}
              </span>
              <span class="quiet">{say('channel.join')}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
