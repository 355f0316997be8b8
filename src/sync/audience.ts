/** Who may read what, as this node sees the directory now: the nodes of an audience, and the audience of a document. */
import { bytesFromText } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  idFromBytes,
  nodePrefix,
  nodePrefixOfPerson,
  type ChannelId,
  type DocumentId,
  type NodeId,
} from '#base/ids.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import { parseDocumentId } from '#model/document-id.ts'
import { auditedNode, auditScope, type AudienceId, type Scope } from '#trust/epoch.ts'
import { validityOf, type Certificate } from '#trust/identity.ts'
import type { SyncContext } from './context.ts'
import { couldRead } from './readers.ts'

/** What a document is sealed for. */
export function scopeOf(document: DocumentId): Scope {
  const name = parseDocumentId(document)
  switch (name?.kind) {
    case 'keys':
      return 'keys'
    case 'audit':
      return auditScope(name.node)
    case 'channel':
    case 'segment':
      return name.channel
    case 'directory':
    case undefined:
      return 'directory'
  }
}

/** Who shares the secrets a document is sealed under; undefined for the keys document, which has its own. */
export function audienceOf(context: SyncContext, document: DocumentId): AudienceId | undefined {
  const { id } = context.identity.organisation
  const name = parseDocumentId(document)
  switch (name?.kind) {
    case 'keys':
      return undefined
    case 'audit':
      return name.node
    case 'channel':
      return audienceOfPart(context, name.channel, Infinity)
    case 'segment':
      return audienceOfPart(context, name.channel, name.number)
    case 'directory':
    case undefined:
      return id
  }
}

/** The audiences of a channel: one for each point from which some member's node may read. */
export function audiencesOf(context: SyncContext, channel: ChannelId): readonly AudienceId[] {
  if (kindOfChannel(channel) === 'public') return [context.identity.organisation.id]
  return beginningsOf(context, channel).map((from) => partOf(channel, from))
}

/** Every audience there is, as the directory and the certificates have them. */
export function allAudiences(context: SyncContext): ReadonlySet<AudienceId> {
  const all = new Set<AudienceId>([context.identity.organisation.id])
  for (const { node } of context.roster.all()) all.add(node)
  for (const { id } of context.directory().channels())
    for (const audience of audiencesOf(context, id)) all.add(audience)
  return all
}

/** The nodes of an audience: never one that is revoked, or whose certificate is long expired. */
export function nodesOf(context: SyncContext, audience: AudienceId): ReadonlySet<NodeId> {
  const { roster, identity } = context
  const good = roster.all().filter((one) => isGood(context, one))
  if (audience === identity.organisation.id) return new Set(good.map((one) => one.node))
  const homes = homesOf(context, audience)
  const belongs = ({ node, role }: Certificate): boolean =>
    role === 'hub' || node === audience || homes.has(node)
  return new Set(good.filter(belongs).map((one) => one.node))
}

/** The channel that an audience belongs to, or undefined for the organisation's and for audits. */
export function channelOfAudience(
  context: SyncContext,
  audience: AudienceId,
): ChannelId | undefined {
  return partWith(context, audience)?.channel
}

/** Whether a node may hold a document: asked for every peer and document, so it looks at this node alone. */
export function mayHold(context: SyncContext, node: NodeId, document: DocumentId): boolean {
  const audience = audienceOf(context, document)
  if (audience === undefined) return true
  const { roster, identity } = context
  const certificate = roster.byNode(node)
  if (certificate === undefined || !isGood(context, certificate)) return false
  if (audience === identity.organisation.id || audience === node || certificate.role === 'hub')
    return true
  return homesOf(context, audience).has(node)
}

/** Whether a certificate may be talked to and sealed for. */
export function isGood(context: SyncContext, certificate: Certificate): boolean {
  if (context.roster.revokedSince(certificate.node) !== undefined) return false
  // A clock by which we ourselves have expired is a wrong clock, and decides nothing.
  const isOwnExpired = validityOf(context.identity.certificate, context.now()) === 'expired'
  return isOwnExpired || validityOf(certificate, context.now()) !== 'expired'
}

/** What of a channel is read from segment `from` on: its audience grows with each who may not read what was before. */
function partOf(channel: ChannelId, from: number): AudienceId {
  if (from === 0) return channel
  const name = bytesFromText(`holdfast part ${channel} ${from}`)
  return idFromBytes<ChannelId>(sha256(name).subarray(0, 16))
}

function audienceOfPart(context: SyncContext, channel: ChannelId, number: number): AudienceId {
  if (kindOfChannel(channel) === 'public') return context.identity.organisation.id
  const from = beginningsOf(context, channel).findLast((one) => one <= number)
  return partOf(channel, from ?? 0)
}

/** The segments from which some member may read, ascending; 0 is always among them. */
function beginningsOf(context: SyncContext, channel: ChannelId): readonly number[] {
  const froms = context
    .directory()
    .members(channel)
    .map(({ from }) => from)
  return [...new Set([0, ...froms])].toSorted((a, b) => a - b)
}

interface Part {
  readonly channel: ChannelId
  readonly from: number
}

/** Anybody may found a public channel under any id, also under that of a part or a node: it has no audience of its own. */
function partWith(context: SyncContext, audience: AudienceId): Part | undefined {
  const channel = audience as ChannelId
  if (kindOfChannel(channel) !== 'public' && context.directory().members(channel).length > 0)
    return { channel, from: 0 }
  for (const { id, kind } of context.directory().channels()) {
    if (kind === 'public') continue
    for (const from of beginningsOf(context, id))
      if (from > 0 && partOf(id, from) === audience) return { channel: id, from }
  }
  const known = context.directory().channel(channel)
  return known === undefined || known.kind === 'public' ? undefined : { channel, from: 0 }
}

function homesOf(context: SyncContext, audience: AudienceId): ReadonlySet<NodeId> {
  const part = partWith(context, audience)
  const homes = new Set<NodeId>()
  const isAudit = context.roster.byNode(audience as NodeId) !== undefined
  if (part === undefined || isAudit) return homes
  for (const { person, from } of context.directory().members(part.channel)) {
    const home = context.roster.homeOf(person)
    if (home === undefined || from > part.from || homes.has(home.node)) continue
    if (couldRead(context.directory(), part.channel, person)) homes.add(home.node)
  }
  return homes
}

/**
 * Whether what a node seals for a scope is heard there: a private channel hears its members' nodes and hubs. Anybody can
 * make an epoch for it and give it to its members. By membership alone: clocks have no say.
 */
export function isHeardIn(context: SyncContext, scope: Scope, sender: Certificate): boolean {
  if (scope === 'keys' || scope === 'directory' || sender.role === 'hub') return true
  const audited = auditedNode(scope)
  if (audited !== undefined) return audited === sender.node
  const channel = scope as ChannelId
  if (kindOfChannel(channel) === 'public') return true
  const prefix = nodePrefix(sender.node)
  const members = context.directory().members(channel)
  return members.some(({ person }) => nodePrefixOfPerson(person) === prefix)
}
