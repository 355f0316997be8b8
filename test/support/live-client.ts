/** A WebSocket of a person, as a test sees it: every frame in order, and waiting for the one that matters. */
import { WebSocket } from 'ws'
import { must } from '#base/assert.ts'
import type { LanDoor, Name } from './lan-door.ts'

/** One frame. Events have `event` and `seq`, answers `seq_reply`. */
export interface Frame {
  readonly event?: string
  readonly seq?: number
  readonly data?: Readonly<Record<string, unknown>>
  readonly broadcast?: Readonly<Record<string, unknown>>
  readonly status?: string
  readonly seq_reply?: number
  readonly error?: Readonly<Record<string, unknown>>
}

/** An open WebSocket. */
export interface LiveClient {
  readonly socket: WebSocket
  /** All frames so far. */
  readonly frames: readonly Frame[]
  /** Frames of the events of this name so far. */
  readonly events: (name: string) => readonly Frame[]
  /** The first frame that fits, past or to come. */
  readonly when: (fits: (frame: Frame) => boolean) => Promise<Frame>
  /** The first event of this name, past or to come. */
  readonly event: (name: string) => Promise<Frame>
  /** Sends a request and waits for its answer. */
  readonly ask: (action: string, data?: unknown) => Promise<Frame>
  /** Resolves with the close code once the socket has closed. */
  readonly closed: Promise<number>
}

/** What a test may choose about a socket. */
export interface SocketChoice {
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A socket of `name`, past its `hello`. */
export async function aLiveClient(door: LanDoor, name: Name, query = ''): Promise<LiveClient> {
  const { token } = await door.node.openSession(name)
  const client = await aSocket(door, { query, headers: { authorization: `Bearer ${token}` } })
  if (query === '') await client.event('hello')
  return client
}

/** A socket of somebody who has not said who they are, unless the headers do. */
export async function aSocket(door: LanDoor, choice: SocketChoice = {}): Promise<LiveClient> {
  const url = `${door.url.replace('http', 'ws')}/api/v4/websocket${choice.query ?? ''}`
  const socket = new WebSocket(url, { headers: { ...choice.headers } })
  const client = follow(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  return client
}

function follow(socket: WebSocket): LiveClient {
  const frames: Frame[] = []
  const waiting = new Set<(frame: Frame) => void>()
  let asked = 0
  socket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as Frame
    frames.push(frame)
    for (const look of waiting) look(frame)
  })
  const closed = new Promise<number>((resolve) => {
    socket.once('close', (code) => resolve(code))
  })
  const when = (fits: (frame: Frame) => boolean): Promise<Frame> => {
    const past = frames.find(fits)
    if (past !== undefined) return Promise.resolve(past)
    return new Promise((resolve) => {
      const look = (frame: Frame): void => {
        if (!fits(frame)) return
        waiting.delete(look)
        resolve(frame)
      }
      waiting.add(look)
    })
  }
  return {
    socket,
    frames,
    closed,
    when,
    events: (name) => frames.filter(({ event }) => event === name),
    event: (name) => when(({ event }) => event === name),
    ask: (action, data) => {
      asked += 1
      const seq = asked
      socket.send(JSON.stringify({ action, seq, data }))
      return when((frame) => frame.seq_reply === seq)
    },
  }
}

/** The JSON inside a field of an event. */
export function inner(frame: Frame, field: string): Readonly<Record<string, unknown>> {
  const text = must(frame.data, 'the frame is an event')[field]
  return JSON.parse(String(text)) as Readonly<Record<string, unknown>>
}
