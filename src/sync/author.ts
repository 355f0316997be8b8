/** Writing here: one entry, with everything that follows from it, inside a commit. */
import type { DocumentId } from '#base/ids.ts'
import { channelOfDocument } from '#model/document-id.ts'
import type { Draft } from '#model/entry.ts'
import type { Logged } from '#model/log.ts'
import type { SyncContext } from './context.ts'
import { offerToPeers } from './ledger.ts'
import { outlookOn } from './outlook.ts'
import type { ViewEvent } from './projector.ts'
import type { Tx } from './replica.ts'

/** An entry to append, and the client's id for it where it has one. */
export interface Writing {
  readonly document: DocumentId
  readonly entry: Draft
  readonly pendingId?: string
}

/** What was written. */
export interface Written {
  readonly logged: Logged
  readonly event: ViewEvent | undefined
}

/** Appends our entry, folds it into the view, and offers it to every peer: all in this commit. */
export async function writeHere(tx: Tx, context: SyncContext, writing: Writing): Promise<Written> {
  const { document, entry } = writing
  const channel = entry.content.kind === 'post' ? channelOfDocument(document) : undefined
  const { claimedAt } = entry
  const seen = channel && (await outlookOn(tx, context, { channel, claimedAt }))
  const logged = await tx.append(document, entry, seen)
  const source = { isLate: false, pendingId: writing.pendingId ?? '', now: context.now() }
  const event = await context.projector.apply(tx, { document, logged }, source)
  if (event !== undefined) tx.afterwards(() => context.emit(event))
  if (entry.content.kind === 'post') context.deadlines.start(tx, { document, logged })
  await offerToPeers(tx, context, { document, from: undefined })
  return { logged, event }
}
