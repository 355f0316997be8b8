/**
 * A bare server, to measure ours beside it: whatever a client sends by `ws` goes to all others, made into text once; what is posted is
 * appended to a file, and answered once that is on the disk: one sync for all that wait. Says its address as the first line. Ends
 * with its standard input. Its argument is the file.
 */
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

const file = await open(process.argv[2] ?? '', 'a')
const waiting: { readonly body: Buffer; readonly response: ServerResponse }[] = []
let isWriting = false

const http = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    waiting.push({ body: Buffer.concat(parts), response })
    if (!isWriting) void write()
  })
})

async function write(): Promise<void> {
  isWriting = true
  while (waiting.length > 0) {
    const all = waiting.splice(0)
    await file.appendFile(Buffer.concat(all.map(({ body }) => body)))
    await file.datasync()
    for (const { body, response } of all)
      response.writeHead(201, { 'content-type': 'application/json' }).end(body)
  }
  isWriting = false
}

const server = new WebSocketServer({ server: http, perMessageDeflate: false })
server.on('connection', (socket) => {
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer) => {
    const text = data.toString('utf8')
    for (const other of server.clients)
      if (other !== socket && other.readyState === WebSocket.OPEN) other.send(text)
  })
  socket.send('hello')
})
http.listen(0, '127.0.0.1')
await once(http, 'listening')
console.log(`http://127.0.0.1:${(http.address() as AddressInfo).port}`)
process.stdin.resume().once('end', () => process.exit(0))
