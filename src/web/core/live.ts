/**
 * The live stream: one WebSocket, opened again whenever it breaks, resumed where the node still has what was missed.
 * Every event carries the next number; a gap means that something was lost, so the stream begins anew.
 */
import { fields, number, text } from './wire.ts'

/** A socket, as the browser's WebSocket is one. */
export interface LiveSocket {
  readonly send: (text: string) => void
  readonly close: () => void
}

/** What the socket tells. */
export interface SocketEvents {
  readonly opened: () => void
  readonly received: (text: string) => void
  /** `reason`: what the node said, or ''. */
  readonly closed: (reason: string) => void
}

/** One event of the node. */
export interface LiveEvent {
  readonly name: string
  readonly data: Readonly<Record<string, unknown>>
  readonly channelId: string
}

/** Effects, and who hears of what. */
export interface LivePorts {
  readonly open: (query: string, events: SocketEvents) => LiveSocket
  /** Calls back after a while; gives how to call that off. */
  readonly after: (ms: number, then: () => void) => () => void
  /** From 0 up to 1. */
  readonly chance: () => number
  readonly onEvent: (event: LiveEvent) => void
  /** The stream is here. `isResumed`: nothing was missed; otherwise what is shown has to be asked for again. */
  readonly onHere: (isResumed: boolean) => void
  readonly onAway: () => void
  /** The node has ended the session, and may not be there to be asked. */
  readonly onSignedOut: () => void
}

/** The stream. */
export interface Live {
  readonly start: () => void
  readonly stop: () => void
  /** The browser has a network again: no more waiting. */
  readonly hurry: () => void
  /** Says something, if anybody is there. */
  readonly say: (action: string, data: object) => void
}

/** With this word the node closes the streams of a session that is over. */
const SIGNED_OUT = 'signed out'
const PING_MS = 30_000
const FIRST_WAIT_MS = 1_000
/** Longest wait between two attempts: a kit that is switched on again is seen this soon. */
const WAIT_MS_MAX = 30_000

interface State {
  socket: LiveSocket | undefined
  connectionId: string
  nextSeq: number
  asked: number
  failures: number
  /** The last ping was answered. */
  isAnswered: boolean
  /** The node has said who it is on this socket, or gone on with the stream. */
  isHere: boolean
  isStopped: boolean
  callOff: () => void
}

/** A stream that is not open yet. */
export function createLive(ports: LivePorts): Live {
  const state: State = {
    socket: undefined,
    connectionId: '',
    nextSeq: 0,
    asked: 0,
    failures: 0,
    isAnswered: true,
    isHere: false,
    isStopped: true,
    callOff: () => undefined,
  }
  const connect = (): void => {
    state.callOff()
    if (!state.isStopped && state.socket === undefined) openSocket(state, ports, connect)
  }
  return {
    start: () => {
      state.isStopped = false
      connect()
    },
    stop: () => {
      state.isStopped = true
      state.callOff()
      state.connectionId = ''
      const { socket } = state
      state.socket = undefined
      socket?.close()
    },
    hurry: connect,
    say: (action, data) => say(state, action, data),
  }
}

function openSocket(state: State, ports: LivePorts, connect: () => void): void {
  const { connectionId, nextSeq } = state
  const query = `connection_id=${connectionId}&sequence_number=${connectionId === '' ? 0 : nextSeq}`
  const isThis = (): boolean => state.socket === socket
  const lost = (): void => {
    if (!isThis()) return
    state.socket = undefined
    state.isHere = false
    state.callOff()
    socket.close()
    ports.onAway()
    if (state.isStopped) return
    state.callOff = ports.after(waitMs(state.failures, ports.chance()), connect)
    state.failures += 1
  }
  const ping = (): void => {
    if (!isThis()) return
    if (!state.isAnswered) return lost()
    state.isAnswered = false
    say(state, 'ping', {})
    state.callOff = ports.after(PING_MS, ping)
  }
  const socket = ports.open(query, {
    opened: () => {
      if (!isThis()) return
      state.isAnswered = true
      ping()
    },
    received: (content) => {
      if (isThis() && !receive(state, ports, content)) {
        state.connectionId = ''
        lost()
      }
    },
    closed: (reason) => {
      if (isThis() && reason === SIGNED_OUT) ports.onSignedOut()
      lost()
    },
  })
  state.socket = socket
}

/** Milliseconds before the next attempt: doubled each time, with some chance so that phones do not come all at once. */
export function waitMs(failures: number, chance: number): number {
  const whole = Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** Math.min(failures, 10))
  return Math.round(whole * (0.5 + chance / 2))
}

/** Whether the stream is sound. */
function receive(state: State, ports: LivePorts, content: string): boolean {
  const frame = parsed(content)
  if (frame.seq_reply !== undefined) {
    state.isAnswered = true
    if (frame.status !== 'OK') return state.isHere
    // An answer before any greeting: the old stream goes on, and nothing was missed.
    here(state, ports, true)
    return true
  }
  const name = text(frame.event)
  if (name === '') return true
  const data = fields(frame.data)
  if (name === 'hello') return hello(state, ports, data)
  if (number(frame.seq) !== state.nextSeq) return false
  state.nextSeq += 1
  here(state, ports, true)
  ports.onEvent({ name, data, channelId: text(fields(frame.broadcast).channel_id) })
  return true
}

function hello(state: State, ports: LivePorts, data: Readonly<Record<string, unknown>>): boolean {
  state.connectionId = text(data.connection_id)
  state.nextSeq = 1
  state.isHere = false
  here(state, ports, false)
  return true
}

function here(state: State, ports: LivePorts, isResumed: boolean): void {
  if (state.isHere) return
  state.isHere = true
  state.failures = 0
  ports.onHere(isResumed)
}

function say(state: State, action: string, data: object): void {
  state.asked += 1
  state.socket?.send(JSON.stringify({ action, seq: state.asked, data }))
}

function parsed(content: string): Readonly<Record<string, unknown>> {
  try {
    return fields(JSON.parse(content))
  } catch {
    return {}
  }
}
