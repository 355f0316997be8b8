/** Backups at the door: administrators only. */
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

const AT = '/api/holdfast/v1/backup/store'

test('only an administrator takes the store, and only where there is one on a disk', async (t) => {
  const door = await aLanDoor(t)

  t.equal((await door.ask(undefined, 'GET', AT)).status, 401)
  t.equal((await door.ask('bo', 'GET', AT)).status, 403)
  t.equal((await door.ask('amira', 'GET', AT)).status, 404)
})
