/** A file as people see it: what it is, where it is, how much of it is here, and what fetching the rest takes. */
import { EdgeError } from '#base/errors.ts'
import type { FileId, NodeId, PostId, UserId } from '#base/ids.ts'
import { bytesIn } from '#base/spans.ts'
import type { SmallHeader } from '#model/post-content.ts'
import type { MessageRecord } from '#model/view.ts'
import type { SyncContext } from '#sync/context.ts'
import { nameOf } from '#sync/file-fetching.ts'
import { fileKey, smallRecord, type FetchRecord, type FileRecord } from '#sync/file-records.ts'
import { keptKey } from '#sync/kept-keys.ts'
import { key } from '#sync/keys.ts'
import type { LinkState } from '#sync/links.ts'
import { unpack } from '#sync/records.ts'
import { insistInChannel, peerName, type AppContext } from './context.ts'
import { priceOf } from './file-price.ts'
import type { KnownFile } from './file-types.ts'
import { isOpenFor } from './once.ts'

/** A file as whoever may read its message sees it. @throws EdgeError NOT_FOUND */
export async function fileOf(context: AppContext, subject: UserId, id: FileId): Promise<KnownFile> {
  const { read } = context.sync.replica
  const record = unpack<FileRecord>(await read.get(keptKey.file(id)))
  const seen = record?.message ?? unpack<PostId>(await read.get(keptKey.fileSeen(id)))
  if (seen === undefined) {
    if (record?.owner !== subject) throw notFound(id)
    return knownFrom(context.sync, record, {
      here: record,
      little: await whereOfSmall(context, record),
    })
  }
  const message = unpack<MessageRecord>(await read.get(key.message(seen)))
  const header = message?.files?.find((file) => file.id === id)
  if (message === undefined || header === undefined) throw notFound(id)
  const hidden = { what: 'file', id }
  const { channel } = message
  await insistInChannel(context, subject, { channel, action: 'read channel', hidden })
  if (!isOpenFor(message, subject, context.sync.now())) throw notFound(id)
  const fetch = unpack<FetchRecord>(await read.get(fileKey.fetch(nameOf(context.sync, header))))
  const file = { ...header, ...pick(message), message: message.id }
  const known = { links: context.links?.() ?? [], terms: context.terms }
  const little = await whereOfSmall(context, file)
  return knownFrom(context.sync, file, { here: record, fetch, ...known, little })
}

async function whereOfSmall(
  { sync, links, terms }: AppContext,
  file: FileRecord,
): Promise<Whereabouts | undefined> {
  const { read } = sync.replica
  const small = smallRecord(file)
  if (small === undefined) return undefined
  const here = unpack<FileRecord>(await read.get(keptKey.file(small.id)))
  const fetch = unpack<FetchRecord>(await read.get(fileKey.fetch(nameOf(sync, small))))
  return { here, fetch, links: links?.() ?? [], terms }
}

function pick({
  channel,
  author,
  createdAt,
}: MessageRecord): Pick<FileRecord, 'channel' | 'owner' | 'createdAt'> {
  return { channel, owner: author, createdAt }
}

interface Whereabouts {
  readonly here?: FileRecord | undefined
  readonly fetch?: FetchRecord | undefined
  readonly links?: readonly LinkState[]
  readonly terms?: AppContext['terms']
  /** The same of its small picture. */
  readonly little?: Whereabouts | undefined
}

/** Its bytes are served only where they came for this very file: knowing the hash of a file is no right to read it. */
export function knownFrom(sync: SyncContext, file: FileRecord, where: Whereabouts): KnownFile {
  const own = sync.identity.certificate
  const origin = originOf(sync, file, where.here)
  const { isFetched: _how, of: _of, lost: _lost, ...known } = file
  return {
    ...known,
    message: file.message,
    origin,
    isLost: where.here?.lost !== undefined,
    originName: origin === own.node ? own.name : peerName(sync, origin),
    ...stateOf(sync, file, where),
    little: file.small && { ...file.small, ...stateOf(sync, file.small, where.little ?? {}) },
  }
}

/** How much of it is here, and what the rest takes. */
function stateOf(
  sync: SyncContext,
  { bytes, hash }: SmallHeader,
  { here, fetch, links = [], terms }: Whereabouts,
): Pick<KnownFile, 'isHere' | 'have' | 'fetch' | 'price'> {
  const isHere = here?.hash === hash && here.lost === undefined
  const have = isHere ? bytes : bytesIn(fetch?.have ?? [])
  const source = fetch?.source?.peer
  return {
    isHere,
    have,
    fetch: fetch?.file && {
      isAsked: fetch.isAsked,
      since: fetch.since,
      source,
      sourceName: source && peerName(sync, source),
    },
    price: priceOf(bytes - have, { links, terms, source }),
  }
}

function originOf({ roster, identity }: SyncContext, file: FileRecord, here?: FileRecord): NodeId {
  const own = identity.certificate.node
  const isOwn = here !== undefined && here.isFetched !== true
  return isOwn ? own : (roster.homeOf(file.owner)?.node ?? own)
}

function notFound(id: FileId): EdgeError {
  return new EdgeError('NOT_FOUND', { what: 'file', id })
}
