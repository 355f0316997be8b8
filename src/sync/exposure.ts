/**
 * What somebody who takes a node gets: which documents it could open, what of them it surely holds, up to when, and who
 * has not heard yet that it is out. Works on the same rules that seal, so it cannot say something else.
 */
import type { ChannelId, Instant, NodeId } from '#base/ids.ts'
import { covers, type Clock } from '#model/log.ts'
import { channelDocument, channelOfDocument, KEYS } from '#model/document-id.ts'
import type { AudienceId } from '#trust/epoch.ts'
import { audienceOf, nodesOf } from './audience.ts'
import type { SyncContext } from './context.ts'
import { allDocuments, clockOf, receiptOf } from './ledger.ts'

/** What a taken node means for one channel. */
export interface ChannelExposure {
  readonly channel: ChannelId
  /** Entries of the channel (messages, edits, reactions) that this node has. */
  readonly entries: number
  /** Those that the taken node has said are on its disk. */
  readonly heldThere: number
  /** Its keys open what is sealed now. */
  readonly opensNow: boolean
  /** When the epoch it cannot open was made; undefined while there is none. */
  readonly rekeyedAt: Instant | undefined
}

/** A node that has not confirmed the revocation. */
export interface Unaware {
  readonly node: NodeId
  /** When anything it signed came here last. */
  readonly heardAt: Instant | undefined
}

/** Channels whose secrets a node has or had. */
export async function exposureOf(
  context: SyncContext,
  node: NodeId,
): Promise<readonly ChannelExposure[]> {
  const { read } = context.replica
  const counted = new Map<ChannelId, { entries: number; held: number }>()
  for (const document of await allDocuments(read)) {
    const channel = channelOfDocument(document)
    if (channel === undefined) continue
    const count = counted.get(channel) ?? { entries: 0, held: 0 }
    const clock = await clockOf(read, document)
    const there = (await receiptOf(read, node, document))?.clock ?? {}
    counted.set(channel, {
      entries: count.entries + sizeOf(clock, clock),
      held: count.held + sizeOf(clock, there),
    })
  }
  const known = context
    .directory()
    .channels()
    .map(({ id }) => id)
  const channels = [...new Set([...known, ...counted.keys()])].toSorted()
  return channels.flatMap((channel): ChannelExposure[] => {
    const audience = audienceOf(context, channelDocument(channel))
    if (audience === undefined || !hadKeys(context, node, audience)) return []
    const { entries, held } = counted.get(channel) ?? { entries: 0, held: 0 }
    const rekeyedAt = rekeyedSince(context, node, audience)
    return [{ channel, entries, heldThere: held, opensNow: rekeyedAt === undefined, rekeyedAt }]
  })
}

/** Audiences whose present secret a node has. */
export function openAudiences(context: SyncContext, node: NodeId): readonly AudienceId[] {
  const all = [context.identity.organisation.id, ...context.keyBook().audiences()] as AudienceId[]
  return [...new Set(all)].filter(
    (audience) =>
      hadKeys(context, node, audience) && rekeyedSince(context, node, audience) === undefined,
  )
}

/** Nodes that have not signed for the entry that revokes `node`; nobody when it is not revoked. */
export async function unawareOf(context: SyncContext, node: NodeId): Promise<readonly Unaware[]> {
  const revocation = context.keyBook().revocation(node)
  if (revocation === undefined) return []
  const self = context.identity.certificate.node
  const unaware: Unaware[] = []
  for (const { node: other } of context.roster.all()) {
    if (other === self || other === node || context.roster.revokedSince(other) !== undefined)
      continue
    const receipt = await receiptOf(context.replica.read, other, KEYS)
    if (!covers(receipt?.clock ?? {}, revocation.actor, revocation.seq))
      unaware.push({ node: other, heardAt: receipt?.at })
  }
  return unaware
}

/** Whether some secret of an audience was ever given to a node, or would be at the next need. */
function hadKeys(context: SyncContext, node: NodeId, audience: AudienceId): boolean {
  if (audience === context.identity.organisation.id) return true
  if (nodesOf(context, audience).has(node)) return true
  const book = context.keyBook()
  return book
    .epochs(audience)
    .some(
      ({ maker, covered }) =>
        maker === node || [...covered].some((name) => book.ownersOf(name).has(node)),
    )
}

/** When the first of the epochs was made that a node has no part in and that came after all it has. */
function rekeyedSince(
  context: SyncContext,
  node: NodeId,
  audience: AudienceId,
): Instant | undefined {
  const book = context.keyBook()
  const has = ({ maker, covered }: { maker: NodeId; covered: ReadonlySet<string> }): boolean =>
    maker === node || [...covered].some((name) => book.ownersOf(name).has(node))
  const epochs = book.epochs(audience)
  const last = Math.max(0, ...epochs.filter(has).map(({ number }) => number))
  const later = epochs.filter((epoch) => !has(epoch) && epoch.number > last)
  return later.length === 0 ? undefined : Math.min(...later.map(({ madeAt }) => madeAt))
}

function sizeOf(clock: Clock, part: Clock): number {
  let size = 0
  for (const [actor, seq] of Object.entries(clock)) size += Math.min(seq, part[actor] ?? 0)
  return size
}
