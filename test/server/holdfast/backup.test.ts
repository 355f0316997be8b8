/** Backups at the door: administrators only. */
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'tap'
import { openTray } from '#carriers/courier-tray.ts'
import { aFolder } from '../../support/folders.ts'
import { aLanDoor } from '../../support/lan-door.ts'

async function take() {
  return Readable.from([Buffer.from('sealed')])
}

const AT = '/api/holdfast/v1/backup'

test('only an administrator takes the store, and only where there is one on a disk', async (t) => {
  const door = await aLanDoor(t)

  t.equal((await door.ask(undefined, 'GET', `${AT}/store`)).status, 401)
  t.equal((await door.ask('bo', 'GET', `${AT}/store`)).status, 403)
  t.equal((await door.ask('amira', 'GET', `${AT}/store`)).status, 404)
})

test('a browser gets a backup where a key is set to seal it for, and for administrators alone', async (t) => {
  const without = await aLanDoor(t)
  t.match((await without.ask('amira', 'GET', AT)).json, { last: null, recipient: null })
  t.equal((await without.ask('amira', 'GET', `${AT}/file`)).status, 404)
  const tray = await openTray(join(await aFolder(t), 'tray'))
  const backup = { recipient: 'age1zebra', take }
  const door = await aLanDoor(t, { carriage: { folders: [], tray, backup } })

  t.equal((await door.ask('bo', 'GET', `${AT}/file`)).status, 403)
  t.equal((await door.ask('bo', 'GET', AT)).status, 403)
  t.match((await door.ask('amira', 'GET', AT)).json, { recipient: 'age1zebra' })
  const file = await door.ask('amira', 'GET', `${AT}/file`)
  t.equal(file.text, 'sealed')
})
