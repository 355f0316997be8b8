/** A kit and headquarters with a little Iridium between them, for the contract of carriers. */
import { codeOf } from '#base/errors.ts'
import type { PeerId } from '#ports/carrier.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { CarrierRig } from '../contracts/carrier.ts'
import { hear, parcel, type CarrierSide } from './carrier-side.ts'
import { aHubCarrier, aKitCarrier, IMEI } from './sbd.ts'
import { aLittleIridium } from './sbd-gateway.ts'

/** In contact; whoever is named sends. */
export async function openSbdPair(sender: 'kit' | 'hub'): Promise<CarrierRig> {
  const iridium = await aLittleIridium()
  const modem = await iridium.addModem(IMEI)
  const fast = { options: { repeatAfterMs: 20_000, receiptDelayMs: 0 } }
  const stores = { kit: openMemoryStore(), hub: openMemoryStore() }
  let seed = 1
  const openKit = async (): Promise<CarrierSide> =>
    hear(await aKitCarrier(modem, 'hub', { ...fast, store: stores.kit, seed: seed++ }), stores.kit)
  const openHub = async (): Promise<CarrierSide> => {
    const modems = [{ imei: IMEI, peer: 'kit' }]
    const choice = { ...fast, store: stores.hub, seed: seed++ }
    return hear(await aHubCarrier(iridium, modems, choice), stores.hub)
  }
  const sides = { kit: await openKit(), hub: await openHub() }
  const other = sender === 'kit' ? 'hub' : 'kit'
  return {
    get alpha() {
      return sides[sender]
    },
    get bravo() {
      return sides[other]
    },
    toBravo: other as PeerId,
    cut: async () => {
      modem.setSight(false)
      iridium.setDown(true)
      // Headquarters finds out by trying.
      const trial = parcel('trial', { number: 9_999 })
      const tried = sides.hub.carrier.send('kit' as PeerId, trial, new AbortController().signal)
      await tried.catch((error: unknown) => codeOf(error))
    },
    heal: async () => {
      iridium.setDown(false)
      modem.setSight(true)
    },
    reopenBravo: async () => {
      await sides[other].carrier[Symbol.asyncDispose]()
      sides[other] = await (other === 'kit' ? openKit() : openHub())
      return sides[other]
    },
    [Symbol.asyncDispose]: async () => {
      await sides.kit.carrier[Symbol.asyncDispose]()
      await sides.hub.carrier[Symbol.asyncDispose]()
      await iridium[Symbol.asyncDispose]()
    },
  }
}
