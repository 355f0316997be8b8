/** Rehearsals, previews and the cost ledger. Whatever is rehearsed is undone: nothing of it is kept or sent. */
import { EdgeError } from '#base/errors.ts'
import type { Instant, UserId } from '#base/ids.ts'
import { segmentDocument } from '#model/document-id.ts'
import { LANES, type Lane } from '#model/precedence.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import { audit } from '#sync/audit.ts'
import type { SyncContext } from '#sync/context.ts'
import type { LinkState } from '#sync/links.ts'
import { range } from '#sync/keys.ts'
import { unpack, type PeerRecord } from '#sync/records.ts'
import { mayLeaveBy } from '#sync/pace.ts'
import { rehearse, type Rehearsal, type Way } from '#sync/rehearsal.ts'
import { grant, leftOf, percentOf, spentIn, type MeteredCarrier } from '#sync/spending.ts'
import { spendingRange, type CostRecord } from '#sync/spending-keys.ts'
import type { Bill } from '#tariff/tariff.ts'
import { costRow, priceOf, seconds } from './cost-rows.ts'
import { insist, insistInChannel, isAdministrator, peerName, type AppContext } from './context.ts'
import type { Draft } from './conversation-types.ts'
import { checkDraft } from './draft-checks.ts'
import { writePost } from './messages.ts'
import type {
  BudgetState,
  CarrierPlan,
  PlannedPart,
  Planning,
  PlanWant,
  PreviewedWay,
  Raise,
} from './plan-types.ts'

/** What planning works with, beside the app. */
interface Links {
  readonly carriers: readonly Carrier[]
  readonly links: () => readonly LinkState[]
}

const SECOND_MS = 1_000

type Metered = Carrier & MeteredCarrier

const MILLION = 1_000_000
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** The planning part of the app. */
export function openPlanning(context: AppContext, links: Links): Planning {
  return {
    plan: async (subject, { carrier, window: wanted } = {}) => {
      const ways = await meteredWays(context, links)
      const isTold = isAdministrator(context, subject)
      const plans: CarrierPlan[] = []
      const window = wanted && windowFrom(wanted, context.sync.now())
      for (const way of ways.filter((one) => [undefined, one.carrier.name].includes(carrier)))
        plans.push(await planOf(context, links, { way: { ...way, window }, isTold }))
      return plans
    },
    preview: (subject, draft) => previewOf(context, links, { subject, draft }),
    costs: async (subject) => {
      insistAdministrator(context, subject)
      const rows = await context.sync.replica.read.list({ ...spendingRange.costs })
      return rows
        .map(([place, bytes]) => costRow(place, unpack<CostRecord>(bytes)))
        .toSorted((a, b) => (a.day === b.day ? 0 : a.day < b.day ? 1 : -1))
    },
    raiseBudget: (subject, name, raise) => raiseBudget(context, links, { subject, name, raise }),
  }
}

function windowFrom(
  { atMinute, minutes }: NonNullable<PlanWant['window']>,
  now: Instant,
): NonNullable<Way['window']> {
  const today = Math.floor(now / DAY_MS) * DAY_MS + (atMinute ?? 0) * MINUTE_MS
  const next = today < now ? today + DAY_MS : today
  return { startsAt: atMinute === undefined ? now : next, ms: minutes * MINUTE_MS }
}

function insistAdministrator(context: AppContext, subject: UserId): void {
  insist(context, subject, {
    action: 'manage budget',
    isAdministrator: isAdministrator(context, subject),
  })
}

/** Each carrier with terms, with those to whom it goes as far as they are known. */
async function meteredWays(
  { sync }: AppContext,
  { carriers }: Links,
): Promise<readonly (Way & { readonly carrier: Metered })[]> {
  const known = await sync.replica.read.list(range.peers)
  return carriers.filter(isMetered).flatMap((carrier) => {
    const met = known
      .filter(([, bytes]) => unpack<PeerRecord>(bytes)?.carrier === carrier.name)
      .map(([place]) => place.slice('peer/'.length) as PeerId)
    const peers = new Set([...(carrier.line === undefined ? [] : [carrier.line.peer]), ...met])
    return [...peers].map((peer) => ({ carrier, peer }))
  })
}

function isMetered(carrier: Carrier): carrier is Metered {
  return carrier.terms !== undefined
}

function isThere(links: readonly LinkState[], { carrier, peer }: Way): boolean {
  return links.some((one) => one.carrier === carrier.name && one.peer === peer && one.isUp)
}

async function planOf(
  { sync }: AppContext,
  { links }: Links,
  { way, isTold }: { readonly way: Way; readonly isTold: boolean },
): Promise<CarrierPlan> {
  const { carrier, peer } = way
  const { link, profile } = carrier.terms
  const isUp = isThere(links(), way)
  const rehearsal = await rehearse(sync, { ...way, isUp })
  const { bill, used, waiting, opensAt, until, isCutShort } = rehearsal
  const waits = Object.fromEntries(LANES.map((lane, at) => [lane, waiting[at] ?? 0]))
  return {
    carrier: carrier.name,
    peer: peerName(sync, peer),
    link,
    currency: profile.currency,
    isUp,
    opensAt,
    budget: await budgetOf({ sync }, carrier),
    clears: partsOf(rehearsal, isTold),
    price: priceOf(bill),
    seconds: seconds(used),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one for each lane
    waits: waits as Record<Lane, number>,
    until,
    isCutShort,
  }
}

