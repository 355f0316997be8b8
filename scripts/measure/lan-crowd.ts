/**
 * Many WebSocket clients in this process, and how long it takes until the last of them has heard something. They read as little
 * of a frame as they can: they must not be what is measured.
 */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { idFromBytes } from '#base/ids.ts'
import type { Clock } from '#ports/clock.ts'

/** Open sockets. Disposing ends them. */
export interface Crowd extends Disposable {
  readonly sockets: readonly WebSocket[]
  /** Lets `say` send something with a mark in it. Resolves with the milliseconds until `listeners` sockets have heard it. */
  readonly until: (listeners: number, say: (mark: string) => unknown) => Promise<number>
}

/** Where, and who. */
export interface CrowdOptions {
  /** `http://host:port/path` */
  readonly url: string
  /** One for each socket; '' for none. */
  readonly tokens: readonly string[]
  readonly clock: Clock
}

/** Nobody waits longer for the last. */
const PATIENCE_MS = 30_000
/** Marks are ids, as `typing` wants one; ten bytes of nothing in front are found quickly. */
const MARK_BYTES = 16
const MARK_CHARACTERS = 26
const PREFIX = idFromBytes(new Uint8Array(MARK_BYTES)).slice(0, 16)

interface Waiting {
  left: number
  readonly done: () => void
}

/** Connects one socket after the other; each has heard its first word before the next. */
export async function openCrowd({ url, tokens, clock }: CrowdOptions): Promise<Crowd> {
  const waiting = new Map<string, Waiting>()
  const hear = (data: Buffer): void => {
    const at = data.indexOf(PREFIX)
    if (at === -1) return
    const mark = data.toString('latin1', at, at + MARK_CHARACTERS)
    const one = waiting.get(mark)
    if (one === undefined) return
    one.left -= 1
    if (one.left > 0) return
    waiting.delete(mark)
    one.done()
  }
  const sockets: WebSocket[] = []
  for (const token of tokens) {
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers, perMessageDeflate: false })
    socket.on('error', () => undefined)
    await once(socket, 'message')
    socket.on('message', hear)
    sockets.push(socket)
  }
  let count = 0
  return {
    sockets,
    until: async (listeners, say) => {
      const mark = markOf((count += 1))
      const beganMs = clock.monotonicMs()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const heard = new AbortController()
      waiting.set(mark, { left: listeners, done: resolve })
      const giveUp = async (): Promise<void> => {
        await clock.sleep(PATIENCE_MS, heard.signal)
        if (heard.signal.aborted) return
        const closed = sockets.filter(({ readyState }) => readyState !== WebSocket.OPEN).length
        const left = waiting.get(mark)?.left
        reject(new Error(`${left} of ${listeners} clients heard nothing; ${closed} are closed`))
      }
      void giveUp()
      try {
        await say(mark)
        await promise
      } finally {
        heard.abort()
        waiting.delete(mark)
      }
      return clock.monotonicMs() - beganMs
    },
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.terminate()
    },
  }
}

function markOf(count: number): string {
  const bytes = Buffer.alloc(MARK_BYTES)
  bytes.writeUIntBE(count, MARK_BYTES - 6, 6)
  return idFromBytes(bytes)
}
