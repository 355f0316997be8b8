/** Two nodes that meet once, to join, and from then on only by a stick: real processes, a real folder. */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { aFolder } from '../support/folders.ts'
import { found, freePort, holdfast, holdfastJson, initNode, startNode } from './processes.ts'

suite.setTimeout(120_000)

test('a stick carries a message and brings the receipt home', async (t) => {
  const folder = await aFolder(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  const [out, home] = [join(folder, 'out'), join(folder, 'home')]
  await mkdir(out)
  await mkdir(home)
  await initNode(alpha, { name: 'alpha', role: 'hub', port: await freePort() })
  const atAlpha = await startNode(t, '--data', alpha)
  const { at, code } = (await holdfastJson('invite', '--data', alpha)) as Record<string, string>
  const port = String(await freePort())
  const listen = ['--host', '127.0.0.1', '--port', port]
  await holdfast('join', `${at}`, `${code}`, '--name', 'bravo', ...listen, '--data', bravo)
  await atAlpha.end('SIGTERM') // so that nothing goes over the network
  const atBravo = await startNode(t, '--data', bravo)
  await holdfastJson('post', 'town-square', 'By hand', '--data', bravo)
  const wrote = await holdfast('courier', 'export', out, '--data', bravo)
  const again = await holdfast('courier', 'export', out, '--data', bravo)
  const status = await holdfastJson('courier', 'status', out, '--data', bravo)
  const left = await found(bravo, 'By hand')
  const lost = await holdfast('courier', 'export', join(folder, 'gone'), '--data', bravo)

  t.match(wrote.out, /^Wrote \d+ envelopes into \d files, \d+ bytes\.\n/)
  t.match(again.out, /^Nothing to export/)
  t.match(status, { files: 2, fresh: 0, waiting: 0 })
  t.match(left?.deliveries, [{ destinationName: 'alpha', word: 'left this kit' }])
  t.match(lost, { code: /[1-9]/, error: /folder/ })
  await atBravo.end('SIGTERM')
  const atAlphaLater = await startNode(t, '--data', alpha)
  const took = await holdfast('courier', 'import', out, '--data', alpha)
  const there = await found(alpha, 'By hand')
  await holdfastJson('courier', 'export', home, '--data', alpha)
  await atAlphaLater.end('SIGTERM')
  await startNode(t, '--data', bravo)
  const back = await holdfast('courier', 'import', home, '--data', bravo)
  const stored = await found(bravo, 'By hand')

  t.match(took.out, /^Took \d+ envelopes out of \d files, \d+ bytes\.\n$/)
  t.match(there, { text: 'By hand' })
  t.match(back.out, /^Took \d+ envelopes? out of \d files?/)
  t.match(stored?.deliveries, [{ destinationName: 'alpha', word: 'stored' }])
  for (const name of await readdir(out)) t.match(name, /^[0-9a-f]{16}\.courier$/)
})
