import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Log } from '#ports/log.ts'
import type { LiveOutlet } from './live-session.ts'
const waiting: (() => void)[] = []
function later(f: () => void) { if (waiting.push(f) === 1) setImmediate(() => { for (const g of waiting.splice(0)) g() }) }
export function createLiveSocket(socket: WebSocket, stream: Duplex, log: Log): LiveOutlet {
  let pending: Buffer[] = []
  let bytes = 0
  const flush = (): void => {
    const all = pending.length === 1 ? pending[0]! : Buffer.concat(pending, bytes)
    pending = []; bytes = 0
    if (socket.readyState === WebSocket.OPEN) stream.write(all)
  }
  return {
    sendEvent: (body: Buffer, seq: number) => {
      const tail = seq + '}'
      const len = body.length + tail.length
      const h = len < 126 ? 2 : len < 65536 ? 4 : 10
      const f = Buffer.allocUnsafe(h + len)
      f[0] = 0x81
      if (h === 2) f[1] = len
      else if (h === 4) { f[1] = 126; f[2] = len >> 8; f[3] = len & 255 } else { f[1] = 127; f.writeBigUInt64BE(BigInt(len), 2) }
      body.copy(f, h)
      let at = h + body.length
      for (let i = 0; i < tail.length; i++) f[at++] = tail.charCodeAt(i)
      pending.push(f); bytes += f.length
      if (pending.length === 1) later(flush)
    },
    send: (text) => { socket.send(text) },
    close: (code, reason) => { if (bytes > 0) flush(); socket.close(code, reason) },
  } as any
}
