import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { makeCertificate, writeCertificate } from '../support/certificates.ts'
import { openNatsNode } from '../support/nats-node.ts'
const ca = makeCertificate({ name: 'T' })
const folder='/tmp/natslab/leaf'; await mkdir(folder+'/tls',{recursive:true})
const hosts=['hub.example','127.0.0.1']
await writeCertificate(ca, folder+'/tls','ca')
await writeCertificate(makeCertificate({name:'hub',hosts,issuer:ca}),folder+'/tls','hub')
await writeCertificate(makeCertificate({name:'site2',hosts,issuer:ca}),folder+'/tls','site2')
const n1=await writeCertificate(makeCertificate({name:'1',issuer:ca}),folder+'/tls','n1')
const n2=await writeCertificate(makeCertificate({name:'2',issuer:ca}),folder+'/tls','n2')
let h=await readFile('edge-config/nats/hub.conf','utf8')
h=h.replace('{ user: "CN=1" }','{ user: "CN=1" }\n{ user: "CN=site2" }')+'\nleafnodes { listen: "127.0.0.1:17422"\n tls { cert_file: "tls/hub.pem", key_file: "tls/hub.key", ca_file: "tls/ca.pem", verify_and_map: true, timeout: 60 } }\n'
h=h.replace('store_dir: "jetstream"','store_dir: "jetstream", domain: "hub"');await writeFile(folder+'/hub.conf',h)
await writeFile(folder+'/leaf.conf',(await readFile('edge-config/nats/leaf.conf','utf8')).replace('hub.example:7422','127.0.0.1:17422')+'\ndefault_js_domain { OWN: "hub" }\n')
const bin=process.env.HOLDFAST_NATS_SERVER||'.servers/usr/sbin/nats-server'
const b=(await import('node:path')).resolve(bin)
const s1=spawn(b,['-DV','-c','hub.conf','-a','127.0.0.1','-p','17001'],{cwd:folder,stdio:['ignore','ignore','pipe']})
const s2=spawn(b,['-DV','-c','leaf.conf','-a','127.0.0.1','-p','17002'],{cwd:folder,stdio:['ignore','ignore','pipe']})
s1.stderr.on('data',d=>process.env.HUB&&process.stdout.write('HUB '+d)); s2.stderr.on('data',d=>process.stdout.write('LEAF '+d))
await new Promise(r=>setTimeout(r,1500))
const tls=(n:any)=>({tls:{caFile:folder+'/tls/ca.pem',...n,serverName:'hub.example'}})
const a=await openNatsNode('nats://127.0.0.1:17001',{...tls(n1)})
await a.log.when('nats.caught-up')
await a.carrier.send('post:hub',{bytes:Buffer.from('to second'),lane:'routine',number:0},new AbortController().signal)
console.log('==== BRAVO')
const c=await openNatsNode('nats://127.0.0.1:17002',{...tls(n2),nodeNumber:2,provision:false})
await new Promise(r=>setTimeout(r,3000))
console.log(c.log.events)
s1.kill('SIGKILL');s2.kill('SIGKILL');process.exit(0)
