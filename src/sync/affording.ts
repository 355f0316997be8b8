/**
 * What a contact may send, where its carrier's use is billed: nothing while the link is closed, and nothing that the budget does
 * not allow. What is about to be sent is booked in the commit that cuts it.
 */
import type { Instant } from '#base/ids.ts'
import { laneNumber } from '#model/precedence.ts'
import { connectUse, parcelUse } from '#tariff/profile.ts'
import { opensNext } from '#tariff/windows.ts'
import { nextParcel } from './contact.ts'
import type { ContactState, Next } from './contact-state.ts'
import type { Pause, SyncContext } from './context.ts'
import type { Cut } from './cut.ts'
import { leftOf, putRight, reserve, spentIn, type MeteredCarrier } from './spending.ts'
import type { Tx } from './replica.ts'

/** What a carrier had counted when its session at hand began, and when it was asked last. */
export interface Mark {
  beganBytes: number
  lastBytes: number
}

/** The most urgent thing to send now that may go: what an earlier contact left first. */
export async function nextAffordable(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<Next> {
  const { metered } = state
  if (metered === undefined) return nextParcel(tx, context, state)
  const now = context.now()
  const opensAt = opensNext(metered.terms.profile.opens, now)
  if (opensAt > now) return later(context, metered, { why: 'link closed until', until: opensAt })
  const next = await mostUrgent(tx, context, state)
  if (next.cut === undefined) return next
  const allowed = await reserve(tx, context, { carrier: metered, use: useOf(metered, next.cut) })
  if (!allowed.ok) {
    tx.undo()
    return later(context, metered, { why: 'no budget until', until: allowed.until })
  }
  tx.afterwards(() => {
    context.shut.delete(metered.name)
    const at = next.cut === undefined ? -1 : state.left.indexOf(next.cut)
    if (at >= 0) state.left.splice(at, 1)
  })
  return next
}

/** What an earlier contact left goes before what is new, but for flash. */
async function mostUrgent(tx: Tx, context: SyncContext, state: ContactState): Promise<Next> {
  const [left] = state.left.toSorted(
    (a, b) => laneNumber(a.parcel.lane) - laneNumber(b.parcel.lane),
  )
  if (left === undefined) return nextParcel(tx, context, state)
  // What is cut is numbered by that: nothing is cut that would not go now.
  if (left.parcel.lane === 'flash') return { cut: left, lookAgainAt: undefined }
  const room = { ...state.room, isFlashOnly: true }
  const flash = await nextParcel(tx, context, { ...state, room })
  return flash.cut === undefined ? { cut: left, lookAgainAt: undefined } : flash
}

function later({ shut }: SyncContext, { name }: MeteredCarrier, pause: Pause): Next {
  shut.set(name, pause)
  return { cut: undefined, lookAgainAt: pause.until }
}

/** Until when nothing is left of the budget for what need not be; undefined when something is, or nothing is billed. */
export async function spentUntil(
  tx: Tx,
  context: SyncContext,
  { metered }: Pick<ContactState, 'metered'>,
): Promise<Instant | undefined> {
  if (metered === undefined) return undefined
  const { span, spent } = await spentIn(tx, context, metered)
  if (!Object.values(leftOf(metered.terms.budget, spent, false)).includes(0)) return undefined
  return later(context, metered, { why: 'no budget until', until: span.endsAt }).lookAgainAt
}

function useOf({ terms }: MeteredCarrier, { parcel }: Cut) {
  const used = parcelUse(terms.profile, parcel.bytes.length)
  // Airtime that is billed is booked as it passes, by whoever keeps the line.
  const isTimed = terms.profile.tariff.shape === 'minutes'
  return { used: isTimed ? { ...used, ms: 0 } : used, lane: parcel.lane, parcels: 1 }
}

/** A contact begins on a line that nobody keeps: what it took to connect is booked. */
export async function beginSession(
  tx: Tx,
  context: SyncContext,
  { carrier, mark }: { readonly carrier: MeteredCarrier; readonly mark: Mark },
): Promise<void> {
  await settleUse(tx, context, { carrier, mark })
  const used = connectUse(carrier.terms.profile)
  await reserve(tx, context, { carrier, use: { used, isNewSession: true, isDone: true } })
  mark.beganBytes = mark.lastBytes
}

/** Nothing is under way: what was booked for this session becomes what the carrier has counted. */
export async function settleUse(
  tx: Tx,
  context: SyncContext,
  { carrier, mark }: { readonly carrier: MeteredCarrier; readonly mark: Mark },
): Promise<void> {
  const bytes = carrier.usedBytes?.()
  if (bytes === undefined) return
  mark.lastBytes = bytes
  await putRight(tx, context, { carrier, bytes: bytes - mark.beganBytes })
}
