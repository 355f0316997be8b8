import { Pool } from 'undici'
import { WebSocket } from 'ws'
import { aLanDoor } from '../support/lan-door.ts'
const teardowns: (() => Promise<void>)[] = []
const door = await aLanDoor({ teardown: (h) => void teardowns.push(h) })
const session = await door.node.openSession('bo')
const channels = await door.node.channelsOf(door.people.bo.id)
const channel = channels[0]!.id
const N = Number(process.argv[2] ?? 4000), L = Number(process.argv[3] ?? 0), C = Number(process.argv[4] ?? 32)
async function time(label: string, n: number, f: (i: number) => Promise<unknown>) {
  const lat: number[] = []; let i = 0; const t0 = performance.now(); const c0 = process.cpuUsage()
  await Promise.all(Array.from({ length: C }, async () => { while (i < n) { const k = i++; const s = performance.now(); await f(k); lat.push(performance.now() - s) } }))
  const ms = performance.now() - t0; const c = process.cpuUsage(c0); lat.sort((a, b) => a - b)
  console.log(label, (n / ms * 1000).toFixed(0) + '/s', 'p50', lat[n >> 1]!.toFixed(1), 'p99', lat[Math.floor(n * .99)]!.toFixed(1), 'cpu us/op', ((c.user + c.system) / n).toFixed(0))
}
await time('direct', N, (i) => door.node.post(door.people.bo.id, { channel, body: 'direct message number ' + i, pendingId: 'd' + i }))
const pool = new Pool(door.url, { connections: C })
const headers = { authorization: 'Bearer ' + session.token, 'content-type': 'application/json' }
let got = 0
const sockets = await Promise.all(Array.from({ length: L }, async () => {
  const ws = new WebSocket(door.url.replace('http', 'ws') + '/api/v4/websocket', { headers: { authorization: 'Bearer ' + (await door.node.openSession('chen')).token } })
  ws.on('message', () => { got++ })
  await new Promise((r) => ws.once('message', r)); return ws
}).slice(0, L))
const post = async (i: number) => { const r = await pool.request({ path: '/api/v4/posts', method: 'POST', headers, body: JSON.stringify({ channel_id: channel, message: 'message number ' + i, pending_post_id: 'p' + i }) }); if (r.statusCode !== 201) throw new Error(await r.body.text()); await r.body.dump() }
await time('http', N, post)
await time('http2', N, (i) => post(i + N))
await time('me', N, async () => { const r = await pool.request({ path: '/api/v4/users/me', method: 'GET', headers }); await r.body.dump() })
await new Promise((r) => setTimeout(r, 500))
console.log('deliveries', got, process.memoryUsage().rss / 1e6)
for (const s of sockets) s.terminate()
await pool.destroy()
for (const h of teardowns) await h()
