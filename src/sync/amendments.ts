/**
 * Edits, deletions, reactions, pins and acknowledgements, folded into their messages. One that comes before its message waits for it; a deletion
 * whose author may not delete, as far as is known here, waits until the directory says more of that author. So all nodes
 * show the same, whatever came first.
 */
import type { ActorId, DocumentId, UserId } from '#base/ids.ts'
import type { Directory } from '#model/directory.ts'
import {
  amend,
  EMPTY_CHANNEL,
  mayDelete,
  whyNot,
  type Amendment,
  type ChannelRecord,
  type MessageRecord,
} from '#model/view.ts'
import type { Instant } from '#base/ids.ts'
import { keptKey } from './kept-keys.ts'
import { key, range } from './keys.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'
import { markForSearch, printOf } from './search-marks.ts'

/** What an amendment is folded into. */
export interface AmendmentScene {
  readonly tx: Tx
  readonly directory: Directory
  readonly now: Instant
  /** Told of an amendment that its author may not make. */
  readonly withoutEffect?: (at: WithoutEffect) => void
}

/** An entry that changes nothing: in whose list of what, and why. */
export interface WithoutEffect {
  readonly document: DocumentId
  readonly actor: ActorId
  readonly reason: string
}

/** A message that was amended. */
export interface Amended {
  readonly message: MessageRecord
  readonly by: Amendment
}

/** Folds an amendment into its message; undefined when that changes nothing now. */
export async function applyAmendment(
  scene: AmendmentScene,
  amendment: Amendment,
): Promise<Amended | undefined> {
  const { tx, now } = scene
  const target = amendment.content.target
  const record = unpack<MessageRecord>(await tx.get(key.message(target)))
  if (record === undefined) {
    tx.put(key.orphan(target, amendment.order), pack(amendment))
    return undefined
  }
  const amended = fold(scene, record, amendment)
  if (amended === record) return undefined
  const place = key.channel(record.channel)
  const channel = unpack<ChannelRecord>(await tx.get(place)) ?? EMPTY_CHANNEL
  const updatedAt = touchedAt(now, channel.updatedAt)
  tx.put(place, pack({ ...channel, updatedAt } satisfies ChannelRecord))
  const message = { ...amended, updatedAt }
  replaceMessage(tx, record, message)
  if (printOf(message) !== printOf(record)) markForSearch(tx, message, { isAmended: true })
  return { message, by: amendment }
}

/** The message after all that came before it, in their order. */
export async function adoptOrphans(
  scene: AmendmentScene,
  message: MessageRecord,
): Promise<MessageRecord> {
  let adopted = message
  for (const [place, bytes] of await scene.tx.list(range.orphans(message.id))) {
    const amendment = unpack<Amendment>(bytes)
    if (amendment !== undefined) adopted = fold(scene, adopted, amendment)
    scene.tx.delete(place)
  }
  return adopted
}

/** Tries again what was held back of `author`, or of everybody. */
export async function retryHeld(
  scene: AmendmentScene,
  author: UserId | undefined,
): Promise<readonly Amended[]> {
  const done: Amended[] = []
  const held = await scene.tx.list(author === undefined ? range.allHeld : range.held(author))
  for (const [place, bytes] of held) {
    const amendment = unpack<Amendment>(bytes)
    if (amendment === undefined) continue
    scene.tx.delete(place)
    const amended = await applyAmendment(scene, amendment) // held again where it still may not
    if (amended !== undefined) done.push(amended)
  }
  return done
}

/** Puts a message in the place of what it was. */
export function replaceMessage(tx: Tx, before: MessageRecord, after: MessageRecord): void {
  tx.put(key.message(after.id), pack(after))
  tx.delete(key.changed(before.channel, before.updatedAt, before.id))
  tx.put(key.changed(after.channel, after.updatedAt, after.id), pack(after.id))
  if (before.pin !== after.pin) notePin(tx, after)
}

/** Whether a message stands among its channel's pinned ones. */
export function notePin(tx: Tx, { channel, id, pin }: MessageRecord): void {
  const place = keptKey.pin(channel, id)
  if (pin?.isSet === true) tx.put(place, pack(id))
  else tx.delete(place)
}

/** This node's time of a change of a channel's picture; never back, unless what was there lies in an impossible future. */
export function touchedAt(now: Instant, before: Instant): Instant {
  return before > now && before < now + 86_400_000 ? before : now
}

function fold(
  { tx, directory, withoutEffect }: AmendmentScene,
  message: MessageRecord,
  amendment: Amendment,
): MessageRecord {
  const { author, content, order } = amendment
  const isEntitled = mayDelete(directory.person(author), author, message)
  const reason = whyNot(message, amendment, isEntitled)
  if (reason !== undefined)
    withoutEffect?.({ document: message.document, actor: amendment.actor, reason })
  if (content.kind === 'deletion' && !isEntitled)
    tx.put(key.held(author, content.target, order), pack(amendment))
  return amend(message, amendment, isEntitled)
}
