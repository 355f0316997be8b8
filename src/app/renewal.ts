/**
 * Certificates that are renewed in time, so that a node which gives signs of life never runs out and a lost one does.
 *
 * A node whose certificate is two thirds through asks, by an entry of the keys document, which travels like everything.
 * Whoever may issue answers with a new certificate there. Receipts are signs of life, too: a kit whose clock stands in
 * 1970 never finds that it should ask, and is renewed because it is heard. What the root alone gave (rights) the root
 * alone renews. By a clock that cannot be right nothing is issued.
 */
import type { Instant, NodeId } from '#base/ids.ts'
import { EARLIEST_CREDIBLE_AT, RENEWAL_HEARD_MS, RENEWAL_PERCENT } from '#base/limits.ts'
import { KEYS } from '#model/document-id.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import { isNode } from '#sync/context.ts'
import { range } from '#sync/keys.ts'
import type { LinkState } from '#sync/links.ts'
import { unpack } from '#sync/records.ts'
import type { ReceiptRecord } from '#sync/said.ts'
import type { Tx } from '#sync/replica.ts'
import { isPast, validityOf, type Certificate, type Issuer } from '#trust/identity.ts'
import type { KeyPair } from '#trust/keys.ts'
import { issuerHere, renew } from './admission.ts'
import { write, type AppContext } from './context.ts'
import type { EdgeNode } from './node.ts'

/** What renewing takes. */
export interface RenewalParts {
  readonly root: KeyPair | undefined
  readonly links: () => readonly LinkState[]
}

/** How often certificates are looked at while the node runs: once a day. */
export const RENEWAL_CHECK_MS = 24 * 3_600_000

/** Asks for a new certificate of our own if it is time, and renews what is due where this node may. How many were. */
export async function renewCertificates(context: AppContext, parts: RenewalParts): Promise<number> {
  return context.sync.replica.commit(async (tx) => {
    const issuer = issuerHere(context, parts.root)
    const now = context.sync.now()
    const due: Certificate[] = []
    if (issuer !== undefined && now >= EARLIEST_CREDIBLE_AT)
      for (const one of context.sync.roster.all())
        if (await isDue(tx, context, { certificate: one, issuer, links: parts.links() }))
          due.push(one)
    if (issuer !== undefined)
      for (const certificate of due) await renew(tx, context, { issuer, certificate })
    await ask(tx, context)
    return due.length
  })
}

/** Renews at once and then once a day, until `signal` aborts. A day on which it fails is followed by another. */
export async function keepRenewing(
  node: Pick<EdgeNode, 'renewCertificates'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await node
      .renewCertificates()
      .catch((error: unknown) => log.warn('renewal.failed', { error: String(error) }))
    await clock.sleep(RENEWAL_CHECK_MS, signal)
  }
}

/** When a node gave its last sign of life, by this node's clock; 0 for never. */
export async function lastHeard(
  reader: Pick<Tx, 'list'>,
  node: NodeId,
  view: { readonly links: readonly LinkState[]; readonly now: Instant },
): Promise<Instant> {
  if (view.links.some(({ peer, isUp }) => isUp && isNode(peer) && peer === node)) return view.now
  const receipts = await reader.list(range.receipts(node))
  return Math.max(0, ...receipts.map(([, bytes]) => unpack<ReceiptRecord>(bytes)?.at ?? 0))
}

interface Candidate {
  readonly certificate: Certificate
  readonly issuer: Issuer
  readonly links: readonly LinkState[]
}

async function isDue(
  tx: Tx,
  context: AppContext,
  { certificate, issuer, links }: Candidate,
): Promise<boolean> {
  const { roster, identity, now } = context.sync
  const { node, rights, number } = certificate
  const isRootsAlone = rights.administers || rights.issues
  if (isRootsAlone && issuer.node !== undefined) return false
  if (roster.revokedSince(node) !== undefined) return false
  if (validityOf(certificate, now()) === 'expired') return false
  if (roster.byNumber(number)?.node !== node && mayNumber(issuer, certificate)) return true
  if (hasAsked(context, certificate) && isPast(certificate, 50, now())) return true
  if (!isPast(certificate, RENEWAL_PERCENT, now())) return false
  if (node === identity.certificate.node) return true
  return now() - (await lastHeard(tx, node, { links, now: now() })) <= RENEWAL_HEARD_MS
}

/** A number that the root gave is the root's to change. */
function mayNumber(issuer: Issuer, certificate: Certificate): boolean {
  return issuer.node === undefined || certificate.issuer !== undefined
}

/** Once for each certificate: entries stay, and the answer may take weeks. */
async function ask(tx: Tx, context: AppContext): Promise<void> {
  const { certificate } = context.sync.identity
  const now = context.sync.now()
  if (now < EARLIEST_CREDIBLE_AT || !isPast(certificate, RENEWAL_PERCENT, now)) return
  if (hasAsked(context, certificate)) return
  const content = { kind: 'renewal' as const, until: certificate.validUntil }
  await write(tx, context, { document: KEYS, author: undefined, content })
}

/** Whether the node has asked for a certificate in place of this one; entries are to the second. */
function hasAsked({ sync }: AppContext, { node, validUntil }: Certificate): boolean {
  return sync.keyBook().renewalAsked(node) >= Math.floor(validUntil / 1000) * 1000
}
