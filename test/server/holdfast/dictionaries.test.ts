/** Dictionaries at the door. */
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

const AT = '/api/holdfast/v1/dictionaries'

test('who administers sees the dictionaries and has new ones looked for', async (t) => {
  const door = await aLanDoor(t)

  t.match(await door.ask('amira', 'GET', AT), { status: 200, json: [] })
  const { status, json } = await door.ask('amira', 'POST', `${AT}/train`, {})

  t.equal(status, 200)
  t.match(json, [{ result: 'too little' }])
  for (const [method, path] of [
    ['GET', AT],
    ['POST', `${AT}/train`],
  ] as const) {
    t.equal((await door.ask('bo', method, path)).status, 403)
    t.equal((await door.ask(undefined, method, path)).status, 401)
  }
})
