/** What both ways of measuring a plan have: messages that are written and rehearsed with nothing in between. */
import { rehearse, type Rehearsal, type Way } from '#sync/rehearsal.ts'
import { segmentFor } from '#sync/segments.ts'
import { writeHere } from '#sync/author.ts'
import { channelOf, personOf } from './sync-posts.ts'
import type { TrustNode } from './trust-node.ts'

/** What was foretold of one link, and what it was. */
export interface Outcome {
  readonly foretold: { readonly bytes: number; readonly ms: number; readonly micros: number }
  readonly real: { readonly bytes: number; readonly ms: number; readonly micros: number }
  /** Longest time that this process did not come to its turn while it went over the link, in milliseconds of this machine. */
  readonly lateMs: number
}

/** Writes in one commit, and rehearses in the next: nothing goes in between. */
export async function postAndForetell(
  kit: TrustNode,
  texts: readonly string[],
  way: Way,
): Promise<Rehearsal> {
  const { context } = kit
  const channel = channelOf(kit)
  const written = context.replica.commit(async (tx) => {
    for (const body of texts) {
      const document = await segmentFor(tx, { channel, lane: 'routine' }, context.now())
      const content = { kind: 'post', body, root: undefined } as const
      const entry = { author: personOf(kit), claimedAt: context.now(), content }
      await writeHere(tx, context, { document, entry })
    }
  })
  const foretold = rehearse(context, way)
  await written
  return foretold
}
