/** A node with its LAN door open on a free port of this machine, and three people who can sign in. */
import { Client4 } from '@mattermost/client'
import { SYSTEM_STICKS } from '#carriers/courier-disk.ts'
import { openCourierCarrier } from '#carriers/courier.ts'
import type { EdgeNode, NodeEvent } from '#app/node.ts'
import type { Person } from '#app/types.ts'
import { openServer, type ServerDeps } from '#server/server.ts'
import type { Previewer } from '#ports/previewer.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Disk } from '#ports/disk.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Store } from '#ports/store.ts'
import type { ServerTls } from '#server/tls.ts'
import type { WebFile } from '#server/web.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock, type VirtualClock } from './clock.ts'
import { collectingLog, type CollectingLog } from './log.ts'
import { aNode, anAdministrator, type NodeChoice } from './nodes.ts'
import { seededRandom } from './random.ts'

/** The names of the people; `amira` is the administrator. Everybody's password is the name and `-password`. */
export type Name = 'amira' | 'bo' | 'chen'

/** An open door and what is behind it. */
export interface LanDoor {
  readonly node: EdgeNode
  readonly clock: VirtualClock
  readonly log: CollectingLog
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly people: Readonly<Record<Name, Person>>
  /** The official client, signed in. */
  readonly client: (name: Name) => Promise<Client4>
  /** A request with a fresh session of `name`, or without one. */
  readonly ask: (
    name: Name | undefined,
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<Answer>
  /** Tells the door an event as if it came from the node: for those that need a second node to happen. */
  readonly tell: (event: NodeEvent) => void
  readonly close: () => Promise<void>
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The text as JSON; undefined when it is none. */
  readonly json: unknown
}

/** What a test may choose. */
export interface DoorChoice extends Partial<
  Pick<ServerDeps, 'acceptPeer' | 'carriage' | 'openId' | 'onLock' | 'canLock' | 'onUse'>
> {
  readonly siteUrl?: string
  /** DNS names that are this node's alone. */
  readonly names?: readonly string[]
  readonly web?: readonly WebFile[]
  readonly captivePortal?: 'online' | 'page'
  readonly tls?: ServerTls
  readonly store?: Store
  readonly disk?: Disk
  readonly blobs?: Blobs
  readonly previewer?: Previewer
  /** Beside the courier. */
  readonly carriers?: readonly Carrier[]
  /** Nodes it knows beforehand. */
  readonly knows?: NodeChoice['knows']
  readonly options?: NodeChoice['options']
  /** Puts another answer in the place of some of the node's: for what a sound node does not do. */
  readonly change?: (node: EdgeNode) => EdgeNode
}

/** Opens the door; the end of the test closes it. */
export async function aLanDoor(
  t: { readonly teardown: (handler: () => Promise<void>) => void },
  choice: DoorChoice = {},
): Promise<LanDoor> {
  const clock = virtualClock()
  const log = collectingLog()
  const { siteUrl, names, tls, web, captivePortal, change = (same) => same, ...more } = choice
  const { store = openMemoryStore(), options = {}, disk, blobs, previewer, ...others } = more
  const { carriers = [], knows = [], ...deps } = others
  const courier = openCourierCarrier({ store, random: seededRandom(77), disk: SYSTEM_STICKS })
  const ports = { clock, log, store, courier, carriers: [courier, ...carriers] }
  const node = await aNode('alpha', {
    ...ports,
    role: 'hub',
    knows,
    options,
    ...(disk && { disk }),
    ...(blobs && { blobs }),
    ...(previewer && { previewer }),
  })
  const amira = await anAdministrator(node, 'amira')
  const people = {
    amira,
    bo: await enrol(node, amira, 'bo'),
    chen: await enrol(node, amira, 'chen'),
  }
  const listeners = new Set<(event: NodeEvent) => void>()
  const subscribe: EdgeNode['subscribe'] = (listener) => {
    listeners.add(listener)
    return node.subscribe(listener)
  }
  const changed = change(node)
  const server = await openServer(
    {
      host: '127.0.0.1',
      port: 0,
      version: '10.11.0',
      ...(siteUrl === undefined ? {} : { siteUrl }),
      ...(names && { names }),
      tls,
      web,
      captivePortal,
    },
    { node: { ...changed, subscribe }, clock, random: seededRandom(7), log, ...deps },
  )
  const url = `http://127.0.0.1:${server.address.port}`
  const tokens = new Map<Name, Promise<string>>()
  const tokenOf = (name: Name): Promise<string> => {
    const token = tokens.get(name) ?? node.openSession(name).then((session) => session.token)
    tokens.set(name, token)
    return token
  }
  let isClosed = false
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    await server[Symbol.asyncDispose]()
    await node[Symbol.asyncDispose]()
  }
  t.teardown(close)
  return {
    node,
    clock,
    log,
    url,
    people,
    client: async (name) => {
      const client = new Client4()
      client.setUrl(url)
      await client.login(name, passwordOf(name))
      return client
    },
    ask: async (name, method, path, body) =>
      fetched(url + path, {
        method,
        headers: name === undefined ? {} : { authorization: `Bearer ${await tokenOf(name)}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    tell: (event) => {
      for (const listener of listeners) listener(event)
    },
    close,
  }
}

/** The password of a person. */
export function passwordOf(name: string): string {
  return `${name}-password`
}

/** One request and all of its answer. */
export async function fetched(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: jsonOf(text) }
}

async function enrol(node: EdgeNode, administrator: Person, username: string): Promise<Person> {
  const draft = {
    username,
    displayName: username,
    password: passwordOf(username),
    isAdministrator: false,
  }
  return await node.enrolPerson(administrator.id, draft)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
