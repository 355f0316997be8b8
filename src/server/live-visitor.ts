/** One WebSocket of a person: from its opening, over the introduction and the requests, to its end. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { z } from 'zod'
import { AssertionFailure } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import type { OpenSession } from '#app/account-types.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import { createBuckets, type Buckets } from './bucket.ts'
import { parse } from './input.ts'
import { LIVE_REQUESTS, LIVE_REQUESTS_WAITING_MAX, TOKEN_CHARACTERS_MAX } from './limits.ts'
import {
  answerRequest,
  doneText,
  readRequest,
  refusedText,
  type LiveRequest,
  type RequestPorts,
} from './live-requests.ts'
import type { LiveOutlet, LiveSession } from './live-session.ts'
import { createLiveSocket, type Bursts, type Frames } from './live-socket.ts'
import { credentialsOf, isSameOrigin, type Doorkeeper } from './session.ts'
import { createTurns, type Turns } from './turns.ts'

/** One WebSocket. All times are monotonic milliseconds. */
export interface Visitor {
  readonly openedAt: number
  /** Undefined until the introduction. */
  readonly person: () => UserId | undefined
  /** The session it belongs to. */
  readonly session: () => string | undefined
  /** When anything was last heard from the client. */
  readonly heardAt: () => number
  readonly ping: () => void
  /** Ends the connection if its session is over. */
  readonly checkSession: () => void
  readonly end: (reason: EndReason) => void
  /** Ends a connection that does not answer. */
  readonly drop: () => void
}

/** Why the node ends a connection. */
export type EndReason = 'signed out' | 'going away' | 'no introduction' | 'the node failed'

/** An open WebSocket. */
export interface Connection {
  readonly socket: WebSocket
  /** The TCP connection under it. */
  readonly stream: Duplex
  readonly request: IncomingMessage
}

/** What this needs. */
export interface VisitorPorts {
  readonly clock: Clock
  readonly log: Log
  readonly doorkeeper: Doorkeeper
  readonly requests: RequestPorts
  readonly siteUrl: string | undefined
  readonly bursts: Bursts
  readonly frames: Frames
  /** Gives the person's stream to `outlet`. */
  readonly welcome: (person: UserId, outlet: LiveOutlet, request: IncomingMessage) => LiveSession
  /** A socket of this person has closed. */
  readonly left: (person: UserId) => void
}

interface State {
  readonly connection: Connection
  readonly ports: VisitorPorts
  readonly outlet: LiveOutlet
  /** Requests are answered one after the other, in their order. */
  readonly inTurn: Turns
  readonly rate: Buckets
  heardAt: number
  session: LiveSession | undefined
  token: string | undefined
  opened: OpenSession | undefined
  isGone: boolean
}

const Challenge = z.object({ token: z.string().max(TOKEN_CHARACTERS_MAX) })
const CLOSE_CODES = {
  'signed out': 1008,
  'no introduction': 1008,
  'going away': 1001,
  'the node failed': 1011,
} as const satisfies Record<EndReason, number>

/** Looks after `connection` from now on. */
export function createVisitor(connection: Connection, ports: VisitorPorts): Visitor {
  const { socket, stream, request } = connection
  const openedAt = ports.clock.monotonicMs()
  const state: State = {
    connection,
    ports,
    outlet: createLiveSocket({ ...ports, socket, stream }),
    inTurn: createTurns(1, LIVE_REQUESTS_WAITING_MAX),
    rate: createBuckets(LIVE_REQUESTS, 1),
    heardAt: openedAt,
    session: undefined,
    token: undefined,
    opened: undefined,
    isGone: false,
  }
  socket.on('message', (data, isBinary) => receive(state, data, isBinary))
  socket.on('pong', () => void (state.heardAt = ports.clock.monotonicMs()))
  socket.on('error', (error) => ports.log.debug('live.error', { error: error.name }))
  socket.once('close', () => closed(state))
  const shown = credentialsOf(request.headers)
  const isOurs = shown?.by === 'header' || isSameOrigin(request.headers, ports.siteUrl)
  if (shown !== undefined && isOurs) enqueue(state, () => introduce(state, shown.token))
  if (shown !== undefined && !isOurs) ports.doorkeeper.turnAway('foreign page')
  return {
    openedAt,
    person: () => state.session?.person,
    session: () => state.opened?.id,
    heardAt: () => state.heardAt,
    ping: () => socket.ping(),
    checkSession: () => enqueue(state, () => checkSession(state)),
    end: (reason) => end(state, reason),
    drop: () => socket.terminate(),
  }
}

