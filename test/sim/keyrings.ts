/** Keyrings that are filled from outside: with the secrets that lie on disks, whoever these belong to. */
import type { ChannelId, DocumentId, NodeId } from '#base/ids.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import { scopeOf } from '#sync/audience.ts'
import { unpack, type EpochRecord } from '#sync/records.ts'
import { auditedNode, type AudienceId, type Keyring, type Scope } from '#trust/epoch.ts'
import type { Organisation } from '#trust/identity.ts'

/** Holds the epoch that lies under `place` on some disk. */
export function addEpoch(keyring: Keyring, place: string, value: Uint8Array): void {
  const record = unpack<EpochRecord>(value)
  if (record === undefined) return
  const { audience, number, maker, secret } = record
  const facts = { audience: audience as AudienceId, number, maker: maker as NodeId | undefined }
  keyring.hold({ ...facts, secret, id: place.slice('epoch/'.length) })
}

/** Makes envelopes of a document openable, as far as secrets of its audience are held. */
export function addDocument(keyring: Keyring, { id }: Organisation, document: DocumentId): void {
  const scope = scopeOf(document)
  const audience = audienceOf(scope)
  if (audience !== 'everybody ever let in')
    keyring.addScope(scope, audience === 'organisation' ? id : audience)
}

/** Who shares the secrets of a scope, by its name alone. */
function audienceOf(scope: Scope): AudienceId | 'organisation' | 'everybody ever let in' {
  if (scope === 'keys') return 'everybody ever let in'
  if (scope === 'directory') return 'organisation'
  const channel = scope as ChannelId
  return auditedNode(scope) ?? (kindOfChannel(channel) === 'public' ? 'organisation' : channel)
}
