/**
 * What is really so, seen from outside the nodes: which messages lie on which disk, which have left by a carrier that
 * answered for them, which channels somebody has had on a screen. Delivery words are held against this.
 */
import type { ChannelId } from '#base/ids.ts'
import { openEnvelope } from '#codec/envelope.ts'
import type { Write } from '#ports/store.ts'
import { openKeyring } from '#trust/epoch.ts'
import type { Organisation, Certificate } from '#trust/identity.ts'
import { openRoster } from '#trust/roster.ts'
import { numbersIn } from './said.ts'

/** Facts about one world; nodes are named by their index. */
export interface Evidence {
  /** So that envelopes of this node can be opened. */
  readonly onMember: (certificate: Certificate) => void
  readonly onSynced: (node: number, writes: readonly Write[]) => void
  readonly onAnswered: (node: number, bytes: Uint8Array) => void
  readonly onViewed: (node: number, channel: ChannelId) => void
  /** So that envelopes of this channel can be opened. */
  readonly onChannel: (channel: ChannelId) => void
  readonly isOnDisk: (node: number, message: number) => boolean
  readonly hasLeft: (node: number, message: number) => boolean
  readonly isViewed: (node: number, channel: ChannelId) => boolean
}

/** Nothing is known yet. The secret opens every envelope of the organisation. */
export function openEvidence(
  organisation: Organisation,
  secret: Uint8Array,
): Evidence {
  const keyring = openKeyring(organisation.id, secret)
  const roster = openRoster()
  const onDisk = new Set<string>()
  const left = new Set<string>()
  const viewed = new Set<string>()
  /** Parcels that left before their channel was known here, by node. */
  const sealed = new Map<number, Uint8Array[]>()

  const noteLeft = (node: number, bytes: Uint8Array): void => {
    const opened = openEnvelope(bytes, roster, keyring)
    if (!opened.ok) sealed.set(node, [...(sealed.get(node) ?? []), bytes])
    else for (const number of numbersIn(opened.body)) left.add(`${node} ${number}`)
  }

  return {
    onMember: roster.add,
    onSynced: (node, writes) => {
      for (const { value } of writes) {
        for (const number of value === undefined ? [] : numbersIn(value)) onDisk.add(`${node} ${number}`)
      }
    },
    onAnswered: noteLeft,
    onViewed: (node, channel) => void viewed.add(`${node} ${channel}`),
    onChannel: (channel) => keyring.add(channel),
    isOnDisk: (node, message) => onDisk.has(`${node} ${message}`),
    hasLeft: (node, message) => {
      if (left.has(`${node} ${message}`)) return true
      const again = sealed.get(node) ?? []
      sealed.delete(node)
      for (const bytes of again) noteLeft(node, bytes)
      return left.has(`${node} ${message}`)
    },
    isViewed: (node, channel) => viewed.has(`${node} ${channel}`),
  }
}
