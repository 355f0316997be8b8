/** The nodes on which people live, and whether those are heard: whoever writes to somebody wants to know if it can arrive. */
import type { Instant, NodeId, UserId } from '#base/ids.ts'
import { KIT_SILENT_MS } from '#base/limits.ts'
import type { LinkState } from '#sync/links.ts'
import type { AppContext } from './context.ts'
import type { EdgeNode } from './node.ts'
import { lastHeard } from './renewal.ts'
import { seenBy } from './sight.ts'

/** The node on which somebody lives, when it is another. */
export interface HomeKit {
  readonly name: string
  /** By this node's clock; 0 when nothing was heard of it yet. */
  readonly heardAt: Instant
  /** No link to it is up, and nothing was heard of it lately. */
  readonly isOffline: boolean
}

/** The part of the app that tells of them. */
export function openHomes(
  context: AppContext,
  { links }: { readonly links: () => readonly LinkState[] },
): Pick<EdgeNode, 'homesOf'> {
  const { roster, identity, now, replica } = context.sync
  const kitOf = async (node: NodeId): Promise<HomeKit | undefined> => {
    const name = roster.byNode(node)?.name
    if (name === undefined) return undefined
    const heardAt = await lastHeard(replica.read, node, { links: links(), now: now() })
    return { name, heardAt, isOffline: now() - heardAt > KIT_SILENT_MS }
  }
  return {
    homesOf: async (subject, people) => {
      const kits = new Map<NodeId, Promise<HomeKit | undefined>>()
      const homes = new Map<UserId, HomeKit>()
      if (seenBy(context, subject) !== undefined) return homes
      for (const person of people) {
        const home = roster.homeOf(person)?.node
        if (home === undefined || home === identity.certificate.node) continue
        const asked = kits.get(home) ?? kitOf(home)
        kits.set(home, asked)
        const kit = await asked
        if (kit !== undefined) homes.set(person, kit)
      }
      return homes
    },
  }
}
