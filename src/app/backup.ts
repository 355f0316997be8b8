/** Backups: what an administrator may take of the store, that it was taken, in the audit, and what lies beside the store. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, FileId, UserId } from '#base/ids.ts'
import type { MessageRecord } from '#model/view.ts'
import type { BlobLying } from '#ports/blobs.ts'
import type { Store } from '#ports/store.ts'
import { audit } from '#sync/audit.ts'
import { keptKey } from '#sync/kept-keys.ts'
import type { FileRecord } from '#sync/file-records.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { insist, isAdministrator, mayRead, namedChannel, type AppContext } from './context.ts'
import type { BackingUp, HeldBlob, LastBackup } from './carrying-types.ts'
import { isOpenFor } from './once.ts'

/** The backup part of the app; `image` gives the store as it lies on the disk. */
export function openBackingUp(
  context: AppContext,
  image: (() => AsyncIterable<Uint8Array>) | undefined,
): BackingUp {
  const { sync } = context
  const insistOn = (subject: UserId): void =>
    insist(context, subject, {
      action: 'back up',
      isAdministrator: isAdministrator(context, subject),
    })
  return {
    storeImage: async (subject) => {
      insistOn(subject)
      if (image === undefined) throw new EdgeError('NOT_FOUND', { what: 'a store on a disk' })
      await sync.replica.commit(async (tx) => {
        tx.put(keptKey.backup, pack({ at: sync.now(), by: subject } satisfies LastBackup))
        await audit(tx, sync, { deed: 'backup made', by: subject })
      })
      return image()
    },
    lastBackup: async (subject) => {
      insistOn(subject)
      return unpack<LastBackup>(await sync.replica.read.get(keptKey.backup))
    },
    blobsHeld: async (subject) => {
      insistOn(subject)
      return heldBy(context, subject)
    },
  }
}

async function heldBy(context: AppContext, subject: UserId): Promise<readonly HeldBlob[]> {
  const { blobs } = context
  const uses = await blobs.all()
  const places = await blobs.places(new Set(uses.map(({ hash }) => hash)))
  const { read } = context.sync.replica
  const asker: Asker = {
    mayKnow: (record) => mayKnow(context, subject, record),
    channelOf: (id) => namedChannel(context, id),
  }
  const held: HeldBlob[] = []
  for (const { hash, id } of uses) {
    const lying = places.get(hash)
    if (lying !== undefined) held.push({ ...(await aboutUse(read, id, asker)), ...lying })
  }
  return held
}

/** Who asks, and may not know everything. */
export interface Asker {
  /** Whether what a file is called is told. */
  readonly mayKnow: (record: FileRecord) => Promise<boolean>
  readonly channelOf: (id: ChannelId) => Promise<HeldBlob['channel']>
}

/** What it is that needs a blob, by the id of its use, as far as whoever asks may know. */
export async function aboutUse(
  read: Pick<Store, 'get'>,
  id: string,
  { mayKnow: isKnown, channelOf }: Asker,
): Promise<Omit<HeldBlob, keyof BlobLying>> {
  const record = unpack<FileRecord>(await read.get(keptKey.file(id as FileId)))
  if (record === undefined) {
    const what = id.includes('.') ? 'part of an upload' : 'picture'
    return { what, file: undefined, bytes: undefined, channel: undefined, isShared: false }
  }
  const { name, bytes, message } = record
  return {
    what: record.of === undefined ? 'file' : 'small picture',
    file: (await isKnown(record)) ? name : undefined,
    bytes,
    channel: await channelOf(record.channel),
    isShared: message !== undefined,
  }
}

/** That there are files in a channel an administrator may know, what they are called only whoever may read there. */
async function mayKnow(
  context: AppContext,
  subject: UserId,
  { owner, channel, message }: FileRecord,
): Promise<boolean> {
  if (owner === subject) return true
  if (message === undefined || !mayRead(context, subject, { channel })) return false
  const { read } = context.sync.replica
  const record = unpack<MessageRecord>(await read.get(key.message(message)))
  return record !== undefined && isOpenFor(record, subject, context.sync.now())
}
