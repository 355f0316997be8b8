/** Sticks at the door: administrators only, and what comes in is checked. */
import { test } from 'tap'
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
