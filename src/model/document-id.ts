/**
 * Names of documents. They are derived, never drawn: two kits that never met make the same document.
 *
 *     k                              the keys document: certificates, revocations, wrapped secrets
 *     d                              the organisation's directory
 *     a.<node>.<number>              one piece of a node's audit
 *     c.<channel>                    settings of a channel
 *     s.<channel>.<lane>.<number>    one segment: messages of a channel in one precedence lane
 */
import {
  bytesFromId,
  idFromBytes,
  parseId,
  type ChannelId,
  type DocumentId,
  type NodeId,
} from '#base/ids.ts'
import { laneFromNumber, laneNumber, type Lane } from './precedence.ts'

/** What a document id says. */
export type DocumentName =
  | { readonly kind: 'keys' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'audit'; readonly node: NodeId; readonly number: number }
  | { readonly kind: 'channel'; readonly channel: ChannelId }
  | {
      readonly kind: 'segment'
      readonly channel: ChannelId
      readonly lane: Lane
      readonly number: number
    }

/** Certificates, revocations and wrapped secrets. */
export const KEYS = 'k' as DocumentId

/** The organisation's directory. */
export const DIRECTORY = 'd' as DocumentId

/** Largest number of a segment; beyond it a number is a lie. */
export const SEGMENT_NUMBER_MAX = 1_000_000

/** The settings document of a channel. */
export function channelDocument(channel: ChannelId): DocumentId {
  return `c.${channel}` as DocumentId
}

/** One piece of a node's audit. Numbers start at 0. */
export function auditDocument(node: NodeId, number: number): DocumentId {
  return `a.${node}.${number}` as DocumentId
}

/** One segment of a channel. Numbers start at 0. */
export function segmentDocument(channel: ChannelId, lane: Lane, number: number): DocumentId {
  return `s.${channel}.${laneNumber(lane)}.${number}` as DocumentId
}

/** Names that were read lately: whatever a node does it asks of the same few. */
const known = new Map<string, DocumentName>()
const KNOWN_MAX = 4_096

/** What `id` names, or undefined when it is no document id. */
export function parseDocumentId(id: string): DocumentName | undefined {
  const name = known.get(id)
  if (name !== undefined) return name
  const parsed = parse(id)
  if (parsed === undefined) return undefined
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(id, parsed)
  return parsed
}

function parse(id: string): DocumentName | undefined {
  if (id === KEYS) return { kind: 'keys' }
  if (id === DIRECTORY) return { kind: 'directory' }
  const [kind, owner, ...rest] = id.split('.')
  if (kind === 'c' && rest.length === 0) {
    const channel = parseOwner<ChannelId>(owner)
    return channel && { kind: 'channel', channel }
  }
  if (kind === 'a' && rest.length === 1) {
    const node = parseOwner<NodeId>(owner)
    const number = parseNumber(rest[0])
    return node === undefined || number === undefined ? undefined : { kind: 'audit', node, number }
  }
  return kind === 's' && rest.length === 2 ? parseSegment(owner, rest) : undefined
}

function parseSegment(
  owner: string | undefined,
  [laneText = '', numberText]: readonly string[],
): DocumentName | undefined {
  const channel = parseOwner<ChannelId>(owner)
  const lane = /^\d$/.test(laneText) ? laneFromNumber(Number(laneText)) : undefined
  const number = parseNumber(numberText)
  if (channel === undefined || lane === undefined || number === undefined) return undefined
  return { kind: 'segment', channel, lane, number }
}

function parseNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0|[1-9]\d*)$/.test(text)) return undefined
  const number = Number(text)
  return number <= SEGMENT_NUMBER_MAX ? number : undefined
}

/**
 * The lane a document travels in: a segment's own; keys are flash, since nothing else can be opened without them; the
 * directory and settings are immediate, audit is routine.
 */
export function laneOfDocument(id: DocumentId): Lane {
  const name = parseDocumentId(id)
  switch (name?.kind) {
    case 'segment':
      return name.lane
    case 'keys':
      return 'flash'
    case 'audit':
      return 'routine'
    case 'directory':
    case 'channel':
    case undefined:
      return 'immediate'
  }
}

/** The channel a document belongs to, or undefined when it belongs to none. */
export function channelOfDocument(id: DocumentId): ChannelId | undefined {
  const name = parseDocumentId(id)
  return name?.kind === 'channel' || name?.kind === 'segment' ? name.channel : undefined
}

/** An id in its one spelling: 16 bytes leave two bits of the last character over, and they are 0. */
function parseOwner<T extends ChannelId | NodeId>(text: string | undefined): T | undefined {
  const owner = parseId<T>(text)
  return owner !== undefined && idFromBytes(bytesFromId(owner)) === owner ? owner : undefined
}
