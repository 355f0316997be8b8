/** Files that somebody tries to get at without having been given them. */
import { Readable } from 'node:stream'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import { codeOf } from '#base/errors.ts'
import { idFromBytes, type ChannelId, type FileId, type UserId } from '#base/ids.ts'
import type { FileHeader } from '#model/post-content.ts'
import type { MessageRecord } from '#model/view.ts'
import { keptKey } from '#sync/kept-keys.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { aChannelDraft, aTeam } from '../support/app.ts'
import { seedOf } from '../support/nodes.ts'

const SECRET = 'the route of the convoy'

test('who knows the hash of a file has no right to it, nor who knows its id, too', async (t) => {
  const { node, store, amira, bo, ops } = await aTeam(t)
  const draft = { ...aChannelDraft('staff'), kind: 'private' as const }
  const staff = await node.createChannel(amira.id, draft)
  const keep = (channel: ChannelId) =>
    node.keepFile(
      amira.id,
      { channel, name: 'route.txt', type: 'text/plain' },
      Readable.from([bytesFromText(SECRET)]),
    )
  const secret = await keep(staff.id)
  await node.post(amira.id, { channel: staff.id, body: 'see', files: [secret.id] })
  t.equal(await read(amira.id, secret.id), SECRET)

  // As the entry of another node would, whose people may write whatever they like into a header.
  const { id, name, type, bytes, hash } = secret
  const claimed = {
    id: idFromBytes<FileId>(seedOf('claimed').subarray(0, 16)),
    name,
    type,
    bytes,
    hash,
  }
  const claim = async (header: FileHeader): Promise<void> => {
    const { id: post } = await node.post(bo.id, { channel: ops.id, body: 'mine' })
    const record = must(unpack<MessageRecord>(await store.get(key.message(post))), 'it is there')
    const forged = { ...record, files: [header] }
    await store.write([
      { key: key.message(post), value: pack(forged) },
      { key: keptKey.fileSeen(header.id), value: pack(post) },
    ])
  }
  await claim(claimed)
  await claim({ ...claimed, id })

  t.equal(await read(bo.id, claimed.id), 'NOT_FOUND', 'by the hash')
  t.equal(await read(bo.id, id), 'NOT_FOUND', 'by hash and id')
  t.match(await node.file(bo.id, claimed.id), { isHere: false }, 'they see what they wrote')
  t.equal(await read(amira.id, id), SECRET, 'and who was given it has it')

  async function read(person: UserId, file: FileId): Promise<string> {
    try {
      const parts = await Array.fromAsync(await node.readFile(person, file))
      return textFromBytes(Buffer.concat(parts))
    } catch (error) {
      return codeOf(error) ?? String(error)
    }
  }
})
