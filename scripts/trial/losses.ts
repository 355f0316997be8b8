/**
 * What went with a disk: messages that a node had taken since its last backup, and that nobody else had when it was put
 * back. No program can keep those. Whatever anybody else had by then has to be everywhere in the end.
 */
import { must as known } from '#base/assert.ts'
import type { Node } from '../fleet/node.ts'
import type { Pause } from './pause.ts'
import type { Posted } from './posting.ts'

/** What is known to be gone. */
export interface Losses {
  /** How often the disk of the kit in this place was lost. */
  readonly lives: (kit: number) => number
  /** Messages of which nothing is promised any more. */
  readonly gone: ReadonlySet<string>
  /** A backup of this node is about to be made. */
  readonly copying: (node: Node) => void
  /** This node is down, and its disk is as good as gone. Resolves when it may start from its backup. */
  readonly diskLost: (node: Node) => Promise<void>
}

/** Whose disks may be lost. */
export interface LossOptions {
  readonly all: readonly Node[]
  /** In the order of `Posted.kit`. */
  readonly kits: readonly Node[]
  readonly posted: ReadonlyMap<string, Posted>
  /** All messages that a node shows. Throws when it does not answer. */
  readonly shownBy: (node: Node) => Promise<ReadonlySet<string>>
  readonly pause: Pause
}

/** Nothing is lost yet. */
export function openLosses({ all, kits, posted, shownBy, pause }: LossOptions): Losses {
  const lives = kits.map(() => 0)
  const gone = new Set<string>()
  const copied = new Map<Node, ReadonlySet<string>>()
  const livesOf = (kit: number): number => lives[kit] ?? 0

  const heldBy = async (node: Node): Promise<ReadonlySet<string>> => {
    let shown: ReadonlySet<string> | undefined
    await pause.until(async () => {
      shown = await shownBy(node).catch(() => undefined)
      return shown !== undefined
    }, `${node.name} says what it has`)
    return known(shown, 'it has said so')
  }
  return {
    lives: livesOf,
    gone,
    copying: (node) => {
      const own = [...posted.values()].filter(({ kit }) => kits[kit] === node)
      copied.set(node, new Set(own.map(({ id }) => id)))
    },
    diskLost: async (node) => {
      const kit = kits.indexOf(node)
      if (kit >= 0) lives[kit] = livesOf(kit) + 1
      const backup = known(copied.get(node), 'there is a backup')
      const others = await Promise.all(all.filter((one) => one !== node).map(heldBy))
      for (const { id, kit: home, life } of posted.values()) {
        const isElsewhere = life === livesOf(home) || backup.has(id)
        if (!isElsewhere && !others.some((shown) => shown.has(id))) gone.add(id)
      }
    },
  }
}
