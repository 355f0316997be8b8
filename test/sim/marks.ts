/**
 * Branches that few runs take. What lies on a disk and what a node logs shows that one was taken; a set of seeds that never
 * takes one of these proves nothing of it.
 */
import type { Write } from '#ports/store.ts'
import { fileRange, type FetchRecord } from '#sync/file-records.ts'
import { unpack } from '#sync/records.ts'
import type { Marks } from './trace.ts'

/** Each must be hit by the seeds of the tests. Events of the log count on honest nodes only. */
export const RARE = [
  // faults that were really there
  'lan.cut',
  'lan.parcel-lost',
  'lan.answer-lost',
  'lan.duplicate',
  'lan.refused',
  'network.strayed',
  'post.cut',
  'post.acknowledged-and-lost',
  'post.wiped',
  'post.muted',
  'line.carried',
  'network.swizzled',
  'network.lagged',
  'lan.muted',
  'lan.deaf',
  'disk.slow',
  'power.off',
  'power.off-while-opening',
  'power.on-with-full-disk',
  'power.shut-down',
  'disk.full',
  'disk.write-lost',
  'disk.write-kept-unacknowledged',
  'log.sync.disk',
  'disk.flipped',
  'disk.value-flipped',
  'disk.block-lost',
  // disks that were put back, and what is billed
  'put-back.files',
  'put-back.whole',
  'put-back.office',
  'node.reborn',
  'budget.parcel',
  'budget.nearly-spent',
  // sticks, and what befell them
  'stick.written',
  'stick.read',
  'stick.read-again',
  'stick.is-lost',
  'stick.is-copied',
  'stick.is-put-back',
  'stick.is-cut-short',
  'stick.has-a-bit-flipped',
  'stick.is-nearly-full',
  'stick.full',
  'stick.pulled-out-early',
  'stick.power-off',
  'stick.torn',
  'stick.damage-found',
  'stick.receipt-for-far-kit',
  'stick.far-for-good',
  'stick.stored-from-far-kit',
  'stick.stored-at-far-kit',
  // what people did
  'people.sent-again-saved',
  'people.sent-again-refused',
  'people.flurry',
  'people.rush',
  'people.tick',
  'file.handed-in',
  'file.asked',
  'file.came',
  'refused.NOT_ALLOWED',
  'refused.ALREADY_EXISTS',
  'refused.STORE_FULL',
  // words, and what was held against them
  'word.queued',
  'word.left this kit',
  'word.stored',
  'word.read',
  'custody.held-against-disk',
  'order.flash-left',
  'outbox.offer-gone',
  'secrecy.tried',
  // what was purged
  'purge.ordered',
  'purge.carried-out',
  'purge.hold-ended',
  // what came too early, and how it was mended
  'disk.parked-for-key',
  'disk.parked-for-certificate',
  'disk.waiting',
  'disk.orphan',
  'log.gap.found',
  'note.want',
  'repair.by-a-third-node',
  // a kit in wrong hands
  'capture.taken',
  'capture.forged',
  'capture.revoked',
  'log.node.revoked',
  'log.envelope.refused',
  'log.rule.broken',
  'log.fork.found',
  'log.node.forked',
  'log.list.frozen',
  'log.list.anchored',
  'log.messages.withdrawn',
  'log.entry.without-effect',
  'log.epoch.made',
  'disk.cut-off',
] as const

/** Keys that are written only in a rare branch, by how they begin. */
const KEYS: Readonly<Record<string, string>> = {
  'park/key/': 'disk.parked-for-key',
  'park/certificate/': 'disk.parked-for-certificate',
  'wait/': 'disk.waiting',
  'view/orphan/': 'disk.orphan',
  'view/held/': 'disk.held-deletion',
  'cut/': 'disk.cut-off',
}

/** Counts what of a batch is rare. */
export function markWrites(marks: Marks, writes: readonly Write[]): void {
  for (const { key, value } of writes) {
    if (value === undefined) continue
    if (key.startsWith(fileRange.fetches.from)) markFetch(marks, unpack<FetchRecord>(value))
    for (const [prefix, mark] of Object.entries(KEYS)) if (key.startsWith(prefix)) marks.count(mark)
  }
}

/** How files come here. */
function markFetch(marks: Marks, fetch: FetchRecord | undefined): void {
  if (fetch === undefined || fetch.have.length === 0) return
  if (fetch.file === undefined) marks.count('file.carried')
  if (fetch.givers.length > 1) marks.count('file.from-two')
}

/** Those of `RARE` that none of these runs hit. */
export function neverHit(
  results: readonly { readonly marks: Readonly<Record<string, number>> }[],
): readonly string[] {
  return RARE.filter((mark) => !results.some(({ marks }) => (marks[mark] ?? 0) > 0))
}
