/** The nodes of the organisation, for whoever has to look after them: rights, validity, last sign of life. */
import { validityOf } from '#trust/identity.ts'
import type { LinkState } from '#sync/links.ts'
import { clocksHeard } from '#sync/clock-evidence.ts'
import { clockOf } from './clock-state.ts'
import { insist, isAdministrator, type AppContext } from './context.ts'
import type { EdgeNode } from './node.ts'
import { lastHeard } from './renewal.ts'
import { summaryOf } from './status.ts'
import type { KnownNode } from './types.ts'

/** The part of the app that lists nodes. */
export function openKnownNodes(
  context: AppContext,
  { links }: { readonly links: () => readonly LinkState[] },
): Pick<EdgeNode, 'nodes'> {
  return {
    nodes: async (subject) => {
      insist(context, subject, {
        action: 'invite node',
        isAdministrator: isAdministrator(context, subject),
      })
      return Promise.all(
        context.sync.roster.all().map(async (certificate): Promise<KnownNode> => {
          const { roster, identity, now, replica } = context.sync
          const { node, rights, validFrom, validUntil } = certificate
          const own = identity.certificate
          const heard = clocksHeard(context.sync)
          const view = { links: links(), now: now() }
          return {
            ...summaryOf(certificate, own),
            ...rights,
            validFrom,
            validUntil,
            validity: validityOf(certificate, now()),
            lastHeardAt: node === own.node ? now() : await lastHeard(replica.read, node, view),
            revokedSince: roster.revokedSince(node) ?? 0,
            clock: node === own.node ? { state: 'good' } : clockOf({ heard }, node),
          }
        }),
      )
    },
  }
}
