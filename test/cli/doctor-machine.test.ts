/** The checks of the machine: each finds what it is there for. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import {
  checkCarriers,
  checkDisk,
  checkEnvironment,
  checkNode,
  checkPort,
} from '#cli/doctor-machine.ts'
import type { Finding } from '#cli/finding.ts'
import { Config } from '#config/schema.ts'
import { realClock, realRandom } from '#ports/real.ts'

test('a Node outside the range is named', async (t) => {
  const states = ['24.15.0', '24.21.0', '24.14.9', '25.0.0', '20.20.2'].map(
    (version) => checkNode(version).state,
  )

  t.strictSame(states, ['ok', 'ok', 'warn', 'warn', 'warn'])
  const manifest = await readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')
  t.match(JSON.parse(manifest), { engines: { node: '>=24.15.0 <25' } }, 'the same range')
})

test('a variable that looks like ours and means nothing is named', async (t) => {
  const findings = checkEnvironment({ HOLDFAST_PROT: '1', HOLDFAST_PORT: '1', PATH: '' })

  t.match(findings, [{ state: 'warn', text: /^HOLDFAST_PROT means nothing here/ }])
  t.equal(findings.length, 1)
})

test('the free space of a disk is told, a folder that is not there is a failure', async (t) => {
  const folder = t.testdir()

  const room = { freeBytesMin: 0, freeBytesLow: 0 }
  t.match(await checkDisk(folder, room), {
    state: 'ok',
    check: 'disk',
    text: /^\d+\.\d [MG]B free/,
  })
  t.match(await checkDisk(folder, { ...room, freeBytesLow: 1e15 }), { state: 'warn' })
  t.match(await checkDisk(folder, { ...room, freeBytesMin: 1e15 }), { state: 'fail' })
  t.match(await checkDisk(join(folder, 'none'), room), {
    state: 'fail',
    text: /nothing of this name/,
  })
})

test('a port in use is a failure unless the node itself uses it', async (t) => {
  const port = await aListener(t)

  t.match(await checkPort({ host: '127.0.0.1', port }, false), {
    state: 'fail',
    text: /EADDRINUSE/,
  })
  t.match(await checkPort({ host: '127.0.0.1', port }, true), { state: 'ok' })
  t.match(await checkPort({ host: '127.0.0.1', port: 0 }, false), { state: 'ok' })
})

test('who answers is well, who does not is worth a look, a file that is not there is a failure', async (t) => {
  const port = await aListener(t)
  const nats = {
    kind: 'nats',
    servers: [`nats://127.0.0.1:${port}`],
    user: 'alpha',
    passwordFile: join(t.testdir({ here: '' }), 'none'),
  }

  const findings = await check([{ kind: 'lan', dial: [`127.0.0.1:${port}`, '127.0.0.1:1'] }, nats])

  t.match(findings, [
    { check: 'lan', state: 'ok', text: `127.0.0.1:${port} answers` },
    { check: 'lan', state: 'warn', text: /^127\.0\.0\.1:1: ECONNREFUSED/ },
    { check: 'nats', state: 'fail', text: /none, found nothing of this name/ },
    { check: 'nats', state: 'ok', text: `127.0.0.1:${port} answers` },
  ])
})

test('no carrier at all is worth a look, one that only waits is well', async (t) => {
  t.match(await check([]), [{ state: 'warn' }])
  t.match(await check([{ kind: 'lan' }]), [{ state: 'ok' }])
})

async function check(carriers: readonly object[]): Promise<readonly Finding[]> {
  return checkCarriers(Config.parse({ carriers }), {
    terminal: { out: () => undefined, error: () => undefined },
    environment: {},
    signal: new AbortController().signal,
    clock: realClock(),
    random: realRandom(),
  })
}

/** The port of a listener that lives as long as the test. */
async function aListener(t: Test): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
