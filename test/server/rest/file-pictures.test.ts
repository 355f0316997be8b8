/** What files look like, as stock apps ask for it, and as ours does. */
import { test, type Test } from 'tap'
import type { Preview } from '#model/preview.ts'
import { outlineOf } from '#model/preview.ts'
import type { Previewer } from '#ports/previewer.ts'
import { aLanDoor, fetched, type Answer, type LanDoor } from '../../support/lan-door.ts'
import { aPreviewer, picture, small } from '../../support/previews.ts'

interface Info {
  readonly id: string
}

async function aPostedFile(
  t: Test,
  previewer: Previewer,
): Promise<{
  readonly door: LanDoor
  readonly id: string
  readonly get: (path: string) => Promise<Answer & { readonly bytes: Buffer }>
}> {
  const door = await aLanDoor(t, { previewer })
  const { id: channel } = await door.node.createChannel(door.people.amira.id, {
    kind: 'private',
    name: 'ops',
    displayName: 'Ops',
    members: [door.people.bo.id],
  })
  const { token } = await door.node.openSession('bo')
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'image/jpeg' }
  const query = `channel_id=${channel}&filename=photo.jpg&holdfast_position=keep`
  const url = `${door.url}/api/v4/files?${query}`
  const answer = await fetched(url, { method: 'POST', headers, body: 'x'.repeat(70_000) })
  const [info] = (answer.json as { file_infos: readonly Info[] }).file_infos
  const id = info?.id ?? ''
  await door.ask('bo', 'POST', '/api/v4/posts', { channel_id: channel, file_ids: [id] })
  return {
    door,
    id,
    get: async (path) => {
      const response = await fetch(`${door.url}${path}`, { headers })
      const bytes = Buffer.from(await response.arrayBuffer())
      const { status, headers: said } = response
      return { status, headers: said, text: '', json: undefined, bytes }
    },
  }
}

test('stock apps are told how large a picture is, and get its thumbnail and its preview', async (t) => {
  const { door, id, get } = await aPostedFile(t, aPreviewer())
  const tiny = Buffer.from(picture.kind === 'picture' ? picture.image : [])

  t.match((await door.ask('bo', 'GET', `/api/v4/files/${id}/info`)).json, {
    width: 4_000,
    height: 3_000,
    has_preview_image: true,
    mini_preview: tiny.toString('base64'),
  })
  const thumbnail = await get(`/api/v4/files/${id}/thumbnail`)
  t.equal(thumbnail.headers.get('content-type'), 'image/webp')
  t.ok(thumbnail.bytes.equals(tiny))
  t.match(thumbnail.headers.get('content-security-policy'), 'sandbox')
  t.ok((await get(`/api/v4/files/${id}/preview`)).bytes.equals(Buffer.from(small)))
  for (const what of ['thumbnail', 'preview'])
    t.equal((await door.ask('chen', 'GET', `/api/v4/files/${id}/${what}`)).status, 404, what)
  t.match((await door.ask('bo', 'GET', `/api/holdfast/v1/files/${id}`)).json, {
    preview: { kind: 'picture', width: 4_000 },
    small: { bytes: small.length, isHere: true, price: { bytes: 0 } },
  })
  const asked = `/api/holdfast/v1/files/${id}/fetch?quality=small`
  t.equal((await door.ask('bo', 'POST', asked)).status, 200)
  t.equal((await door.ask('bo', 'POST', `${asked}er`)).status, 400)
})

test('tracks and sounds are drawn for our own client; stock apps show their name', async (t) => {
  const line = [[30, 50], [30.1, 50.1]] as const // prettier-ignore
  const previews: readonly Preview[] = [
    { kind: 'track', metres: 13_000, outline: outlineOf([line, [[30.05, 50]]]) },
    { kind: 'sound', milliseconds: 2_000, levels: Uint8Array.of(0, 128, 255) },
  ]
  for (const preview of previews) {
    const { door, id, get } = await aPostedFile(t, aPreviewer(preview))
    const info = (await door.ask('bo', 'GET', `/api/v4/files/${id}/info`)).json
    t.match(info, { has_preview_image: false, mini_preview: null, holdfast_preview: preview.kind })
    const { headers, bytes } = await get(`/api/v4/files/${id}/preview`)
    t.equal(headers.get('content-type'), 'image/svg+xml')
    t.match(
      bytes.toString(),
      /^<svg [^<>]*><path d="(?:M[\d. ]+(?:[vhL][\d. ]+)*)+" [^<>]*\/><\/svg>$/,
    )
    t.match((await door.ask('bo', 'GET', `/api/holdfast/v1/files/${id}`)).json, { small: null })
  }
})

test('a file of which nothing can be shown has none, and that is no failure', async (t) => {
  const { door, id } = await aPostedFile(t, { look: async () => undefined })
  const info = (await door.ask('bo', 'GET', `/api/v4/files/${id}/info`)).json
  t.match(info, { width: 0, has_preview_image: false, mini_preview: null })
  for (const what of ['thumbnail', 'preview'])
    t.equal((await door.ask('bo', 'GET', `/api/v4/files/${id}/${what}`)).status, 404, what)
  const asked = `/api/holdfast/v1/files/${id}/fetch?quality=small`
  t.equal((await door.ask('bo', 'POST', asked)).status, 404)
})
