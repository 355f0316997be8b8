/** A door over a node in memory that listens nowhere: what REST and live requests are thrown at. */
import type { FastifyInstance } from 'fastify'
import { must } from '#base/assert.ts'
import { createDeliveryWatch } from '#server/delivery-watch.ts'
import type { Door } from '#server/door.ts'
import { createHttp } from '#server/http.ts'
import { endOutdated } from '#server/live-access.ts'
import { followNode } from '#server/live-feed.ts'
import { createLiveHub } from '#server/live-hub.ts'
import type { RequestPorts } from '#server/live-requests.ts'
import { createLogins } from '#server/login.ts'
import { createMembersHere } from '#server/members-here.ts'
import { openPeople } from '#server/people.ts'
import { createPresence } from '#server/presence.ts'
import type { Route } from '#server/route.ts'
import { allRoutes } from '#server/routes.ts'
import { createDoorkeeper } from '#server/session.ts'
import { virtualClock } from '../../test/support/clock.ts'
import { collectingLog } from '../../test/support/log.ts'
import { aWorkspace } from '../../test/support/nodes.ts'
import { seededRandom } from '../../test/support/random.ts'

/** A door, and whoever stands before it. */
export interface FuzzDoor extends AsyncDisposable {
  readonly app: FastifyInstance
  readonly routes: readonly Route[]
  readonly live: RequestPorts
  /** Sessions: of the administrator and of another. */
  readonly tokens: readonly string[]
  /** What stands for a word such as `$channel`. */
  readonly words: Readonly<Record<string, string>>
}

/** Opens it: two people, a channel, a message. */
export async function openFuzzDoor(): Promise<FuzzDoor> {
  const [clock, log, random] = [virtualClock(), collectingLog(), seededRandom(7)]
  const { node, amira, bo, square } = await aWorkspace('alpha', { clock, role: 'hub' })
  const message = await node.post(bo.id, { channel: square.id, body: 'nine boxes' })
  const status = await node.status()
  const workspace = { id: status.organisation, name: status.organisationName }
  const stop = new AbortController()
  const people = await openPeople(node, log)
  const members = createMembersHere(node)
  const hub = createLiveHub(members, node)
  const presence = createPresence(() => undefined)
  const delivery = createDeliveryWatch(clock, () => undefined, stop.signal)
  const options = { host: '127.0.0.1', port: 0, version: '10.11.0' }
  const door: Door = {
    node,
    clock,
    random,
    log,
    options,
    workspace,
    people,
    presence,
    delivery,
    doorkeeper: createDoorkeeper(node, clock),
    nodeName: status.node.name,
    nodeId: status.node.id,
    nodeVersion: '0.0.0',
    logins: createLogins({ node, clock }),
    announce: hub.announce,
  }
  const unfollow = followNode(node, {
    workspace,
    people,
    members,
    delivery,
    announce: hub.announce,
    forgetTold: hub.forgetTold,
    endSessions: door.doorkeeper.forget,
    accessChanged: (part) => endOutdated({ node, hub, members }, part),
  })
  const routes = allRoutes(door)
  const app = createHttp(door, routes)
  const tokens = await Promise.all(['amira', 'bo'].map((name) => node.openSession(name)))
  return {
    app,
    routes,
    live: {
      clock,
      members,
      presence,
      announce: hub.announce,
      version: '10.11.0',
      hearing: node,
    },
    tokens: tokens.map(({ token }) => token),
    words: {
      $user: must(bo, 'bo is there').id,
      $me: amira.id,
      $channel: square.id,
      $post: message.id,
      $team: workspace.id,
      $node: status.node.id,
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      unfollow()
      await app.close()
      await node[Symbol.asyncDispose]()
    },
  }
}
