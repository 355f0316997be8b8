/**
 * Reads everything on the disk, a little at a time: what nobody reads for months rots unseen, and by then nobody else may have
 * it any more. What is found damaged is mended like anything that somebody met (`mending.ts`, `healing.ts`).
 */
import { codeOf } from '#base/errors.ts'
import type { ChannelId } from '#base/ids.ts'
import { SCRUB_EVERY_MS, SCRUB_FIRST_MS, SCRUB_PAGE, SCRUB_STEP_MS } from '#base/limits.ts'
import { channelOfDocument } from '#model/document-id.ts'
import { postIdOf, type Log } from '#model/log.ts'
import type { Clock } from '#ports/clock.ts'
import { isTooLate } from './books.ts'
import type { SyncContext } from './context.ts'
import { key } from './keys.ts'
import { allDocuments } from './ledger.ts'
import type { Tx } from './replica.ts'
import { reproject } from './reproject.ts'

/** Reads all there is again and again, until `signal` aborts. */
export async function keepScrubbing(
  context: SyncContext,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  await clock.sleep(SCRUB_FIRST_MS, signal)
  while (!signal.aborted) {
    try {
      await scrub(context, clock, signal)
    } catch (error) {
      const code = codeOf(error) ?? 'unknown'
      if (!signal.aborted) context.log.warn('scrub.failed', { code })
    }
    await clock.sleep(SCRUB_EVERY_MS, signal)
  }
}

async function scrub(context: SyncContext, clock: Clock, signal: AbortSignal): Promise<void> {
  const { replica } = context
  const torn = new Set<ChannelId>()
  for (const document of await allDocuments(replica.read)) {
    if (signal.aborted) return
    const channel = channelOfDocument(document)
    // Read once and kept by nobody: what people use stays open, and little is left to be collected.
    const isWhole = await replica.commit(async (tx) => {
      const log = await tx.check(document)
      return channel === undefined || (await isShown(tx, context, log))
    })
    if (channel !== undefined && !isWhole) torn.add(channel)
    await clock.sleep(SCRUB_STEP_MS, signal)
  }
  for (const channel of torn) {
    if (signal.aborted) return
    context.log.error('view.damaged', { channel })
    await replica.commit((tx) => reproject(tx, context, channel))
  }
  let from = ''
  while (!signal.aborted) {
    const page = await replica.read.list({ from, to: '\u{10ffff}', limit: SCRUB_PAGE })
    const last = page.at(-1)
    if (last === undefined) return
    from = `${last[0]}\0`
    await clock.sleep(SCRUB_STEP_MS, signal)
  }
}

/** Whether the view has every message of a document: LevelDB may lose a batch and keep what was written on top of it. */
async function isShown(tx: Tx, { roster }: SyncContext, log: Log): Promise<boolean> {
  if (log.hasUnexplained()) return true // what waits for others to explain it is not shown yet
  for (const logged of log.since({})) {
    const { actor, seq, entry } = logged
    const node = roster.ofActor(actor)?.node
    const isMeant = entry.content.kind === 'post' && entry.author !== undefined
    if (!isMeant || node === undefined || isTooLate(roster, node, logged)) continue
    const place = key.message(postIdOf(log.document, actor, seq))
    if ((await tx.get(place)) === undefined) return false
  }
  return true
}
