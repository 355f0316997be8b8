/** Sticks at the door: administrators only, and what comes in is checked. */
import { join } from 'node:path'
import { test } from 'tap'
import { openTray } from '#carriers/courier-tray.ts'
import { aDisk } from '../../support/disk.ts'
import { aLanDoor } from '../../support/lan-door.ts'
import { aFolder } from '../../support/folders.ts'

const AT = '/api/holdfast/v1/courier'

test('only an administrator uses a stick', async (t) => {
  const door = await aLanDoor(t)
  const folder = await aFolder(t)

  for (const [method, path, body] of [
    ['GET', `${AT}?folder=${folder}`, undefined],
    ['POST', `${AT}/export`, { folder }],
    ['POST', `${AT}/import`, { folder }],
  ] as const) {
    t.equal((await door.ask('bo', method, path, body)).status, 403, path)
    t.equal((await door.ask(undefined, method, path, body)).status, 401, path)
  }
})

test('what was written, taken and found there is answered in numbers', async (t) => {
  const door = await aLanDoor(t)
  const folder = await aFolder(t)
  const ask = async (method: 'GET' | 'POST', path: string, body?: object) =>
    (await door.ask('amira', method, path, body)).json

  t.match(await ask('GET', `${AT}?folder=${folder}`), { files: 0, isKnown: false })
  t.match(await ask('POST', `${AT}/export`, { folder }), { files: 2, bytes: 8_272, refused: [] })
  t.match(await ask('POST', `${AT}/import`, { folder }), { files: 0, envelopes: 0 })
  t.match(await ask('GET', `${AT}?folder=${folder}`), { files: 2, fresh: 0, isKnown: true })
})

test('a wrong folder is named', async (t) => {
  const door = await aLanDoor(t)

  for (const folder of ['', 'relative', '/no/such/folder', 7, 'x'.repeat(5_000)]) {
    const { status, text } = await door.ask('amira', 'POST', `${AT}/export`, { folder })
    t.equal(status, 400)
    t.match(text, /folder/)
  }
  t.equal((await door.ask('amira', 'GET', AT)).status, 400)
})

test('a browser carries files away and brings them back, for administrators alone', async (t) => {
  const tray = await openTray(join(await aFolder(t), 'tray'))
  const door = await aLanDoor(t, { carriage: { folders: ['/media/stick'], tray } })
  const paths = [
    ['GET', '/progress'],
    ['POST', '/tray'],
    ['GET', '/tray'],
    ['DELETE', '/tray'],
    ['POST', '/take'],
  ] as const
  for (const [method, path] of paths)
    t.equal((await door.ask('bo', method, `${AT}${path}`)).status, 403, path)
  t.match((await door.ask('amira', 'GET', `${AT}/progress`)).json, {
    folders: ['/media/stick'],
    progress: null,
  })

  const packed = (await door.ask('amira', 'POST', `${AT}/tray`)).json as {
    readonly list: readonly { readonly name: string; readonly bytes: number }[]
  }
  t.match(packed, { files: 2, list: [{ bytes: Number }, { bytes: Number }] })
  const [first] = packed.list
  const at = `${door.url}${AT}`
  const headers = { authorization: `Bearer ${(await door.node.openSession('amira')).token}` }
  const file = await fetch(`${at}/tray/${first?.name}`, { headers })
  t.equal(file.headers.get('content-disposition'), `attachment;filename="${first?.name}"`)
  const bytes = await file.bytes()
  t.equal(bytes.length, first?.bytes)
  const take = async (body: Uint8Array) => {
    const type = { 'content-type': 'application/octet-stream' }
    const init = { method: 'POST', headers: { ...headers, ...type }, body: Buffer.from(body) }
    return (await fetch(`${at}/take`, init)).json()
  }
  t.match(await take(bytes), { files: 1, refused: [] })
  t.match(await take(new Uint8Array(9_000)), { files: 0, refused: [{ what: 'file' }] })
  await door.ask('amira', 'DELETE', `${AT}/tray`)
  t.strictSame((await door.ask('amira', 'GET', `${AT}/tray`)).json, { list: [] })
})

test('a disk that is full takes nothing into the tray, and gives what lies there', async (t) => {
  const disk = aDisk()
  const tray = await openTray(join(await aFolder(t), 'tray'))
  const options = { room: { freeBytesMin: 64e6, freeBytesLow: 1e9 } }
  const door = await aLanDoor(t, { disk, options, carriage: { folders: [], tray } })
  await door.ask('amira', 'POST', `${AT}/tray`)
  disk.setFree(1e6)
  await door.clock.advance(1_000)

  for (const path of ['tray', 'take']) {
    const { status, text } = await door.ask('amira', 'POST', `${AT}/${path}`)
    t.equal(status, 507, path)
    t.match(text, 'Free disk space')
  }
  const { list } = (await door.ask('amira', 'GET', `${AT}/tray`)).json as { list: object[] }
  t.equal(list.length, 2)
})
