/** Files over the door: whole, in parts, in spans, and for nobody who may not read the message that has them. */
import { Readable } from 'node:stream'
import { test, type Test } from 'tap'
import type { ChannelId } from '#base/ids.ts'
import { aLanDoor, fetched, type Answer, type LanDoor, type Name } from '../../support/lan-door.ts'

interface Info {
  readonly id: string
  readonly name: string
  readonly size: number
}

const TEXT = 'the bridge at km 14 is down\n'.repeat(9_000)

test('a file is handed in, posted, and fetched by those who may read the message', async (t) => {
  const { door, channel, upload } = await aScene(t)
  const info = await upload('bo', 'Мост.txt', TEXT)
  const post = await posted(door, 'bo', { channel_id: channel, message: '', file_ids: [info.id] })

  t.match(info, {
    name: 'Мост.txt',
    size: Buffer.byteLength(TEXT),
    mime_type: 'text/plain',
    extension: 'txt',
  })
  t.match(post, { file_ids: [info.id], metadata: { files: [{ id: info.id, post_id: post.id }] } })
  const fetchedFile = await door.ask('amira', 'GET', `/api/v4/files/${info.id}`)
  t.equal(fetchedFile.text, TEXT)
  t.equal(fetchedFile.headers.get('content-type'), 'text/plain')
  t.match(fetchedFile.headers.get('content-disposition'), "filename*=UTF-8''%D0%9C")
  t.match((await door.ask('amira', 'GET', `/api/v4/files/${info.id}/info`)).json, { id: info.id })
  t.match((await door.ask('amira', 'GET', `/api/v4/posts/${post.id}/files/info`)).json, [
    { id: info.id },
  ])
  for (const what of ['', '/info', '/thumbnail', '/preview', '/link'])
    t.equal((await door.ask('chen', 'GET', `/api/v4/files/${info.id}${what}`)).status, 404, what)
  for (const what of ['/thumbnail', '/preview'])
    t.equal((await door.ask('bo', 'GET', `/api/v4/files/${info.id}${what}`)).status, 404, what)
})

test('until a message has it, a file is its owner’s alone; then no other message gets it', async (t) => {
  const { door, channel, upload } = await aScene(t)
  const { id } = await upload('bo', 'a.txt', 'secret')
  const attach = (name: Name): Promise<Answer> =>
    door.ask(name, 'POST', '/api/v4/posts', { channel_id: channel, message: 'x', file_ids: [id] })

  t.equal((await door.ask('amira', 'GET', `/api/v4/files/${id}`)).status, 404)
  t.equal((await attach('amira')).status, 404)
  t.equal((await attach('bo')).status, 201)
  t.equal((await attach('bo')).status, 400)
})

test('what is deleted is gone with its message, unless another file is the same', async (t) => {
  const { door, channel, upload } = await aScene(t)
  const [one, two] = [await upload('bo', 'a.txt', 'same'), await upload('bo', 'b.txt', 'same')]
  const ofOne = await posted(door, 'bo', { channel_id: channel, message: '', file_ids: [one.id] })
  await posted(door, 'bo', { channel_id: channel, message: '', file_ids: [two.id] })
  await door.ask('bo', 'DELETE', `/api/v4/posts/${ofOne.id}`)
  await door.clock.advance(1)

  t.equal((await door.ask('bo', 'GET', `/api/v4/files/${one.id}`)).status, 404)
  t.equal((await door.ask('bo', 'GET', `/api/v4/files/${two.id}`)).text, 'same')
})

test('a span of a file is fetched, so that a phone goes on where its link broke', async (t) => {
  const { door, upload } = await aScene(t)
  const { id } = await upload('bo', 'a.txt', TEXT)
  const token = (await door.node.openSession('bo')).token
  const span = (range: string): Promise<Answer> =>
    fetched(`${door.url}/api/v4/files/${id}`, {
      headers: { authorization: `Bearer ${token}`, range },
    })

  const middle = await span('bytes=70000-70009')
  t.equal(middle.status, 206)
  t.equal(middle.text, TEXT.slice(70_000, 70_010))
  t.equal(middle.headers.get('content-range'), `bytes 70000-70009/${TEXT.length}`)
  t.equal((await span('bytes=251990-')).text, TEXT.slice(251_990))
  t.equal((await span('bytes=-5')).text, TEXT.slice(-5))
  t.equal((await span(`bytes=${TEXT.length}-`)).status, 400)
  t.equal(
    (await span('bytes=9-3')).status,
    200,
    'what makes no sense is passed over, as RFC 9110 has it',
  )
})

