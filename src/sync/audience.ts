/** Who may read what, as this node sees the directory now: the nodes of an audience, and the audience of a document. */
import {
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

/** Who shares the secrets of a scope; undefined for the keys document, which everybody ever let in can read. */
export function audienceOfScope(context: SyncContext, scope: Scope): AudienceId | undefined {
  if (scope === 'keys') return undefined
  const { id } = context.identity.organisation
  if (scope === 'directory') return id
  const audited = auditedNode(scope)
  if (audited !== undefined) return audited
  const channel = scope as ChannelId
  return kindOfChannel(channel) === 'public' ? id : channel
}

/** The nodes of an audience: never one that is revoked, or whose certificate is long expired. */
export function nodesOf(context: SyncContext, audience: AudienceId): ReadonlySet<NodeId> {
  const { roster, identity } = context
  const good = roster.all().filter((one) => isGood(context, one))
  if (audience === identity.organisation.id) return new Set(good.map((one) => one.node))
  const homes = new Set<NodeId>()
  for (const { person } of context.directory().members(audience as ChannelId)) {
    const home = roster.homeOf(person)
    if (home !== undefined) homes.add(home.node)
  }
  const belongs = ({ node, role }: Certificate): boolean =>
    role === 'hub' || node === audience || homes.has(node)
  return new Set(good.filter(belongs).map((one) => one.node))
}

/** Whether a node may hold a document. */
export function mayHold(context: SyncContext, node: NodeId, document: DocumentId): boolean {
  const audience = audienceOfScope(context, scopeOf(document))
  return audience === undefined || nodesOf(context, audience).has(node)
}

/** Whether a certificate may be talked to and sealed for. */
export function isGood(context: SyncContext, certificate: Certificate): boolean {
  if (context.roster.revokedSince(certificate.node) !== undefined) return false
  return validityOf(certificate, context.now()) !== 'expired'
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
