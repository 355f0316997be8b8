/** What links cost, at the door: who may ask, and the ledger as a table. */
import { test } from 'tap'
import type { PeerId } from '#ports/carrier.ts'
import { aHandCarrier } from '../../support/hand-carrier.ts'
import { aLanDoor } from '../../support/lan-door.ts'
import { aTerms } from '../../support/terms.ts'

const office: PeerId = 'post:office'
const AT = '/api/holdfast/v1'

test('plan, preview, costs and a raise', async (t) => {
  const thin = {
    ...aHandCarrier(() => 'departed', { name: 'thin' }),
    terms: aTerms({ budget: { bytesMax: 100_000 } }),
  }
  const door = await aLanDoor(t, { carriers: [thin] })
  thin.begin(office)
  const channels = await door.ask('amira', 'GET', '/api/v4/users/me/channels')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what Mattermost answers
  const [channel] = channels.json as readonly { readonly id: string }[]
  const draft = { channel: channel?.id, message: 'The road is open', lane: 'immediate' }

  const preview = await door.ask('bo', 'POST', `${AT}/preview`, draft)
  t.equal(preview.status, 200)
  t.match(preview.json, [
    { carrier: 'courier', isUp: false, fits: true },
    { carrier: 'thin', currency: 'EUR', price: { bytes: Number } },
  ])
  t.equal((await door.ask('bo', 'POST', `${AT}/preview`, { ...draft, lane: 'soon' })).status, 400)
  t.match((await door.ask('bo', 'GET', `${AT}/plan`)).json, [{ carrier: 'thin', budget: {} }])
  t.strictSame((await door.ask('bo', 'GET', `${AT}/plan?carrier=fat`)).json, [])
  t.match((await door.ask('bo', 'GET', `${AT}/plan?at=18:30&minutes=5`)).json, [
    { carrier: 'thin' },
  ])
  t.equal((await door.ask('bo', 'GET', `${AT}/plan?at=half-past`)).status, 400)
  t.equal((await door.ask('bo', 'GET', `${AT}/costs`)).status, 403)
  t.match((await door.ask('amira', 'GET', `${AT}/costs`)).json, [{ carrier: 'thin', link: 'thin' }])
  const { text, headers } = await door.ask('amira', 'GET', `${AT}/costs.csv`)
  t.match(headers.get('content-type'), /^text\/csv/)
  t.match(
    text,
    /^day,carrier,link,sessions,parcels,bytes,seconds,money,currency\r\n\d{4}-\d\d-\d\d,thin,thin,1,/,
  )
  const more = { bytes: 5, reason: 'Evacuation' }
  t.equal((await door.ask('bo', 'POST', `${AT}/budgets/thin/raise`, more)).status, 403)
  t.equal((await door.ask('amira', 'POST', `${AT}/budgets/thin/raise`, more)).status, 200)
  t.equal((await door.ask('amira', 'POST', `${AT}/budgets/fat/raise`, more)).status, 404)
})
