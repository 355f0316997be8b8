/** Pictures of people and emoji of the node's own. */
import { test } from 'tap'
import { aLanDoor, fetched, type Answer, type LanDoor, type Name } from '../../support/lan-door.ts'

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAwS2OUAAAAABJRU5ErkJggg==',
  'base64',
)

test('a picture is shown until its person takes it away, and clients hear that it is another', async (t) => {
  const door = await aLanDoor(t)
  const image = `/api/v4/users/${door.people.bo.id}/image`
  const drawn = (await door.ask('amira', 'GET', image)).text
  t.equal((await send(door, 'bo', image, { image: PIXEL })).status, 200)
  await door.clock.advance(1)

  t.equal((await door.ask('amira', 'GET', image)).text, PIXEL.toString('utf8'))
  const user = (await door.ask('amira', 'GET', `/api/v4/users/${door.people.bo.id}`)).json
  t.ok((user as { last_picture_update: number }).last_picture_update > 0)
  t.equal((await send(door, 'amira', image, { image: PIXEL })).status, 403)
  t.equal((await send(door, 'bo', image, { image: PIXEL }, 'image/svg+xml')).status, 400)
  await door.ask('bo', 'DELETE', image)
  t.equal((await door.ask('amira', 'GET', image)).text, drawn)
})

test('an emoji is made, found by name and by its beginning, shown, and taken away by its maker', async (t) => {
  const door = await aLanDoor(t)
  const made = await send(door, 'bo', '/api/v4/emoji', { image: PIXEL, emoji: '{"name":"kit_ok"}' })
  const { id } = made.json as { id: string }

  t.equal(made.status, 201)
  t.match((await door.ask('amira', 'GET', '/api/v4/emoji')).json, [{ id, name: 'kit_ok' }])
  t.match((await door.ask('amira', 'GET', '/api/v4/emoji/name/kit_ok')).json, { id })
  t.match((await door.ask('amira', 'GET', '/api/v4/emoji/autocomplete?name=kit')).json, [{ id }])
  t.match((await door.ask('amira', 'POST', '/api/v4/emoji/search', { term: 'ok' })).json, [{ id }])
  t.match((await door.ask('amira', 'POST', '/api/v4/emoji/names', ['kit_ok', 'x'])).json, [{ id }])
  t.equal(
    (await door.ask('amira', 'GET', `/api/v4/emoji/${id}/image`)).headers.get('content-type'),
    'image/png',
  )
  const twice = await send(door, 'amira', '/api/v4/emoji', {
    image: PIXEL,
    emoji: '{"name":"kit_ok"}',
  })
  t.equal(twice.status, 400)
  t.equal((await door.ask('chen', 'DELETE', `/api/v4/emoji/${id}`)).status, 403)
  t.equal((await door.ask('bo', 'DELETE', `/api/v4/emoji/${id}`)).status, 200)
  t.equal((await door.ask('bo', 'GET', `/api/v4/emoji/${id}/image`)).status, 404)
})

async function send(
  door: LanDoor,
  name: Name,
  path: string,
  { image, ...fields }: { readonly image: Buffer; readonly [field: string]: Buffer | string },
  type = 'image/png',
): Promise<Answer> {
  const { token } = await door.node.openSession(name)
  const form = new FormData()
  for (const [field, value] of Object.entries(fields)) form.append(field, String(value))
  form.append('image', new Blob([Uint8Array.from(image)], { type }), 'a.png')
  return fetched(door.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  })
}
