/** The command line on a bad day: a backup put back, what cannot start, and what the doctor says. */
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { folderOf } from '../support/folder.ts'
import {
  eventually,
  found,
  freePort,
  holdfast,
  holdfastJson,
  initNode,
  startNode,
} from './processes.ts'

interface Report {
  readonly ok: boolean
  readonly findings: readonly {
    readonly check: string
    readonly state: string
    readonly text: string
  }[]
}

suite.setTimeout(120_000)

test('a kit restored from a backup gets back what it wrote since, and writes on', async (t) => {
  const folder = folderOf(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  await initNode(alpha, { name: 'alpha', role: 'hub', port: await freePort() })
  await startNode(t, '--data', alpha)
  const invitation = await holdfastJson('invite', '--data', alpha)
  const { url } = invitation as Record<string, string>
  const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(await freePort())]
  await holdfastJson('join', `${url}`, ...here, '--data', bravo)
  await (await startNode(t, '--data', bravo)).end('SIGTERM')
  await cp(bravo, `${bravo}-backup`, { recursive: true })
  const before = await startNode(t, '--data', bravo)
  await holdfastJson('post', 'town-square', 'Since the backup', '--data', bravo)
  await eventually(() => found(alpha, 'Since the backup'))
  await before.end('SIGKILL')

  await startNode(t, '--data', `${bravo}-backup`)

  t.ok(await eventually(() => found(`${bravo}-backup`, 'Since the backup')))
  await holdfastJson('post', 'town-square', 'After it', '--data', `${bravo}-backup`)
  t.match(await eventually(() => found(alpha, 'After it')), { author: 'admin-bravo' })
})

test('what cannot start says why in one line, and ends with its own code', async (t) => {
  const folder = folderOf(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  const port = await freePort()
  await initNode(alpha, { name: 'alpha', role: 'kit', port })
  await initNode(bravo, { name: 'bravo', role: 'kit', port })
  await startNode(t, '--data', alpha)

  const twice = await holdfast('start', '--data', alpha, '--port', '0')
  t.match(twice, { code: 1, error: /^DATA_FOLDER_IN_USE: .*Stop the other Holdfast.*\n$/ })
  const taken = await holdfast('start', '--data', bravo)
  t.equal(taken.code, 1)
  t.match(taken.error, new RegExp(`PORT_IN_USE: host 127.0.0.1, port ${port}. Choose another port`))
  const renamed = await holdfast('start', '--data', bravo, '--name', 'charlie')
  t.equal(renamed.code, 2)
  t.match(renamed.error, 'name: found "charlie", wanted "bravo", as this node was made')

  await writeFile(join(bravo, 'config.json'), '{ "listen": { "port": "x", "prot": 1 } }')
  const wrong = await holdfast('start', '--data', bravo)
  t.equal(wrong.code, 2)
  t.match(wrong.error, '\n  listen.port: found "x", wanted a whole number from 0 to 65535')
  t.match(wrong.error, '\n  listen.prot: found an unknown key, wanted one of host, port')

  const remade = await holdfast('init', '--data', alpha)
  t.match(remade, { code: 1, error: /^ALREADY_EXISTS: / })
  const nobody = await holdfast('join', '127.0.0.1:1', 'y'.repeat(16), '--data', folder)
  t.match(nobody, {
    code: 1,
    error: /^CARRIER_UNREACHABLE: address 127.0.0.1:1. Check the address/,
  })
})

test('the doctor finds what is well and what is not', async (t) => {
  const alpha = join(folderOf(t), 'alpha')
  await initNode(alpha, { name: 'alpha', role: 'kit', port: await freePort() })
  const well = (await holdfastJson('doctor', '--data', alpha)) as Report
  t.match(finding(well, 'store'), { state: 'ok', text: /^all \d+ values open$/ })
  t.strictSame(
    [well.ok, finding(well, 'port')?.state, finding(well, 'clock')?.state],
    [true, 'ok', 'ok'],
  )
  const node = await startNode(t, '--data', alpha)
  const running = await holdfast('doctor', '--data', alpha)
  t.match(running, { code: 0, out: / ok +running +yes, and it answers at http:/ })
  await node.end('SIGTERM')

  const key = await readFile(join(alpha, 'keys', 'store'))
  await writeFile(join(alpha, 'keys', 'store'), Buffer.alloc(32, 7))
  const ill = await holdfast('doctor', '--data', alpha)
  t.equal(ill.code, 1)
  t.match(ill.out, / fail +vault +CONFIG_INVALID: .*the key file of another node/)
  await writeFile(join(alpha, 'keys', 'store'), key)
  await writeFile(join(alpha, 'config.json'), '{ "carriers": [{ "kind": "smoke" }] }')
  const misled = await holdfast('doctor', '--data', alpha)
  t.equal(misled.code, 1)
  t.match(misled.out, /fail +config +CONFIG_INVALID: [^]*carriers\[0\].kind: found "smoke"/)
})

function finding(report: Report, check: string): Report['findings'][number] | undefined {
  return report.findings.find((each) => each.check === check)
}
