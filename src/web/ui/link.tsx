/** How this node reaches others: each link now and lately, what waits by precedence, and what who lacks. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { LANES } from '#model/precedence.ts'
import {
  gapsFrom,
  linkKey,
  roleOf,
  statusFrom,
  total,
  withState,
  type Gaps,
  type Link,
  type NodeGap,
  type NodeStatus,
  type Span,
} from '#web/core/links.ts'
import { plansFrom } from '#web/core/plan.ts'
import { fields, list, number, text } from '#web/core/wire.ts'
import type { App } from '#web/state/app.ts'
import { LINK_PLACE } from '#web/state/keeping.ts'
import { valueOf } from '#web/state/loading.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { Costs } from './costs.tsx'
import { carrierName } from './delivery-words.ts'
import { Icon } from './icons.tsx'
import { Letters } from './letters.tsx'
import { Band, LaneBars } from './pictures.tsx'
import { PlaceHead } from './place-head.tsx'
import { standingWords } from './standing.tsx'

const EVERY_MS = 10_000
const STICK = 'courier'
/** What the picture reaches back, in milliseconds. */
const LOOK_BACK_MS = 6 * 3_600_000

/** The place. */
export function LinkPlace(): VNode {
  const app = useApp()
  const [gaps, setGaps] = useState<Gaps>()
  useEffect(() => {
    const load = async (): Promise<void> => {
      await app.loading.status()
      setGaps(gapsFrom(valueOf(await app.ask('GET', '/api/holdfast/v1/gaps?limit=50'))))
    }
    void load()
    const timer = setInterval(() => void load(), EVERY_MS)
    return () => clearInterval(timer)
  }, [app])
  const history = useHistory(app)
  const profiles = useProfiles(app)
  const value = app.store.status.value
  if (value === undefined) return <p class="empty">{say('link.unknown')}</p>
  const status = statusFrom(value)
  return (
    <div class="page">
      <PlaceHead
        title={say('link.title')}
        detail={say('link.about', { node: status.name, role: say(`role.${roleOf(status.role)}`) })}
      />
      <div class="page-body wide" role="region" tabIndex={0} aria-label={say('link.title')}>
        <Alarms status={status} />
        {status.links.length === 0 && <p class="card quiet">{say('link.none')}</p>}
        <div class="cards">
          {status.links.map((link) => (
            <LinkCard
              key={linkKey(link)}
              link={link}
              kind={profiles.get(link.carrier) ?? carrierName(link.carrier)}
              spans={history.get(linkKey(link)) ?? []}
            />
          ))}
        </div>
        <Letters />
        <Costs />
        {gaps !== undefined && <GapsCard gaps={gaps} />}
        {app.store.me.value?.isAdministrator === true && <NodesCard />}
      </div>
    </div>
  )
}

/** What links that are billed are, by their carriers: a satellite is no local network, though the same words go over it. */
function useProfiles(app: App): ReadonlyMap<string, string> {
  const [profiles, setProfiles] = useState<ReadonlyMap<string, string>>(new Map())
  useEffect(() => {
    const load = async (): Promise<void> => {
      const plans = plansFrom(valueOf(await app.ask('GET', '/api/holdfast/v1/plan')))
      setProfiles(new Map(plans.map(({ carrier, link }) => [carrier, link])))
    }
    void load()
  }, [app])
  return profiles
}

/** What this device has seen of each link, kept here. */
function useHistory(app: App): ReadonlyMap<string, readonly Span[]> {
  const [history, setHistory] = useState<ReadonlyMap<string, readonly Span[]>>(new Map())
  useEffect(() => {
    const follow = async (): Promise<void> => {
      const now = Date.now()
      const next = new Map(history)
      for (const link of statusFrom(app.store.status.value).links) {
        const key = linkKey(link)
        const kept = (await app.shelf.get(LINK_PLACE + key)) as readonly Span[] | undefined
        const spans = withState(kept ?? [], link, { now, from: now - LOOK_BACK_MS })
        await app.shelf.put(LINK_PLACE + key, spans)
        next.set(key, spans)
      }
      setHistory(next)
    }
    void follow()
  }, [app.store.status.value])
  return history
}

function Alarms({ status }: { readonly status: NodeStatus }): VNode {
  const overdue = total(status.overdue)
  const all = [
    overdue > 0 && say('link.overdue', { n: overdue }),
    status.disk === 'full' && say('link.full'),
    status.disk === 'low' && say('link.low'),
    !status.isClockSure && say('link.clock'),
    standingWords(status.standing) ?? false,
    status.isToBeWiped && say('link.wipe'),
  ].filter((one) => one !== false)
  return (
    <>
      {all.map((one) => (
        <p key={one} class="card warning with-icon" role="alert">
          <Icon name="warning" />
          {one}
        </p>
      ))}
    </>
  )
}

