/** Changes that were cut off a list, kept apart in case their branch is the one that counts. */
import { must } from '#base/assert.ts'
import type { Log, Logged } from '#model/log.ts'
import { changeAfter, upTo, type Trodden } from '#model/trail.ts'
import { key } from './keys.ts'
import type { ListEnd, ListName } from './list-end.ts'
import { pack, unpack, type CutRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** Keeps a change apart that `log` had. */
export function keepCut(
  tx: Tx,
  log: Log,
  { change, signature }: { readonly change: Logged; readonly signature: Uint8Array | undefined },
): void {
  const { actor, seq, value } = change
  const { trail: before } = upTo(log, { actor, seq: seq - 1 })
  const place = key.cut(log.document, actor, upTo(log, change))
  tx.put(place, pack({ before, value, signature } satisfies CutRecord))
}

/** The branch that was cut off here and leads furthest beyond `reach`: its changes from where it leaves the list. */
export async function cutBefore(
  tx: Tx,
  { document, actor }: ListName,
  { end, reach }: { readonly end: ListEnd; readonly reach: number },
): Promise<readonly Trodden[]> {
  const log = await tx.log(document)
  for (const point of end.points) {
    if (point.seq <= reach) break
    const cuts: CutRecord[] = []
    let { seq, trail } = point
    while (log.trail(actor, seq) !== trail) {
      const known = unpack<CutRecord>(await tx.get(key.cut(document, actor, { seq, trail })))
      if (known === undefined) break
      cuts.unshift(known)
      trail = known.before
      seq -= 1
    }
    if (log.trail(actor, seq) !== trail) continue
    let at = { seq, hash: must(log.before(actor, seq + 1), 'what has a trail has a hash'), trail }
    return cuts.map(({ value }) => {
      const change = changeAfter(at, { actor, value })
      at = change
      return change
    })
  }
  return []
}
