/**
 * The one loop that runs sync against the ports: for each carrier, its arrivals and its contacts; for each contact,
 * cut and send while there is something to send, then wait until a bell rings. Nothing runs while nothing changes:
 * an idle link costs nothing.
 */
import { codeOf } from '#base/errors.ts'
import { IN_FLIGHT_MAX } from '#base/limits.ts'
import type { Carrier, Contact, PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import { beginContact, handedOver, nextParcel, takeBack } from './contact.ts'
import type { ContactState } from './contact-state.ts'
import type { SyncContext } from './context.ts'
import type { Cut } from './cut.ts'
import { receive } from './inbox.ts'
import { openBell, type Bell } from './bell.ts'

/** A carrier's peer, now, as shown to people. */
export interface LinkState {
  readonly carrier: string
  readonly peer: PeerId
  readonly isUp: boolean
  readonly since: number
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Bytes a second handed over lately; 0 when not yet known. */
  readonly bytesPerSecond: number
}

/** The running sync. */
export interface Driver extends AsyncDisposable {
  readonly links: () => readonly LinkState[]
  /** Something is to be sent: all contacts look again. */
  readonly ring: () => void
}

/** Longest time between two looks at the outbox of an open contact, in milliseconds. It sends nothing by itself. */
const LOOK_MS_MAX = 3_600_000
/** Wait after a failed disk write, so that a full disk is not hammered. */
const RETRY_MS = 2_000

interface MutableLink {
  carrier: string
  peer: PeerId
  isUp: boolean
  since: number
  sentBytes: number
  receivedBytes: number
  bytesPerSecond: number
}

/** Starts sync on all carriers. Disposing it stops the loops; it does not close the carriers. */
export function startDriver(
  context: SyncContext,
  ports: { readonly carriers: readonly Carrier[]; readonly clock: Clock },
): Driver {
  const stop = new AbortController()
  const links = new Map<string, MutableLink>()
  const bells = new Set<Bell>()
  const loops: Promise<void>[] = []

  const linkOf = (carrier: Carrier, peer: PeerId): MutableLink => {
    const name = `${carrier.name} ${peer}`
    const known = links.get(name)
    if (known !== undefined) return known
    const link = {
      carrier: carrier.name,
      peer,
      isUp: false,
      since: context.now(),
      sentBytes: 0,
      receivedBytes: 0,
      bytesPerSecond: 0,
    }
    links.set(name, link)
    return link
  }

  const watchArrivals = async (carrier: Carrier): Promise<void> => {
    for await (const arrival of carrier.arrivals()) {
      if (stop.signal.aborted) return
      linkOf(carrier, arrival.peer).receivedBytes += arrival.bytes.length
      await untilDone(context, { clock: ports.clock, signal: stop.signal }, () =>
        receive(context, arrival),
      )
    }
  }

  const watchContacts = async (carrier: Carrier): Promise<void> => {
    const open = new Map<PeerId, { end: AbortController; done: Promise<void> }>()
    for await (const contact of carrier.contacts()) {
      const before = open.get(contact.peer)
      before?.end.abort()
      await before?.done
      open.delete(contact.peer)
      const link = linkOf(carrier, contact.peer)
      Object.assign(link, { isUp: contact.isUp, since: context.now() })
      context.emit({ kind: 'links' })
      if (!contact.isUp || stop.signal.aborted) continue
      const end = new AbortController()
      const done = serve({
        context,
        carrier,
        contact,
        link,
        clock: ports.clock,
        bells,
        signal: end.signal,
      })
      open.set(contact.peer, { end, done })
    }
    for (const { end, done } of open.values()) {
      end.abort()
      await done
    }
  }

  for (const carrier of ports.carriers) loops.push(watchArrivals(carrier), watchContacts(carrier))

  return {
    links: () => [...links.values()].map((link) => ({ ...link })),
    ring: () => {
      for (const bell of bells) bell.ring()
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      for (const bell of bells) bell.ring()
      await Promise.allSettled(loops)
    },
  }
}

interface Service {
  readonly context: SyncContext
  readonly carrier: Carrier
  readonly contact: Contact
  readonly link: MutableLink
  readonly clock: Clock
  readonly bells: Set<Bell>
  readonly signal: AbortSignal
}

/** Serves one contact until it ends. */
async function serve(service: Service): Promise<void> {
  const { context, carrier, contact, signal } = service
  const state: ContactState = {
    peer: contact.peer,
    carrier: carrier.name,
    receiptDelayMs: carrier.receiptDelayMs,
    flying: new Set(),
    wantedAt: new Map(),
    refused: new Set(),
  }
  const bell = openBell()
  service.bells.add(bell)
  const onEnd = (): void => bell.ring()
  signal.addEventListener('abort', onEnd)
  const under = new Set<Promise<void>>()
  const launch = (cut: Cut): void => {
    const flight = fly(service, state, cut).finally(() => {
      under.delete(flight)
      bell.ring()
    })
    under.add(flight)
  }
  const patience = { clock: service.clock, signal }
  const { mayHaveForgotten, certificate } = contact
  const begin = { state, mayHaveForgotten, certificate }
  const left = await untilDone(context, patience, () =>
    context.replica.commit((tx) => beginContact(tx, context, begin)),
  )
  for (const cut of left ?? []) launch(cut)
  while (!signal.aborted) {
    const next =
      under.size >= IN_FLIGHT_MAX
        ? { cut: undefined, lookAgainAt: undefined }
        : await untilDone(context, patience, () =>
            context.replica.commit((tx) => nextParcel(tx, context, state)),
          )
    if (next?.cut !== undefined) launch(next.cut)
    else await waitForMore(service, bell, next?.lookAgainAt)
  }
  signal.removeEventListener('abort', onEnd)
  service.bells.delete(bell)
  await Promise.allSettled(under)
}

async function waitForMore(
  service: Service,
  bell: Bell,
  lookAgainAt: number | undefined,
): Promise<void> {
  if (lookAgainAt === undefined) return bell.rung()
  const ms = Math.min(LOOK_MS_MAX, Math.max(1, lookAgainAt - service.context.now()))
  const alarm = new AbortController()
  await Promise.race([bell.rung(), service.clock.sleep(ms, alarm.signal)])
  alarm.abort()
}

/** One parcel from the moment it is on disk until it is answered for, or the contact ends. */
async function fly(service: Service, state: ContactState, cut: Cut): Promise<void> {
  const { context, carrier, link, clock, signal } = service
  state.flying.add(cut)
  const startedMs = clock.monotonicMs()
  try {
    const handover = await carrier.send(state.peer, cut.parcel, signal)
    link.sentBytes += cut.parcel.bytes.length
    noteRate(link, cut.parcel.bytes.length, clock.monotonicMs() - startedMs)
    const patience = { clock, signal: undefined }
    await untilDone(context, patience, () =>
      context.replica.commit((tx) => handedOver(tx, context, { state, cut, handover })),
    )
  } catch (error) {
    await refused(service, state, { cut, error })
  } finally {
    state.flying.delete(cut)
  }
}

async function refused(
  service: Service,
  state: ContactState,
  { cut, error }: { cut: Cut; error: unknown },
): Promise<void> {
  const { context } = service
  const code = codeOf(error)
  if (code === 'CARRIER_UNREACHABLE' || code === 'STOPPING') return
  const { document } = cut.record
  const facts = { peer: state.peer, bytes: cut.parcel.bytes.length }
  context.log.warn('parcel.refused', { ...facts, code: code ?? 'unknown', what: String(error) })
  // Another number may do when this one is taken; anything else would be refused again.
  if (document !== undefined && code !== 'ALREADY_EXISTS') state.refused.add(document)
  const patience = { clock: service.clock, signal: service.signal }
  await untilDone(context, patience, () => context.replica.commit((tx) => takeBack(tx, state, cut)))
}

/** Tries until the disk takes it: a full disk is waited out, everything else rises. Undefined when told to stop. */
async function untilDone<T>(
  context: SyncContext,
  patience: { readonly clock: Clock; readonly signal: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T | undefined> {
  const signal = patience.signal ?? new AbortController().signal
  while (!signal.aborted) {
    try {
      return await work()
    } catch (error) {
      const code = codeOf(error)
      if (code === 'STOPPING') return undefined
      if (code === undefined) throw error
      context.log.error('sync.disk', { code })
      await patience.clock.sleep(RETRY_MS, signal)
    }
  }
  return undefined
}

function noteRate(link: MutableLink, bytes: number, ms: number): void {
  const rate = (bytes * 1000) / Math.max(1, ms)
  link.bytesPerSecond = link.bytesPerSecond === 0 ? rate : link.bytesPerSecond * 0.8 + rate * 0.2
}
