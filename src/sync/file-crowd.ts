/** Room for what nodes say of files: where there is too much, whoever has said most gives way, so that none drowns the others. */
import type { NodeId } from '#base/ids.ts'

/** Something that a node said. */
export interface SaidBy {
  readonly node: NodeId
  /** When it was last heard, by the running time. */
  readonly heardMs: number
}

/** What gives way where there may be so many at most: of whoever has most of it, what was heard longest ago. */
export function crowdedOut<T extends SaidBy>(all: readonly T[], most: number): readonly T[] {
  const waiting = new Map<NodeId, T[]>()
  for (const one of all.toSorted((a, b) => b.heardMs - a.heardMs)) {
    const those = waiting.get(one.node) ?? []
    those.push(one)
    waiting.set(one.node, those)
  }
  const out: T[] = []
  while (all.length - out.length > most) {
    const [those = []] = [...waiting.values()].toSorted((a, b) => b.length - a.length)
    const oldest = those.pop()
    if (oldest === undefined) break
    out.push(oldest)
  }
  return out
}
