/** A file as people see it: what it is, where it is, how much of it is here, and what fetching the rest takes. */
import { EdgeError } from '#base/errors.ts'
import type { FileId, NodeId, PostId, UserId } from '#base/ids.ts'
import { bytesIn } from '#base/spans.ts'
import type { MessageRecord } from '#model/view.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { SyncContext } from '#sync/context.ts'
import { nameOf } from '#sync/file-fetching.ts'
import { fileKey, type FetchRecord, type FileRecord } from '#sync/file-records.ts'
import { keptKey } from '#sync/kept-keys.ts'
import { key } from '#sync/keys.ts'
import type { LinkState } from '#sync/links.ts'
import { unpack } from '#sync/records.ts'
import { insistInChannel, peerName, type AppContext } from './context.ts'
import type { KnownFile } from './file-types.ts'

/** A file as whoever may read its message sees it. @throws EdgeError NOT_FOUND */
export async function fileOf(context: AppContext, subject: UserId, id: FileId): Promise<KnownFile> {
  const { read } = context.sync.replica
  const record = unpack<FileRecord>(await read.get(keptKey.file(id)))
  const seen = record?.message ?? unpack<PostId>(await read.get(keptKey.fileSeen(id)))
  if (seen === undefined) {
    if (record?.owner !== subject) throw notFound(id)
    return knownFrom(context.sync, record, { here: record })
  }
  const message = unpack<MessageRecord>(await read.get(key.message(seen)))
  const header = message?.files?.find((file) => file.id === id)
  if (message === undefined || header === undefined) throw notFound(id)
  const hidden = { what: 'file', id }
  const { channel } = message
  await insistInChannel(context, subject, { channel, action: 'read channel', hidden })
  const fetch = unpack<FetchRecord>(await read.get(fileKey.fetch(nameOf(context.sync, header))))
  const file = { ...header, ...pick(message), message: message.id }
  return knownFrom(context.sync, file, { here: record, fetch, links: context.links?.() })
}

function pick({
  channel,
  author,
  createdAt,
}: MessageRecord): Pick<FileRecord, 'channel' | 'owner' | 'createdAt'> {
  return { channel, owner: author, createdAt }
}

interface Whereabouts {
  readonly here: FileRecord | undefined
  readonly fetch?: FetchRecord | undefined
  readonly links?: readonly LinkState[] | undefined
}

/** Its bytes are served only where they came for this very file: knowing the hash of a file is no right to read it. */
export function knownFrom(sync: SyncContext, file: FileRecord, where: Whereabouts): KnownFile {
  const { here, fetch, links = [] } = where
  const own = sync.identity.certificate
  const origin = originOf(sync, file, here)
  const isHere = here?.hash === file.hash
  const have = isHere ? file.bytes : bytesIn(fetch?.have ?? [])
  const source = fetch?.source?.peer
  const { isFetched: _how, ...known } = file
  return {
    ...known,
    message: file.message,
    origin,
    originName: origin === own.node ? own.name : peerName(sync, origin),
    isHere,
    have,
    fetch: fetch?.file && {
      isAsked: fetch.isAsked,
      since: fetch.since,
      source,
      sourceName: source && peerName(sync, source),
    },
    price: priceOf(file.bytes - have, links, source),
  }
}

function originOf({ roster, identity }: SyncContext, file: FileRecord, here?: FileRecord): NodeId {
  const own = identity.certificate.node
  const isOwn = here !== undefined && here.isFetched !== true
  return isOwn ? own : (roster.homeOf(file.owner)?.node ?? own)
}

/** By the link that brings it, if one does; otherwise by the best there is. What comes here is taken to be as fast as what leaves. */
function priceOf(
  bytes: number,
  links: readonly LinkState[],
  source: PeerId | undefined,
): KnownFile['price'] {
  const up = links.filter(({ isUp, bytesPerSecond }) => isUp && bytesPerSecond > 0)
  const rates = up.map(({ bytesPerSecond }) => bytesPerSecond)
  const rate = up.find(({ peer }) => peer === source)?.bytesPerSecond ?? Math.max(0, ...rates)
  if (bytes === 0) return { bytes, seconds: 0 }
  return { bytes, seconds: rate === 0 ? undefined : Math.ceil(bytes / rate) }
}

function notFound(id: FileId): EdgeError {
  return new EdgeError('NOT_FOUND', { what: 'file', id })
}
