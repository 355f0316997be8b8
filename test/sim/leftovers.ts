/** What must not be left on a disk once everything has drained. */
import { nodePrefix, nodePrefixOfPerson, type ChannelId } from '#base/ids.ts'
import { isFounder } from '#model/channel-id.ts'
import type { Amendment } from '#model/view.ts'
import { unpack, type KeptRecord } from '#sync/records.ts'
import type { Sealing } from './evidence.ts'
import type { Member } from './fleet.ts'
import type { Verdict } from './verdict.ts'
import type { View } from './view.ts'

/** What is checked. */
interface Rest {
  readonly members: readonly Member[]
  readonly verdict: Verdict
  /** What headquarters shows. */
  readonly reference: View
  readonly sealingOf: (envelope: Uint8Array) => Sealing | undefined
}

/** Prefixes of keys under which something waits: for a peer, for an answer, for something it depends on. */
const WAITING = ['out/', 'fly/', 'note/', 'owe/', 'wait/', 'park/', 'view/orphan/'] as const

/** Fails for whatever still wants to go somewhere from a node's disk, or waits for what will come. */
export function checkLeftovers(end: Rest, member: Member): void {
  const captured = end.members.filter(({ capturedAt }) => capturedAt !== undefined)
  for (const prefix of WAITING) {
    const kept = member.disk.durable({ from: prefix, to: `${prefix.slice(0, -1)}0` })
    const left = kept.filter((record) => !mayStay({ ...end, captured }, prefix, record))
    if (left.length === 0) continue
    end.verdict.fail({
      broken: 'nothing left over',
      where: member.name,
      wanted: `nothing under ${prefix}`,
      found: `${left.length} keys, first ${left[0]?.[0] ?? ''}`,
    })
  }
}

/** Whether what waits may wait for ever. */
function mayStay(
  { members, captured, reference, sealingOf }: Rest & { readonly captured: readonly Member[] },
  prefix: (typeof WAITING)[number],
  [place, value]: readonly [string, Uint8Array],
): boolean {
  // Nobody goes to a captured node any more.
  if (captured.some(({ id }) => place.includes(`/${id}/`))) return true
  // Audits are for headquarters: nobody else could open its own.
  if (prefix === 'out/' && place.includes(`/a.${members[0]?.id}.`)) return true
  if (prefix === 'view/orphan/') {
    // What it says of its own message, which came too late to count.
    const author = unpack<Pick<Amendment, 'author'>>(value)?.author
    return captured.some(({ id }) => author && nodePrefixOfPerson(author) === nodePrefix(id))
  }
  if (prefix !== 'park/') return false
  const envelope = unpack<KeptRecord>(value)?.bytes
  const sealing = envelope && sealingOf(envelope)
  if (captured.some(({ id }) => id === sealing?.sender)) return true
  // It waits for a channel that a captured node made, and that counts nowhere any more.
  const channel = sealing?.scope as ChannelId
  const isNowhere = sealing !== undefined && !reference.channels.has(channel)
  if (isNowhere && isCapturedsOwn({ members }, channel)) return true
  return sealing?.isForAll === false // a post office gives everybody what is sealed for a few
}

/** Whether a captured node made a channel. */
export function isCapturedsOwn({ members }: Pick<Rest, 'members'>, channel: ChannelId): boolean {
  return members.some(
    ({ id, capturedAt }) => capturedAt !== undefined && isFounder(channel, nodePrefix(id)),
  )
}
