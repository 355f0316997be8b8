/**
 * Names of documents. They are derived, never drawn: two kits that never met make the same document.
 *
 *     d                              the organisation's directory
 *     c.<channel>                    settings of a channel
 *     s.<channel>.<lane>.<number>    one segment: messages of a channel in one precedence lane
 */
import { bytesFromId, idFromBytes, parseId, type ChannelId, type DocumentId } from '#base/ids.ts'
import { laneFromNumber, laneNumber, type Lane } from './precedence.ts'

/** What a document id says. */
export type DocumentName =
  | { readonly kind: 'directory' }
  | { readonly kind: 'channel'; readonly channel: ChannelId }
  | {
      readonly kind: 'segment'
      readonly channel: ChannelId
      readonly lane: Lane
      readonly number: number
    }

/** The organisation's directory. */
export const DIRECTORY = 'd' as DocumentId

/** Largest number of a segment; beyond it a number is a lie. */
export const SEGMENT_NUMBER_MAX = 1_000_000

/** The settings document of a channel. */
export function channelDocument(channel: ChannelId): DocumentId {
  return `c.${channel}` as DocumentId
}

/** One segment of a channel. Numbers start at 0. */
export function segmentDocument(channel: ChannelId, lane: Lane, number: number): DocumentId {
  return `s.${channel}.${laneNumber(lane)}.${number}` as DocumentId
}

/** What `id` names, or undefined when it is no document id. */
export function parseDocumentId(id: string): DocumentName | undefined {
  if (id === DIRECTORY) return { kind: 'directory' }
  const [kind, channelText, laneText, numberText, ...rest] = id.split('.')
  const channel = parseChannel(channelText)
  if (channel === undefined || rest.length > 0) return undefined
  if (kind === 'c' && laneText === undefined) return { kind: 'channel', channel }
  if (kind !== 's' || laneText === undefined || numberText === undefined) return undefined
  const lane = /^\d$/.test(laneText) ? laneFromNumber(Number(laneText)) : undefined
  const number = Number(numberText)
  const isWhole = /^(0|[1-9]\d*)$/.test(numberText) && number <= SEGMENT_NUMBER_MAX
  return lane === undefined || !isWhole ? undefined : { kind: 'segment', channel, lane, number }
}

/** The lane a document travels in: a segment's own; the directory and settings are immediate. */
export function laneOfDocument(id: DocumentId): Lane {
  const name = parseDocumentId(id)
  return name?.kind === 'segment' ? name.lane : 'immediate'
}

/** The channel a document belongs to, or undefined for the directory. */
export function channelOfDocument(id: DocumentId): ChannelId | undefined {
  const name = parseDocumentId(id)
  return name === undefined || name.kind === 'directory' ? undefined : name.channel
}

/** An id in its one spelling: 16 bytes leave two bits of the last character over, and they are 0. */
function parseChannel(text: string | undefined): ChannelId | undefined {
  const channel = parseId<ChannelId>(text)
  return channel !== undefined && idFromBytes(bytesFromId(channel)) === channel
    ? channel
    : undefined
}
