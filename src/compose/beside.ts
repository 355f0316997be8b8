/** What runs beside an open node until it is closed: its audit's way out, new certificates, and the order to wipe it. */
import type { EdgeNode } from '#app/node.ts'
import { keepRenewing } from '#app/renewal.ts'
import { startAuditFeed, type AuditSink } from '#bridges/audit-feed.ts'
import { openFileSink, openSyslogSink } from '#bridges/audit-sinks.ts'
import type { Config } from '#config/schema.ts'
import type { World } from './world.ts'
import { obeyWipeOrder } from './wipe-order.ts'

/** Starts all of it; what stops it goes onto `stack`. */
export function runBeside(
  node: EdgeNode,
  about: {
    readonly config: Config
    readonly world: World
    /** Called when the node has to be closed and its folder wiped. */
    readonly onWipe: (() => void) | undefined
  },
  stack: AsyncDisposableStack,
): void {
  const { config, world, onWipe } = about
  for (const sink of sinksOf(config, world)) stack.use(startAuditFeed(node.auditFeed, sink, world))
  if (onWipe !== undefined) stack.defer(obeyWipeOrder(node, world.clock, onWipe).stop)
  const renewing = new AbortController()
  const renewal = keepRenewing(node, world, renewing.signal)
  stack.defer(async () => {
    renewing.abort()
    await renewal
  })
}

function sinksOf({ audit: { syslog, file } }: Config, { clock }: World): readonly AuditSink[] {
  return [
    ...(syslog === undefined ? [] : [openSyslogSink(syslog, { clock })]),
    ...(file === undefined ? [] : [openFileSink(file)]),
  ]
}
