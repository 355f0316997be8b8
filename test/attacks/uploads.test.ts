/** Files handed in, fetched and deleted at once, over real HTTP and a real folder: nothing is lost, left or more than may be. */
import { request, type IncomingMessage } from 'node:http'
import { readdir, truncate } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test, type Test } from 'tap'
import { WAITING_BYTES_MAX } from '#base/limits.ts'
import { openBlobFolder } from '#storage/blob-folder.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { pack } from '#sync/records.ts'
import { aFolder } from '../support/folders.ts'
import { aLanDoor, type Answer } from '../support/lan-door.ts'
import { noise } from '../support/file-nodes.ts'
import { seededRandom } from '../support/random.ts'

/** A door before a real folder, and Bo who is in its first channel. */
async function aScene(t: Test) {
  const folder = join(await aFolder(t), 'blobs')
  const key = new Uint8Array(32).fill(5)
  const blobs = await openBlobFolder({ folder, algorithm: 1, key, random: seededRandom(5) })
  const store = openMemoryStore()
  const door = await aLanDoor(t, { blobs, store })
  const { id: channel } = await door.node.channelByName(door.people.bo.id, 'town-square')
  const { token } = await door.node.openSession('bo')
  const headers = { authorization: `Bearer ${token}` }
  const address = (name: string) =>
    `${door.url}/api/v4/files?channel_id=${channel}&filename=${name}`
  const upload = async (bytes: Uint8Array<ArrayBuffer>, name = 'map.bin'): Promise<Response> =>
    fetch(address(name), { method: 'POST', headers, body: bytes })
  const post = async (id: string): Promise<string> => {
    const body = { channel_id: channel, message: '', file_ids: [id] }
    return ((await door.ask('bo', 'POST', '/api/v4/posts', body)).json as { id: string }).id
  }
  const remove = (id: string): Promise<Answer> => door.ask('bo', 'DELETE', `/api/v4/posts/${id}`)
  return { door, folder, store, headers, address, upload, post, remove }
}

/** The id of the only file of an answer. */
async function idOf(answer: Response): Promise<string> {
  const { file_infos: files } = (await answer.json()) as { file_infos: readonly { id: string }[] }
  return `${files[0]?.id}`
}

/** Waits for what is done behind an answer. */
async function until(isSo: () => Promise<boolean>): Promise<boolean> {
  for (let round = 0; round < 200; round += 1) {
    if (await isSo()) return true
    await pause(20)
  }
  return false
}

