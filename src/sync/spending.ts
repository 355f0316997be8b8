/**
 * What carriers may spend and have spent. A use is booked in the commit that decides on it, before a byte leaves, and put right by
 * what the carrier counted: whenever the power goes, what is on the disk is no less than what was spent. What a budget does not
 * allow is not begun; what comes in is booked all the same, since nobody here can refuse it.
 */
import type { Instant } from '#base/ids.ts'
import type { Lane } from '#model/precedence.ts'
import type { Carrier } from '#ports/carrier.ts'
import { added } from '#tariff/profile.ts'
import { billOf, type Bill, type Tariff, type Used } from '#tariff/tariff.ts'
import type { Budget, Terms } from '#tariff/terms.ts'
import { windowAt, type Span } from '#tariff/windows.ts'
import type { SyncContext } from './context.ts'
import { pack, unpack } from './records.ts'
import type { Reader, Tx } from './replica.ts'
import { NO_BILL, spendingKey, type CostRecord, type SpentRecord } from './spending-keys.ts'

/** A carrier with terms. */
export interface MeteredCarrier {
  readonly name: string
  readonly terms: Terms
  readonly usedBytes?: Carrier['usedBytes'] | undefined
  readonly line?: Carrier['line'] | undefined
}

/** What is about to be used. */
export interface Use {
  readonly used: Used
  /** Of the parcel for which it is used; none for a line that is dialled or goes on. */
  readonly lane?: Lane | undefined
  readonly parcels?: number
  /** A session begins with it. */
  readonly isNewSession?: boolean
  /** It has happened: it is booked whatever the budget says. */
  readonly isDone?: boolean
}

/** Whether a budget allows a use; if not, when its next window begins. */
export type Allowed = { readonly ok: true } | { readonly ok: false; readonly until: Instant }

const DAY = { kind: 'day' } as const
const NO_USE: Used = { bytes: 0, ms: 0 }
const DAY_MS = 86_400_000
/** How long days are kept in the ledger: the bills of a year and a month. */
const COST_DAYS_KEPT = 400

/** The window at hand, and what was spent in it. A clock that was set back gives nothing back. */
export async function spentIn(
  reader: Pick<Reader, 'get'>,
  { now }: Pick<SyncContext, 'now'>,
  { name, terms }: MeteredCarrier,
): Promise<{ readonly span: Span; readonly spent: SpentRecord }> {
  const known = unpack<SpentRecord>(await reader.get(spendingKey.spent(name)))
  const span = windowAt(terms.budget?.window ?? DAY, now())
  if (known === undefined) return { span, spent: freshRecord(span.startsAt) }
  if (span.startsAt > known.startsAt)
    return { span, spent: { ...freshRecord(span.startsAt), session: known.session } }
  return { span, spent: known }
}

function freshRecord(startsAt: Instant): SpentRecord {
  const session = { used: NO_USE, bill: NO_BILL }
  return { startsAt, ...NO_BILL, extra: NO_BILL, session, toldPercent: 0 }
}

/** Books a use if the budget allows it. */
export async function reserve(
  tx: Tx,
  context: SyncContext,
  want: { readonly carrier: MeteredCarrier; readonly use: Use },
): Promise<Allowed> {
  const { carrier, use } = want
  const { terms } = carrier
  const { span, spent } = await spentIn(tx, context, carrier)
  const { bill, next } = withUse(terms, spent, use)
  const isFlash = use.lane === 'flash'
  const isNew = use.isNewSession === true
  // A session is not begun where nothing could follow.
  const isOut = isNew && Object.values(leftOf(terms.budget, spent, isFlash)).includes(0)
  const isFine = use.isDone === true || (isNothing(bill) && !isOut)
  if (!isFine && (isOut || !isWithin(terms.budget, { spent, next, isFlash })))
    return { ok: false, until: span.endsAt }
  keep(tx, context, { carrier, spent: next })
  await keepCost(tx, context, { carrier, bill, use })
  return { ok: true }
}

/** Books what the carrier has counted in this session in the place of what was taken to be used. */
export async function putRight(
  tx: Tx,
  context: SyncContext,
  { carrier, bytes }: { readonly carrier: MeteredCarrier; readonly bytes: number },
): Promise<void> {
  const { spent } = await spentIn(tx, context, carrier)
  const { session } = spent
  const used = { bytes, ms: session.used.ms }
  // Where no session was ever begun there is none to be billed as the least.
  if (isNothing(session.bill) && bytes === 0) return
  const { bill, next } = withSession(carrier.terms, spent, used)
  if (isNothing(bill)) return
  keep(tx, context, { carrier, spent: next })
  await keepCost(tx, context, { carrier, bill, use: { used: NO_USE } })
}

/** What an operator grants beyond the budget, for the window at hand. */
export async function grant(
  tx: Tx,
  context: SyncContext,
  { carrier, extra }: { readonly carrier: MeteredCarrier; readonly extra: Bill },
): Promise<void> {
  const { spent } = await spentIn(tx, context, carrier)
  const { isUnknown: _, ...known } = spent
  keep(tx, context, { carrier, spent: { ...known, extra: sum(known.extra, extra) } })
}

