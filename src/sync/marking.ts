/** What follows for a channel's messages when its label, or the order of levels, is another than before. */
import type { ChannelId } from '#base/ids.ts'
import type { Directory } from '#model/directory.ts'
import type { PolicyPart } from '#model/policy.ts'
import type { ChannelRecord } from '#model/view.ts'
import type { SyncContext } from './context.ts'
import { key } from './keys.ts'
import { unpack } from './records.ts'
import type { Tx } from './replica.ts'
import { reproject } from './reproject.ts'

/** Which channels a part of the policy is about. */
export function channelsMeant(
  directory: Directory,
  part: PolicyPart,
): (channel: ChannelId) => boolean {
  if (part.about === 'label' || part.about === 'moderation')
    return (channel) => channel === part.channel
  if (part.about !== 'person') return () => true
  const joined = new Set(directory.channelsOf(part.person))
  return (channel) => joined.has(channel)
}

/** Whether a channel's label says the same in both. */
export function isMarkedAlike(before: Directory, after: Directory, channel: ChannelId): boolean {
  const said = ({ policy }: Directory): string =>
    JSON.stringify([policy.levels(), policy.labelOf(channel)])
  return said(before) === said(after)
}

/** Folds the channels anew in which some message has a label of its own, but those that are spared. */
export async function markAnew(
  tx: Tx,
  context: SyncContext,
  isSpared: (channel: ChannelId) => boolean,
): Promise<void> {
  for (const { id } of context.directory().channels()) {
    if (isSpared(id)) continue
    const record = unpack<ChannelRecord>(await tx.get(key.channel(id)))
    if (record?.hasLabels !== true) continue
    for (const message of await reproject(tx, context, id))
      tx.afterwards(() => context.emit({ kind: 'withdrawn', message }))
  }
}
