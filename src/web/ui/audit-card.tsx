/** What was done on this node, in the words of the language that is shown. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { fields, number, text } from '#web/core/wire.ts'
import { valueOf } from '#web/state/loading.ts'
import { deedName, deedNames, type DeedNames } from '#web/words/deeds.ts'
import { say, times, words } from '#web/words/words.ts'
import { useApp } from './context.ts'

/** Newest first, as many as are asked for. */
export function AuditCard(): VNode {
  const app = useApp()
  const [lines, setLines] = useState<readonly Readonly<Record<string, unknown>>[]>([])
  const load = async (before?: number): Promise<void> => {
    const query = `limit=50${before === undefined ? '' : `&before=${before}`}`
    const value = valueOf(await app.ask('GET', `/api/holdfast/v1/audit?${query}`))
    const more = linesOf(value)
    setLines((known) => (before === undefined ? more : [...known, ...more]))
  }
  useEffect(() => void load(), [])
  const names = useDeedNames()
  const last = lines.at(-1)
  return (
    <section class="card">
      <h2>{say('audit.title')}</h2>
      <ul class="lines audit">
        {lines.map((line) => (
          <li key={number(line.number)} data-result={text(line.result)}>
            <time>{times().moment(number(line.at), Date.now())}</time>
            <span>
              <DeedWords deed={text(line.deed)} names={names} />
              {number(line.count) > 1 && ` × ${times().number(number(line.count))}`}
            </span>
            <span class="quiet">{app.store.people.value.get(text(line.by))?.name}</span>
            <span class="quiet" lang="en">
              {text(line.reason)}
            </span>
          </li>
        ))}
      </ul>
      {last !== undefined && lines.length % 50 === 0 && (
        <button type="button" class="button small" onClick={() => void load(number(last.number))}>
          {say('audit.more')}
        </button>
      )}
    </section>
  )
}

/** A deed in the language that is shown, where that has a name for it; otherwise as the node says it. */
function DeedWords(props: { readonly deed: string; readonly names: DeedNames | undefined }): VNode {
  const name = deedName(props.names, props.deed)
  return name === undefined ? <bdi lang="en">{props.deed}</bdi> : <>{name}</>
}

/** The names in the language that is shown, once they are here. */
function useDeedNames(): DeedNames | undefined {
  const { language } = words.value
  const [names, setNames] = useState<DeedNames>()
  useEffect(() => {
    let isGone = false
    setNames(undefined)
    // Without the node, and with nothing kept, the node's own words stay.
    void deedNames(language).then(
      (found) => !isGone && setNames(found),
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [language])
  return names
}

/** One line of JSON, or several: a single one has been read as JSON already. */
function linesOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (typeof value !== 'string') return value === undefined ? [] : [fields(value)]
  return value
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => fields(JSON.parse(line)))
}
