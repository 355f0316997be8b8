/** A node that begins a new life whenever the one it has is over, as the program does. */
import type { Store } from '#ports/store.ts'
import type { Identity } from '#trust/identity.ts'
import { seedOf } from './nodes.ts'
import { arrive, aSync, type SyncNode } from './sync.ts'

/** Charlie, opened in a new life whenever the one it has is over. */
export async function restarting(store: Store, knows: readonly Identity[]) {
  let [lives, isOver] = [0, false]
  const onRebirth = (): void => {
    isOver = true
  }
  const open = async (): Promise<SyncNode> => {
    const life = lives === 0 ? {} : { life: seedOf(`life ${lives}`).subarray(0, 4) }
    return aSync('charlie', { knows, store, onRebirth, ...life })
  }
  let node = await open()
  const hear = async (bytes: Uint8Array): Promise<void> => {
    await arrive(node, bytes)
    if (!isOver) return
    await node[Symbol.asyncDispose]()
    lives += 1
    isOver = false
    node = await open()
  }
  return { node: () => node, hear }
}
