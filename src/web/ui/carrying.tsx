/** Sticks and backups: what people carry by hand, for whoever runs the kit. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import {
  carriedFrom,
  courierFrom,
  stickFrom,
  sumOf,
  trayFrom,
  type Carried,
  type Courier,
  type Stick,
  type TrayFile,
} from '#web/core/carrying.ts'
import { valueOf } from '#web/state/loading.ts'
import { say, times } from '#web/words/words.ts'
import { BackupCard } from './backup-card.tsx'
import { useApp } from './context.ts'
import { valueIn } from './form.ts'
import { Icon } from './icons.tsx'
import { LostFiles } from './lost-files.tsx'
import { toldOutcome } from './outcome.ts'

const AT = '/api/holdfast/v1/courier'
const EVERY_MS = 1_000

/** The page. */
export function CarryingPage(): VNode {
  return (
    <>
      <LostFiles />
      <div class="cards">
        <StickCard />
        <DeviceCard />
      </div>
      <BackupCard />
    </>
  )
}

/** A stick in the machine that the node runs on. */
function StickCard(): VNode {
  const app = useApp()
  const [isBusy, setBusy] = useState(false)
  const [folder, setFolder] = useState('')
  const [stick, setStick] = useState<Stick>()
  const [done, setDone] = useState<string>()
  const courier = useCourier(isBusy)
  const look = async (path: string): Promise<void> => {
    const answer = await app.ask('GET', `${AT}?folder=${encodeURIComponent(path)}`)
    if (!toldOutcome(answer)) return setStick(undefined)
    setFolder(path)
    setStick(stickFrom(valueOf(answer)))
  }
  const carry = async (deed: 'import' | 'export'): Promise<void> => {
    setBusy(true)
    setDone(undefined)
    const answer = await app.askLong('POST', `${AT}/${deed}`, { folder })
    setBusy(false)
    if (toldOutcome(answer)) setDone(wordsOf(deed, carriedFrom(valueOf(answer))))
    await look(folder)
  }
  return (
    <section class="card stack">
      <h2>{say('stick.title')}</h2>
      <p class="quiet">{say('stick.about')}</p>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          setDone(undefined)
          void look(valueIn(event.currentTarget, 'folder').trim())
        }}
      >
        <label class="field">
          <span>{say('stick.folder')}</span>
          <input
            name="folder"
            list="sticks"
            required
            dir="ltr"
            autocapitalize="none"
            placeholder="/media/stick"
            defaultValue={courier.folders[0] ?? ''}
            key={courier.folders[0]}
          />
        </label>
        <datalist id="sticks">
          {courier.folders.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <button type="submit" class="button" disabled={isBusy}>
          {say('stick.look')}
        </button>
      </form>
      {stick !== undefined && (
        <>
          <StickFacts stick={stick} />
          <div class="actions">
            <button
              type="button"
              class="button primary"
              disabled={isBusy || stick.fresh === 0}
              onClick={() => void carry('import')}
            >
              {say('stick.take')}
            </button>
            <button
              type="button"
              class="button primary"
              disabled={isBusy || stick.waiting === 0}
              onClick={() => void carry('export')}
            >
              {say('stick.write')}
            </button>
          </div>
        </>
      )}
      {isBusy && <Progress label={say('stick.busy')} bytes={courier.bytes} of={courier.of} />}
      {done !== undefined && <Done>{done}</Done>}
    </section>
  )
}

function StickFacts({ stick: { files, bytes, fresh, waiting } }: { readonly stick: Stick }): VNode {
  return (
    <dl class="facts">
      <dt>{say('stick.there')}</dt>
      <dd>
        {say('stick.files', { n: files })} · {times().bytes(bytes)}
      </dd>
      <dt>{say('stick.fresh')}</dt>
      <dd>{say('stick.files', { n: fresh })}</dd>
      <dt>{say('stick.waiting')}</dt>
      <dd>
        {waiting === undefined ? say('stick.everything') : say('stick.changes', { n: waiting })}
      </dd>
    </dl>
  )
}

/** What the node does, asked every second while it works. */
function useCourier(isBusy: boolean): Courier {
  const app = useApp()
  const [courier, setCourier] = useState<Courier>({ folders: [], bytes: undefined, of: undefined })
  useEffect(() => {
    const load = async (): Promise<void> =>
      setCourier(courierFrom(valueOf(await app.ask('GET', `${AT}/progress`))))
    void load()
    if (!isBusy) return undefined
    const timer = setInterval(() => void load(), EVERY_MS)
    return () => clearInterval(timer)
  }, [app, isBusy])
  return courier
}

