/** Epochs handed to others, and taken from them: wrapped under a secret that a pair of nodes shares. */
import type { NodeId } from '#base/ids.ts'
import type { SealingKeyFacts, WrapFacts } from '#model/key-book.ts'
import { WRAPS_MAX, type KeyContent, type Wrap } from '#model/key-content.ts'
import { KEYS } from '#model/document-id.ts'
import { auditScope, unwrapEpoch, wrapEpoch, type AudienceId, type Epoch } from '#trust/epoch.ts'
import { sealSecret } from '#trust/sealing-key.ts'
import { alarm } from './alarms.ts'
import { channelOfAudience } from './audience.ts'
import type { SyncContext } from './context.ts'
import { key } from './keys.ts'
import { offerToPeers } from './ledger.ts'
import { pack, type EpochRecord } from './records.ts'
import type { Tx } from './replica.ts'

interface Wrapping {
  readonly epoch: Epoch
  readonly lacking: readonly SealingKeyFacts[]
  /** Otherwise these are more wraps of an epoch that stands in the book. */
  readonly isNew: boolean
}

/** Wraps an epoch for as many as one entry holds. */
export async function wrapFor(
  tx: Tx,
  context: SyncContext,
  { epoch, lacking, isNew }: Wrapping,
): Promise<void> {
  const { suite } = context.identity.organisation
  const wraps: Wrap[] = []
  for (const sealing of lacking.slice(0, WRAPS_MAX)) {
    const pair = await pairWith(tx, context, sealing)
    if (pair !== undefined)
      wraps.push({ pair: pair.seq, bytes: wrapEpoch(suite, pair.secret, epoch) })
  }
  if (wraps.length === 0 && !isNew) return
  const maker = isNew ? undefined : epoch.maker
  const { id, audience, number } = epoch
  await append(tx, context, { kind: 'epoch', audience, number, epoch: id, maker, wraps })
}

/** The secret we share with the owner of a sealing key; a new pair (1.1 KB, once) when there is none. */
async function pairWith(
  tx: Tx,
  context: SyncContext,
  sealing: SealingKeyFacts,
): Promise<{ readonly seq: number; readonly secret: Uint8Array } | undefined> {
  const { actor } = context.replica
  const known = context.keyBook().pairWith(actor, sealing.name)
  const kept = known && (await tx.get(key.pairSecret(actor, known)))
  if (known !== undefined && kept) return { seq: known, secret: kept }
  const { suite } = context.identity.organisation
  const made = sealSecret(suite, sealing.publicBytes, context.random)
  if (made === undefined) return undefined
  const { ciphertext, secret } = made
  const seq = await append(tx, context, { kind: 'pair', keyName: sealing.name, ciphertext })
  tx.put(key.pairSecret(actor, seq), secret)
  return { seq, secret }
}

/** Takes an epoch that was wrapped for this node; says so when it does not open. */
export async function takeWrap(tx: Tx, context: SyncContext, wrap: WrapFacts): Promise<void> {
  // An id says which number it is of: under another it is a copy that opens nothing.
  if (context.keyring.epoch(wrap.epoch.id)?.number === wrap.epoch.number) return
  const secret = await tx.get(key.pairSecret(wrap.actor, wrap.pair))
  if (secret === undefined) return
  const { suite } = context.identity.organisation
  const epoch = unwrapEpoch(suite, secret, { facts: wrap.epoch, bytes: wrap.bytes })
  if (epoch !== undefined) return hold(tx, context, epoch)
  const { actor } = wrap
  const reason = 'does not open'
  alarm(tx, context, { deed: 'entry without effect', document: KEYS, actor, reason })
}

/** Keeps an epoch, on disk and in hand. */
export async function hold(tx: Tx, context: SyncContext, epoch: Epoch): Promise<void> {
  const { audience, number, maker, secret, isFromDoor = false } = epoch
  const heldSince = context.now()
  const record: EpochRecord = { audience, number, maker, secret, heldSince, isFromDoor }
  for (const place of [key.epoch(epoch.id), key.spareEpoch(epoch.id)]) tx.put(place, pack(record))
  nameScope(context, audience)
  context.keyring.hold(epoch)
}

/** What a secret opens: a node's audit, or messages of a channel, once the directory has told that it is one. */
export function nameScope(context: SyncContext, audience: AudienceId): void {
  const { roster, keyring, identity } = context
  if (audience === identity.organisation.id) return
  const node = roster.byNode(audience as NodeId)?.node
  const scope = node === undefined ? channelOfAudience(context, audience) : auditScope(node)
  if (scope !== undefined) keyring.addScope(scope, audience)
}

/** Writes an entry of the keys document and offers it to everybody. Gives its number. */
export async function append(tx: Tx, context: SyncContext, content: KeyContent): Promise<number> {
  const now = context.now()
  const logged = await tx.append(KEYS, { author: undefined, claimedAt: now, content })
  const source = { isLate: false, pendingId: '', now }
  const event = await context.projector.apply(tx, { document: KEYS, logged }, source)
  if (event !== undefined) tx.afterwards(() => context.emit(event))
  await offerToPeers(tx, context, { document: KEYS, from: undefined })
  return logged.seq
}
