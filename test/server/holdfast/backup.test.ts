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

test('what lies beside the store is listed for administrators, by name where they may read', async (t) => {
  const door = await aLanDoor(t)
  const { node } = door
  const { amira, bo } = door.people
  const own = await node.createChannel(bo.id, { kind: 'private', name: 'own', displayName: 'Own' })
  const square = await node.channelByName(amira.id, 'town-square')
  for (const [owner, channel, name] of [
    [bo, own, 'secret.txt'],
    [bo, square, 'open.txt'],
  ] as const) {
    const draft = { channel: channel.id, name, type: 'text/plain' }
    const source = Readable.from([Buffer.from(name)])
    const { id } = await node.keepFile(owner.id, draft, source)
    await node.post(owner.id, { channel: channel.id, body: 'See', files: [id] })
  }

  t.equal((await door.ask('bo', 'GET', `${AT}/blobs`)).status, 403)
  const { json, text } = await door.ask('amira', 'GET', `${AT}/blobs`)

  const rows = (json as readonly { readonly channel: { readonly name: string } }[]).toSorted(
    (a, b) => (a.channel.name < b.channel.name ? -1 : 1),
  )
  t.match(rows, [
    { what: 'file', bytes: 10, place: 'here', channel: { kind: 'private' }, isShared: true },
    { what: 'file', bytes: 8, place: 'here', file: 'open.txt', channel: { kind: 'public' } },
  ])
  t.notOk(text.includes('secret.txt'))
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
