/**
 * How far other nodes' clocks are from ours, as far as what they signed shows. An entry that comes in was written before it
 * came: its node is at least so far ahead. An answer to something of ours was written after it: at most so far. Nothing here
 * sets a clock or orders anything; it is only told. Kept in memory: every run hears anew.
 */
import { nodePrefix, nodePrefixOfActor, type Instant } from '#base/ids.ts'
import { CLOCK_EVIDENCE_MS, CLOCK_TOLERANCE_MS, EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import type { Logged } from '#model/log.ts'
import type { MessageRecord } from '#model/view.ts'
import type { SyncContext } from './context.ts'
import { key } from './keys.ts'
import { unpack } from './records.ts'
import type { Reader } from './replica.ts'

/** What is known of one node's clock, in milliseconds ahead of ours. */
export interface ClockEvidence {
  readonly least?: Sample
  readonly most?: Sample
}

/** A difference, and when it was heard by our clock. */
interface Sample {
  readonly aheadMs: number
  readonly at: Instant
}

/** Learns from an entry that has just come in from another node. */
export async function hearTime(
  reader: Pick<Reader, 'get'>,
  context: SyncContext,
  { actor, entry }: Logged,
): Promise<void> {
  const { run, identity } = context
  const now = context.now()
  const [node, own] = [nodePrefixOfActor(actor), nodePrefix(identity.certificate.node)]
  // A node that cannot know the time says nothing about others.
  if (node === own || entry.claimedAt < EARLIEST_CREDIBLE_AT) return
  const known = fresh(run.clocks.get(node) ?? {}, now)
  const least = entry.claimedAt - now
  let next = known
  if (least > (known.least?.aheadMs ?? -Infinity))
    next = { ...next, least: { aheadMs: least, at: now } }
  const answered = await ownTimeSeen(reader, { own, entry, now })
  const most = entry.claimedAt - answered
  if (most < (known.most?.aheadMs ?? Infinity)) next = { ...next, most: { aheadMs: most, at: now } }
  run.clocks.set(node, next)
}

/** What is known of clocks and young enough, by the part of a node's id that its actors carry. */
export function clocksHeard({
  run,
  now,
}: Pick<SyncContext, 'run' | 'now'>): ReadonlyMap<string, ClockEvidence> {
  return new Map([...run.clocks].map(([node, evidence]) => [node, fresh(evidence, now())]))
}

/** The latest time of ours that the author of an entry had seen, as far as it shows; -Infinity when none does. */
async function ownTimeSeen(
  reader: Pick<Reader, 'get'>,
  {
    own,
    entry,
    now,
  }: { readonly own: string; readonly entry: Logged['entry']; readonly now: Instant },
): Promise<Instant> {
  const seen: Instant[] = []
  for (const { node, until } of entry.objections ?? []) if (node === own) seen.push(until)
  const root = entry.content.kind === 'post' ? entry.content.root : undefined
  const message = root && unpack<MessageRecord>(await reader.get(key.message(root)))
  if (message && nodePrefixOfActor(message.actor) === own) seen.push(message.claimedAt)
  // What lies ahead of our own clock was written before somebody set it.
  return Math.max(-Infinity, ...seen.filter((at) => at <= now + CLOCK_TOLERANCE_MS))
}

/** Without what is too old, or was heard before our clock was set back. */
function fresh({ least, most }: ClockEvidence, now: Instant): ClockEvidence {
  const isFresh = (sample: Sample | undefined): sample is Sample =>
    sample !== undefined && sample.at <= now && now - sample.at < CLOCK_EVIDENCE_MS
  return { ...(isFresh(least) && { least }), ...(isFresh(most) && { most }) }
}
