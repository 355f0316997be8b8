/**
 * Spare copies of what nothing works without: certificates, and orders about nodes. They stand in the keys document; when damage
 * takes it, nobody else's envelope could be opened any more, so that it could not even be asked for again; and whoever was
 * out would be trusted until it has come back. A certificate that was shown in a contact, or came with what was not taken,
 * stands here alone: without it nobody could hand on what lies on this disk by its node.
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

/** Keeps the certificates that only memory holds: what else this commit writes may rest on them. */
export function keepCertificates(tx: Tx, { roster }: SyncContext): void {
  for (const certificate of roster.unsaved()) {
    keepSpare(tx, { kind: 'node', certificate })
    tx.afterwards(() => roster.saved(certificate))
  }
}

/** Knows again whom it knew. To be called before the keys document is folded. */
export async function useSpareCertificates(tx: Tx, { roster }: SyncContext): Promise<void> {
  const certificates = (await sparesOf(tx)).flatMap((content) =>
    content.kind === 'node' ? [content.certificate] : [],
  )
  // One that a node issued counts once its issuer's does.
  for (const bytes of [...certificates, ...certificates]) roster.introduce(bytes)
  for (const bytes of certificates) roster.saved(bytes)
}

/** Says again who is out, while the keys document has a hole. To be called once that was folded. */
export async function useSpareOrders(tx: Tx, context: SyncContext): Promise<void> {
  if ((await tx.get(key.hole(KEYS))) === undefined) return
  await uphold(tx, context, (await sparesOf(tx)).filter(isOrder))
}

async function sparesOf(tx: Tx): Promise<readonly Content[]> {
  return (await tx.list(range.spares)).flatMap(([, bytes]) => unpack<Content>(bytes) ?? [])
}
