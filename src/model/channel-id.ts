/**
 * A channel's id says what the channel is: its last two bits are its kind, so that no entry can open a private channel
 * to everybody; and the id of a private or group channel begins with the node that made it, so that nobody else can pass
 * for its founder.
 */
import { bytesFromText } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  bytesFromId,
  idFromBytes,
  nodePrefix,
  type ChannelId,
  type NodeId,
  type OrganisationId,
  type UserId,
} from '#base/ids.ts'

/** Everybody may find and join `public`; the others show themselves to members only. */
export type ChannelKind = 'public' | 'private' | 'direct' | 'group'

/** In the order of their numbers on the wire. */
export const CHANNEL_KINDS: readonly ChannelKind[] = ['public', 'private', 'direct', 'group']

/** Random bytes of a channel's id. */
export const CHANNEL_RANDOM_BYTES = 8

/** The id of a new channel, made by a person on `node`. */
export function newChannelId(node: NodeId, kind: ChannelKind, random: Uint8Array): ChannelId {
  return withKind(Buffer.concat([bytesFromId(node).subarray(0, 8), random]), kind)
}

/** The channel of two people: the same wherever it is made. */
export function directChannelId(one: UserId, other: UserId): ChannelId {
  const people = [one, other].toSorted().join('__')
  return withKind(sha256(bytesFromText(`holdfast direct ${people}`)).subarray(0, 16), 'direct')
}

/** The channel everybody is in: derived, so that nodes set up apart make the same one. */
export function firstChannelId(organisation: OrganisationId): ChannelId {
  const text = `holdfast first channel ${organisation}`
  return withKind(sha256(bytesFromText(text)).subarray(0, 16), 'public')
}

/** What a channel is. */
export function kindOfChannel(channel: ChannelId): ChannelKind {
  return CHANNEL_KINDS[(bytesFromId(channel)[15] ?? 0) & 3] ?? 'public'
}

/** Whether `prefix` (16 hexadecimal digits) is the node that made this private or group channel. */
export function isFounder(channel: ChannelId, prefix: string): boolean {
  return nodePrefix(channel as unknown as NodeId) === prefix
}

function withKind(bytes: Uint8Array, kind: ChannelKind): ChannelId {
  const id = Uint8Array.from(bytes)
  id[15] = ((id[15] ?? 0) & 0xfc) | CHANNEL_KINDS.indexOf(kind)
  return idFromBytes(id)
}
