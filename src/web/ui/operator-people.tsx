/** People and nodes, for whoever runs the kit: letting in, shutting out, and what has been done. */
import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { roleOf } from '#web/core/links.ts'
import { fields, list, number, text } from '#web/core/wire.ts'
import { valueOf } from '#web/state/loading.ts'
import { say, times } from '#web/words/words.ts'
import { AuditCard } from './audit-card.tsx'
import { Capture } from './capture.tsx'
import { useApp } from './context.ts'
import { Icon } from './icons.tsx'
import { toldOutcome } from './outcome.ts'

const EVERY_MS = 5_000

/** The page. */
export function PeoplePage(): VNode {
  return (
    <>
      <div class="cards">
        <Enrol />
        <Invite />
      </div>
      <Nodes />
      <AuditCard />
    </>
  )
}

function Enrol(): VNode {
  const app = useApp()
  const [password, setPassword] = useState(suggestion)
  const [given, setGiven] = useState<string>()
  const enrol = async (form: HTMLFormElement): Promise<void> => {
    const data = new FormData(form)
    const username = text(data.get('username')).trim().toLowerCase()
    const body = { username, password, first_name: text(data.get('name')).trim() }
    if (!toldOutcome(await app.ask('POST', '/api/v4/users', body))) return
    setGiven(`${username} · ${password}`)
    setPassword(suggestion())
    form.reset()
  }
  return (
    <form
      class="card stack"
      onSubmit={(event) => {
        event.preventDefault()
        void enrol(event.currentTarget)
      }}
    >
      <h2>{say('enrol.title')}</h2>
      <label class="field">
        <span>{say('enrol.name')}</span>
        <input name="name" required maxLength={64} dir="auto" />
      </label>
      <label class="field">
        <span>{say('enrol.username')}</span>
        <input
          name="username"
          required
          pattern="[a-zA-Z][a-zA-Z0-9._\-]{0,63}"
          autocapitalize="none"
        />
      </label>
      <label class="field">
        <span>{say('enrol.password')}</span>
        <input
          value={password}
          required
          minLength={8}
          onInput={({ currentTarget }) => setPassword(currentTarget.value)}
        />
      </label>
      <button type="submit" class="button primary">
        {say('enrol.do')}
      </button>
      {given !== undefined && <Shown>{given}</Shown>}
    </form>
  )
}

/** Four groups of letters that are hard to confuse, to be read out or written down. */
function suggestion(): string {
  const letters = 'abcdefghkmnpqrstuvwxyz23456789'
  const chosen = [...crypto.getRandomValues(new Uint8Array(16))].map(
    (byte) => letters[byte % letters.length] ?? '',
  )
  return [0, 4, 8, 12].map((from) => chosen.slice(from, from + 4).join('')).join('-')
}

function Shown({ children }: { readonly children: ComponentChildren }): VNode {
  return (
    <output class="shown">
      <code>{children}</code>
    </output>
  )
}

function Invite(): VNode {
  const app = useApp()
  const [code, setCode] = useState<{ readonly code: string; readonly until: number }>()
  const invite = async (form: HTMLFormElement): Promise<void> => {
    const data = new FormData(form)
    const body = { role: text(data.get('role')), compare: data.get('compare') === 'on' }
    const answer = await app.ask('POST', '/api/holdfast/v1/join-codes', body)
    if (!toldOutcome(answer)) return
    const made = fields(valueOf(answer))
    setCode({ code: text(made.code), until: number(made.expires_at) })
  }
  return (
    <section class="card stack">
      <h2>{say('invite.title')}</h2>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void invite(event.currentTarget)
        }}
      >
        <label class="field">
          <span>{say('invite.role')}</span>
          <select name="role">
            {(['kit', 'hub', 'relay'] as const).map((role) => (
              <option key={role} value={role}>
                {say(`role.${role}`)}
              </option>
            ))}
          </select>
        </label>
        <label class="check">
          <input type="checkbox" name="compare" />
          <span>{say('invite.compare')}</span>
        </label>
        <button type="submit" class="button primary">
          {say('invite.do')}
        </button>
      </form>
      {code !== undefined && (
        <>
          <Shown>{code.code}</Shown>
          <p class="quiet">
            {say('invite.until', { time: times().moment(code.until, Date.now()) })}
          </p>
        </>
      )}
      <WaitingJoins />
    </section>
  )
}

interface Join {
  readonly name: string
  readonly digits: string
}

function WaitingJoins(): VNode | null {
  const app = useApp()
  const [joins, setJoins] = useState<readonly Join[]>([])
  const load = async (): Promise<void> => {
    const all = list(valueOf(await app.ask('GET', '/api/holdfast/v1/joins'))).map(fields)
    setJoins(all.map((one) => ({ name: text(one.name), digits: text(one.digits) })))
  }
  useEffect(() => {
    void load()
    const timer = setInterval(() => void load(), EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  const decide = async (deed: 'confirm' | 'refuse', digits: string): Promise<void> => {
    toldOutcome(await app.ask('POST', `/api/holdfast/v1/joins/${deed}`, { digits }))
    await load()
  }
  if (joins.length === 0) return null
  return (
    <ul class="lines">
      {joins.map(({ name, digits }) => (
        <li key={digits}>
          <strong dir="auto">{name}</strong>
          <code>{digits}</code>
          <button type="button" class="button small" onClick={() => void decide('confirm', digits)}>
            {say('invite.same')}
          </button>
          <button type="button" class="button small" onClick={() => void decide('refuse', digits)}>
            {say('invite.other')}
          </button>
        </li>
      ))}
    </ul>
  )
}

function Nodes(): VNode {
  const app = useApp()
  const [nodes, setNodes] = useState<readonly Readonly<Record<string, unknown>>[]>([])
  const [chosen, setChosen] = useState<{ readonly id: string; readonly name: string }>()
  const load = async (): Promise<void> =>
    setNodes(list(valueOf(await app.ask('GET', '/api/holdfast/v1/nodes'))).map(fields))
  useEffect(() => void load(), [])
  return (
    <section class="card">
      <h2>{say('operator.nodes')}</h2>
      <p class="quiet">{say('operator.nodesAbout')}</p>
      <ul class="lines">
        {nodes.map((node) => {
          const [id, name] = [text(node.id), text(node.name)]
          const isRevoked = number(node.revokedSince) > 0
          return (
            <li key={id}>
              <strong dir="auto">{name}</strong>
              <span class="tag">{say(`role.${roleOf(text(node.role))}`)}</span>
              {isRevoked && <span class="tag danger">{say('operator.revoked')}</span>}
              {node.isThisNode === true ? (
                <span class="quiet">{say('operator.thisNode')}</span>
              ) : (
                <button type="button" class="text-button" onClick={() => setChosen({ id, name })}>
                  <Icon name="shield" />
                  {say('capture.open')}
                </button>
              )}
            </li>
          )
        })}
      </ul>
      {chosen !== undefined && (
        <Capture
          node={chosen}
          onClose={() => {
            setChosen(undefined)
            void load()
          }}
        />
      )}
    </section>
  )
}
