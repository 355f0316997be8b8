/** Files on their way, at the door. That they move is in `test/app/file-fetching.test.ts`. */
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

const AT = '/api/holdfast/v1/files'

test('whoever may read its message hears where a file is; nothing is on its way that is here', async (t) => {
  const door = await aLanDoor(t)
  const made = await door.ask('amira', 'POST', '/api/v4/channels', {
    team_id: (
      (await door.ask('amira', 'GET', '/api/v4/users/me/teams')).json as [{ id: string }]
    )[0].id,
    name: 'maps',
    display_name: 'Maps',
    type: 'P',
  })
  const { id: channel } = made.json as { readonly id: string }
  const up = `/api/v4/files?channel_id=${channel}&filename=map.txt`
  const sent = await door.ask('amira', 'POST', up, 'the bridge is down')
  const [info] = (sent.json as { readonly file_infos: readonly { readonly id: string }[] })
    .file_infos
  const id = info?.id ?? ''
  await door.ask('amira', 'POST', '/api/v4/posts', {
    channel_id: channel,
    message: 'map',
    file_ids: [id],
  })

  t.match((await door.ask('amira', 'GET', `${AT}/${id}`)).json, {
    id,
    name: 'map.txt',
    isHere: true,
    origin: { name: 'alpha' },
    fetch: null,
    price: { bytes: 0, seconds: 0 },
  })
  t.match((await door.ask('amira', 'POST', `${AT}/${id}/fetch`)).json, { isHere: true })
  t.strictSame((await door.ask('amira', 'GET', AT)).json, [])
  for (const [method, path] of [
    ['GET', ''],
    ['POST', '/fetch'],
    ['POST', '/cancel'],
  ] as const)
    t.equal((await door.ask('bo', method, `${AT}/${id}${path}`)).status, 404)
  t.equal((await door.ask(undefined, 'GET', AT)).status, 401)
})