/** What is left of a budget, with and without the reserve for flash; undefined where there is no limit. */
export function leftOf(
  budget: Budget | undefined,
  spent: SpentRecord,
  isFlash: boolean,
): Readonly<Record<keyof Bill, number | undefined>> {
  const share = isFlash ? 1 : 1 - (budget?.flashReservePercent ?? 0) / 100
  const left = (most: number | undefined, key: keyof Bill): number | undefined => {
    if (most === undefined) return undefined
    if (spent.isUnknown === true) return 0
    return Math.max(0, Math.floor(most * share) + spent.extra[key] - spent[key])
  }
  return {
    bytes: left(budget?.bytesMax, 'bytes'),
    ms: left(budget?.msMax, 'ms'),
    micros: left(budget?.microsMax, 'micros'),
  }
}

/** How many of a hundred of its tightest limit are spent; 0 without any. */
export function percentOf(budget: Budget | undefined, spent: SpentRecord): number {
  if (budget === undefined) return 0
  const most = { bytes: budget.bytesMax, ms: budget.msMax, micros: budget.microsMax }
  const shares = (['bytes', 'ms', 'micros'] as const).map((key) => {
    const limit = most[key]
    if (limit === undefined) return 0
    return (100 * spent[key]) / Math.max(1, limit + spent.extra[key])
  })
  return spent.isUnknown === true ? 100 : Math.floor(Math.max(...shares))
}

/** Both together. */
function sum(one: Bill, other: Bill): Bill {
  return { ...added(one, other), micros: one.micros + other.micros }
}

function isNothing({ bytes, ms, micros }: Bill): boolean {
  return bytes === 0 && ms === 0 && micros === 0
}

interface Booked {
  /** What comes on top of what was booked before. */
  readonly bill: Bill
  readonly next: SpentRecord
}

function withUse(terms: Terms, spent: SpentRecord, use: Use): Booked {
  const session = use.isNewSession === true ? { used: NO_USE, bill: NO_BILL } : spent.session
  return withSession(terms, { ...spent, session }, added(session.used, use.used))
}

function withSession({ profile }: Terms, spent: SpentRecord, used: Used): Booked {
  const whole = billOf(asBooked(profile.tariff), used)
  const before = spent.session.bill
  const bill = {
    bytes: whole.bytes - before.bytes,
    ms: whole.ms - before.ms,
    micros: whole.micros - before.micros,
  }
  return { bill, next: { ...spent, ...sum(spent, bill), session: { used, bill: whole } } }
}

/** Bytes of messages come here as they are billed already: each message is a session of its own. */
function asBooked(tariff: Tariff): Tariff {
  if (tariff.shape !== 'messages') return tariff
  const { pricePerMegabyte } = tariff
  return { shape: 'bytes', pricePerMegabyte, stepBytes: 1, leastBytes: 0 }
}

function isWithin(
  budget: Budget | undefined,
  { spent, next, isFlash }: { spent: SpentRecord; next: SpentRecord; isFlash: boolean },
): boolean {
  const left = leftOf(budget, spent, isFlash)
  return (['bytes', 'ms', 'micros'] as const).every(
    (key) => left[key] === undefined || next[key] - spent[key] <= left[key],
  )
}

interface Keeping {
  readonly carrier: MeteredCarrier
  readonly spent: SpentRecord
}

/** Keeps the record, and tells the operator when a threshold is passed. */
function keep(tx: Tx, context: SyncContext, { carrier, spent }: Keeping): void {
  const { name, terms } = carrier
  const percent = percentOf(terms.budget, spent)
  const passed = (terms.budget?.alarmPercents ?? []).filter((one) => one <= percent)
  const toldPercent = Math.max(0, ...passed)
  tx.put(spendingKey.spent(name), pack({ ...spent, toldPercent } satisfies SpentRecord))
  if (toldPercent > spent.toldPercent)
    tx.afterwards(() => {
      context.log.warn('budget.low', { carrier: name, percent: toldPercent })
      context.audit.count({ deed: 'budget alarm', result: 'found', facts: { number: toldPercent } })
      context.emit({ kind: 'budget', carrier: name, percent: toldPercent })
    })
}

async function keepCost(
  tx: Tx,
  { now }: SyncContext,
  of: { readonly carrier: MeteredCarrier; readonly bill: Bill; readonly use: Use },
): Promise<void> {
  const { carrier, bill, use } = of
  const { name, terms } = carrier
  const { startsAt } = windowAt(DAY, now())
  const place = spendingKey.cost(name, startsAt)
  const known = unpack<CostRecord>(await tx.get(place))
  const { link, profile } = terms
  const record: CostRecord = {
    ...sum(known ?? NO_BILL, bill),
    sessions: (known?.sessions ?? 0) + (use.isNewSession === true ? 1 : 0),
    parcels: (known?.parcels ?? 0) + (use.parcels ?? 0),
    currency: profile.currency,
    link,
  }
  tx.put(place, pack(record))
  if (known === undefined) tx.delete(spendingKey.cost(name, startsAt - COST_DAYS_KEPT * DAY_MS))
}
