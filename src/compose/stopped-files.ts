/**
 * Which files a node needs that does not run, and where they are: what `EdgeNode.blobsHeld` tells of a running one. Nobody has signed in,
 * so what a file is called is told only where everybody may read it.
 */
import { readdir } from 'node:fs/promises'
import { aboutUse, type Asker } from '#app/backup.ts'
import type { HeldBlob } from '#app/carrying-types.ts'
import type { ChannelId } from '#base/ids.ts'
import { layoutOf } from '#config/layout.ts'
import type { Config } from '#config/schema.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import { burnSecondsIn } from '#model/once.ts'
import type { ChannelRecord, MessageRecord } from '#model/view.ts'
import type { BlobPlace } from '#ports/blobs.ts'
import type { Store } from '#ports/store.ts'
import { blobName } from '#storage/sealed-blob.ts'
import { keptRange } from '#sync/kept-keys.ts'
import { key as storeKey } from '#sync/keys.ts'
import { unpack } from '#sync/records.ts'
import { bucketOf } from './files.ts'
import { blobSealOf } from './opening.ts'
import type { StoreKey } from './unlocking.ts'

/** A folder whose node is stopped, and what opens it. */
export interface StoppedNode {
  readonly dataFolder: string
  readonly key: StoreKey
  readonly config: Pick<Config, 'files'>
}

/** All that lies beside the store of the folder; `store` is that, open, with its values as they are. */
export async function heldByStopped(
  { dataFolder, key, config }: StoppedNode,
  store: Pick<Store, 'get' | 'list'>,
): Promise<readonly HeldBlob[]> {
  const seal = blobSealOf(key)
  const nameOf = (hash: string): string => blobName(seal, hash)
  const here = new Set(await readdir(layoutOf(dataFolder).blobs).catch(() => []))
  const there = await namesInBucket(config, nameOf)
  const damaged = new Set(
    (await store.list(keptRange.damagedBlobs)).map(([place]) => lastOf(place)),
  )
  const placeOf = (hash: string): BlobPlace => {
    const isHere = here.has(nameOf(hash))
    const isThere = there instanceof Set && there.has(nameOf(hash))
    if (damaged.has(hash) && (isHere || isThere)) return 'damaged'
    if (isHere) return 'here'
    if (there === 'away') return 'unknown'
    return isThere ? 'elsewhere' : 'nowhere'
  }
  const held: HeldBlob[] = []
  for (const [place, bytes] of await store.list(keptRange.allBlobUses)) {
    const hash = unpack<string>(bytes)
    if (hash === undefined) continue
    const about = await aboutUse(store, lastOf(place), everybody(store))
    held.push({ ...about, name: nameOf(hash), place: placeOf(hash) })
  }
  return held
}

function lastOf(place: string): string {
  return place.slice(place.lastIndexOf('/') + 1)
}

async function namesInBucket(
  config: StoppedNode['config'],
  nameOf: (hash: string) => string,
): Promise<ReadonlySet<string> | 'away' | undefined> {
  try {
    const bucket = await bucketOf(config, nameOf)
    return bucket && new Set(await bucket.names())
  } catch {
    return 'away'
  }
}

/** What anybody at all may know. */
function everybody(store: Pick<Store, 'get'>): Asker {
  return {
    mayKnow: async ({ channel, message }) => {
      if (message === undefined || kindOfChannel(channel) !== 'public') return false
      const record = unpack<MessageRecord>(await store.get(storeKey.message(message)))
      return record !== undefined && burnSecondsIn(record.props) === 0
    },
    channelOf: async (id: ChannelId) => {
      const record = unpack<ChannelRecord>(await store.get(storeKey.channel(id)))
      return { id, kind: kindOfChannel(id), name: record?.settings.name ?? '' }
    },
  }
}
