/** Which epochs of an audience may be sealed under. */
import type { NodeId } from '#base/ids.ts'
import type { EpochFacts } from '#model/key-book.ts'
import type { AudienceId } from '#trust/epoch.ts'
import { nodesOf } from './audience.ts'
import type { SyncContext } from './context.ts'

type Candidate = Pick<EpochFacts, 'id' | 'number' | 'audience' | 'covered'> & {
  /** None made the first. */
  readonly maker: NodeId | undefined
  readonly isFirst: boolean
  /** A hub made it. */
  readonly isHubs: boolean
}

/**
 * Whether the best epoch there is was given to others and not to this hub: whoever did that would split the audience, as
 * nobody else covers those who were left out. It may have been this hub itself, before its disk was put back.
 */
export function mustOutdo(
  context: SyncContext,
  [best]: readonly Candidate[],
  nodes: ReadonlySet<NodeId>,
): boolean {
  const { role, node } = context.identity.certificate
  if (role !== 'hub' || !nodes.has(node) || best === undefined) return false
  if (best.isHubs && best.maker !== node) return false
  return context.keyring.epoch(best.id) === undefined
}

/**
 * Epochs of an audience as the book has them, without what this node knows to be false: anybody may write that it made the
 * epoch of another audience, and whoever holds that one must not give it to this audience.
 */
export function epochsTold(
  { keyBook, keyring }: SyncContext,
  audience: AudienceId,
): readonly EpochFacts[] {
  return keyBook()
    .epochs(audience)
    .filter(({ id, number, maker }) => {
      const held = keyring.epoch(id)
      const isSame = held?.audience === audience && held.number === number && held.maker === maker
      return held === undefined || isSame
    })
}

/**
 * Epochs that only nodes of the audience can have, best first: those that a hub made, then the largest number, then the
 * largest id, the same on every node. The first epoch of the organisation is good while everybody ever let in still belongs.
 */
export function goodEpochs(
  context: SyncContext,
  audience: AudienceId,
  nodes: ReadonlySet<NodeId>,
): readonly Candidate[] {
  const book = context.keyBook()
  // Who is out and has published the key of somebody inside as their own has not got what it opens.
  const isInside = (keyName: string): boolean => !book.ownersOf(keyName).isDisjointFrom(nodes)
  const made: Candidate[] = epochsTold(context, audience)
    .filter(({ maker, covered }) => nodes.has(maker) && [...covered].every(isInside))
    .map((one) => ({
      ...one,
      isFirst: false,
      isHubs: context.roster.byNode(one.maker)?.role === 'hub',
    }))
  made.push(...atTheDoor(context, audience, nodes))
  const first = context.keyring.firstEpoch
  // Who is revoked was let in once, whether its certificate has come here or not.
  const isEverybody =
    book.revocations().length === 0 && context.roster.all().every(({ node }) => nodes.has(node))
  if (audience === first.audience && isEverybody)
    made.push({
      id: first.id,
      number: 0,
      maker: undefined,
      audience,
      covered: new Set(),
      isFirst: true,
      isHubs: false,
    })
  const rank = (one: Candidate): number => (one.isHubs ? 1 : 0)
  return made.toSorted((a, b) => rank(b) - rank(a) || b.number - a.number || (a.id < b.id ? 1 : -1))
}

/**
 * Whether this node made the best epoch of an audience and does not hold it: its disk was put back. Who makes one counts as
 * covered, so nobody wraps it for the same sealing key.
 */
export function hasLostOwn(
  context: SyncContext,
  { name, audiences }: { readonly name: string; readonly audiences: readonly AudienceId[] },
): boolean {
  const { node } = context.identity.certificate
  return audiences.some((audience) => {
    const [best] = goodEpochs(context, audience, nodesOf(context, audience))
    if (best === undefined || context.keyring.epoch(best.id) !== undefined) return false
    return best.maker === node && best.covered.has(name)
  })
}

/** What this node was given when it came in counts until the book says whom it covers. */
function atTheDoor(
  context: SyncContext,
  audience: AudienceId,
  nodes: ReadonlySet<NodeId>,
): readonly Candidate[] {
  const { keyring, roster } = context
  const known = new Set(epochsTold(context, audience).map(({ id }) => id))
  return keyring.held(audience).flatMap(({ id, number, maker, isFromDoor }) => {
    if (maker === undefined || isFromDoor !== true || known.has(id)) return []
    const isBelieved = nodes.has(maker) || roster.byNode(maker) === undefined
    return isBelieved
      ? [
          {
            id,
            number,
            maker,
            audience,
            covered: new Set<string>(),
            isFirst: false,
            isHubs: roster.byNode(maker)?.role === 'hub',
          },
        ]
      : []
  })
}
