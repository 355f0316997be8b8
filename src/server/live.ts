/**
 * The WebSocket of Mattermost clients: who comes in, what becomes of their requests, and who has gone.
 *
 * A client says who it is by header, by cookie (from our own pages only) or in its first message. Then it gets its
 * old stream from the number it names, or a new one that begins with `hello`.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { scheduler } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { assert } from '#base/assert.ts'
import { idFromBytes, type NodeId, type UserId } from '#base/ids.ts'
import type { Attributes } from '#model/policy.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import {
  LIVE_DEAD_MS,
  LIVE_INTRODUCTION_MS,
  LIVE_PING_MS,
  LIVE_SOCKETS_MAX,
  LIVE_STRANGERS_MAX,
  LIVE_SWEEP_MS,
  OFFLINE_AFTER_MS,
} from './limits.ts'
import { circumstancesOf } from './circumstances.ts'
import { helloText } from './live-events.ts'
import type { LiveHub } from './live-hub.ts'
import type { RequestPorts } from './live-requests.ts'
import { createLiveSession, type LiveOutlet, type LiveSession } from './live-session.ts'
import { createBursts, createFrames } from './live-socket.ts'
import { createVisitor, type Visitor } from './live-visitor.ts'
import type { Doorkeeper } from './session.ts'

/** What this needs. */
export interface LivePorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly doorkeeper: Doorkeeper
  readonly hub: LiveHub
  readonly requests: RequestPorts
  /** What `hello` says of this node. */
  readonly serverVersion: string
  readonly serverName: string
  readonly siteUrl: string | undefined
}

/** The open WebSockets of people. */
export interface Live {
  /** Whether there is room for one more. */
  readonly hasRoom: () => boolean
  /** Takes a WebSocket that has just been opened by `request`; `stream` is the connection under it. */
  readonly accept: (socket: WebSocket, stream: Duplex, request: IncomingMessage) => void
  /** Ends the sockets of sessions that are over. */
  readonly endSessions: (sessions: readonly string[]) => void
  /** Looks after the sockets until `signal` aborts, then says goodbye to all. */
  readonly run: (signal: AbortSignal) => Promise<void>
}

/** Nobody is connected yet. */
export function createLive(ports: LivePorts): Live {
  const { clock, hub } = ports
  const { presence } = ports.requests
  const visitors = new Set<Visitor>()
  /** When the last socket of a person closed; they are shown as gone a little later. */
  const leftAt = new Map<UserId, number>()
  const visitorPorts = {
    ...ports,
    bursts: createBursts(),
    frames: createFrames(),
    welcome: (person: UserId, outlet: LiveOutlet, request: IncomingMessage) => {
      const session = openSession(ports, person, {
        outlet,
        told: circumstancesOf(request),
        ...resumptionOf(request),
      })
      leftAt.delete(person)
      presence.setHere(person, true, clock.now())
      return session
    },
    left: (person: UserId) => void leftAt.set(person, clock.monotonicMs()),
  }
  const sweep = (): void => {
    const now = clock.monotonicMs()
    for (const visitor of visitors) lookAfter(visitor, now, ports)
    hub.forgetStale(now)
    for (const [person, at] of leftAt) {
      if (now - at < OFFLINE_AFTER_MS) continue
      leftAt.delete(person)
      if (!hub.isConnected(person)) presence.setHere(person, false, clock.now())
    }
  }
  return {
    hasRoom: () => visitors.size < LIVE_SOCKETS_MAX && strangersIn(visitors) < LIVE_STRANGERS_MAX,
    accept: (socket, stream, request) => {
      const visitor = createVisitor({ socket, stream, request }, visitorPorts)
      visitors.add(visitor)
      socket.once('close', () => void visitors.delete(visitor))
    },
    endSessions: (sessions) => {
      const over = new Set<string | undefined>(sessions)
      for (const visitor of visitors) if (over.has(visitor.session())) visitor.end('signed out')
    },
    run: async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(LIVE_SWEEP_MS, signal)
        if (!signal.aborted) sweep()
      }
      for (const visitor of visitors) visitor.end('going away')
      await scheduler.yield()
    },
  }
}

interface Asked {
  readonly outlet: LiveOutlet
  readonly told: Attributes
  /** The stream the client had, or ''. */
  readonly id: string
  /** The number it expects next. */
  readonly next: number
}

/** The person's old stream, taken up where the client lost it, or a new one when that cannot be. */
function openSession(ports: LivePorts, person: UserId, asked: Asked): LiveSession {
  const { hub, clock } = ports
  const { told } = asked
  const before = hub.find(asked.id, person)
  // Elsewhere, or on another device, another stream begins: other rules may hold.
  const isAlike = before !== undefined && sameTold(before.told, told)
  const old = isAlike ? before : undefined
  if (before !== undefined && !isAlike) hub.leave(before)
  if (old?.attach(asked.outlet, asked.next) === true) return old
  if (old !== undefined) hub.leave(old)
  const id = idFromBytes<NodeId>(ports.random.bytes(16))
  const session = createLiveSession(id, { person, told }, clock.monotonicMs())
  session.push(
    helloText(person, {
      connection_id: id,
      server_version: ports.serverVersion,
      server_hostname: ports.serverName,
    }),
  )
  hub.enter(session)
  assert(session.attach(asked.outlet, 0), 'a new stream is replayed from its start')
  return session
}

function sameTold(a: Attributes, b: Attributes): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function strangersIn(visitors: ReadonlySet<Visitor>): number {
  let count = 0
  for (const visitor of visitors) if (visitor.person() === undefined) count += 1
  return count
}

function lookAfter(visitor: Visitor, now: number, ports: LivePorts): void {
  const silentMs = now - visitor.heardAt()
  if (visitor.person() === undefined) {
    if (now - visitor.openedAt > LIVE_INTRODUCTION_MS) visitor.end('no introduction')
    return
  }
  if (silentMs > LIVE_DEAD_MS) {
    ports.log.info('live.dead', { silentMs: Math.round(silentMs) })
    visitor.drop()
    return
  }
  if (silentMs > LIVE_PING_MS) visitor.ping()
  visitor.checkSession()
}

/** The stream a client wants back, and the number it expects next. */
function resumptionOf(request: IncomingMessage): { readonly id: string; readonly next: number } {
  const query = URL.parse(request.url ?? '', 'http://here')?.searchParams
  const next = Number(query?.get('sequence_number') ?? 0)
  return { id: query?.get('connection_id') ?? '', next: Number.isSafeInteger(next) ? next : 0 }
}