/** Parcels one after the other of one lane and channel are one part. */
function partsOf({ parcels }: Rehearsal, isTold: boolean): readonly PlannedPart[] {
  const parts: PlannedPart[] = []
  for (const { lane, channel, changes, bytes } of parcels) {
    const last = parts.at(-1)
    const place = isTold ? channel : undefined
    const isSame = last?.lane === lane && last.channel === place
    const before = isSame ? last : { changes: 0, parcels: 0, bytes: 0 }
    const part = {
      lane,
      channel: place,
      changes: before.changes + changes,
      parcels: before.parcels + 1,
      bytes: before.bytes + bytes,
    }
    parts.splice(isSame ? -1 : parts.length, 1, part)
  }
  return parts
}

async function budgetOf(
  { sync }: Pick<AppContext, 'sync'>,
  carrier: MeteredCarrier,
): Promise<BudgetState | undefined> {
  const { budget } = carrier.terms
  if (budget === undefined) return undefined
  const { span, spent } = await spentIn(sync.replica.read, sync, carrier)
  const left = (isFlash: boolean): BudgetState['left'] => {
    const { bytes, ms, micros } = leftOf(budget, spent, isFlash)
    return {
      bytes,
      seconds: ms === undefined ? undefined : Math.floor(ms / SECOND_MS),
      money: micros === undefined ? undefined : micros / MILLION,
    }
  }
  const percent = percentOf(budget, spent)
  return { ...span, spent: priceOf(spent), left: left(false), leftForFlash: left(true), percent }
}

async function previewOf(
  context: AppContext,
  links: Links,
  { subject, draft }: { readonly subject: UserId; readonly draft: Draft },
): Promise<readonly PreviewedWay[]> {
  checkDraft(draft)
  await insistInChannel(context, subject, { channel: draft.channel, action: 'post' })
  const { files: _, ...text } = draft
  const environment = context.surroundings?.now() ?? {}
  const found: PreviewedWay[] = []
  const posting = { subject, draft: text, environment }
  for (const each of await meteredWays(context, links)) {
    const way = { ...each, isUp: isThere(links.links(), each) }
    const without = await rehearse(context.sync, way)
    const withIt = await rehearse(context.sync, way, async (tx) => {
      await writePost(tx, context, posting)
    })
    found.push(previewed(context, { way, without, withIt }))
  }
  const { channel, lane = 'routine' } = draft
  const document = segmentDocument(channel, lane, 0)
  const free = freeWays(context, links).filter((one) =>
    mayLeaveBy(context.sync, one.carrier, document),
  )
  return [...free, ...found]
}

/** Ways that cost nothing: now while they are there, otherwise nobody knows when. */
function freeWays({ sync }: AppContext, { carriers, links }: Links): readonly PreviewedWay[] {
  return carriers
    .filter((one) => !isMetered(one))
    .flatMap(({ name }) => {
      const known = links().filter(({ carrier }) => carrier === name)
      const there = known.filter(({ isUp }) => isUp)
      const [first] = known
      const shown = there.length > 0 ? there : first === undefined ? [] : [first]
      // A stick may come at any time, also one that nobody has seen yet.
      if (shown.length === 0) return name === 'courier' ? [freeWay(sync, name)] : []
      return shown.map((link) => freeWay(sync, name, link))
    })
}

function freeWay(sync: SyncContext, carrier: string, link?: LinkState): PreviewedWay {
  const isUp = link?.isUp === true
  return {
    carrier,
    peer: link === undefined ? '' : peerName(sync, link.peer),
    isUp,
    price: undefined,
    currency: undefined,
    fits: true,
    at: isUp ? sync.now() : undefined,
  }
}

function sum(parts: readonly number[]): number {
  return parts.reduce((all, one) => all + one, 0)
}

function previewed(
  { sync }: AppContext,
  of: { readonly way: Way; readonly without: Rehearsal; readonly withIt: Rehearsal },
): PreviewedWay {
  const { way, without, withIt } = of
  const fits = sum(withIt.waiting) <= sum(without.waiting)
  const more: Bill = {
    bytes: Math.max(0, withIt.bill.bytes - without.bill.bytes),
    ms: Math.max(0, withIt.used.ms - without.used.ms),
    micros: Math.max(0, withIt.bill.micros - without.bill.micros),
  }
  return {
    carrier: way.carrier.name,
    peer: peerName(sync, way.peer),
    isUp: way.isUp === true,
    price: priceOf(more),
    currency: way.carrier.terms.profile.currency,
    fits,
    at: fits ? withIt.opensAt : withIt.until,
  }
}

async function raiseBudget(
  context: AppContext,
  { carriers }: Links,
  {
    subject,
    name,
    raise,
  }: { readonly subject: UserId; readonly name: string; readonly raise: Raise },
): Promise<void> {
  insistAdministrator(context, subject)
  const carrier = carriers.filter(isMetered).find((one) => one.name === name)
  if (carrier === undefined) throw new EdgeError('NOT_FOUND', { what: 'carrier', id: name })
  const { sync } = context
  const extra: Bill = {
    bytes: raise.bytes ?? 0,
    ms: (raise.seconds ?? 0) * SECOND_MS,
    micros: Math.round((raise.money ?? 0) * MILLION),
  }
  await sync.replica.commit(async (tx) => {
    await grant(tx, sync, { carrier, extra })
    const facts = { bytes: extra.bytes, withinMs: extra.ms }
    await audit(tx, sync, { deed: 'budget raised', by: subject, facts })
    tx.afterwards(() => {
      sync.shut.delete(name)
      sync.log.info('budget.raised', { carrier: name, person: subject, reason: raise.reason })
      sync.ring()
    })
  })
}
