/**
 * Serving one contact: cut and send while there is something to send, then wait until a bell rings. What is sent is on
 * disk first; what the peer answers is on disk before anything else follows from it.
 */
import { codeOf } from '#base/errors.ts'
import type { Instant } from '#base/ids.ts'
import { IN_FLIGHT_MAX } from '#base/limits.ts'
import type { Carrier, Contact, LinkRoom, PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import { openBell, rungWithin, type Bell } from './bell.ts'
import { beginSession, nextAffordable, settleUse, type Mark } from './affording.ts'
import { beginContact } from './contact.ts'
import type { ContactState, Next, Room } from './contact-state.ts'
import type { SyncContext } from './context.ts'
import type { Cut } from './cut.ts'
import { newFileLook } from './file-desk.ts'
import { keepFetching } from './file-shelf.ts'
import { handedOver, takeBack } from './handover.ts'
import type { Links } from './links.ts'
import { isDrillDue, noteProof } from './pace.ts'
import { untilDone } from './patience.ts'
import { changesIn } from './queue.ts'

/** What all contacts of a node work with. */
export interface Bench {
  readonly context: SyncContext
  readonly clock: Clock
  readonly links: Links
  /** What carriers had counted, by name. */
  readonly marks: Map<string, Mark>
  /** Names of carriers where every byte is paid for. */
  readonly metered: ReadonlySet<string>
  /** One bell for each open contact. */
  readonly bells: Set<Bell>
  /** Aborts when the node closes. */
  readonly stop: AbortSignal
}

/** One contact, until `signal` aborts. */
export interface Service {
  readonly carrier: Carrier
  readonly contact: Contact
  readonly signal: AbortSignal
  /** Called once what the peer says belongs to this contact. */
  readonly onBegun?: () => void
}

/** Longest time between two looks at the outbox of an open contact, in milliseconds. Looking sends nothing. */
const LOOK_MS_MAX = 3_600_000

/** What may have come, in bytes, before it is booked. */
const SETTLED_BYTES = 10_000

/** What sealing leaves of the bytes of a usual cut. */
const USUAL_SHARE = 0.5

/** Serves one contact until it ends and everything under way has been answered or given up. */
export async function serve(bench: Bench, service: Service): Promise<void> {
  const state = stateOf(bench, service)
  const { carrier, signal } = service
  const left = await begin(bench, service, state)
  service.onBegun?.()
  const { shelf } = carrier
  const fetching = shelf && keepFetching(bench, { shelf, state, signal })
  await keepSending(bench, service, { state, left })
  await fetching
  await settle(bench, state)
}

/** Cuts and sends until the contact ends; `left` is what an earlier one left. */
async function keepSending(
  bench: Bench,
  service: Service,
  { state, left }: { readonly state: ContactState; readonly left: readonly Cut[] },
): Promise<void> {
  const bell = openBell()
  const ring = (): void => bell.ring()
  bench.bells.add(bell)
  service.signal.addEventListener('abort', ring)
  const under = new Set<Promise<void>>()
  let isReachable = true
  const launch = (cut: Cut): void => {
    const flight = fly(bench, service, {
      state,
      cut,
      onUnreachable: () => {
        isReachable = false
      },
    }).finally(() => {
      under.delete(flight)
      bell.ring()
    })
    under.add(flight)
  }
  if (state.metered !== undefined) state.left.push(...left)
  else for (const cut of isSpared(bench, state) ? [] : left) launch(cut)
  const { onQuiet } = service.carrier
  while (!service.signal.aborted) {
    const mayCut = isReachable && !(isSpared(bench, state) && bench.context.pace.rules.length === 0)
    const room = mayCut ? roomFor(service.carrier, state) : undefined
    const next = room === undefined ? undefined : await look(bench, service, { ...state, room })
    // What was cut while the contact ended lies on the disk for the next one.
    if (service.signal.aborted) break
    if (next?.cut !== undefined) {
      launch(next.cut)
      continue
    }
    await settleWhatCame(bench, state, under.size)
    onQuiet?.(state.peer, under.size)
    await rungWithin(bell, { clock: bench.clock, ms: lookWithinMs(bench, next?.lookAgainAt) })
  }
  service.signal.removeEventListener('abort', ring)
  bench.bells.delete(bell)
  await Promise.allSettled(under)
}

/** Puts right what was booked for a session, as far as it can be told now. */
async function settle(bench: Bench, { metered }: ContactState): Promise<void> {
  if (metered === undefined || bench.stop.aborted) return
  const { context, clock, stop } = bench
  const mark = markOf(bench, metered.name)
  await untilDone({ log: context.log, clock, signal: stop }, () =>
    context.replica.commit((tx) => settleUse(tx, context, { carrier: metered, mark })),
  )
}

/** Much may come while nothing is sent: a file, or the first sync of a kit. */
async function settleWhatCame(bench: Bench, state: ContactState, underWay: number): Promise<void> {
  const { metered } = state
  if (underWay > 0) return
  const bytes = metered?.usedBytes?.()
  if (metered === undefined || bytes === undefined) return
  if (bytes - markOf(bench, metered.name).lastBytes >= SETTLED_BYTES) await settle(bench, state)
}

/** What was noted of what a carrier counts. */
export function markOf({ marks }: Pick<Bench, 'marks'>, carrier: string): Mark {
  const mark = marks.get(carrier) ?? { beganBytes: 0, lastBytes: 0 }
  marks.set(carrier, mark)
  return mark
}

/**
 * What may be cut now; undefined when it is nothing. What waits is cut as late as the link allows, so that it can still merge and
 * be overtaken; flash always has room of its own. How much smaller cuts get by sealing shows in those before.
 */
function roomFor(carrier: Carrier, { peer, flying }: ContactState): Room | undefined {
  const { inFlightMax = IN_FLIGHT_MAX } = carrier
  const others = [...flying].filter(({ parcel }) => parcel.lane !== 'flash')
  const link = carrier.room?.(peer)
  const underWayBytes = others.reduce((sum, { parcel }) => sum + parcel.bytes.length, 0)
  // One that is larger than all that should be under way has a next one behind it all the same.
  const isEnough = others.length > 1 && underWayBytes >= (link?.underWayBytes ?? Infinity)
  const isFull = others.length >= inFlightMax || isEnough
  if (isFull && flying.size - others.length >= inFlightMax) return undefined
  const last = others.findLast((cut) => cut.plainBytes !== undefined)
  return { ...plainRoom(link, last), isFlashOnly: isFull }
}

/** How much may be cut on a link after that cut. */
export function plainRoom(link: LinkRoom | undefined, last: Cut | undefined): Room {
  if (link === undefined) return { isFlashOnly: false }
  const { plainBytes = 1, parcel } = last ?? {}
  const share = parcel === undefined ? USUAL_SHARE : parcel.bytes.length / plainBytes
  const { parcelBytes } = link
  return { isFlashOnly: false, parcelBytes, plainBytesMax: Math.round(parcelBytes / share) }
}

/** Whether the peer is in contact by a carrier that costs nothing while this one does. One that is to be proved goes all the same. */
function isSpared({ context }: Bench, { carrier, beside }: ContactState): boolean {
  return !isDrillDue(context.pace, carrier) && (beside?.() ?? []).length > 0
}

/** Carriers that cost nothing by which a peer is in contact. */
function freeTo({ links, metered }: Bench, peer: PeerId): readonly string[] {
  return links
    .all()
    .flatMap((one) =>
      one.peer === peer && one.isUp && !metered.has(one.carrier) ? one.carrier : [],
    )
}

function stateOf(bench: Bench, { carrier, contact }: Service): ContactState {
  const { name, receiptDelayMs, lanes, isMetered = false } = carrier
  const isVisit = carrier.onQuiet !== undefined
  const { terms, usedBytes, line } = carrier
  const metered = terms && { name, terms, usedBytes, line }
  const fresh = {
    ...(metered && { metered }),
    left: [],
    flying: new Set<Cut>(),
    wanted: new Map(),
    refused: new Map(),
    files: newFileLook(),
    measured: () => bench.links.of({ carrier: name, peer: contact.peer }),
  }
  const beside = isMetered ? { beside: () => freeTo(bench, contact.peer) } : {}
  const hasShelf = carrier.shelf !== undefined
  const manner = {
    receiptDelayMs,
    isVisit,
    isMetered,
    hasShelf,
    ...beside,
    ...(lanes && { lanes }),
  }
  return { peer: contact.peer, carrier: name, ...manner, ...fresh }
}

async function begin(bench: Bench, service: Service, state: ContactState): Promise<readonly Cut[]> {
  const { context, clock } = bench
  const { mayHaveForgotten, certificate } = service.contact
  const patience = { log: context.log, clock, signal: service.signal }
  const cuts = await untilDone(patience, () =>
    context.replica.commit(async (tx) => {
      const { metered: known } = state
      if (known !== undefined && known.line === undefined)
        await beginSession(tx, context, { carrier: known, mark: markOf(bench, known.name) })
      return beginContact(tx, context, { state, mayHaveForgotten, certificate })
    }),
  )
  return cuts ?? []
}

function look(bench: Bench, service: Service, state: ContactState): Promise<Next | undefined> {
  const { context, clock } = bench
  const patience = { log: context.log, clock, signal: service.signal }
  return untilDone(patience, () =>
    context.replica.commit((tx) => nextAffordable(tx, context, state)),
  )
}

/** When to look again, from now on, in milliseconds; undefined: when something changes. */
function lookWithinMs({ context }: Bench, at: Instant | undefined): number | undefined {
  return at && Math.min(LOOK_MS_MAX, Math.max(1, at - context.now()))
}

interface Flight {
  readonly state: ContactState
  readonly cut: Cut
  readonly onUnreachable: () => void
}

/** One parcel from the moment it is on disk until it is answered for, or the contact ends. */
async function fly(
  bench: Bench,
  service: Service,
  { state, cut, onUnreachable }: Flight,
): Promise<void> {
  const { context, clock, links } = bench
  const { carrier, signal } = service
  state.flying.add(cut)
  const flight = links.launched({ carrier: carrier.name, peer: state.peer })
  try {
    const answer = await carrier.send(state.peer, cut.parcel, signal)
    flight.answered({ bytes: cut.parcel.bytes.length, changes: changesIn(cut.record) })
    // An answer counts even when the contact has ended since.
    await untilDone({ log: context.log, clock, signal: bench.stop }, () =>
      context.replica.commit(async (tx) => {
        await handedOver(tx, context, { state, cut })
        await noteProof(tx, context, { carrier: carrier.name, answer })
        const { metered } = state
        const isLast = state.flying.size === 1
        if (metered !== undefined && isLast)
          await settleUse(tx, context, { carrier: metered, mark: markOf(bench, metered.name) })
      }),
    )
  } catch (error) {
    const code = codeOf(error)
    if (code === 'CARRIER_UNREACHABLE' || code === 'STOPPING') onUnreachable()
    else await refuse(bench, service, { state, cut, error })
  } finally {
    flight.ended()
    state.flying.delete(cut)
  }
}

async function refuse(
  bench: Bench,
  service: Service,
  failed: { readonly state: ContactState; readonly cut: Cut; readonly error: unknown },
): Promise<void> {
  const { context, clock } = bench
  const { state, cut, error } = failed
  const code = codeOf(error)
  const facts = { peer: state.peer, bytes: cut.parcel.bytes.length }
  context.log.warn('parcel.refused', { ...facts, code: code ?? 'unknown', reason: String(error) })
  // Another number may do when this one is taken; anything else would be refused again.
  const mayTryAgain = code === 'ALREADY_EXISTS'
  await untilDone({ log: context.log, clock, signal: service.signal }, () =>
    context.replica.commit((tx) => takeBack(tx, state, { cut, mayTryAgain })),
  )
}
