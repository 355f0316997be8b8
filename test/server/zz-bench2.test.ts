import { fork } from 'node:child_process'
import { Pool } from 'undici'
import { aLanDoor } from '../support/lan-door.ts'
const teardowns: (() => Promise<void>)[] = []
const door = await aLanDoor({ teardown: (h) => void teardowns.push(h) })
const session = await door.node.openSession('bo')
const channels = await door.node.channelsOf(door.people.bo.id)
const channel = channels[0]!.id
const N = Number(process.argv[2] ?? 4000), L = Number(process.argv[3] ?? 200), C = Number(process.argv[4] ?? 32)
// 200 listeners: people
const tokens: string[] = []
for (let i = 0; i < L; i++) { const name = 'p' + i; if (i % 15 === 0) await door.node.enrolPerson(door.people.amira.id, { username: name, displayName: name, password: name + '-password', isAdministrator: false }); tokens.push((await door.node.openSession('p' + (i - i % 15))).token) }
const child = fork('/tmp/listeners.mjs')
let got = 0
await new Promise<void>((r) => { child.on('message', (m: any) => { if (m === 'ready') r(); else got = m.got }); child.send({ url: door.url.replace('http', 'ws') + '/api/v4/websocket', tokens }) })
const pool = new Pool(door.url, { connections: C })
const headers = { authorization: 'Bearer ' + session.token, 'content-type': 'application/json' }
const lat: number[] = []; let i = 0; const t0 = performance.now(); const c0 = process.cpuUsage()
const post = async (i: number) => { const r = await pool.request({ path: '/api/v4/posts', method: 'POST', headers, body: JSON.stringify({ channel_id: channel, message: 'message number ' + i, pending_post_id: 'p' + i }) }); if (r.statusCode !== 201) throw new Error(await r.body.text()); await r.body.dump() }
await Promise.all(Array.from({ length: C }, async () => { while (i < N) { const k = i++; const s = performance.now(); await post(k); lat.push(performance.now() - s) } }))
const ms = performance.now() - t0; const c = process.cpuUsage(c0); lat.sort((a, b) => a - b)
console.log('posts', (N / ms * 1000).toFixed(0) + '/s', 'p50', lat[N >> 1]!.toFixed(1), 'p99', lat[Math.floor(N * .99)]!.toFixed(1), 'cpu us/op', ((c.user + c.system) / N).toFixed(0))
await new Promise((r) => setTimeout(r, 1500))
console.log('deliveries', got, 'of', N * L, (process.memoryUsage().rss / 1e6).toFixed(0), door.log.events.filter(e => e.event.startsWith('live.')).length)
child.kill(); await pool.destroy()
for (const h of teardowns) await h()
