/** A kit that is lost and put back from its backup on another machine, with real processes. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import {
  eventually,
  found,
  freePort,
  holdfast,
  holdfastJson,
  initNode,
  startNode,
} from './processes.ts'

suite.setTimeout(180_000)

test('put back from a backup that was taken while it ran, a kit loses nothing and doubles nothing', async (t) => {
  const folder = t.testdir()
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  const [file, secret] = [join(folder, 'bravo.age'), join(folder, 'secret')]
  await writeFile(secret, 'correct horse battery\n', { mode: 0o600 })
  await initNode(alpha, { name: 'alpha', role: 'hub', port: await freePort() })
  const hub = await startNode(t, '--data', alpha)
  const { url } = (await holdfastJson('invite', '--data', alpha)) as Record<string, string>
  const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(await freePort())]
  await holdfastJson('join', `${url}`, ...here, '--data', bravo)
  const kit = await startNode(t, '--data', bravo)
  await holdfastJson('post', 'town-square', 'Before', '--data', bravo)
  await eventually(() => found(alpha, 'Before'))

  await holdfastJson('backup', file, '--passphrase-file', secret, '--data', bravo)
  await holdfastJson('post', 'town-square', 'After', '--data', bravo)
  await eventually(() => found(alpha, 'After'))
  await kit.end('SIGKILL')
  await hub.end('SIGTERM')
  await rm(bravo, { recursive: true })
  const other = join(folder, 'new machine')
  const wrong = await holdfast('restore', file, '--passphrase-file', file, '--data', other)
  t.equal(wrong.code, 2)
  t.match(wrong.error, 'another passphrase')
  await holdfastJson('restore', file, '--passphrase-file', secret, '--data', other)
  const restored = await startNode(t, '--data', other)
  await holdfastJson('post', 'town-square', 'Since', '--data', other)
  await startNode(t, '--data', alpha)

  for (const text of ['Before', 'After', 'Since'])
    for (const data of [alpha, other]) t.ok(await eventually(() => found(data, text)), text)
  for (const data of [alpha, other]) {
    const texts = (await holdfastJson('read', '--data', data)) as readonly { text: string }[]
    t.strictSame(texts.map(({ text }) => text).toSorted(), ['After', 'Before', 'Since'])
  }
  const { error } = await restored.end('SIGTERM')
  t.match(error, '"event":"node.restored"')
})
