/** What the keys document says of epochs: by whom, and for whom they were wrapped. */
import type { ActorId, Instant, NodeId } from '#base/ids.ts'
import type { EpochFacts } from './key-book.ts'
import type { Wrap } from './key-content.ts'

/** An epoch as entries tell of it: anybody may write of any. */
export interface EpochRow extends Omit<EpochFacts, 'covered' | 'madeAt'> {
  madeAt: Instant
  /** The maker itself has told of it: nobody makes epochs in another's name. */
  isMade: boolean
  /** By who wrapped it: names of the sealing keys. */
  readonly given: Map<NodeId, Set<string>>
}

/** An entry that wraps an epoch. */
export type EpochEntry = Pick<EpochFacts, 'audience' | 'number' | 'madeAt'> & {
  readonly maker: NodeId | undefined
  readonly writer: NodeId
  readonly actor: ActorId
  readonly epoch: string
  readonly wraps: readonly Wrap[]
}

/** What is known of epochs, and of the sealing keys they were wrapped for. */
interface EpochRows {
  /** By audience and id. */
  readonly epochs: ReadonlyMap<string, ReadonlyMap<string, EpochRow>>
  /** By name of a sealing key: who published it. */
  readonly owners: ReadonlyMap<string, ReadonlySet<NodeId>>
}

/** Epochs that their makers have told of. Others may have told more of them, as far as they have them. */
export function epochsOf(book: EpochRows, audience: string): readonly EpochFacts[] {
  const rows = [...(book.epochs.get(audience)?.values() ?? [])].filter(({ isMade }) => isMade)
  return rows.map(({ id, number, maker, madeAt, given, ...row }) => ({
    id,
    audience: row.audience,
    number,
    maker,
    madeAt,
    covered: coveredBy(book, maker, given),
  }))
}

/** The maker has the secret, and so has whoever was given it by one who has; what others say they gave away they never had. */
function coveredBy(
  { owners }: EpochRows,
  maker: NodeId,
  given: ReadonlyMap<NodeId, ReadonlySet<string>>,
): ReadonlySet<string> {
  const covered = new Set(given.get(maker))
  // A set that grows while it is walked is walked to its new end.
  for (const keyName of covered) {
    for (const owner of owners.get(keyName) ?? [])
      for (const more of given.get(owner) ?? []) covered.add(more)
  }
  return covered
}
