/**
 * Orders about nodes: revocations, and orders to wipe. One that was heard counts for ever and for everybody: where the list
 * in which it stood is cut for a fork, or never was taken for one, whoever heard it there says it again in a list of its
 * own. Otherwise who takes the key of a node that administers could take back what that one ordered.
 */
import type { OrganisationId } from '#base/ids.ts'
import { ORDERS_HEARD_MAX } from '#base/limits.ts'
import { KEYS } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import type { KeyBook } from '#model/key-book.ts'
import type { Order } from '#model/key-content.ts'
import type { Identity } from '#trust/identity.ts'
import type { Roster } from '#trust/roster.ts'
import { orderStatement, type Ordered } from '#trust/signed-order.ts'
import { writeHere } from './author.ts'
import type { SyncContext } from './context.ts'
import type { Tx } from './replica.ts'

/** An order in the name of this node, to be written into the keys document. */
export function orderHere(
  { organisation, certificate, sign }: Pick<Identity, 'organisation' | 'certificate' | 'sign'>,
  what: Without<Ordered, 'by'>,
): Order {
  const ordered: Ordered = { ...what, by: certificate.node }
  return { ...ordered, signature: sign(orderStatement(organisation.id, ordered)) }
}

type Without<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never

/** Whether an entry is an order about a node. */
export function isOrder(content: Content): content is Order {
  return content.kind === 'revocation' || content.kind === 'wipe order'
}

/** Whether an order is signed by the node that it names. */
export function isOrdered(roster: Roster, organisation: OrganisationId, order: Order): boolean {
  return roster.verify(order.by, orderStatement(organisation, order), order.signature)
}

/** Says again what somebody with a say in it ordered and what stands nowhere here. */
export async function uphold(
  tx: Tx,
  context: SyncContext,
  contents: readonly Content[],
): Promise<void> {
  if (context.run.isOver) return // nothing is written in a life that ends
  const { roster, identity } = context
  const orders = contents.filter(isOrder)
  for (const content of orders.slice(0, ORDERS_HEARD_MAX)) {
    if (stands(context.keyBook(), content)) continue
    if (roster.byNode(content.by)?.rights.administers !== true) continue
    if (!isOrdered(roster, identity.organisation.id, content)) continue
    tx.afterwards(() => context.log.warn('order.upheld', { node: content.node }))
    const entry = { author: undefined, claimedAt: context.now(), content }
    await writeHere(tx, context, { document: KEYS, entry })
  }
}

function stands(book: KeyBook, order: Order): boolean {
  if (order.kind === 'wipe order') return book.isToBeWiped(order.node)
  const known = book.revocation(order.node)
  return known !== undefined && known.since <= order.since
}
