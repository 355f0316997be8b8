/** One TCP connection through an emulated link: the client's socket here, the target's there, pieces in between. */
import type { Socket } from 'node:net'
import { must } from '#base/assert.ts'
import { openFlow, type Flow } from './flow.ts'
import type { Pacer } from './schedule.ts'

/** Up is from the client to the target. */
export type Direction = 'up' | 'down'

/** What a connection knows of the link it runs over. */
export interface LinkAccess {
  readonly pacers: Readonly<Record<Direction, Pacer>>
  readonly nowMs: () => number
  /** Resolves at a virtual moment and once the link lets things through, or at once when `signal` aborts. */
  readonly until: (atMs: number, signal: AbortSignal) => Promise<void>
  /** Bytes of one connection that may be on their way in a direction. */
  readonly windowBytes: (direction: Direction) => number
  /** Payload that arrived. */
  readonly count: (direction: Direction, bytes: number) => void
  readonly connectTarget: () => Socket
}

/** A connection that is being made or there. */
export interface Connection {
  /** Ends it the hard way on both sides. */
  readonly reset: () => void
  /** Swallows from now on what both sides say, and how they end: a connection that a router has forgotten. */
  readonly strand: () => void
  /** Aborts once the connection is gone. */
  readonly gone: AbortSignal
}

/** Largest piece: what fits into one Ethernet frame beside the headers. */
const PIECE_BYTES_MAX = 1460

/** Takes an accepted socket, paused and allowed to be half-open, and brings it over the link. */
export function openConnection(client: Socket, link: LinkAccess): Connection {
  const stop = new AbortController()
  const sockets = [client]
  const reset = (): void => {
    stop.abort()
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const noteClosed = (): void => {
    if (sockets.every((socket) => socket.closed)) stop.abort()
  }
  const add = (socket: Socket): void => {
    if (socket !== client) sockets.push(socket)
    socket.setNoDelay(true)
    socket.on('close', noteClosed)
  }
  add(client)
  let isStranded = false
  const ends = { client, link, add, reset, isStranded: () => isStranded, gone: stop.signal }
  void establish(ends)
  return {
    reset,
    strand: () => {
      isStranded = true
    },
    gone: stop.signal,
  }
}

interface Ends {
  readonly client: Socket
  readonly link: LinkAccess
  /** Makes a socket part of the connection. */
  readonly add: (socket: Socket) => void
  readonly reset: () => void
  readonly isStranded: () => boolean
  readonly gone: AbortSignal
}

/** The handshake takes a round trip before the client may send; its last word opens the far side. */
async function establish(ends: Ends): Promise<void> {
  const { client, link, gone } = ends
  client.on('error', ends.reset)
  await link.until(link.pacers.up.send(link.nowMs(), 0), gone)
  await link.until(link.pacers.down.send(link.nowMs(), 0), gone)
  if (gone.aborted) return

  let target: Socket | undefined
  const reach = async (): Promise<void> => {
    const socket = link.connectTarget()
    ends.add(socket)
    socket.on('error', ends.reset)
    await settled(socket)
    if (gone.aborted) return
    socket.off('error', ends.reset)
    target = socket
    read(ends, { source: socket, direction: 'down', sink: () => client })
  }
  const first = { bytes: 0, deliver: reach }
  client.off('error', ends.reset)
  read(ends, {
    source: client,
    direction: 'up',
    sink: () => must(target, 'the far side is open'),
    first,
  })
}

interface Course {
  readonly source: Socket
  readonly direction: Direction
  readonly sink: () => Socket
  /** Goes before everything the source says. */
  readonly first?: { readonly bytes: number; readonly deliver: () => Promise<void> }
}

/** Sends what `source` says, and how it ends, to `sink`, and reads no more than the window allows. */
function read(
  { link, gone, reset, isStranded }: Ends,
  { source, direction, sink, first }: Course,
): void {
  const pacer = link.pacers[direction]
  const flow: Flow = openFlow({
    until: (atMs) => link.until(atMs, gone),
    gone,
    onDelivered: (bytes) => {
      if (!isStranded()) link.count(direction, bytes)
      if (source.isPaused() && flow.bytes() <= link.windowBytes(direction) / 2) source.resume()
    },
  })
  const send = (bytes: number, deliver: () => Promise<void>): void => {
    if (isStranded()) return
    const arrivesAtMs = pacer.send(link.nowMs(), bytes)
    flow.push({ arrivesAtMs, bytes, deliver: async () => (isStranded() ? undefined : deliver()) })
  }

  if (first !== undefined) send(first.bytes, first.deliver)
  source.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES_MAX) {
      const piece = chunk.subarray(at, at + PIECE_BYTES_MAX)
      send(piece.length, () => written(sink(), piece))
    }
    if (flow.bytes() > link.windowBytes(direction)) source.pause()
  })
  source.on('end', () => send(0, async () => void sink().end()))
  source.on('error', () => send(0, async () => reset()))
  source.resume()
}

/** Resolves once the socket has taken the bytes, or is gone. */
function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.write(bytes, () => resolve())
  })
}

/** Resolves once the socket is connected, or will never be. */
function settled(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('connect', () => resolve())
    socket.once('close', () => resolve())
  })
}
