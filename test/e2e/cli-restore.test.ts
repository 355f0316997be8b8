/** A kit whose whole disk is put back to yesterday, as by an image, with real processes. */
import { copyFile, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { markOf } from '#config/files.ts'
import { folderOf } from '../support/folder.ts'
import { eventually, found, freePort, holdfastJson, initNode, startNode } from './processes.ts'

suite.setTimeout(120_000)

test('put back in place and written on before it meets anybody, a kit loses nothing and doubles nothing', async (t) => {
  const folder = folderOf(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  await initNode(alpha, { name: 'alpha', role: 'hub', port: await freePort() })
  const hub = await startNode(t, '--data', alpha)
  const { url } = (await holdfastJson('invite', '--data', alpha)) as Record<string, string>
  const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(await freePort())]
  await holdfastJson('join', `${url}`, ...here, '--data', bravo)
  const first = await startNode(t, '--data', bravo)
  await holdfastJson('post', 'town-square', 'Before', '--data', bravo)
  await eventually(() => found(alpha, 'Before'))
  await first.end('SIGTERM')
  await cp(bravo, `${bravo}-image`, { recursive: true })
  const second = await startNode(t, '--data', bravo)
  await holdfastJson('post', 'town-square', 'Lost', '--data', bravo)
  await eventually(() => found(alpha, 'Lost'))
  await second.end('SIGKILL')
  await hub.end('SIGTERM')
  await putBack(`${bravo}-image`, bravo)

  const restored = await startNode(t, '--data', bravo)
  await holdfastJson('post', 'town-square', 'Since', '--data', bravo)
  await startNode(t, '--data', alpha)

  for (const text of ['Before', 'Lost', 'Since'])
    for (const data of [alpha, bravo])
      t.ok(await eventually(() => foundIfRunning(data, text)), text)
  const texts = (await holdfastJson('read', '--data', bravo)) as readonly {
    readonly text: string
  }[]
  t.strictSame(texts.map(({ text }) => text).toSorted(), ['Before', 'Lost', 'Since'])
  const { error } = await restored.end('SIGTERM')
  t.match(error, '"event":"node.restored"')
  t.match(error, '"reason":"others know more"')
})

/** The node is closed for a moment when it begins a new life. */
async function foundIfRunning(data: string, text: string): Promise<unknown> {
  return found(data, text).catch(() => undefined)
}

/** As a disk image does it: the same files and folders by the file system's numbers, with the content of the image. */
async function putBack(image: string, folder: string): Promise<void> {
  const places = [join(folder, 'store'), join(folder, 'keys', 'life')]
  const before = await Promise.all(places.map((place) => markOf(place)))
  for (const name of await readdir(join(folder, 'store'))) await rm(join(folder, 'store', name))
  for (const name of await readdir(join(image, 'store')))
    await copyFile(join(image, 'store', name), join(folder, 'store', name))
  // What the image says of the places of its files is true of these.
  const life = (await readFile(join(image, 'keys', 'life'), 'utf8')).split(' ')
  const own = (await readFile(join(folder, 'keys', 'life'), 'utf8')).split(' ')
  await writeFile(
    join(folder, 'keys', 'life'),
    [life[0], life[1], own[2], own[3], life[4]].join(' '),
  )
  const after = await Promise.all(places.map((place) => markOf(place)))
  if (String(before) !== String(after)) throw new Error('the numbers changed')
}