function end(state: State, reason: EndReason): void {
  state.connection.socket.close(CLOSE_CODES[reason], reason)
}

function closed(state: State): void {
  state.isGone = true
  if (state.session !== undefined) letGo(state, state.session)
}

function letGo(state: State, session: LiveSession): void {
  session.detach(state.outlet, state.ports.clock.monotonicMs())
  state.ports.left(session.person)
}

/** Runs `job` after those before it. A fault of the node ends the connection; the client comes back by itself. */
function enqueue(state: State, job: () => Promise<unknown>): void {
  const outcome = state.inTurn(job)
  if (outcome === undefined) {
    state.connection.socket.close(1008, 'too many requests')
    return
  }
  outcome.then(undefined, (error: unknown) => {
    if (error instanceof AssertionFailure) throw error
    const name = error instanceof Error ? error.name : 'unknown'
    state.ports.log.error('live.failed', { error: name })
    end(state, 'the node failed')
  })
}

function receive(state: State, data: RawData, isBinary: boolean): void {
  const { socket } = state.connection
  const now = state.ports.clock.monotonicMs()
  state.heardAt = now
  if (isBinary) return socket.close(1003, 'text only')
  if (state.rate.waitMs('', now) > 0) return socket.close(1008, 'too many requests')
  state.rate.take('', now)
  const asked = readRequest(textOf(data))
  if (asked === undefined) return socket.close(1007, 'not a request')
  enqueue(state, () => answer(state, asked).catch((error: unknown) => refuse(state, asked, error)))
}

async function introduce(state: State, token: string): Promise<boolean> {
  const { ports, outlet, connection } = state
  const opened = await ports.doorkeeper.sessionOf(token)
  if (opened === undefined || state.isGone) return false
  state.opened = opened
  const session = ports.welcome(opened.person, outlet, connection.request)
  state.token = token
  state.session = session
  if (state.isGone) letGo(state, session)
  return true
}

async function answer(state: State, asked: LiveRequest): Promise<void> {
  if (asked.action === 'authentication_challenge') return await challenge(state, asked)
  const { session } = state
  if (session === undefined) {
    throw new EdgeError('NOT_SIGNED_IN', { wanted: 'authentication_challenge' })
  }
  state.outlet.answer(doneText(asked, answerRequest(asked, session, state.ports.requests)))
}

async function challenge(state: State, asked: LiveRequest): Promise<void> {
  const { token } = parse('data', Challenge, asked.data)
  if (state.session !== undefined || (await introduce(state, token))) {
    state.outlet.answer(doneText(asked, undefined))
    return
  }
  const found = 'a token that is unknown or has expired'
  refuse(state, asked, new EdgeError('NOT_SIGNED_IN', { found }))
  state.connection.socket.close(1008, 'not signed in')
}

/** Refusals are answers; anything else is a fault and rises. */
function refuse(state: State, asked: LiveRequest, error: unknown): void {
  if (!(error instanceof EdgeError)) throw error
  state.outlet.answer(refusedText(asked, error))
}

async function checkSession(state: State): Promise<void> {
  if (state.token === undefined) return
  const session = await state.ports.doorkeeper.sessionOf(state.token)
  if (session === undefined) end(state, 'signed out')
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString()
  return data instanceof ArrayBuffer ? Buffer.from(data).toString() : data.toString()
}
