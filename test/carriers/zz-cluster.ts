import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync, rmSync } from 'node:fs'
import { openNatsNode } from '../support/nats-node.ts'
import { handOver, parcel, accept, textOf } from '../support/carrier-side.ts'
const dir='/tmp/natslab/cl'; rmSync(dir,{recursive:true,force:true}); mkdirSync(dir,{recursive:true})
const bin=process.env.HOLDFAST_NATS_SERVER!
const start=(i:number)=>{ writeFileSync(`${dir}/${i}.conf`,`listen: 127.0.0.1:1801${i}\nserver_name: s${i}\njetstream {store_dir:"${dir}/js${i}"}\ncluster {name: c, listen: "127.0.0.1:1811${i}", routes: ["nats://127.0.0.1:18111","nats://127.0.0.1:18112","nats://127.0.0.1:18113"]}\naccounts {\nOWN {jetstream: enabled, users: [{user: x, password: y}]}\nSYS {}\n}\nno_auth_user:x\nsystem_account:SYS`); return spawn(bin,['-c',`${dir}/${i}.conf`],{stdio:['ignore','ignore','inherit']})}
const s=[start(1),start(2),start(3)]
await new Promise(r=>setTimeout(r,500))
const R=Number(process.env.R??3)
const urls=[1,2,3].map(i=>`nats://127.0.0.1:1801${i}`)
const a=await openNatsNode('',{servers:[urls[0]!,urls[1]!],streamReplicas:R,backOffMaxMs:1000})
const b=await openNatsNode('',{servers:[urls[1]!,urls[2]!],nodeNumber:2,provision:false,backOffMaxMs:1000})
const T=Date.now(); setTimeout(()=>{console.log(a.log.events.slice(-6),b.log.events.slice(-4)); s.forEach(x=>x.kill('SIGKILL')); process.exit(1)},50000)
await a.nextContact(true); await b.nextContact(true); console.log('contact',Date.now()-T)
const N=300; let got=0
const seen=new Map<string,number>()
const pump=(async()=>{for(;;){const x=await b.nextArrival();await accept(b,x);const t=textOf(x);seen.set(t,(seen.get(t)??0)+1);got++}})()
for(let i=0;i<N;i++){ 
  if(i===100){s[0]!.kill('SIGKILL');console.log('killed s1')}
  if(i===150){s[0]=start(1);console.log('restart s1')}
  if(i===200){s[1]!.kill('SIGKILL');console.log('killed s2')}
  if(i===250){s[1]=start(2)}
  await handOver(a,'post:hub',parcel('m'+i,{number:i}))
  if(i%10===0) await handOver(b,'post:hub',parcel('r'+i,{number:i/10})).catch(e=>console.log('b',e.code))
}
await new Promise(r=>setTimeout(r,4000))
const missing=Array.from({length:N},(_,i)=>'m'+i).filter(x=>!seen.has(x))
console.log('distinct',[...seen.keys()].length,'got',got,'missing',missing.length,missing.slice(0,5),'ms',Date.now()-T)
const count=(l:any)=>{const m:Record<string,number>={};for(const e of l.events)m[e.event]=(m[e.event]??0)+1;return m}
console.log('a',count(a.log),'b',count(b.log))
console.log(a.contacts, b.contacts)
await a.carrier[Symbol.asyncDispose]();await b.carrier[Symbol.asyncDispose]()
s.forEach(x=>x.kill('SIGKILL')); process.exit(0)
