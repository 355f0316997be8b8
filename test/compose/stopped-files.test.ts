/** What lies beside the store of a node that is stopped, as far as anybody may know. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { idFromBytes, type ChannelId, type NodeId } from '#base/ids.ts'
import { blobSealOf } from '#compose/opening.ts'
import { heldByStopped } from '#compose/stopped-files.ts'
import type { StoreKey } from '#compose/unlocking.ts'
import { Config } from '#config/schema.ts'
import { newChannelId } from '#model/channel-id.ts'
import { openBlobFolder } from '#storage/blob-folder.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { keptKey } from '#sync/kept-keys.ts'
import { key as storeKey } from '#sync/keys.ts'
import { pack } from '#sync/records.ts'
import { inParts, pattern } from '../contracts/blobs.ts'
import { aFolder } from '../support/folders.ts'
import { seedOf } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'

const key = {
  bytes: seedOf('key'),
  vault: { algorithm: 1, id: seedOf('vault').subarray(0, 16) },
  by: 'keyFile',
} as unknown as StoreKey
const node = idFromBytes<NodeId>(seedOf('node').subarray(0, 16))
const channelOf = (kind: 'public' | 'private'): ChannelId =>
  newChannelId(node, kind, seedOf(kind).subarray(0, 8))

test('every file is told, with its place, and by its name where all may read it', async (t) => {
  const dataFolder = await aFolder(t)
  const folder = join(dataFolder, 'blobs')
  const random = seededRandom(3)
  const blobs = await openBlobFolder({ folder, ...blobSealOf(key), random })
  const store = openMemoryStore()
  const add = async (id: string, size: number, more: object): Promise<string> => {
    const { hash } = await blobs.write(inParts(pattern(size), size), size)
    const file = { id, hash, bytes: size, name: `${id}.pdf`, ...more }
    const rows: readonly (readonly [string, unknown])[] = [
      [keptKey.blobUse(hash, id), hash],
      ...(id.startsWith('f') ? [[`file/${id}`, file] as const] : []),
    ]
    await store.write(rows.map(([at, value]) => ({ key: at, value: pack(value) })))
    return hash
  }
  const [open, shut] = [channelOf('public'), channelOf('private')]
  const put = (at: string, value: object): Promise<void> =>
    store.write([{ key: at, value: pack(value) }])
  await put(storeKey.channel(open), { settings: { name: 'Water' } })
  await put(storeKey.message('m' as never), {})
  const props = JSON.stringify({ holdfast_burn_seconds: 60 })
  await put(storeKey.message('once' as never), { props })
  await add('f1', 11, { channel: open, message: 'm' })
  await add('f2', 12, { channel: shut, message: 'm' })
  await add('f3', 13, { channel: open })
  const lost = await add('f4', 14, { channel: open, message: 'm' })
  const rotten = await add('f5', 15, { channel: open, message: 'm', of: 'f1' })
  await add('f6', 18, { channel: open, message: 'once' })
  await add('u.0', 16, {})
  await add('picture', 17, {})
  await rm(blobs.pathOf(blobs.nameOf(lost)))
  await put(keptKey.damagedBlob(rotten), {})

  const config = Config.parse({})
  const held = await heldByStopped({ dataFolder, key, config }, store)
  const shown = held.map(({ what, file, bytes, place, isShared, channel }) =>
    [what, file, bytes, place, isShared, channel?.kind, channel?.name].join(' '),
  )
  t.strictSame(shown.toSorted(), [
    'file  12 here true private ',
    'file  13 here false public Water',
    'file  18 here true public Water',
    'file f1.pdf 11 here true public Water',
    'file f4.pdf 14 nowhere true public Water',
    'part of an upload   here false  ',
    'picture   here false  ',
    'small picture f5.pdf 15 damaged true public Water',
  ])
  t.equal(must(held.find(({ bytes }) => bytes === 14), 'it').name, blobs.nameOf(lost)) // prettier-ignore

  const endpoint = 'http://127.0.0.1:9/bucket'
  const bucket = { endpoint, region: 'x', accessKeyFile: join(dataFolder, 'gone') }
  const away = Config.parse({ files: { bucket } })
  const again = await heldByStopped({ dataFolder, key, config: away }, store)
  t.equal(again.find(({ bytes }) => bytes === 14)?.place, 'unknown', 'nobody can say')
})
