/** The captured-kit drill: what it means that somebody has a node, then shutting it out and having its keys destroyed. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { fields, list, number, text } from '#web/core/wire.ts'
import { valueOf } from '#web/state/loading.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { toldOutcome } from './outcome.ts'
import { Sheet } from './sheet.tsx'

interface Report {
  readonly revokedSince: number
  readonly people: readonly string[]
  readonly channels: readonly {
    readonly id: string
    readonly name: string
    readonly heldThere: number
    readonly opensNow: boolean
  }[]
  readonly files: { readonly count: number; readonly bytes: number }
  readonly unaware: readonly string[]
  readonly isToBeWiped: boolean
  readonly hasWiped: boolean
  readonly rekeyBytes: number
  readonly administers: boolean
}

/** The drill for one node. */
export function Capture(props: {
  readonly node: { readonly id: string; readonly name: string }
  readonly onClose: () => void
}): VNode {
  const { node, onClose } = props
  const app = useApp()
  const [report, setReport] = useState<Report>()
  const path = `/api/holdfast/v1/nodes/${node.id}`
  const load = async (): Promise<void> => {
    const value = valueOf(await app.ask('GET', `${path}/capture`))
    if (value !== undefined) setReport(reportFrom(value))
  }
  useEffect(() => void load(), [node.id])
  const act = async (deed: 'revoke' | 'wipe', body: object): Promise<void> => {
    toldOutcome(await app.ask('POST', `${path}/${deed}`, body))
    await load()
  }
  return (
    <Sheet title={say('capture.title', { node: node.name })} onClose={onClose}>
      {report === undefined ? (
        <p class="quiet">{say('loading')}</p>
      ) : (
        <div class="stack">
          <Meaning report={report} />
          <Deeds node={node.name} report={report} onAct={(deed, body) => void act(deed, body)} />
        </div>
      )}
    </Sheet>
  )
}

function Meaning({ report }: { readonly report: Report }): VNode {
  const { people, channels, files, unaware, rekeyBytes } = report
  const open = channels.filter(({ opensNow }) => opensNow)
  return (
    <>
      {report.revokedSince === 0 && <p class="warning">{say('capture.exercise')}</p>}
      {report.administers && <p class="warning">{say('capture.administers')}</p>}
      <h3>{say('capture.people', { n: people.length })}</h3>
      <p class="names" dir="auto">
        {people.join(', ') || '–'}
      </p>
      <h3>{say('capture.channels', { n: open.length })}</h3>
      <ul class="lines">
        {channels.map((channel) => (
          <li key={channel.id}>
            <strong dir="auto">{channel.name}</strong>
            <span class="quiet">{say('capture.held', { n: channel.heldThere })}</span>
            <span class={channel.opensNow ? 'tag danger' : 'tag'}>
              {say(channel.opensNow ? 'capture.opens' : 'capture.shut')}
            </span>
          </li>
        ))}
      </ul>
      {files.count > 0 && (
        <p>{say('capture.files', { n: files.count, bytes: times().bytes(files.bytes) })}</p>
      )}
      {report.revokedSince > 0 && (
        <p>
          {unaware.length === 0
            ? say('capture.allKnow')
            : say('capture.unaware', { n: unaware.length, names: unaware.join(', ') })}
        </p>
      )}
      {rekeyBytes > 0 && (
        <p class="quiet">{say('capture.cost', { bytes: times().bytes(rekeyBytes) })}</p>
      )}
    </>
  )
}

/** Neither can be taken back, so its name has to be typed first. */
function Deeds(props: {
  readonly node: string
  readonly report: Report
  readonly onAct: (deed: 'revoke' | 'wipe', body: object) => void
}): VNode {
  const { node, report, onAct } = props
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const isSure = typed.trim() === node
  const isRevoked = report.revokedSince > 0
  return (
    <fieldset class="stack">
      <legend>{say('capture.act')}</legend>
      <label class="field">
        <span>{say('capture.reason')}</span>
        <input
          value={reason}
          maxLength={200}
          dir="auto"
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{say('capture.type', { node })}</span>
        <input value={typed} onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
      </label>
      <div class="actions">
        <button
          type="button"
          class="button danger"
          disabled={!isSure || isRevoked}
          onClick={() => onAct('revoke', reason.trim() === '' ? {} : { reason: reason.trim() })}
        >
          {say(isRevoked ? 'operator.revoked' : 'capture.revoke')}
        </button>
        <button
          type="button"
          class="button danger"
          disabled={!isSure || report.isToBeWiped}
          onClick={() => onAct('wipe', {})}
        >
          {say(wipeKey(report))}
        </button>
      </div>
    </fieldset>
  )
}

function wipeKey({
  hasWiped,
  isToBeWiped,
}: Report): 'capture.wiped' | 'capture.ordered' | 'capture.wipe' {
  if (hasWiped) return 'capture.wiped'
  return isToBeWiped ? 'capture.ordered' : 'capture.wipe'
}

function reportFrom(value: unknown): Report {
  const one = fields(value)
  return {
    revokedSince: number(one.revokedSince),
    people: list(one.people).map(text),
    channels: list(one.channels)
      .map(fields)
      .map((channel) => ({
        id: text(channel.id),
        name: text(channel.name),
        heldThere: number(channel.heldThere),
        opensNow: channel.opensNow === true,
      })),
    files: { count: number(fields(one.files).count), bytes: number(fields(one.files).bytes) },
    unaware: list(one.unaware).map((node) => text(fields(node).name)),
    isToBeWiped: one.isToBeWiped === true,
    hasWiped: one.hasWiped === true,
    rekeyBytes: number(one.rekeyBytes),
    administers: one.administers === true,
  }
}
