/** Keyrings that are filled from outside: with the secrets that lie on disks, whoever these belong to. */
import {
  lifeOfActor,
  type ActorId,
  type ChannelId,
  type DocumentId,
  type NodeId,
} from '#base/ids.ts'
import { readChange } from '#model/change.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import { decodeEntry } from '#model/entry.ts'
import { isKeyContent, type KeyContent } from '#model/key-content.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { scopeOf } from '#sync/audience.ts'
import { unpack, type EpochRecord } from '#sync/records.ts'
import { auditedNode, type AudienceId, type Keyring, type Scope } from '#trust/epoch.ts'
import type { Organisation } from '#trust/identity.ts'
import type { Roster } from '#trust/roster.ts'

/** An entry of the keys document, by whoever. */
export interface KeyEntry {
  readonly actor: ActorId
  readonly seq: number
  readonly content: KeyContent
}

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

/** What a change of the keys document says; it needs nothing of what came before it in its list. */
export function keyEntryIn(bytes: Uint8Array): KeyEntry | undefined {
  const change = readChange(bytes)
  if (change === undefined) return undefined
  const { content } = decodeEntry(change.value, EMPTY_LIST).entry
  return isKeyContent(content) ? { actor: change.actor, seq: change.seq, content } : undefined
}

/** Envelopes of a life are openable once it has published a sealing key. */
export function learnLife(roster: Roster, { actor, content }: KeyEntry): void {
  const node = roster.ofActor(actor)?.node
  if (content.kind === 'sealing key' && node !== undefined)
    roster.learnLife(node, content.generation, lifeOfActor(actor))
}

/** Whether every member node can open what is sealed for a scope. */
export function isForAll(scope: Scope): boolean {
  const audience = audienceOf(scope)
  return audience === 'organisation' || audience === 'everybody ever let in'
}

/** Who shares the secrets of a scope, by its name alone. */
function audienceOf(scope: Scope): AudienceId | 'organisation' | 'everybody ever let in' {
  if (scope === 'keys') return 'everybody ever let in'
  if (scope === 'directory') return 'organisation'
  const channel = scope as ChannelId
  return auditedNode(scope) ?? (kindOfChannel(channel) === 'public' ? 'organisation' : channel)
}
