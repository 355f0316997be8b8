import { runSeed, type Result } from './run.ts'
import type { World } from './world.ts'
import { unpack } from '#sync/records.ts'
const [a='1', b=a, trace] = process.argv.slice(2)
const plan = process.env['PLANT'] ? {planted: process.env['PLANT'].split(',')} : {}
const wo = process.env['WITHOUT'] ? {without: process.env['WITHOUT'].split(',')} : {}
let ok=0, n=0
for (let seed=Number(a); seed<=Number(b); seed++) {
const t=performance.now()
const r = await runSeed(seed, {...plan, ...wo} as never, trace ? (l)=>console.log(l) : undefined) as Result & {world: World}
n++; if (r.ok) ok++
console.log(seed, r.ok, r.steps, (r.virtualMs/3.6e6).toFixed(1), Math.round(performance.now()-t), r.traceHash, r.failure ? JSON.stringify(r.failure).slice(0,600):'')
if (trace) console.log(r.marks)
const w = (globalThis as never as {world?: World}).world
if (trace==='d' && w) for (const m of w.members) { console.log(m.name, m.id); for (const [k,v] of m.disk.durable({from:'',to:'~'})) if (/^(wait|park|doc|got|has|out|fly|note|owe|left|sim|peer)/.test(k)) { let x: unknown; try { x = unpack(v) } catch { x = Buffer.from(v).toString() }; console.log('  ',k, JSON.stringify(x, (kk,vv)=> vv instanceof Uint8Array || vv?.type==='Buffer' ? 'bytes' : vv)?.slice(0,200)) } }
}
console.log(ok,'/',n)
