/**
 * A bare `ws` server, to measure ours beside it: whatever a client sends goes to all others, made into text once. Says its
 * address as the first line. Ends with its standard input.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
server.on('connection', (socket) => {
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer) => {
    const text = data.toString('utf8')
    for (const other of server.clients)
      if (other !== socket && other.readyState === WebSocket.OPEN) other.send(text)
  })
  socket.send('hello')
})
await once(server, 'listening')
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
process.stdin.resume().once('end', () => process.exit(0))
