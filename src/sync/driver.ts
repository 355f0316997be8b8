/**
 * The loops that run sync against the ports: for each carrier, its arrivals and its contacts. Nothing runs while
 * nothing changes: an idle link costs nothing.
 */
import { codeOf } from '#base/errors.ts'
import type { Arrival, Carrier, PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Bell } from './bell.ts'
import type { SyncContext } from './context.ts'
import { keepLine } from './dialling.ts'
import { lookAtCosts } from './file-costs.ts'
import { receive } from './inbox.ts'
import { openLinks, type LinkState } from './links.ts'
import { keepPace, lookAtCarriers } from './pace-keeper.ts'
import { untilDone } from './patience.ts'
import { noteThere } from './peers.ts'
import { serve, type Bench, type Service } from './service.ts'

/** The running sync. */
export interface Driver extends AsyncDisposable {
  readonly links: () => readonly LinkState[]
  /** Something is to be sent: all contacts look again. */
  readonly ring: () => void
}

/** Starts sync on all carriers. Disposing it ends every contact here; it does not close the carriers. */
export function startDriver(
  context: SyncContext,
  ports: { readonly carriers: readonly Carrier[]; readonly clock: Clock },
): Driver {
  const stop = new AbortController()
  const bells = new Set<Bell>()
  const open: OpenContacts = new Map()
  const bench: Bench = {
    context,
    clock: ports.clock,
    links: openLinks(ports.clock),
    marks: new Map(),
    metered: new Set(ports.carriers.flatMap((one) => (one.isMetered === true ? one.name : []))),
    bells,
    stop: stop.signal,
  }
  lookAtCarriers(bench, ports.carriers)
  lookAtCosts(context, bench.links, ports.carriers)
  const lines: Promise<void>[] = [keepPace(bench, stop.signal)]
  for (const carrier of ports.carriers) {
    void watchArrivals(bench, { carrier, open }, stop.signal)
    void watchContacts(bench, { carrier, open }, stop.signal)
    const { name, terms, line, usedBytes } = carrier
    if (terms !== undefined && line !== undefined)
      lines.push(keepLine(bench, { name, terms, line, usedBytes }, stop.signal))
  }
  const ring = (): void => {
    for (const bell of bells) bell.ring()
  }
  return {
    links: bench.links.all,
    ring,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await Promise.all([...open.values()].map((one) => endContact(one)))
      await Promise.all(lines)
    },
  }
}

interface OpenContact {
  readonly end: AbortController
  /** What was said in the contacts before counts no more from then on. */
  readonly begun: Promise<void>
  readonly done: Promise<void>
}

/** By carrier and peer. */
type OpenContacts = Map<string, OpenContact>

function nameOf({ name }: Carrier, peer: PeerId): string {
  return `${name} ${peer}`
}

async function watchArrivals(
  bench: Bench,
  { carrier, open }: { readonly carrier: Carrier; readonly open: OpenContacts },
  stop: AbortSignal,
): Promise<void> {
  for await (const arrival of carrier.arrivals()) {
    if (stop.aborted) return
    bench.links.received({ carrier: carrier.name, peer: arrival.peer }, arrival.bytes.length)
    await open.get(nameOf(carrier, arrival.peer))?.begun
    await take(bench, arrival, stop)
  }
}

/** Whatever arrives must not stop the node: a commit that throws was dropped whole, and the envelope is refused. */
async function take(
  { context, clock }: Bench,
  arrival: Arrival,
  signal: AbortSignal,
): Promise<void> {
  try {
    await untilDone({ log: context.log, clock, signal }, () => receive(context, arrival))
  } catch (error) {
    context.log.error('envelope.failed', { peer: arrival.peer, reason: String(error) })
    arrival.refuse('failed')
  }
}

async function watchContacts(
  bench: Bench,
  { carrier, open }: { readonly carrier: Carrier; readonly open: OpenContacts },
  stop: AbortSignal,
): Promise<void> {
  for await (const contact of carrier.contacts()) {
    if (stop.aborted) return
    const name = nameOf(carrier, contact.peer)
    const end = new AbortController()
    const { promise: begun, resolve: onBegun } = Promise.withResolvers<void>()
    const service = { carrier, contact, signal: end.signal, onBegun }
    open.set(name, { end, begun, done: follow(bench, service, open.get(name)) })
  }
}

/** What follows from the beginning or the end of a contact, once the one before is over. */
async function follow(
  bench: Bench,
  service: Service & { readonly onBegun: () => void },
  before: OpenContact | undefined,
): Promise<void> {
  const { carrier, contact, signal, onBegun } = service
  const { peer, isUp } = contact
  if (before !== undefined) await endContact(before)
  bench.links.turned({ carrier: carrier.name, peer }, isUp)
  if (!isUp && !bench.stop.aborted) void noteGone(bench, peer)
  bench.context.emit({ kind: 'links' })
  bench.context.pace.wake()
  // What a costly way was spared may have to go by it now.
  if (!isUp) for (const bell of bench.bells) bell.ring()
  if (isUp && !bench.stop.aborted && !signal.aborted) await serve(bench, service)
  onBegun()
}

/** When a peer was there last outlives this run of the node, unless the disk is in the way. */
async function noteGone({ context }: Bench, peer: PeerId): Promise<void> {
  try {
    await context.replica.commit((tx) => noteThere(tx, context, peer))
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'STOPPING') context.log.warn('sync.disk', { code: code ?? 'unknown' })
  }
}

async function endContact({ end, done }: OpenContact): Promise<void> {
  end.abort('over') // with no reason an error is made, and its stack, for nobody
  await done
}
