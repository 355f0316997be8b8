/** The demo as a person runs it: real processes, a real NATS server, an emulated link. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { t as suite, test } from 'tap'
import { canFillDisks } from '../../scripts/trial/strikes.ts'
import { withoutNatsServer } from '../support/nats-server.ts'

suite.setTimeout(480_000)

const DEMO = join(import.meta.dirname, '..', '..', 'scripts', 'demo.ts')
const QUICK = ['--link', 'dish', '--speed', '50', '--cuts', '1', '--kills', '1']

function demo(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [DEMO, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** A thin link that is away for 5 s of every 25, as a trace file of the test's own. */
const TRACE = [
  't_ms,up,rate_bps,rtt_ms,loss',
  '0,1,64000,600,0.01',
  '8000,1,24000,800,0.02',
  '15000,1,96000,500,0',
  '20000,0,0,600,0',
  '25000,0,0,600,0',
]
/** Two people on two kits, one thread, one message that answers nothing. */
const CHAT = [
  { id: 1, author: 'Amira', text: 'Water is here' },
  { id: 2, author: '|bo-', text: 'How much?', replyTo: 1 },
  { id: 3, author: 'Amira', text: '2,000 l', replyTo: 2 },
  { id: 4, author: '|bo-', text: 'Who is on watch tonight?' },
]

test(
  'whatever goes wrong, a chat with threads reaches every node once, and every word about it is true',
  { skip: withoutNatsServer, timeout: 240_000 },
  async (t) => {
    const folder = t.testdir({
      'link.csv': TRACE.join('\n'),
      'chat.jsonl': CHAT.map((line) => JSON.stringify(line)).join('\n'),
    })
    const input = ['--input', join(folder, 'chat.jsonl'), '--count', '120']
    const faults = ['--everything', '--cuts', '1', '--kills', '1']
    const link = ['--link', join(folder, 'link.csv'), '--speed', '25']
    const child = demo(...input, ...link, ...faults, '--seed', '1', '--json')
    t.teardown(() => child.kill('SIGKILL'))
    const exited = once(child, 'exit')

    const said = child.stdout === null ? '' : await text(child.stdout)

    t.strictSame(await exited, [0, null], said)
    const found = JSON.parse(said.trimEnd().split('\n').at(-1) ?? '') as {
      readonly replies: number
    }
    // What answers a message that went with a disk begins anew.
    t.ok(found.replies > 30 && found.replies <= 60, `${found.replies} replies`)
    t.match(found, {
      messages: 120,
      lost: 0,
      doubled: 0,
      false_ticks: 0,
      order_differs: 0,
      unseen_refusals: 0,
      ticks_unsettled: 0,
      cuts: 1,
      kills: 1,
      half_open: 1,
      wipes: 1,
      office_restores: 1,
      hub_restores: 1,
      kit_restores: 1,
      sticks: 1,
      full_disks: canFillDisks() ? 1 : 0,
      crashes: 0,
      drained: true,
    })
    t.match(said, 'All 120 messages are on every node exactly once')
  },
)

const CANNOT_UNSHARE =
  spawnSync('unshare', ['--user', '--map-root-user', '--net', 'ip', 'link']).status !== 0 &&
  'no network namespaces here'

test(
  'over cables that the kernel shapes, our own messages reach every node once',
  { skip: withoutNatsServer || CANNOT_UNSHARE, timeout: 240_000 },
  async (t) => {
    const child = demo('--namespaces', ...QUICK, '--count', '20', '--seed', '1', '--json')
    t.teardown(() => child.kill('SIGTERM'))
    const exited = once(child, 'exit')

    const said = child.stdout === null ? '' : await text(child.stdout)

    t.strictSame(await exited, [0, null], said)
    t.match(said, 'All 20 messages are on every node exactly once')
  },
)

test(
  'Ctrl-C ends everything and leaves nothing behind',
  { skip: withoutNatsServer, timeout: 120_000 },
  async (t) => {
    const child = demo(...QUICK)
    t.teardown(() => child.kill('SIGKILL'))
    const exited = once(child, 'exit')
    let folder = ''
    const lines = createInterface({ input: child.stdout ?? process.stdin })
    lines.on('line', (line) => {
      if (folder !== '') return
      folder = / (\/\S+holdfast-demo-\w+)/.exec(line)?.[1] ?? ''
      if (folder !== '') child.kill('SIGINT')
    })

    t.strictSame(await exited, [130, null])
    t.not(folder, '')
    t.notOk(existsSync(folder))
  },
)

test('what cannot be understood ends with 2', async (t) => {
  for (const words of [['--speed', 'x'], ['--link', 'nowhere.csv'], ['--nonsense']]) {
    const child = spawn(process.execPath, [DEMO, ...words], { stdio: 'ignore' })
    t.strictSame(await once(child, 'exit'), [2, null], words.join(' '))
  }
})
