/** A file that rots on the disk of a running node, with real processes and real HTTP: nobody gets a wrong byte, and it heals. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { must } from '#base/assert.ts'
import { localUrl, readRunNote } from '#config/run-note.ts'
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

suite.setTimeout(180_000)

const BYTES = 900_000

test('a download of a file that rots ends short or is refused, and the file comes back', async (t) => {
  const folder = folderOf(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  await initNode(alpha, { name: 'alpha', role: 'hub', port: await freePort() })
  await startNode(t, '--data', alpha)
  const { url } = (await holdfastJson('invite', '--data', alpha)) as Record<string, string>
  const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(await freePort())]
  await holdfastJson('join', `${url}`, ...here, '--data', bravo)
  const kit = await startNode(t, '--data', bravo)
  const ask = await openApi(alpha)
  const map = new Uint8Array(randomBytes(BYTES))
  const id = await post(ask, map)
  await eventually(() => isHere(bravo, id))
  await kit.end('SIGTERM')
  const path = await largest(join(alpha, 'blobs'))
  const sound = await readFile(path)

  const rotten = Buffer.from(sound)
  rotten[600_000] = (rotten[600_000] ?? 0) ^ 1
  await writeFile(path, rotten)
  const answer = await ask(`/files/${id}`)
  const got: Uint8Array[] = []
  await t.rejects(async () => {
    for await (const part of must(answer.body, 'a body')) got.push(part)
  })
  const given = Buffer.concat(got)
  t.ok(given.length < BYTES && given.equals(Buffer.from(map.subarray(0, given.length))))
  await eventually(() => isLost(alpha))
  const refused = await ask(`/files/${id}`)
  t.equal(refused.status, 404)
  t.match(refused.headers.get('content-type'), 'application/json')
  t.match(await refused.text(), 'its bytes were lost')
  const { out } = await holdfast('files', '--lost', '--data', alpha)
  t.match(out, /map\.bin +900000 B .*damaged here; the other nodes are asked for it/)
  t.ok((await readFile(path)).equals(rotten), 'the damaged one lies there still')

  await startNode(t, '--data', bravo)
  await eventually(() => isHere(alpha, id))
  t.ok(await isWhole(ask, id, map))

  await truncate(path, 500_000)
  t.equal((await ask(`/files/${id}`)).status, 404, 'one that was cut short is refused')
  await eventually(() => isHere(alpha, id))
  t.ok(await eventually(async () => (await isWhole(ask, id, map)) || undefined))
})

type Ask = (path: string, body?: Uint8Array<ArrayBuffer> | string) => Promise<Response>

async function openApi(data: string): Promise<Ask> {
  const note = must(await readRunNote(data), 'it runs')
  return (path, body) => {
    const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream'
    const headers = { authorization: `Bearer ${note.token}`, 'content-type': type }
    const method = body === undefined ? 'GET' : 'POST'
    return fetch(`${localUrl(note)}/api/v4${path}`, { method, headers, body: body ?? null })
  }
}

/** The id of a file that is now in the first channel. */
async function post(ask: Ask, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const [team] = (await (await ask('/users/me/teams')).json()) as readonly { id: string }[]
  const place = `/teams/${team?.id}/channels/name/town-square`
  const square = (await (await ask(place)).json()) as { id: string }
  const taken = await ask(`/files?channel_id=${square.id}&filename=map.bin`, bytes)
  const { file_infos: files } = (await taken.json()) as {
    readonly file_infos: readonly { readonly id: string }[]
  }
  const { id } = must(files[0], 'it was taken')
  await ask('/posts', JSON.stringify({ channel_id: square.id, message: 'map', file_ids: [id] }))
  return id
}

async function isWhole(ask: Ask, id: string, bytes: Uint8Array): Promise<boolean> {
  const got = Buffer.from(await (await ask(`/files/${id}`)).arrayBuffer())
  return got.equals(bytes)
}

async function isHere(data: string, id: string): Promise<true | undefined> {
  const told = await look('files', '--fetch', id, '--show', id, '--data', data, '--json')
  return told.code === 0 && told.out.includes('"isHere":true') ? true : undefined
}

async function isLost(data: string): Promise<true | undefined> {
  const told = await look('files', '--lost', '--data', data, '--json')
  return told.code === 0 && told.out.includes('"damaged"') ? true : undefined
}

async function largest(folder: string): Promise<string> {
  for (const name of await readdir(folder))
    if ((await stat(join(folder, name))).size > BYTES) return join(folder, name)
  throw new Error('it is not there')
}
