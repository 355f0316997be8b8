/** Urgent messages at the command line: what is allowed, what is overdue. Real processes. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { folderOf } from '../support/folder.ts'
import {
  eventually,
  freePort,
  holdfast,
  holdfastJson,
  initNode,
  look,
  startNode,
} from './processes.ts'

suite.setTimeout(240_000)

test('one flash more than allowed needs a reason, and what no hub has in time is overdue until one has', async (t) => {
  const folder = folderOf(t)
  const [hub, kit] = [join(folder, 'hub'), join(folder, 'kit')]
  const port = await freePort()
  await initNode(hub, { name: 'hub', role: 'hub', port })
  const first = await startNode(t, '--data', hub)
  const { code, at } = (await holdfastJson('invite', '--data', hub)) as Record<string, string>
  const here = ['--name', 'kit', '--host', '127.0.0.1', '--port', String(await freePort())]
  await holdfastJson('join', `${at}`, `${code}`, ...here, '--data', kit)
  await first.end('SIGTERM')
  const config = join(kit, 'config.json')
  const lanes = { flash: { overdueAfterMs: 500, messagesMax: 1 } }
  const known = JSON.parse(await readFile(config, 'utf8')) as { readonly carriers: object[] }
  const carriers = known.carriers.map((one) => ({ ...one, backOffMsMax: 1_000 }))
  await writeFile(config, JSON.stringify({ ...known, carriers, lanes }))
  await startNode(t, '--data', kit)
  const flash = (...words: readonly string[]) =>
    holdfast('post', 'town-square', ...words, '--lane', 'flash', '--data', kit)

  t.match(await flash('Fire'), { code: 0 })
  const refused = await flash('Smoke')
  t.equal(refused.code, 4)
  t.match(refused.error, /^ALLOWANCE_SPENT: .*wanted at most 1\. Send it with a lower precedence/)
  t.match(await flash('Smoke', '--override', 'three are hurt'), { code: 0 })

  const { out } = await holdfast('read', '--data', kit)
  t.match(out, /\[flash, beyond the allowance: three are hurt\]: Smoke/)
  const deeds = ['audit', 'list', '--deed', 'allowance overridden', '--data', kit]
  t.match((await holdfast(...deeds)).out, /allowance overridden/)
  const statusWith = (wanted: RegExp) =>
    eventually(async () => {
      const shown = (await look('status', '--data', kit)).out
      return wanted.test(shown) ? shown : undefined
    })
  t.match(await statusWith(/Overdue +2/), /Overdue +2 flash: not at headquarters in time/)
  t.match((await holdfast('read', '--data', kit)).out, /Fire\n +overdue since .*hub \(HQ\): /)

  await startNode(t, '--data', hub)
  t.match(await statusWith(/^(?![\s\S]*Overdue)/), /kit \(kit\) of Relief/)
  t.notMatch((await holdfast('read', '--data', kit)).out, 'overdue')
})