function LinkCard(props: {
  readonly link: Link
  readonly kind: string
  readonly spans: readonly Span[]
}): VNode {
  const { link, kind, spans } = props
  const now = Date.now()
  const waits = total(link.queued)
  const state = say(link.isUp ? 'link.up' : 'link.down', { span: times().span(now - link.since) })
  return (
    <section class="card link-card" data-up={String(link.isUp)}>
      <header>
        <h2 dir="auto">{nameOf(link)}</h2>
        {link.carrier !== STICK && <span class="tag">{kind}</span>}
      </header>
      <p class="link-state">
        <span class="dot" /> {state}
      </p>
      <Band
        spans={spans}
        from={now - LOOK_BACK_MS}
        to={now}
        label={say('link.band', { peer: nameOf(link), state })}
      />
      <p class="quiet">
        {say('link.bytes', {
          sent: times().bytes(link.sentBytes),
          received: times().bytes(link.receivedBytes),
        })}
      </p>
      <h3>{waits === 0 ? say('link.nothing') : say('link.queue', { n: waits })}</h3>
      {waits > 0 && (
        <LaneBars lanes={link.queued} max={Math.max(...LANES.map((lane) => link.queued[lane]))} />
      )}
    </section>
  )
}

/** Nobody has named a stick: what it is, and the beginning of its number. */
function nameOf({ carrier, peer }: Link): string {
  return carrier === STICK ? `${carrierName(carrier)} ${peer.slice(0, 4)}` : peer
}

function GapsCard({ gaps }: { readonly gaps: Gaps }): VNode {
  const max = Math.max(1, total(gaps.lacking), ...gaps.nodes.map(({ lacks }) => total(lacks)))
  return (
    <section class="card">
      <h2>{say('gaps.title')}</h2>
      {gaps.isEmpty && (
        <p class="with-icon">
          <Icon name="check" />
          {say('gaps.none')}
        </p>
      )}
      {total(gaps.lacking) > 0 && (
        <>
          <h3>{say('gaps.here', { n: total(gaps.lacking) })}</h3>
          <LaneBars lanes={gaps.lacking} max={max} />
        </>
      )}
      {gaps.nodes.map((node) => (
        <NodeGapView key={node.name} node={node} max={max} />
      ))}
    </section>
  )
}

function NodeGapView({
  node,
  max,
}: {
  readonly node: NodeGap
  readonly max: number
}): VNode | null {
  const lacks = total(node.lacks)
  if (lacks === 0 && node.canGive === 0) return null
  return (
    <div class="gap">
      <h3>
        {lacks === 0
          ? say('gaps.gives', { node: node.name, n: node.canGive })
          : say('gaps.there', { node: node.name, n: lacks, bytes: times().bytes(node.lacksBytes) })}
      </h3>
      {lacks > 0 && <LaneBars lanes={node.lacks} max={max} />}
      {node.hasLost && <p class="warning">{say('gaps.lost')}</p>}
    </div>
  )
}

interface Heard {
  readonly id: string
  readonly name: string
  readonly role: 'kit' | 'hub' | 'relay'
  readonly at: number
  readonly isHere: boolean
}

/** Other nodes, those heard last first. */
function NodesCard(): VNode {
  const app = useApp()
  const [nodes, setNodes] = useState<readonly Heard[]>([])
  useEffect(() => {
    void app.ask('GET', '/api/holdfast/v1/nodes').then((answer) =>
      setNodes(
        list(valueOf(answer))
          .map(fields)
          .map((one) => ({
            id: text(one.id),
            name: text(one.name),
            role: roleOf(text(one.role)),
            at: number(one.lastHeardAt),
            isHere: one.isThisNode === true,
          }))
          .toSorted((a, b) => b.at - a.at),
      ),
    )
  }, [app, app.store.status.value])
  return (
    <section class="card">
      <h2>{say('nodes.title')}</h2>
      <ul class="lines">
        {nodes
          .filter(({ isHere }) => !isHere)
          .map((node) => (
            <li key={node.id}>
              <strong dir="auto">{node.name}</strong>
              <span class="tag">{say(`role.${node.role}`)}</span>
              <span class="quiet">
                {node.at === 0
                  ? say('nodes.never')
                  : say('nodes.heard', { time: times().ago(node.at, Date.now()) })}
              </span>
            </li>
          ))}
      </ul>
    </section>
  )
}
