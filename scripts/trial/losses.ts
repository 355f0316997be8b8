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
  readonly pause: Pause
}

/** Nothing is lost yet. */
export function openLosses({ all, kits, posted, pause }: LossOptions): Losses {
  const lives = kits.map(() => 0)
  const gone = new Set<string>()
  const copied = new Map<Node, ReadonlySet<string>>()
  const livesOf = (kit: number): number => lives[kit] ?? 0

  const has = async (node: Node, id: string): Promise<boolean> => {
    let status = 0
    const path = `/api/v4/posts/${id}`
    await pause.until(async () => {
      ;({ status } = await node.ask({ method: 'GET', path, token: node.token() }))
      return status === 200 || status === 404
    }, `${node.name} says what it has`)
    return status === 200
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
      for (const { id, kit: home, life } of posted.values()) {
        const isElsewhere = life === livesOf(home) || backup.has(id)
        if (isElsewhere || gone.has(id)) continue
        const others = all.filter((one) => one !== node)
        const held = await Promise.all(others.map((one) => has(one, id)))
        if (!held.includes(true)) gone.add(id)
      }
    },
  }
}
