/** Losing a node, at the door: administrators only, and what comes in is checked. */
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'
import { anIdentity } from '../../support/nodes.ts'

const lost = anIdentity('bravo', 2)
const AT = `/api/holdfast/v1/nodes/${lost.certificate.node}`

test('only an administrator reads what a lost node means, shuts it out, and has it wiped', async (t) => {
  const door = await aLanDoor(t)

  for (const [method, path, body] of [
    ['GET', `${AT}/capture`, undefined],
    ['POST', `${AT}/revoke`, {}],
    ['POST', `${AT}/wipe`, {}],
  ] as const) {
    t.equal((await door.ask('bo', method, path, body)).status, 403, path)
    t.equal((await door.ask(undefined, method, path, body)).status, 401, path)
  }
})

test('a node that nobody knows is not found, and a wrong field is named', async (t) => {
  const door = await aLanDoor(t)

  t.equal((await door.ask('amira', 'GET', `${AT}/capture`)).status, 404)
  t.equal((await door.ask('amira', 'POST', `${AT}/revoke`, {})).status, 404)
  t.equal((await door.ask('amira', 'POST', `${AT}/wipe`)).status, 404)
  const { status, text } = await door.ask('amira', 'POST', `${AT}/revoke`, { since: 'noon' })
  t.equal(status, 400)
  t.match(text, /since/)
})
