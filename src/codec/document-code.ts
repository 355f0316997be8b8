/**
 * Documents in few bytes. Inside an envelope a document of its scope is a number; anywhere else it is a code, then whose it
 * is, then its number. `PROTOCOL.md` has both.
 */
import { MalformedBytes, type ByteReader, type ByteWriter } from '#base/bytes.ts'
import {
  bytesFromId,
  idFromBytes,
  type ChannelId,
  type DocumentId,
  type NodeId,
} from '#base/ids.ts'
import {
  auditDocument,
  channelDocument,
  DIRECTORY,
  KEYS,
  parseDocumentId,
  SEGMENT_NUMBER_MAX,
  segmentDocument,
} from '#model/document-id.ts'
import { LANES, laneFromNumber, laneNumber } from '#model/precedence.ts'
import { auditedNode, type Scope } from '#trust/epoch.ts'

/** Codes of documents; that of a segment has its lane added. From OF_SCOPE on: a document of the envelope's own scope. */
const CODES = { keys: 0, directory: 1, audit: 2, channel: 3, segment: 4 } as const
const OF_SCOPE = CODES.segment + LANES.length

/** The number of a document in its own scope. 0: directory, keys or settings; otherwise 1 + lane + 4 x the segment's number. */
export function documentNumber(document: DocumentId): number {
  const name = parseDocumentId(document)
  if (name?.kind === 'audit') return name.number
  return name?.kind === 'segment' ? 1 + laneNumber(name.lane) + LANES.length * name.number : 0
}

/** The document of this number in a scope, or undefined when there is none. */
export function documentFromNumber(scope: Scope, number: number): DocumentId | undefined {
  if (scope === 'keys') return number === 0 ? KEYS : undefined
  if (scope === 'directory') return number === 0 ? DIRECTORY : undefined
  const audited = auditedNode(scope)
  if (audited !== undefined)
    return number > SEGMENT_NUMBER_MAX ? undefined : auditDocument(audited, number)
  const channel = scope as ChannelId
  if (number === 0) return channelDocument(channel)
  const lane = laneFromNumber((number - 1) % LANES.length)
  if (lane === undefined) return undefined
  const document = segmentDocument(channel, lane, Math.floor((number - 1) / LANES.length))
  return parseDocumentId(document) === undefined ? undefined : document
}

/** Writes which document; with a scope, one of that scope by its number alone. */
export function writeDocument(
  writer: ByteWriter,
  document: DocumentId,
  scope: Scope | undefined,
): void {
  const number = documentNumber(document)
  if (scope !== undefined && documentFromNumber(scope, number) === document)
    return writer.uint(OF_SCOPE + number)
  const name = parseDocumentId(document)
  switch (name?.kind) {
    case 'audit':
      writer.uint(CODES.audit)
      writer.raw(bytesFromId(name.node))
      return writer.uint(name.number)
    case 'channel':
      writer.uint(CODES.channel)
      return writer.raw(bytesFromId(name.channel))
    case 'segment':
      writer.uint(CODES.segment + laneNumber(name.lane))
      writer.raw(bytesFromId(name.channel))
      return writer.uint(name.number)
    case 'keys':
      return writer.uint(CODES.keys)
    case 'directory':
    case undefined:
      return writer.uint(CODES.directory)
  }
}

/** The document that `writeDocument` wrote. @throws MalformedBytes */
export function readDocument(reader: ByteReader, scope: Scope | undefined): DocumentId {
  const code = reader.uint()
  const document =
    code < OF_SCOPE ? readByCode(reader, code) : scope && documentFromNumber(scope, code - OF_SCOPE)
  if (document === undefined || parseDocumentId(document) === undefined)
    throw new MalformedBytes('there is no such document')
  return document
}

function readByCode(reader: ByteReader, code: number): DocumentId | undefined {
  if (code === CODES.keys) return KEYS
  if (code === CODES.directory) return DIRECTORY
  const owner = idFromBytes<NodeId & ChannelId>(reader.raw(16))
  if (code === CODES.audit) return auditDocument(owner, reader.uint())
  if (code === CODES.channel) return channelDocument(owner)
  const lane = laneFromNumber(code - CODES.segment)
  return lane && segmentDocument(owner, lane, reader.uint())
}
