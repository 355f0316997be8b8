/** Lies that disks and carriers tell when a checker is to be proved: each breaks a promise that nodes rely on. */
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
    syncsLateMs: tells('disk-acknowledges-early') ? 1_500 : 0,
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
    cursorAhead: tells('cursor-ahead') ? 4 : 0,
    hidesForgetting: tells('post-forgets-silently'),
    renumbers: tells('renumbered-duplicates'),
  }
}