/** The device at hand as the courier: files go through its browser. */
function DeviceCard(): VNode {
  const app = useApp()
  const [busy, setBusy] = useState<{ readonly done: number; readonly of: number | undefined }>()
  const [list, setList] = useState<readonly TrayFile[]>([])
  const [done, setDone] = useState<string>()
  useEffect(
    () => void app.ask('GET', `${AT}/tray`).then((answer) => setList(trayFrom(valueOf(answer)))),
    [app],
  )
  const packUp = async (): Promise<void> => {
    setBusy({ done: 0, of: undefined })
    const answer = await app.askLong('POST', `${AT}/tray`)
    setBusy(undefined)
    if (!toldOutcome(answer)) return
    setList(trayFrom(valueOf(answer)))
    setDone(wordsOf('export', carriedFrom(valueOf(answer))))
  }
  const take = async (files: readonly File[]): Promise<void> => {
    const reports: Carried[] = []
    const of = files.reduce((sum, { size }) => sum + size, 0)
    let bytes = 0
    setDone(undefined)
    for (const file of files) {
      setBusy({ done: bytes, of })
      // oxlint-disable-next-line no-await-in-loop -- one after the other: the node takes one at a time
      const answer = await app.askLong('POST', `${AT}/take`, file)
      if (!toldOutcome(answer)) break
      reports.push(carriedFrom(valueOf(answer)))
      bytes += file.size
    }
    setBusy(undefined)
    if (reports.length > 0) setDone(wordsOf('import', sumOf(reports)))
  }
  const empty = async (): Promise<void> => {
    if (toldOutcome(await app.ask('DELETE', `${AT}/tray`))) setList([])
    setDone(undefined)
  }
  return (
    <section class="card stack">
      <h2>{say('carry.title')}</h2>
      <p class="quiet">{say('carry.about')}</p>
      <div class="actions">
        <button
          type="button"
          class="button"
          disabled={busy !== undefined}
          onClick={() => void packUp()}
        >
          {say('carry.pack')}
        </button>
        <label class="button" data-disabled={String(busy !== undefined)}>
          {say('carry.take')}
          <input
            type="file"
            class="unseen"
            multiple
            accept=".courier"
            disabled={busy !== undefined}
            onChange={({ currentTarget }) => {
              const files = [...(currentTarget.files ?? [])]
              currentTarget.value = ''
              void take(files)
            }}
          />
        </label>
      </div>
      {busy !== undefined && <Progress label={say('stick.busy')} bytes={busy.done} of={busy.of} />}
      {done !== undefined && <Done>{done}</Done>}
      {list.length > 0 && (
        <>
          <ul class="lines">
            {list.map(({ name, bytes }) => (
              <li key={name}>
                <a class="with-icon" href={`${AT}/tray/${name}`} download={name}>
                  <Icon name="down" />
                  <span dir="ltr">{name}</span>
                </a>
                <span class="quiet">{times().bytes(bytes)}</span>
              </li>
            ))}
          </ul>
          <button type="button" class="text-button" onClick={() => void empty()}>
            {say('carry.empty')}
          </button>
        </>
      )}
    </section>
  )
}

function Progress(props: {
  readonly label: string
  readonly bytes: number | undefined
  readonly of: number | undefined
}): VNode {
  const { label, bytes = 0, of } = props
  const isKnown = of !== undefined && of > 0
  return (
    <p class="progress" role="status">
      <progress aria-label={label} {...(isKnown && { max: of, value: bytes })} />
      <span>
        {isKnown
          ? `${times().bytes(bytes)} / ${times().bytes(of)}`
          : bytes > 0
            ? times().bytes(bytes)
            : label}
      </span>
    </p>
  )
}

function Done({ children }: { readonly children: string }): VNode {
  return (
    <p class="with-icon" role="status">
      <Icon name="check" />
      {children}
    </p>
  )
}

function wordsOf(deed: 'import' | 'export', { files, bytes, envelopes, refused }: Carried): string {
  const sums = { n: files, envelopes, bytes: times().bytes(bytes) }
  const main =
    files === 0
      ? say(deed === 'export' ? 'stick.nothingToWrite' : 'stick.nothingNew')
      : say(deed === 'export' ? 'stick.written' : 'stick.taken', sums)
  return refused === 0 ? main : `${main} ${say('stick.refused', { n: refused })}`
}
