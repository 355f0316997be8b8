/** The demo as a person runs it: real processes, a real NATS server, an emulated link. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import { withoutNatsServer } from '../support/nats-server.ts'

const DEMO = join(import.meta.dirname, '..', '..', 'scripts', 'demo.ts')
const QUICK = ['--link', 'dish', '--speed', '50', '--cuts', '1', '--kills', '1']

function demo(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [DEMO, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
}

test(
  'through a cut and a kill, our own messages reach every node once',
  { skip: withoutNatsServer, timeout: 60_000 },
  async (t) => {
    const child = demo(...QUICK, '--seed', '1', '--json')
    t.teardown(() => child.kill('SIGKILL'))
    const exited = once(child, 'exit')

    const said = child.stdout === null ? '' : await text(child.stdout)

    t.strictSame(await exited, [0, null])
    t.match(JSON.parse(said.trimEnd().split('\n').at(-1) ?? ''), {
      messages: 60,
      lost: 0,
      doubled: 0,
      false_ticks: 0,
      order_differs: 0,
      cuts: 1,
      kills: 1,
      crashes: 0,
      drained: true,
    })
    t.match(said, 'All 60 messages are on every node exactly once')
  },
)

test(
  'Ctrl-C ends everything and leaves nothing behind',
  { skip: withoutNatsServer, timeout: 60_000 },
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