const bytesOf = (name: string, length: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(noise(name, length))

test('a download goes on to its end when its message is deleted meanwhile; then nothing is left', async (t) => {
  const { door, folder, headers, upload, post, remove } = await aScene(t)
  const bytes = bytesOf('map', 20_000_000)
  const id = await idOf(await upload(bytes))
  const message = await post(id)

  const asked = request(`${door.url}/api/v4/files/${id}`, { headers }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const parts: Buffer[] = []
  for await (const part of answer) {
    if (parts.length === 0) {
      await remove(message)
      await door.clock.advance(1)
      t.ok(await until(async () => (await readdir(folder)).length === 0), 'it is gone')
    }
    parts.push(part as Buffer)
  }
  t.ok(Buffer.concat(parts).equals(bytes), 'whoever had begun has all of it')
  t.equal((await door.ask('bo', 'GET', `/api/v4/files/${id}`)).status, 404)
})

test('the same bytes are handed in while they are deleted, again and again: who keeps them has them', async (t) => {
  const { door, folder, upload, post, remove } = await aScene(t)
  const bytes = bytesOf('map', 70_000)
  let before = await post(await idOf(await upload(bytes)))
  for (let round = 0; round < 25; round += 1) {
    const [two, three] = await Promise.all([upload(bytes), upload(bytes), remove(before)])
    before = await post(await idOf(two))
    const other = await post(await idOf(three))
    await remove(other)
    await door.clock.advance(1)
    const { file_ids: [id] = [] } = (await door.ask('bo', 'GET', `/api/v4/posts/${before}`)).json as { file_ids?: readonly string[] } // prettier-ignore
    const got = await door.ask('bo', 'GET', `/api/v4/files/${id}`)
    if (got.status !== 200) t.fail(`round ${round}: ${got.text}`)
  }
  await remove(before)
  await door.clock.advance(1)
  t.ok(await until(async () => (await readdir(folder)).length === 0), 'and at last all is gone')
})

test('a part that rots before all have come has to come again, and what stands behind it', async (t) => {
  const { door, folder, headers } = await aScene(t)
  const { id: channel } = await door.node.channelByName(door.people.bo.id, 'town-square')
  const draft = { channel_id: channel, filename: 'map.bin', file_size: 300_000 }
  const { id } = (await door.ask('bo', 'POST', '/api/v4/uploads', draft)).json as { id: string }
  const bytes = bytesOf('map', 300_000)
  const send = (from: number, to: number): Promise<Response> =>
    fetch(`${door.url}/api/v4/uploads/${id}`, { method: 'POST', headers, body: bytes.slice(from, to) }) // prettier-ignore
  await send(0, 100_000)
  const [first] = await readdir(folder)
  await send(100_000, 200_000)
  const second = (await readdir(folder)).find((name) => name !== first)
  await truncate(join(folder, `${second}`), 70_000)

  t.equal((await send(200_000, 300_000)).status, 500)
  const offset = async () => (await door.ask('bo', 'GET', `/api/v4/uploads/${id}`)).json
  t.match(await offset(), { file_offset: 100_000 })
  t.equal((await send(100_000, 300_000)).status, 200)
  const got = await fetch(`${door.url}/api/v4/files/${id}`, { headers })
  t.ok(Buffer.from(await got.arrayBuffer()).equals(bytes))
  t.ok(await until(async () => (await readdir(folder)).length === 1), 'the parts are gone')
})

test('an upload that breaks off leaves nothing, and takes nothing of what may still come', async (t) => {
  const { folder, store, headers, address, upload, door } = await aScene(t)
  const owner = door.people.bo.id
  const waiting = { owner, bytes: WAITING_BYTES_MAX - 200_000, hash: '00', id: 'x' }
  await store.write([{ key: 'file/x', value: pack(waiting) }])
  for (let round = 0; round < 3; round += 1) {
    const sending = request(address('map.bin'), { method: 'POST', headers })
    sending.on('error', () => undefined)
    sending.write(bytesOf('map', 150_000))
    await until(async () => (await readdir(folder)).some((name) => name.startsWith('.new-')))
    sending.destroy()
    t.ok(await until(async () => (await readdir(folder)).length === 0))
  }
  t.equal((await upload(bytesOf('map', 190_000))).status, 201)
  t.equal((await upload(bytesOf('other', 190_000))).status, 413)
})

test('several at once do not take more than one person may hand in', async (t) => {
  const { folder, store, upload, post, door } = await aScene(t)
  const owner = door.people.bo.id
  const waiting = { owner, bytes: WAITING_BYTES_MAX - 300_000, hash: '00', id: 'x' }
  await store.write([{ key: 'file/x', value: pack(waiting) }])

  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, number) => upload(bytesOf(`${number}`, 100_000), `${number}`)),
  )
  const taken = answers.filter(({ status }) => status === 201)
  t.strictSame(new Set(answers.map(({ status }) => status)), new Set([201, 413]))
  t.ok(taken.length > 0 && taken.length <= 3, `${taken.length} of 8`)
  t.equal((await readdir(folder)).length, taken.length, 'nothing is left of the others')
  for (let left = 3 - taken.length; left > 0; left -= 1)
    taken.push(await upload(bytesOf(`more ${left}`, 100_000)))
  t.equal((await upload(bytesOf('much', 1))).status, 413)
  const [first] = taken
  if (first !== undefined) await post(await idOf(first))
  t.equal((await upload(bytesOf('again', 100_000))).status, 201, 'a message has taken one')
})
