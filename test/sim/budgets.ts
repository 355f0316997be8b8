/**
 * Links that are billed, and budgets: some nodes have a few thousand bytes for each ten minutes of true time, on each of
 * their carriers, until the faults stop. Promise 10: what is on the disk as spent is never beyond the budget, and never less than what
 * has left, whenever the power goes.
 */
import type { Carrier } from '#ports/carrier.ts'
import { unpack } from '#sync/records.ts'
import { spendingKey, type SpentRecord } from '#sync/spending-keys.ts'
import { within } from '#sync/keys.ts'
import type { Budget, Terms } from '#tariff/terms.ts'
import type { Chance } from './chance.ts'
import type { Member } from './fleet.ts'
import type { Marks } from './trace.ts'
import type { Verdict } from './verdict.ts'

/** Budgets of a world. */
export interface Budgets {
  /** The carrier of a node, with the terms that were drawn for that node, if any, and watched. */
  readonly carrier: (member: Member, carrier: Carrier) => Carrier
  /** From now on nobody has a limit. */
  readonly lift: () => void
}

/** What the watch tells. */
export interface BudgetGround {
  readonly verdict: Verdict
  readonly marks: Marks
}

const PASS_MS = 600_000
/** A parcel with the directory has to fit, and not much more. */
const LEAST_BYTES = 6_000
const MOST_BYTES = 30_000
/** Of a hundred nodes, so many. */
const METERED_PERCENT = 60

/** Nobody has spent anything. */
export function openBudgets(chance: Chance, isOn: boolean, ground: BudgetGround): Budgets {
  const drawn = new Map<string, Terms & { budget: Budget }>()
  let isLifted = false
  const termsFor = (member: Member, name: string): Terms & { budget: Budget } => {
    const place = `${member.index} ${name}`
    const known = drawn.get(place) ?? drawTerms(chance.fork(place), isLifted)
    drawn.set(place, known)
    return known
  }
  return {
    carrier: (member, carrier) => {
      const isMetered = isOn && chance.fork(`member ${member.index}`).below(100) < METERED_PERCENT
      // A stick is carried by people.
      if (!isMetered || carrier.onQuiet !== undefined) return carrier
      return watched(member, carrier, { ...ground, terms: termsFor(member, carrier.name) })
    },
    lift: () => {
      isLifted = true
      for (const terms of drawn.values()) terms.budget = { ...terms.budget, bytesMax: undefined }
    },
  }
}

function drawTerms(chance: Chance, isLifted: boolean): Terms & { budget: Budget } {
  return {
    link: 'drawn',
    profile: {
      about: 'of a seed',
      upBps: 9_600,
      downBps: 9_600,
      roundTripMs: 600,
      overhead: {
        connectBytes: 0,
        connectRoundTrips: 1,
        parcelBytes: 0,
        packetBytes: 0,
        packetPayloadBytes: 1_400,
        upPercent: 50,
      },
      currency: 'EUR',
      tariff: { shape: 'bytes', pricePerMegabyte: 1, stepBytes: 1, leastBytes: 0 },
      line: 'stands',
      idleMs: 10_000,
    },
    budget: {
      window: { kind: 'pass', ms: PASS_MS },
      bytesMax: isLifted ? undefined : chance.between(LEAST_BYTES, MOST_BYTES),
      msMax: undefined,
      microsMax: undefined,
      flashReservePercent: 20,
      alarmPercents: [80],
    },
    dialling: undefined,
  }
}

interface Watching extends BudgetGround {
  readonly terms: Terms & { budget: Budget }
}

/** Bytes that left are held against what is on the disk at that moment. */
function watched(member: Member, carrier: Carrier, { terms, verdict, marks }: Watching): Carrier {
  let counted = { startsAt: -1, bytes: 0 }
  return {
    ...carrier,
    terms,
    send: (peer, parcel, signal) => {
      const spent = spentOnDisk(member, carrier.name)
      const { bytesMax } = terms.budget
      if (spent.startsAt !== counted.startsAt) counted = { startsAt: spent.startsAt, bytes: 0 }
      counted.bytes += parcel.bytes.length
      marks.count('budget.parcel')
      const isBooked = spent.bytes >= counted.bytes
      const isWithin = bytesMax === undefined || spent.bytes <= bytesMax
      if (member.capturedAt === undefined && !(isBooked && isWithin))
        verdict.fail({
          broken: 'promise 10: the budget is never overspent',
          where: member.name,
          wanted: `on the disk at least ${counted.bytes} bytes and at most ${bytesMax ?? 'any'}`,
          found: `${spent.bytes} bytes on ${carrier.name}`,
        })
      if (bytesMax !== undefined && spent.bytes > 0.7 * bytesMax) marks.count('budget.nearly-spent')
      return carrier.send(peer, parcel, signal)
    },
  }
}

function spentOnDisk(member: Member, carrier: string): Pick<SpentRecord, 'startsAt' | 'bytes'> {
  const place = spendingKey.spent(carrier)
  const [found] = member.disk.durable(within('spent/')).filter(([key]) => key === place)
  return unpack<SpentRecord>(found?.[1]) ?? { startsAt: 0, bytes: 0 }
}
