/**
 * Spare copies of what nothing works without: certificates, and orders about nodes. They stand in the keys document; when damage
 * takes it, nobody else's envelope could be opened any more, so that it could not even be asked for again; and whoever was
 * out would be trusted until it has come back.
 */
import type { Content } from '#model/entry.ts'
import { KEYS } from '#model/document-id.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { envelopeName } from './ledger.ts'
import { isOrder, uphold } from './orders.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** Keeps a copy of an entry of the keys document that counted, if it is a certificate or an order. */
export function keepSpare(tx: Pick<Tx, 'put'>, content: Content): void {
  if (content.kind !== 'node' && !isOrder(content)) return
  const bytes = pack(content)
  tx.put(key.spare(envelopeName(bytes)), bytes)
}

/** Knows again whom it knew, while the keys document has a hole. To be called before that is folded. */
export async function useSpareCertificates(tx: Tx, { roster }: SyncContext): Promise<void> {
  const certificates = (await sparesOf(tx)).flatMap((content) =>
    content.kind === 'node' ? [content.certificate] : [],
  )
  // One that a node issued counts once its issuer's does.
  for (const bytes of [...certificates, ...certificates]) roster.introduce(bytes)
}

/** Says again who is out, while the keys document has a hole. To be called once that was folded. */
export async function useSpareOrders(tx: Tx, context: SyncContext): Promise<void> {
  await uphold(tx, context, (await sparesOf(tx)).filter(isOrder))
}

/** None unless they are needed. */
async function sparesOf(tx: Tx): Promise<readonly Content[]> {
  if ((await tx.get(key.hole(KEYS))) === undefined) return []
  return (await tx.list(range.spares)).flatMap(([, bytes]) => unpack<Content>(bytes) ?? [])
}
