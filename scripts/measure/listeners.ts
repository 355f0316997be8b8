/**
 * WebSocket clients of a node, in a process of their own: `listeners.ts URL COUNT`, session tokens on standard input.
 * Says `ready`, listens until standard input ends, then says how many events came and how late, as one line of JSON.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { stampOf } from './load.ts'
import { quantile } from './statistics.ts'

await main()

async function main(): Promise<void> {
  const [url = '', count = '0'] = process.argv.slice(2)
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  const first = await lines.next()
  const tokens = JSON.parse(String(first.value)) as readonly string[]
  const delaysMs: number[] = []
  const sockets: WebSocket[] = []
  for (let index = 0; index < Number(count); index += 1)
    sockets.push(await listen(url, tokens[index % tokens.length] ?? '', delaysMs))
  process.stdout.write('ready\n')
  await lines.next()
  const closed = sockets.filter(({ readyState }) => readyState !== WebSocket.OPEN).length
  for (const socket of sockets) socket.terminate()
  const p99Ms = quantile(delaysMs, 0.99)
  process.stdout.write(`${JSON.stringify({ events: delaysMs.length, p99Ms, closed })}\n`)
}

async function listen(url: string, token: string, delaysMs: number[]): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/v4/websocket`, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  })
  socket.on('message', (data: Buffer) => {
    const sentUs = stampIn(data.toString('utf8'))
    if (sentUs !== undefined)
      delaysMs.push((Number(process.hrtime.bigint() / 1000n) - sentUs) / 1000)
  })
  socket.on('error', () => undefined)
  await once(socket, 'open')
  return socket
}

/** Reads as little as it can: with all clients in one process, the process must not be what is measured. */
function stampIn(frame: string): number | undefined {
  if (!frame.includes('"event":"posted"')) return undefined
  const text = /\\"message\\":\\"(\d+ )/.exec(frame)?.[1]
  return text === undefined ? undefined : stampOf(text)
}