test('a page that somebody uploads does not run as one of ours', async (t) => {
  const { door, upload } = await aScene(t)
  for (const name of ['x.html', 'x.svg']) {
    const { id } = await upload('bo', name, '<script>alert(1)</script>', 'text/html')
    const answer = await door.ask('bo', 'GET', `/api/v4/files/${id}`)
    t.equal(answer.headers.get('content-type'), 'application/octet-stream')
    t.match(answer.headers.get('content-disposition'), /^attachment/)
    t.match(answer.headers.get('content-security-policy'), 'sandbox')
  }
})

test('a form that breaks off, or has no file, leaves nothing', async (t) => {
  const { door, channel } = await aScene(t)
  const token = (await door.node.openSession('bo')).token
  const send = (body: string): Promise<Answer> =>
    fetched(`${door.url}/api/v4/files`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'multipart/form-data; boundary=x',
      },
      body,
    })
  const field = `--x\r\nContent-Disposition: form-data; name="channel_id"\r\n\r\n${channel}\r\n`
  const file = '--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nbytes'

  t.equal((await send(`${field}--x--\r\n`)).status, 400)
  t.equal((await send(`${field}${file}`)).status, 400, 'cut off')
  t.equal((await send(`${file}\r\n--x--\r\n`)).status, 400, 'no channel')
  t.equal((await send(`${field}${file}\r\n--x--\r\n`)).status, 201)
})

test('a file in parts goes on where it was, and is the same as in one piece', async (t) => {
  const { door, channel } = await aScene(t)
  const token = (await door.node.openSession('bo')).token
  const begun = await door.ask('bo', 'POST', '/api/v4/uploads', {
    channel_id: channel,
    filename: 'map.pdf',
    file_size: TEXT.length,
  })
  const { id } = begun.json as { id: string }
  const send = (part: string): Promise<Answer> =>
    fetched(`${door.url}/api/v4/uploads/${id}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      body: part,
    })

  t.equal((await send(TEXT.slice(0, 100_000))).status, 204)
  t.match((await door.ask('bo', 'GET', `/api/v4/uploads/${id}`)).json, { file_offset: 100_000 })
  t.equal((await door.ask('amira', 'GET', `/api/v4/uploads/${id}`)).status, 404)
  const done = await send(TEXT.slice(100_000))
  t.match(done.json, { id, size: TEXT.length, mime_type: 'application/pdf' })
  t.equal((await door.ask('bo', 'GET', `/api/v4/files/${id}`)).text, TEXT)
  t.strictSame((await door.ask('bo', 'GET', '/api/v4/users/me/uploads')).json, [])
  t.equal((await send('more')).status, 404)
})

interface Scene {
  readonly door: LanDoor
  /** A private channel of amira and bo. */
  readonly channel: ChannelId
  readonly upload: (name: Name, filename: string, content: string, type?: string) => Promise<Info>
}

async function aScene(t: Test): Promise<Scene> {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id: channel } = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'ops',
    displayName: 'Ops',
    members: [bo.id],
  })
  return {
    door,
    channel,
    upload: async (name, filename, content, type = '') => {
      const { token } = await door.node.openSession(name)
      const form = new FormData()
      form.append('channel_id', channel)
      form.append('client_ids', 'c1')
      form.append('files', new Blob([content], { type }), filename)
      const answer = await fetched(`${door.url}/api/v4/files`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: form,
      })
      const { file_infos: infos } = answer.json as { file_infos: readonly Info[] }
      const [info] = infos
      if (info === undefined) throw new Error(answer.text)
      return info
    },
  }
}

async function posted(door: LanDoor, name: Name, body: object): Promise<{ readonly id: string }> {
  return (await door.ask(name, 'POST', '/api/v4/posts', body)).json as { id: string }
}

test('what a node says is not kept by browsers: messages, files and refusals', async (t) => {
  const door = await aLanDoor(t)
  const { id: channel } = await door.node.channelByName(door.people.bo.id, 'town-square')
  const draft = { name: 'a.txt', type: 'text/plain', channel }
  const file = await door.node.keepFile(door.people.bo.id, draft, Readable.from([Buffer.from('a')]))
  for (const path of [`channels/${channel}/posts`, `files/${file.id}`, 'users/me', 'nowhere']) {
    const { headers } = await door.ask('bo', 'GET', `/api/v4/${path}`)
    t.equal(headers.get('cache-control'), 'no-store', path)
  }
})
