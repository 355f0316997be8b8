/** A kit with a modem in sight of a little Iridium, and headquarters behind it, as carriers. */
import type { Test } from 'tap'
import type { SbdCarrier } from '#carriers/sbd.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { hear, type CarrierSide } from './carrier-side.ts'
import { collectingLog, type CollectingLog } from './log.ts'
import { aHubCarrier, aKitCarrier, freeMessages, IMEI, type SbdChoice } from './sbd.ts'
import { aLittleIridium, type LittleIridium } from './sbd-gateway.ts'
import type { EmulatedModem } from './sbd-modem.ts'

/** All of it, in contact. */
export interface Outpost {
  readonly iridium: LittleIridium
  readonly modem: EmulatedModem
  readonly kit: CarrierSide
  readonly hub: CarrierSide
  readonly kitCarrier: SbdCarrier
  readonly log: CollectingLog
  readonly openKit: (store: Store) => Promise<CarrierSide>
}

/** A kit with a modem in sight, and headquarters. */
export async function anOutpost(t: Test, choice: SbdChoice = {}): Promise<Outpost> {
  const iridium = await aLittleIridium()
  const modem = await iridium.addModem(IMEI)
  const log = collectingLog()
  const tariff = { ...freeMessages, stepBytes: 50, leastBytes: 50, emptyBytes: 50 }
  const all = { ...choice, options: { ...choice.options, tariff } }
  const stores = { kit: openMemoryStore(), hub: openMemoryStore() }
  const hubCarrier = await aHubCarrier(iridium, [{ imei: IMEI, peer: 'kit' }], {
    ...all,
    store: stores.hub,
  })
  const carriers: SbdCarrier[] = [hubCarrier]
  let seed = 5
  const open = async (store: Store): Promise<SbdCarrier> => {
    const carrier = await aKitCarrier(modem, 'hub', { ...all, store, log, seed: seed++ })
    carriers.push(carrier)
    return carrier
  }
  const kitCarrier = await open(stores.kit)
  const kit = hear(kitCarrier, stores.kit)
  const hub = hear(hubCarrier, stores.hub)
  t.teardown(async () => {
    for (const carrier of carriers) await carrier[Symbol.asyncDispose]()
    await iridium[Symbol.asyncDispose]()
  })
  await Promise.all([kit.nextContact(true), hub.nextContact(true)])
  const openKit = async (store: Store): Promise<CarrierSide> => hear(await open(store), store)
  return { iridium, modem, kit, hub, kitCarrier, log, openKit }
}
