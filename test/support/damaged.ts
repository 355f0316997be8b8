/** Nodes that are closed and opened again on sealed disks, in which bits flip. */
import type { Test } from 'tap'
import { must } from '#base/assert.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { sealingKey } from '#storage/seal.ts'
import { sealStore } from '#storage/sealed-store.ts'
import type { NodeRole } from '#trust/identity.ts'
import { virtualClock, type VirtualClock } from './clock.ts'
import { collectingLog, type CollectingLog } from './log.ts'
import { anIdentity, seedOf } from './nodes.ts'
import { seededRandom } from './random.ts'
import { aSync, type SyncNode } from './sync.ts'

/** Who they are. */
export const ALPHA = anIdentity('alpha', 1)
export const BRAVO = anIdentity('bravo', 2)
/** Under which their disks are sealed. */
export const STORE_KEY = sealingKey(1, new Uint8Array(32).fill(4))

/** A node that runs. */
export interface Opened {
  readonly node: SyncNode
  readonly log: CollectingLog
  readonly rebirths: () => number
  readonly close: () => Promise<void>
}

/** How it is opened. */
export interface Choice {
  readonly store?: Store
  readonly isLinked?: boolean
  readonly life?: string
}

/** What such a test works with. */
export interface Scene {
  readonly clock: VirtualClock
  readonly open: (name: 'alpha' | 'bravo', choice: Choice) => Promise<Opened>
}

/** Nodes of one network, which end with the test. */
export function aScene(t: Test, roleOfAlpha: NodeRole = 'kit'): Scene {
  const clock = virtualClock()
  const alpha = anIdentity('alpha', 1, roleOfAlpha)
  const network = openMemoryNetwork({ clock, delayMs: 0 })
  const open = async (name: 'alpha' | 'bravo', choice: Choice): Promise<Opened> => {
    const { store = openMemoryStore(), isLinked = false, life = `${name} life` } = choice
    const [self, other] = name === 'alpha' ? [alpha, BRAVO] : [BRAVO, alpha]
    const log = collectingLog()
    let rebirths = 0
    const carrier = isLinked ? network.open(self.certificate.node) : undefined
    const node = await aSync(name, {
      clock,
      store,
      log,
      life: seedOf(life).subarray(0, 4),
      role: self.certificate.role,
      knows: [other],
      carriers: carrier === undefined ? [] : [carrier],
      onRebirth: () => {
        rebirths += 1
      },
    })
    await clock.advance(60_000)
    let isClosed = false
    const close = async (): Promise<void> => {
      if (isClosed) return
      isClosed = true
      await node[Symbol.asyncDispose]()
      await carrier?.[Symbol.asyncDispose]()
    }
    t.teardown(close)
    return { node, log, rebirths: () => rebirths, close }
  }
  return { clock, open }
}

/** The disk as it is, and as its node sees it. */
export function aSealedStore(): readonly [Store, Store] {
  const below = openMemoryStore()
  return [below, sealStore(below, STORE_KEY, seededRandom(3))]
}

/** A bit of this value flips. */
export async function flip(store: Store, name: string): Promise<void> {
  const bytes = Uint8Array.from(must(await store.get(name), `${name} is there`))
  bytes[20] = must(bytes[20], 'a sealed value is longer') ^ 1
  await store.write([{ key: name, value: bytes }])
}
