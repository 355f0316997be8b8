/** Letters at the door. */
import { test } from 'tap'
import { aHandCarrier } from '../../support/hand-carrier.ts'
import { aLanDoor } from '../../support/lan-door.ts'
import { aLetter, aRule } from '../../support/pace.ts'

const AT = '/api/holdfast/v1/pace'

test('an administrator sees letters, sets one, lets the links decide, and drills', async (t) => {
  const [p, a] = ['p', 'a'].map((name) => aHandCarrier(() => 'departed', { name }))
  const carriers = [p, a].filter((one) => one !== undefined)
  const pace = { rules: [aRule([aLetter('P'), aLetter('A')])], drillEveryMs: undefined }
  const door = await aLanDoor(t, { carriers, options: { pace } })
  p?.begin('post:p')

  t.equal((await door.ask('bo', 'GET', AT)).status, 403)
  t.match((await door.ask('amira', 'GET', AT)).json, [{ name: 'all', letter: 'P' }])
  const jammed = { letter: 'A', minutes: 5, reason: 'jammed' }
  t.equal((await door.ask('bo', 'PUT', `${AT}/all`, jammed)).status, 403)
  t.equal((await door.ask('amira', 'PUT', `${AT}/all`, { ...jammed, letter: 'X' })).status, 400)
  t.equal((await door.ask('amira', 'PUT', `${AT}/all`, { letter: 'A' })).status, 400, 'no reason')
  t.equal((await door.ask('amira', 'PUT', `${AT}/none`, jammed)).status, 404)
  t.equal((await door.ask('amira', 'PUT', `${AT}/all`, jammed)).status, 200)
  t.match((await door.ask('amira', 'GET', AT)).json, [{ letter: 'A', why: 'by hand' }])
  t.equal((await door.ask('amira', 'PUT', `${AT}/all`, { reason: 'clear' })).status, 200)
  const drill = await door.ask('amira', 'POST', `${AT}/drill`, { letter: 'P' })
  t.strictSame(drill.json, { carriers: ['p'] })
  t.equal((await door.ask('bo', 'POST', `${AT}/drill`, {})).status, 403)
})
