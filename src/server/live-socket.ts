/** A person's WebSocket as an outlet for events: bounded in what may wait, and one system call for a burst of events. */
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { SESSION_BACKLOG_MAX } from '#base/limits.ts'
import type { Log } from '#ports/log.ts'
import { LIVE_BACKLOG_BYTES_MAX } from './limits.ts'
import type { LiveOutlet } from './live-session.ts'

/** `stream` is the TCP connection under `socket`. What `socket` cannot take in time ends it: the client resumes. */
export function createLiveSocket(socket: WebSocket, stream: Duplex, log: Log): LiveOutlet {
  let waiting = 0
  let isCorked = false
  const sent = (): void => void (waiting -= 1)
  const uncork = (): void => {
    isCorked = false
    stream.uncork()
  }
  const cork = (): void => {
    if (isCorked) return
    isCorked = true
    stream.cork()
    setImmediate(uncork)
  }
  return {
    send: (text) => {
      if (socket.readyState !== WebSocket.OPEN) return
      if (waiting >= SESSION_BACKLOG_MAX || socket.bufferedAmount > LIVE_BACKLOG_BYTES_MAX) {
        log.warn('live.lagging', { events: waiting, bytes: socket.bufferedAmount })
        socket.terminate()
        return
      }
      cork()
      waiting += 1
      socket.send(text, sent)
    },
    close: (code, reason) => socket.close(code, reason),
  }
}
