/** Lies that disks, carriers and rosters tell when a checker is to be proved: each breaks a promise that nodes rely on. */
import type { Instant } from '#base/ids.ts'
import type { Certificate } from '#trust/identity.ts'
import type { Roster } from '#trust/roster.ts'
import type { Chance } from './chance.ts'
import { NO_LIES, type DiskLies } from './disk.ts'
import type { NetworkFaults } from './network.ts'
import type { Plant } from './options.ts'

/** Which lies are told, and whether it is time for them: the first hours of an organisation are honest. */
export interface Liar {
  readonly chance: Chance
  readonly planted: readonly Plant[]
  readonly isActive: () => boolean
}

/** A disk's lies. */
export function diskLies({ chance, planted, isActive }: Liar): DiskLies {
  const tells = (plant: Plant): boolean => planted.includes(plant)
  const happens = (plant: Plant, probability: number): boolean =>
    tells(plant) && isActive() && chance.happens(probability)
  return {
    syncsLateMs: tells('ack-before-fsync') ? 1_500 : 0,
    written: (batch) => {
      if (happens('disk-drops-batches', 0.02)) return []
      if (happens('disk-forgets-pending-ids', 1))
        return batch.filter(({ key }) => !key.startsWith('once/'))
      if (happens('disk-forgets-receipts', 0.2))
        return batch.filter(({ key }) => !key.startsWith('got/'))
      return batch
    },
    torn: (batch) =>
      tells('disk-tears-batches') ? batch.filter(() => chance.happens(0.5)) : NO_LIES.torn(batch),
  }
}

/** A roster believes in a revocation for this long when it forgets them, in milliseconds. */
const BELIEVED_MS = 5 * 60_000

/**
 * A roster's lies, to what a node asks it while it seals and offers: one that knows of no revocation lets the node go on
 * under the old epoch, one that forgets them lets it wrap the new one for whoever is out, and one that takes every node
 * for headquarters lets it offer private channels to everybody. Whoever has captured a node believes in no revocation.
 */
export function rosterLies(
  roster: Roster,
  { planted, now, isCaptured }: RosterLiar,
): Pick<Roster, keyof Roster> {
  const heardAt = new Map<string, Instant>()
  const believesNone = (): boolean => isCaptured() || planted.includes('roster-never-revokes')
  const isForgotten = (node: string): boolean =>
    planted.includes('roster-forgets-revocations') &&
    now() > (heardAt.get(node) ?? Infinity) + BELIEVED_MS
  const seen = <T extends Certificate | undefined>(certificate: T): T =>
    certificate !== undefined && planted.includes('roster-calls-all-hubs')
      ? { ...certificate, role: 'hub' as const }
      : certificate
  return {
    ...roster,
    all: () => roster.all().map(seen),
    revoke: (node, since) => {
      if (!heardAt.has(node)) heardAt.set(node, now())
      roster.revoke(node, since)
    },
    revokedSince: (node) =>
      believesNone() || isForgotten(node) ? undefined : roster.revokedSince(node),
  }
}

/** Whose roster lies, and how. */
export interface RosterLiar {
  readonly planted: readonly Plant[]
  readonly now: () => Instant
  readonly isCaptured: () => boolean
}

/** The lies of all carriers. */
export function networkLies({
  chance,
  planted,
}: Liar): Pick<NetworkFaults, 'custodyLie' | 'cursorAhead' | 'hidesForgetting' | 'renumbers'> {
  const tells = (plant: Plant): boolean => planted.includes(plant)
  return {
    custodyLie: () => {
      if (!tells('custody-before-delivery')) return 'none'
      return chance.happens(0.2) ? 'early and lost' : 'early'
    },
    cursorAhead: tells('cursor-moved-early') ? 4 : 0,
    hidesForgetting: tells('post-forgets-silently'),
    renumbers: tells('renumbered-duplicates'),
  }
}
