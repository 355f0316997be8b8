/** The whole app: sync opened, and each part of `EdgeNode` put together. */
import { equalBytes } from '#base/bytes.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Refusal } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { SyncEvent } from '#sync/context.ts'
import { openNodeSync, type NodeSync } from '#sync/node-sync.ts'
import { openAudits } from './audit.ts'
import type { Identity } from '#trust/identity.ts'
import { livingIdentity } from '#trust/living-identity.ts'
import { openBackingUp } from './backup.ts'
import { openCarrying } from './courier.ts'
import type { AppContext } from './context.ts'
import type { EdgeNodeOptions, EdgeNodePorts } from './edge-node-options.ts'
import { openDictionaries } from './dictionaries.ts'
import { openEvents, type Events } from './events.ts'
import { openGaps } from './gaps.ts'
import { openJoining } from './joining.ts'
import { openDaily } from './daily.ts'
import { openKnownNodes } from './known-nodes.ts'
import { openMembers } from './members.ts'
import type { EdgeNode, Preference } from './node.ts'
import { openMetrics } from './metrics.ts'
import { openHomes } from './homes.ts'
import { readMoods } from './moods.ts'
import { readPictureTimes } from './pictures.ts'
import { openPreferences } from './preferences.ts'
import { openPacing } from './pacing.ts'
import { openPlanning } from './planning.ts'
import { openPolicy } from './policy.ts'
import { openPurging } from './purging.ts'
import { openReading } from './reading.ts'
import { openReleasing } from './release.ts'
import { openRevoking } from './revoking.ts'
import { renewCertificates } from './renewal.ts'
import { openSearching } from './search.ts'
import { openSearchIndex, type SearchIndex } from './search-index.ts'
import { openSessions } from './sessions.ts'
import { openAccounts } from './accounts.ts'
import { openStatus } from './status.ts'
import { openSurroundings } from './surroundings.ts'

/**
 * Opens the node and starts sync. Disposing it stops sync after the commit at work; it closes none of the ports.
 * @throws EdgeError STORE_BROKEN, STORE_FULL
 */
export async function openEdgeNode(
  options: EdgeNodeOptions,
  ports: EdgeNodePorts,
): Promise<EdgeNode & AsyncDisposable> {
  const { clock, log, passwords, carriers } = ports
  const startedAt = clock.now()
  const events = openEvents((error) => log.error('event.failed', { reason: String(error) }))
  const early: SyncEvent[] = []
  let context: AppContext | undefined
  const identity = livingIdentity(options.identity, options.roster)
  const emit = (event: SyncEvent): void => {
    if (event.kind === 'keys') keepNewest()
    if (context === undefined) early.push(event)
    else events.relay(context, event)
  }
  const keepNewest = certificateKeeper(options, identity)
  const { organisationSecret, root, version, offlineSignInMs: offlineMs = 0 } = options
  const { answerBlock = async () => new Uint8Array(0) } = options
  const sync = await openNodeSync({ ...options, ...ports, identity, emit, calm: events.calm })
  context = await contextOf(sync, options, ports)
  keepNewest()
  const here = context
  for (const event of early) events.relay(context, event)
  const around = { links: sync.links, refusals: refusalsTo(carriers, events) }
  const status = openStatus(context, { ...around, version, startedAt })
  const gaps = openGaps(context)
  const stop = new AbortController()
  const index = openHeardIndex(context, events, stop.signal)
  const daily = openDaily(context, { passwords, clock, events })
  const keeping = daily.run(stop.signal)
  const { tellViewed, tellPreferences } = tellersOf(events, clock)
  return {
    subscribe: events.subscribe,
    ...openSessions(context),
    ...openAccounts(context, { passwords, source: ports.peopleSource, offlineMs }),
    ...openPreferences(context, tellPreferences),
    ...openMembers(context, tellViewed),
    ...daily.parts,
    ...openFinding(context, index),
    ...openSpending(context, { ...ports, ...sync }),
    ...openGoverning(context),
    ...status,
    ...gaps,
    ...openDictionaries(context, stop.signal),
    ...openMetrics(context, { ...status, ...gaps }),
    ...openRevoking(context, { root }),
    ...openJoining(context, { root, organisationSecret, answerBlock }),
    ...openNodes(context, sync),
    renewCertificates: () => renewCertificates(here, { root, links: sync.links }),
    ...openReleasing(context),
    ...openTaking(context, ports, stop.signal),
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await keeping
      await sync[Symbol.asyncDispose]()
      await events.settled()
      await index[Symbol.asyncDispose]()
    },
  }
}

/** The index of a search, which hears of all that changes. */
function openHeardIndex(context: AppContext, events: Events, stop: AbortSignal): SearchIndex {
  const index = openSearchIndex(context, stop)
  events.subscribe(index.heard)
  return index
}

/** What is said of this node to those who carry for it; whoever is served here hears when that changes. */
function refusalsTo(
  carriers: EdgeNodePorts['carriers'],
  { publish }: Pick<Events, 'publish'>,
): () => readonly Refusal[] {
  for (const { refusals } of carriers)
    refusals?.onChange(() => publish({ kind: 'refusals-changed' }))
  return () => carriers.flatMap((one) => one.refusals?.all() ?? [])
}

async function contextOf(
  { context: sync, links }: NodeSync,
  { allowance }: EdgeNodeOptions,
  { random, clock, previewer, carriers }: EdgeNodePorts,
): Promise<AppContext> {
  const { blobs } = sync.files
  const pictureTimes = await readPictureTimes(sync.replica.read)
  const surroundings = openSurroundings(clock.now)
  const moods = await readMoods(sync.replica.read)
  const known = { allowance, surroundings, links, pictureTimes, moods }
  const terms = new Map(
    carriers.flatMap(({ name, terms: on }) => (on ? [[name, on] as const] : [])),
  )
  return { sync, random, blobs, previewer, terms, ...known }
}

/** What people carry away: sticks and backups. */
function openTaking(context: AppContext, { courier, image }: EdgeNodePorts, stop: AbortSignal) {
  return { ...openCarrying(context, courier, stop), ...openBackingUp(context, image) }
}

function openGoverning(context: AppContext) {
  return { ...openPolicy(context), ...openPurging(context), ...openAudits(context) }
}

/** The other nodes, for whoever looks after them and for whoever writes to people there. */
function openNodes(context: AppContext, sync: Pick<NodeSync, 'links'>) {
  return { ...openKnownNodes(context, sync), ...openHomes(context, sync) }
}

/** What links cost, and which of them takes what. */
function openSpending(context: AppContext, links: Parameters<typeof openPlanning>[1]) {
  return { ...openPlanning(context, links), ...openPacing(context) }
}

function openFinding(context: AppContext, index: SearchIndex) {
  return { ...openReading(context), ...openSearching(context, index) }
}

/** How parts of the app tell doors of what is no change of a document. */
function tellersOf(events: Events, clock: Clock) {
  return {
    tellViewed: (person: UserId, channel: ChannelId): void =>
      events.publish({ kind: 'viewed', person, channel, at: clock.now() }),
    tellPreferences: (person: UserId, preferences: readonly Preference[]): void =>
      events.publish({ kind: 'preferences-changed', person, preferences }),
  }
}

/** Tells of this node's own certificate whenever it is another than the one told last. */
function certificateKeeper(options: EdgeNodeOptions, identity: Identity): () => void {
  let kept = options.identity.certificateBytes
  return () => {
    const { certificateBytes } = identity
    if (equalBytes(certificateBytes, kept)) return
    kept = certificateBytes
    options.keepCertificate?.(certificateBytes)
  }
}
