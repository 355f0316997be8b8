/** A kit that is lost and put back from its backup on another machine, with real processes. */
import { randomBytes } from 'node:crypto'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { must } from '#base/assert.ts'
import { localUrl, readRunNote } from '#config/run-note.ts'
import { folderOf } from '../support/folder.ts'
import {
  eventually,
  found,
  freePort,
  holdfast,
  holdfastJson,
  initNode,
  look,
  startNode,
} from './processes.ts'

suite.setTimeout(180_000)

test('put back from a backup that was taken while it ran, a kit loses nothing and doubles nothing', async (t) => {
  const folder = folderOf(t)
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

test('a backup names the files that it lacks, restoring it lists them, and others give them back', async (t) => {
  const folder = folderOf(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  const [file, secret] = [join(folder, 'alpha.age'), join(folder, 'secret')]
  await writeFile(secret, 'correct horse battery\n', { mode: 0o600 })
  await initNode(alpha, { name: 'alpha', role: 'hub', port: await freePort() })
  const hub = await startNode(t, '--data', alpha)
  const { url } = (await holdfastJson('invite', '--data', alpha)) as Record<string, string>
  const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(await freePort())]
  await holdfastJson('join', `${url}`, ...here, '--data', bravo)
  await startNode(t, '--data', bravo)
  const plan = await postWithFile(alpha, 'plan.bin', 5_000)
  const map = await postWithFile(alpha, 'map.bin', 90_000)
  for (const id of [plan, map]) await eventually(() => whole(bravo, id))

  const blobs = join(alpha, 'blobs')
  for (const name of await readdir(blobs))
    if ((await stat(join(blobs, name))).size > 60_000) await rm(join(blobs, name))
  const taken = await holdfastJson('backup', file, '--passphrase-file', secret, '--data', alpha)
  await hub.end('SIGKILL')
  const other = join(folder, 'new machine')
  const said = await holdfast('restore', file, '--passphrase-file', secret, '--data', other)
  await startNode(t, '--data', other)

  const lost = { file: 'map.bin', bytes: 90_000, in: 'nowhere', channel: { kind: 'public' } }
  t.match(taken, { blobs: 1, files: { listed: 2, missing: [lost] } })
  t.match(said.out, /Of 2 files that it needs, 1 are not in the folder:\n +map\.bin +90000 B +in /)
  t.match(said.out, 'lost here; the other nodes are asked for it')
  await eventually(() => isNothingLost(other, map))
  t.equal((await stat(join(other, 'blobs', lostName(taken)))).size > 90_000, true)
})

test('a node that is stopped says what it needs and the backup lacks, unless it is locked', async (t) => {
  const folder = folderOf(t)
  const alpha = join(folder, 'alpha')
  const [file, secret] = [join(folder, 'alpha.age'), join(folder, 'secret')]
  await writeFile(secret, 'correct horse battery\n', { mode: 0o600 })
  await initNode(alpha, { name: 'alpha', role: 'hub', port: await freePort() })
  const hub = await startNode(t, '--data', alpha)
  await postWithFile(alpha, 'plan.bin', 5_000)
  await postWithFile(alpha, 'map.bin', 90_000)
  await hub.end('SIGTERM')
  const blobs = join(alpha, 'blobs')
  for (const name of await readdir(blobs))
    if ((await stat(join(blobs, name))).size > 60_000) await rm(join(blobs, name))

  const taken = await holdfastJson('backup', file, '--passphrase-file', secret, '--data', alpha)
  const other = join(folder, 'new machine')
  const said = await holdfast('restore', file, '--passphrase-file', secret, '--data', other)
  const lost = { file: 'map.bin', bytes: 90_000, in: 'nowhere', channel: { kind: 'public' } }
  t.match(taken, { blobs: 1, files: { listed: 2, missing: [lost] } })
  t.match(said.out, /Of 2 files that it needs, 1 are not in the folder:\n +map\.bin +90000 B +in /)

  await holdfast('passphrase', 'set', '--new-passphrase-file', secret, '--data', alpha)
  const locked = await holdfast('backup', `${file}.2`, '--passphrase-file', secret, '--data', alpha)
  t.equal(locked.code, 0)
  t.match(locked.out, 'as the node was stopped and its key not at hand')
})

/** The id of a file of so many bytes that is now in the first channel. */
async function postWithFile(data: string, name: string, bytes: number): Promise<string> {
  const note = must(await readRunNote(data), 'it runs')
  const headers = { authorization: `Bearer ${note.token}` }
  const ask = async (path: string, body?: Uint8Array<ArrayBuffer> | string): Promise<unknown> => {
    const method = body === undefined ? 'GET' : 'POST'
    const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream'
    const init = { method, headers: { ...headers, 'content-type': type }, body: body ?? null }
    const answer = await fetch(`${localUrl(note)}/api/v4${path}`, init)
    return answer.json()
  }
  const [team] = (await ask('/users/me/teams')) as readonly { readonly id: string }[]
  const square = (await ask(`/teams/${team?.id}/channels/name/town-square`)) as { id: string }
  const kept = (await ask(
    `/files?channel_id=${square.id}&filename=${name}`,
    new Uint8Array(randomBytes(bytes)),
  )) as { readonly file_infos: readonly { readonly id: string }[] }
  const id = must(kept.file_infos[0], 'it was taken').id
  await ask('/posts', JSON.stringify({ channel_id: square.id, message: name, file_ids: [id] }))
  return id
}

/** Asks for it, as a link of a busy machine may not be quick enough for what nobody asked for. */
async function whole(data: string, id: string): Promise<true | undefined> {
  const told = await look('files', '--fetch', id, '--show', id, '--data', data, '--json')
  const isWhole = told.code === 0 && told.out.includes('"isHere":true')
  return isWhole ? true : undefined
}

/** The node is closed for a moment when it begins a new life. */
async function isNothingLost(data: string, id: string): Promise<true | undefined> {
  await look('files', '--fetch', id, '--data', data)
  const { code, out } = await look('files', '--lost', '--data', data, '--json')
  return code === 0 && out === '[]\n' ? true : undefined
}

/** What the file was called on the disk. */
function lostName(backup: unknown): string {
  const { files } = backup as { readonly files: { readonly missing: readonly { name: string }[] } }
  return must(files.missing[0], 'one is missing').name
}
