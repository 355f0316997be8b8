/**
 * In which life a node speaks. A life that is new here comes after those that were heard of, as what lies at a post office is read in
 * its order, but not after one in which the node said that it holds what it wrote in this one. When a late envelope has shown it the
 * wrong way round, the node's own words set it right: the later life holds what the earlier one wrote. Who was put back begins a
 * new life, and what it signed for in earlier ones holds no more than it says again (`ledger.ts`).
 */
import type { ActorId, Instant, NodeId } from '#base/ids.ts'
import type { Clock } from '#model/log.ts'
import { key, range } from './keys.ts'
import { pack, unpack, unpackOnce } from './records.ts'
import type { ReceiptRecord } from './said.ts'
import type { Tx } from './replica.ts'

/** Lives of one node that are remembered: it begins one whenever its disk is put back. */
const LIVES_MAX = 64

/** The life in which a node spoke last, and those that were over by then, the last of them last. */
interface LivesRecord {
  readonly actor: ActorId
  readonly earlier: readonly ActorId[]
  /** It was told again what others had signed for. */
  readonly isTold?: true
  /** When a node was told so last, in whichever life. */
  readonly toldAt?: Instant
}

/** Telling it all takes far more bytes than beginning a life: who begins one after another is told so often. */
const TOLD_EVERY_MS = 600_000

/** The life in which something was said. */
export interface Life {
  readonly actor: ActorId
  /** No later one is known. */
  readonly isCurrent: boolean
  /** The node has had others before. */
  readonly isLater: boolean
}

/** Hears in which life a node has sealed an envelope, and what it names in it of its own lists. */
export async function hearLife(
  tx: Tx,
  { node, actor, named }: Spoken & { readonly named: readonly Clock[] },
): Promise<Life> {
  const known = unpack<LivesRecord>(await tx.get(key.lives(node)))
  const life = await lifeOf(tx, node, actor)
  const isSetRight = named.some((clock) => known !== undefined && clock[known.actor] !== undefined)
  if (life !== undefined && (life.isCurrent || !isSetRight)) return life
  if (known !== undefined && !isSetRight && (await isNamed(tx, { node, by: known.actor, actor }))) {
    const earlier = [...known.earlier, actor].slice(-LIVES_MAX)
    tx.put(key.lives(node), pack({ ...known, earlier } satisfies LivesRecord))
    return { actor, isCurrent: false, isLater: false }
  }
  const earlier = known?.earlier ?? []
  const others = earlier.filter((one) => one !== actor)
  const before = known === undefined ? others : [...others, known.actor]
  const toldAt = known?.toldAt === undefined ? {} : { toldAt: known.toldAt }
  const record: LivesRecord = { actor, earlier: before.slice(-LIVES_MAX), ...toldAt }
  tx.put(key.lives(node), pack(record))
  return { actor, isCurrent: true, isLater: before.length > 0 }
}

/** Whether a node has said in one life that it holds what it wrote in another, which was earlier then, whatever comes first. */
async function isNamed(
  tx: Tx,
  { node, by, actor }: Spoken & { readonly by: ActorId },
): Promise<boolean> {
  const words = await tx.list(range.receipts(node))
  return words.some(([, bytes]) => {
    const { life, clock } = unpackOnce<ReceiptRecord>(bytes) ?? {}
    return life === by && clock?.[actor] !== undefined
  })
}

/** What is known of the life in which a node said something that somebody else passes on; undefined when it never spoke here in it. */
export async function lifeOf(tx: Tx, node: NodeId, actor: ActorId): Promise<Life | undefined> {
  const known = unpack<LivesRecord>(await tx.get(key.lives(node)))
  if (known?.actor === actor) return { actor, isCurrent: true, isLater: known.earlier.length > 0 }
  const isOver = known?.earlier.includes(actor) === true
  return isOver ? { actor, isCurrent: false, isLater: false } : undefined
}

/** Whether a node in a later life is to be told now what its disk may have lost; then it is not again. */
export async function owesLife(tx: Tx, node: NodeId, now: Instant): Promise<boolean> {
  const known = unpack<LivesRecord>(await tx.get(key.lives(node)))
  if (known === undefined || known.earlier.length === 0 || known.isTold === true) return false
  const sinceMs = now - (known.toldAt ?? -Infinity)
  if (sinceMs >= 0 && sinceMs < TOLD_EVERY_MS) return false
  tx.put(key.lives(node), pack({ ...known, isTold: true, toldAt: now } satisfies LivesRecord))
  return true
}

/** Whether it is the first that a node says of all it has of a document in a later life; `before` is the life in which it said so last. */
export function beginsLife(
  { life, isWhole }: { readonly life?: Life | undefined; readonly isWhole?: boolean },
  { life: before }: { readonly life?: ActorId },
): boolean {
  const isOfLater = life?.isCurrent === true && life.isLater
  return isOfLater && isWhole === true && life.actor !== before
}

/** Who sealed an envelope, and in which life. */
export interface Spoken {
  readonly node: NodeId
  readonly actor: ActorId
}
