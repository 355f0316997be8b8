/** Files of messages whose bytes this node has lost, or has only damaged: named, so that somebody may ask for them again. Nothing where none is lost. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { hashOf } from '#web/core/address.ts'
import { lostFrom, type LostFile } from '#web/core/carrying.ts'
import { valueOf } from '#web/state/loading.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { dotted } from './file-row.tsx'
import { Icon } from './icons.tsx'

/** Most that are named. */
const SHOWN_MAX = 50

/** The card. */
export function LostFiles(): VNode | null {
  const app = useApp()
  const channels = app.store.channels.value
  const [lost, setLost] = useState<readonly LostFile[]>([])
  useEffect(() => {
    const load = async (): Promise<void> =>
      setLost(lostFrom(valueOf(await app.ask('GET', '/api/holdfast/v1/backup/blobs'))))
    void load()
  }, [app])
  if (lost.length === 0) return null
  return (
    <section class="card stack">
      <h2>{say('lost.title')}</h2>
      <p class="with-icon warning">
        <Icon name="warning" />
        {say('lost.count', { n: lost.length })}
      </p>
      <p class="quiet">{say('lost.about')}</p>
      <ul class="lines">
        {lost.slice(0, SHOWN_MAX).map((file, index) => (
          <li key={index}>
            <Named file={file} />
            <small>
              {dotted([
                (channels.get(file.channelId)?.displayName ?? file.channelName) || undefined,
                file.bytes === undefined ? undefined : times().bytes(file.bytes),
                file.isDamaged ? say('lost.damaged') : undefined,
                say(file.isShared ? 'lost.asked' : 'lost.gone'),
              ])}
            </small>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Named({ file }: { readonly file: LostFile }): VNode {
  const name = <bdi>{file.name || say('lost.unnamed')}</bdi>
  if (file.channelId === '') return name
  const place = { kind: 'channel', channelId: file.channelId } as const
  return <a href={hashOf(place)}>{name}</a>
}
