/** A kit whose card rots while it is off, with real processes: it starts and has again all that headquarters has. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { folderOf } from '../support/folder.ts'
import {
  eventually,
  freePort,
  holdfastJson,
  initNode,
  lookJson,
  type Shown,
  startNode,
} from './processes.ts'

suite.setTimeout(180_000)

/** Files of the store, of which a card makes some zero. */
const DAMAGED = [/\.ldb$/, /\.log$/]

test('a kit whose tables and log are partly zero starts, and has again all that headquarters has', async (t) => {
  const folder = folderOf(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  await initNode(alpha, { name: 'alpha', role: 'hub', port: await freePort() })
  await startNode(t, '--data', alpha)
  const { url } = (await holdfastJson('invite', '--data', alpha)) as Record<string, string>
  const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(await freePort())]
  await holdfastJson('join', `${url}`, ...here, '--data', bravo)
  let kit = await startNode(t, '--data', bravo)
  const all: string[] = []
  for (const data of [alpha, bravo])
    for (const number of [1, 2]) {
      await holdfastJson('post', 'town-square', `${number} by ${data.slice(-5)}`, '--data', data)
      all.push(`${number} by ${data.slice(-5)}`)
    }
  for (const data of [alpha, bravo]) await eventually(() => holding(data, all))
  // What was in its log is in a table once it has started again.
  await kit.end('SIGTERM')
  kit = await startNode(t, '--data', bravo)
  await eventually(() => holding(bravo, all))

  for (const name of DAMAGED) {
    await kit.end('SIGTERM')
    for (const file of await readdir(join(bravo, 'store')))
      if (name.test(file)) await zero(join(bravo, 'store', file))
    kit = await startNode(t, '--data', bravo)
    t.ok(await eventually(() => holding(bravo, all)), `${name}`)
  }

  const { code } = await kit.end('SIGTERM')
  t.equal(code, 0)
})

/** True once a node shows exactly these texts; it is closed for a moment when it begins a new life. */
async function holding(data: string, texts: readonly string[]): Promise<true | undefined> {
  const shown = (await lookJson('read', '--data', data).catch(() => [])) as readonly Shown[]
  const found = shown.map(({ text }) => text).toSorted()
  return String(found) === String(texts.toSorted()) ? true : undefined
}

async function zero(file: string): Promise<void> {
  const bytes = await readFile(file)
  const at = Math.floor(bytes.length * 0.2)
  await writeFile(file, bytes.fill(0, at, Math.min(bytes.length, at + 4_096)))
}
