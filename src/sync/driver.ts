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
import { receive } from './inbox.ts'
import { openLinks, type LinkState } from './links.ts'
import { untilDone } from './patience.ts'
import { noteThere } from './peers.ts'
import { serve, type Bench } from './service.ts'

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
  const open = new Map<string, OpenContact>()
  const bench: Bench = {
    context,
    clock: ports.clock,
    links: openLinks(ports.clock),
    marks: new Map(),
    bells,
    stop: stop.signal,
  }
  const lines: Promise<void>[] = []
  for (const carrier of ports.carriers) {
    void watchArrivals(bench, carrier, stop.signal)
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
      await Promise.all([...open.values()].map(endContact))
      await Promise.all(lines)
    },
  }
}

interface OpenContact {
  readonly end: AbortController
  readonly done: Promise<void>
}

async function watchArrivals(bench: Bench, carrier: Carrier, stop: AbortSignal): Promise<void> {
  for await (const arrival of carrier.arrivals()) {
    if (stop.aborted) return
    bench.links.received({ carrier: carrier.name, peer: arrival.peer }, arrival.bytes.length)
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
  { carrier, open }: { readonly carrier: Carrier; readonly open: Map<string, OpenContact> },
  stop: AbortSignal,
): Promise<void> {
  const nameOf = (peer: PeerId): string => `${carrier.name} ${peer}`
  for await (const contact of carrier.contacts()) {
    if (stop.aborted) return
    const name = nameOf(contact.peer)
    const before = open.get(name)
    open.delete(name)
    if (before !== undefined) await endContact(before)
    bench.links.turned({ carrier: carrier.name, peer: contact.peer }, contact.isUp)
    if (!contact.isUp && !stop.aborted) void noteGone(bench, contact.peer)
    bench.context.emit({ kind: 'links' })
    // What a costly way was spared may have to go by it now.
    if (!contact.isUp) for (const bell of bench.bells) bell.ring()
    if (!contact.isUp || stop.aborted) continue
    const end = new AbortController()
    open.set(name, { end, done: serve(bench, { carrier, contact, signal: end.signal }) })
  }
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
