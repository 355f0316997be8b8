/** A node that is killed at each step of an upload, with real processes: whoever goes on loses nothing that was answered for. */
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { t as suite, test } from 'tap'
import { must } from '#base/assert.ts'
import { localUrl, readRunNote } from '#config/run-note.ts'
import { folderOf } from '../support/folder.ts'
import { eventually, freePort, initNode, startNode } from './processes.ts'

suite.setTimeout(240_000)

const BYTES = 24_000_000
const PART = 6_000_000

test('an upload goes on where it was after every kill, and is whole and there once', async (t) => {
  const data = join(folderOf(t), 'alpha')
  const blobs = join(data, 'blobs')
  await initNode(data, { name: 'alpha', role: 'hub', port: await freePort() })
  let node = await startNode(t, '--data', data)
  const restart = async (): Promise<void> => {
    await node.end('SIGKILL')
    node = await startNode(t, '--data', data)
  }
  const bytes = new Uint8Array(randomBytes(BYTES))
  const [team] = (await (await ask(data, '/users/me/teams')).json()) as readonly { id: string }[]
  const square = (await (await ask(data, `/teams/${team?.id}/channels/name/town-square`)).json()) as { id: string } // prettier-ignore
  const draft = JSON.stringify({ channel_id: square.id, filename: 'map', file_size: BYTES })
  const { id } = (await (await ask(data, '/uploads', draft)).json()) as { id: string }
  const offset = async (): Promise<number> => {
    const answer = (await (await ask(data, `/uploads/${id}`)).json()) as { file_offset?: number }
    return answer.file_offset ?? -1
  }

  await restart()
  t.equal(await offset(), 0, 'after it has begun')

  const half = request(await partUrl(data, id), { method: 'POST', headers: await headersOf(data) })
  half.on('error', () => undefined)
  half.write(bytes.subarray(0, PART))
  await eventually(async () => (await readdir(blobs)).some((name) => name.startsWith('.new-')) || undefined) // prettier-ignore
  await restart()
  t.equal(await offset(), 0, 'while a part comes: what was not answered for may come again')
  t.strictSame(await readdir(blobs), [])

  t.equal((await ask(data, `/uploads/${id}`, bytes.slice(0, PART))).status, 204)
  await restart()
  t.equal(await offset(), PART, 'after a part was answered for')
  for (let from = PART; from < BYTES - PART; from += PART)
    t.equal((await ask(data, `/uploads/${id}`, bytes.slice(from, from + PART))).status, 204)

  const parts = (await readdir(blobs)).length
  const last = ask(data, `/uploads/${id}`, bytes.slice(BYTES - PART)).catch(() => undefined)
  // The last part is there, and all of them are being put together.
  await eventually(async () => (await readdir(blobs)).filter((name) => !name.startsWith('.')).length > parts || undefined) // prettier-ignore
  await pause(20)
  await restart()
  await last
  const left = await offset()
  t.ok([BYTES - PART, BYTES, -1].includes(left), `while it is put together: ${left}`)
  if (left >= 0) t.equal((await ask(data, `/uploads/${id}`, bytes.slice(left))).status, 200)

  await restart()
  t.equal(await offset(), -1, 'after all was answered for')
  t.equal((await readdir(blobs)).length, 1)
  await ask(data, '/posts', JSON.stringify({ channel_id: square.id, message: '', file_ids: [id] }))
  await restart()
  const got = Buffer.from(await (await ask(data, `/files/${id}`)).arrayBuffer())
  t.ok(got.equals(bytes))
  t.equal((await readdir(blobs)).length, 1)
})

async function headersOf(data: string): Promise<Record<string, string>> {
  const { token } = must(await readRunNote(data), 'it runs')
  return { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' }
}

async function partUrl(data: string, id: string): Promise<string> {
  return `${localUrl(must(await readRunNote(data), 'it runs'))}/api/v4/uploads/${id}`
}

async function ask(
  data: string,
  path: string,
  body?: Uint8Array<ArrayBuffer> | string,
): Promise<Response> {
  const headers = await headersOf(data)
  if (typeof body === 'string') headers['content-type'] = 'application/json'
  const url = `${localUrl(must(await readRunNote(data), 'it runs'))}/api/v4${path}`
  return fetch(url, { method: body === undefined ? 'GET' : 'POST', headers, body: body ?? null })
}
