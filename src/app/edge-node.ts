/** The whole app: sync opened, and each part of `EdgeNode` put together. */
import type { ChannelId, UserId } from '#base/ids.ts'
import type { SyncEvent } from '#sync/context.ts'
import { openNodeSync } from '#sync/node-sync.ts'
import { openChannels } from './channels.ts'
import type { AppContext } from './context.ts'
import type { EdgeNodeOptions, EdgeNodePorts } from './edge-node-options.ts'
import { openEvents } from './events.ts'
import { openJoining } from './joining.ts'
import { openMembers } from './members.ts'
import { openMessages } from './messages.ts'
import type { EdgeNode, Preference } from './node.ts'
import { openPeople } from './people.ts'
import { openPreferences } from './preferences.ts'
import { openReading } from './reading.ts'
import { openReleasing } from './release.ts'
import { openRevoking } from './revoking.ts'
import { openSessions } from './sessions.ts'
import { openStatus } from './status.ts'

/**
 * Opens the node and starts sync. Disposing it stops sync after the commit at work; it closes none of the ports.
 * @throws EdgeError STORE_BROKEN, STORE_FULL
 */
export async function openEdgeNode(
  options: EdgeNodeOptions,
  ports: EdgeNodePorts,
): Promise<EdgeNode & AsyncDisposable> {
  const { store, clock, random, log, carriers, passwords } = ports
  const startedAt = clock.now()
  const events = openEvents((error) => log.error('event.failed', { reason: String(error) }))
  const early: SyncEvent[] = []
  let context: AppContext | undefined
  const emit = (event: SyncEvent): void => {
    if (context === undefined) early.push(event)
    else events.relay(context, event)
  }
  const { identity, organisationSecret, life, root, version, roster } = options
  const sync = await openNodeSync({
    identity,
    organisationSecret,
    life,
    roster,
    store,
    clock,
    random,
    log,
    carriers,
    emit,
    ...(options.epochs && { epochs: options.epochs }),
    ...(options.onRebirth && { onRebirth: options.onRebirth }),
  })
  context = { sync: sync.context, random }
  for (const event of early) events.relay(context, event)

  const tellViewed = (person: UserId, channel: ChannelId): void =>
    events.publish({ kind: 'viewed', person, channel, at: clock.now() })
  const tell = (person: UserId, preferences: readonly Preference[]): void =>
    events.publish({ kind: 'preferences-changed', person, preferences })
  return {
    subscribe: events.subscribe,
    ...openPeople(context, passwords),
    ...openSessions(context, passwords),
    ...openPreferences(context, tell),
    ...openChannels(context),
    ...openMembers(context, tellViewed),
    ...openMessages(context),
    ...openReading(context),
    ...openStatus(context, { links: sync.links, version, startedAt }),
    ...openRevoking(context),
    ...openReleasing(context),
    ...openJoining(context, { root, organisationSecret }),
    [Symbol.asyncDispose]: async () => {
      await sync[Symbol.asyncDispose]()
      await events.settled()
    },
  }
}
