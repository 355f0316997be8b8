/** The LAN door: REST and WebSocket on one port, opened and closed together. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import { EdgeError } from '#base/errors.ts'
import { createDeliveryWatch } from './delivery-watch.ts'
import type { Door, ServerOptions, ServerPorts } from './door.ts'
import { createHttp, versionIdOf } from './http.ts'
import { deliveryChanged, statusChanged } from './live-events.ts'
import { followNode, type FeedPorts } from './live-feed.ts'
import { createLiveHub } from './live-hub.ts'
import { createLive, type Live } from './live.ts'
import { createLogins } from './login.ts'
import { endOutdated } from './live-access.ts'
import { createMembersHere } from './members-here.ts'
import { openPeople } from './people.ts'
import { createPresence } from './presence.ts'
import { allRoutes } from './routes.ts'
import { createDoorkeeper } from './session.ts'
import { speakTls } from './tls-front.ts'
import { handleUpgrades } from './upgrade.ts'

/** Everything the server needs from outside. */
export interface ServerDeps extends ServerPorts {
  /** Takes the WebSocket of another node. Without it the node has no address for peers. */
  readonly acceptPeer?: (socket: WebSocket, remoteAddress: string) => void
}

/** An open server. Disposing it says goodbye to every client and waits until the port is free. */
export interface OpenServer extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number }
}

/** Opens the door. @throws EdgeError PORT_IN_USE */
export async function openServer(options: ServerOptions, deps: ServerDeps): Promise<OpenServer> {
  const stopping = new AbortController()
  await using opening = new AsyncDisposableStack()
  const { door, live, unfollow } = await openDoor(options, deps, stopping.signal)
  opening.defer(unfollow)
  const http = createHttp(door, allRoutes(door))
  opening.defer(() => http.close())
  const { tls } = options
  if (tls !== undefined) opening.defer(speakTls(http.server, tls, deps))
  const dropSockets = handleUpgrades(http.server, { live, acceptPeer: deps.acceptPeer, tls })
  opening.defer(dropSockets)
  const address = await listen(http, options)
  const running = live.run(stopping.signal)
  opening.defer(async () => {
    stopping.abort()
    await running
  })
  deps.log.info('server.listening', { port: address.port })
  const open = opening.move()
  return { address, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

interface Opened {
  readonly door: Door
  readonly live: Live
  readonly unfollow: () => void
}

async function openDoor(
  options: ServerOptions,
  deps: ServerDeps,
  signal: AbortSignal,
): Promise<Opened> {
  const { node, clock, random, log, carriage, openId, onLock, canLock, onUse } = deps
  const status = await node.status()
  const workspace = { id: status.organisation, name: status.organisationName }
  const people = await openPeople(node, log)
  const members = createMembersHere(node)
  const hub = createLiveHub(members, node)
  const { announce, forgetTold } = hub
  const presence = createPresence((change) => hub.announce(statusChanged(change)))
  const delivery = createDeliveryWatch(
    clock,
    (person, channel, messages) => hub.announce(deliveryChanged(person, channel, messages)),
    signal,
  )
  const doorkeeper = createDoorkeeper(node, clock)
  const live = createLive({
    clock,
    random,
    log,
    doorkeeper,
    hub,
    requests: { clock, members, presence, announce, version: options.version, hearing: node },
    serverVersion: versionIdOf(options),
    serverName: status.node.name,
    siteUrl: options.siteUrl,
  })
  const accessChanged: FeedPorts['accessChanged'] = (person) =>
    endOutdated({ node, hub, members }, person)
  const endSessions: FeedPorts['endSessions'] = (over) =>
    [doorkeeper.forget, live.endSessions].forEach((end) => end(over))
  const told = { announce, forgetTold, accessChanged, endSessions }
  const unfollow = followNode(node, { workspace, people, members, delivery, ...told })
  const door: Door = {
    node,
    clock,
    random,
    log,
    carriage,
    openId,
    ...(onLock && { onLock }),
    ...(canLock && { canLock }),
    ...(onUse && { onUse }),
    options,
    workspace,
    people,
    presence,
    delivery,
    doorkeeper,
    nodeName: status.node.name,
    nodeId: status.node.id,
    nodeVersion: status.version,
    logins: createLogins({ node, clock }),
    announce,
  }
  return { door, live, unfollow }
}

async function listen(
  http: FastifyInstance,
  options: ServerOptions,
): Promise<{ readonly host: string; readonly port: number }> {
  const { host, port } = options
  try {
    await http.listen({ host, port })
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    throw isTaken ? new EdgeError('PORT_IN_USE', { host, port }, { cause: error }) : error
  }
  const bound = addressOf(http.server)
  return { host: bound.address, port: bound.port }
}

function addressOf(server: Server): AddressInfo {
  return server.address() as AddressInfo
}
