/** From HTTP to WebSocket: people's clients at Mattermost's address, other nodes at ours, nobody elsewhere. */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { LIVE_REQUEST_BYTES_MAX, PEER_MESSAGE_BYTES_MAX } from './limits.ts'
import type { Live } from './live.ts'
import { passageOf, type ServerTls } from './tls.ts'

/** Who takes the sockets. */
export interface UpgradeTargets {
  readonly live: Live
  /** Another node has come; it proves who it is by itself. */
  readonly acceptPeer: ((socket: WebSocket, remoteAddress: string) => void) | undefined
  readonly tls?: ServerTls | undefined
}

/** Handles the upgrades of `server` from now on. The function returned ends every socket that is still open. */
export function handleUpgrades(server: Server, targets: UpgradeTargets): () => void {
  const people = webSockets(LIVE_REQUEST_BYTES_MAX)
  const peers = webSockets(PEER_MESSAGE_BYTES_MAX)
  const { live, acceptPeer, tls } = targets
  const open = new Set<Duplex>()
  server.on('upgrade', (request, stream, head) => {
    open.add(stream)
    stream.once('close', () => void open.delete(stream))
    stream.on('error', () => stream.destroy())
    const path = (request.url ?? '').split('?')[0]
    if (passageOf(tls, request) !== 'pass') return refuse(stream, '403 Forbidden')
    if (path === '/api/v4/websocket') {
      if (!live.hasRoom()) return refuse(stream, '503 Service Unavailable')
      people.handleUpgrade(request, stream, head, (socket) => live.accept(socket, stream, request))
      return undefined
    }
    if (path === '/api/holdfast/v1/peer' && acceptPeer !== undefined) {
      const address = addressOf(request)
      peers.handleUpgrade(request, stream, head, (socket) => acceptPeer(socket, address))
      return undefined
    }
    return refuse(stream, '404 Not Found')
  })
  return () => {
    for (const stream of open) stream.destroy()
  }
}

/** No compression: it costs memory and CPU for each socket, and its state would outlive what was said. */
function webSockets(maxPayload: number): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    maxPayload,
    perMessageDeflate: false,
    clientTracking: false,
  })
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? ''
}
