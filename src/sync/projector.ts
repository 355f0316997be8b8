/**
 * From entries to the picture people see: each change that a commit adds is folded into the view's records in the
 * same commit. The directory is small and kept in memory; messages and channels are records in the store.
 */
import { nodePrefix, type DocumentId, type Instant, type UserId } from '#base/ids.ts'
import type { Directory, DirectoryChange } from '#model/directory.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import type { KeyBook, KeyNews } from '#model/key-book.ts'
import type { Logged } from '#model/log.ts'
import type { Amendment, MessageRecord } from '#model/view.ts'
import type { Identity } from '#trust/identity.ts'
import type { Roster } from '#trust/roster.ts'
import { retryHeld, type WithoutEffect } from './amendments.ts'
import type { BookmarkNews } from './bookmarks.ts'
import { isTooLate, openBooks, type Books } from './books.ts'
import { applyMessage } from './fold-message.ts'
import type { Reader, Tx } from './replica.ts'

/** What changed in the view. */
export type ViewEvent =
  | { readonly kind: 'posted'; readonly message: MessageRecord; readonly isLate: boolean }
  | { readonly kind: 'amended'; readonly message: MessageRecord; readonly by: Amendment }
  /** `bookmarks`: those that are another than before; then nothing else is. `isRestored`: the channel was archived before. */
  | {
      readonly kind: 'settings'
      readonly document: DocumentId
      readonly bookmarks?: readonly BookmarkNews[]
      readonly isRestored?: boolean
    }
  | { readonly kind: 'directory'; readonly change: DirectoryChange }
  | { readonly kind: 'keys'; readonly news: KeyNews }

/** Where an entry came from. */
export interface Source {
  /** It came in from another node. */
  readonly isLate: boolean
  /** It was folded before: nobody is told, nothing is counted twice. */
  readonly isAgain?: boolean
  /** The client's id, for a post written here. */
  readonly pendingId: string
  readonly now: Instant
}

/** A change in its place, and its document. */
interface FoldedAt {
  readonly document: DocumentId
  readonly logged: Logged
}

/** Keeps the view, the directory and the book of keys. */
export interface Projector {
  readonly directory: () => Directory
  readonly keyBook: () => KeyBook
  /** Folds one change that the same commit has added. */
  readonly apply: (tx: Tx, at: FoldedAt, source: Source) => Promise<ViewEvent | undefined>
  /** Folds both documents anew: at start, and after a batch failed. */
  readonly reload: (reader: Pick<Reader, 'log'>) => Promise<void>
}

/** What else follows from the two documents that decide who is who, in the commit that changes them. */
export interface ProjectorHooks {
  readonly keysChanged: (tx: Tx, news: KeyNews, content: Content) => Promise<void>
  readonly directoryChanged: (tx: Tx, change: DirectoryChange) => Promise<void>
  /** A revocation or a certificate changed what earlier entries say; `before` is the directory as it was. */
  readonly foldedAnew: (tx: Tx, before: Directory) => Promise<void>
  /** What else changed in the view by it. */
  readonly told: (tx: Tx, event: ViewEvent) => void
  /** An entry changes nothing, as its writer has no say in it. */
  readonly withoutEffect: (tx: Tx, at: WithoutEffect) => void
  /** An entry has just come in from elsewhere. */
  readonly arrived: (tx: Tx, logged: Logged) => Promise<void>
  /** A message with files is there. */
  readonly filesCame: (tx: Tx, message: MessageRecord) => Promise<void>
  /** An order to purge was added. */
  readonly purgeOrdered: (tx: Tx, at: FoldedAt) => Promise<void>
  /** An entry came in, or was written again in a new life, about a message that is not here. */
  readonly unplaced: (tx: Tx, at: FoldedAt) => Promise<void>
  readonly audited: (tx: Tx, at: { document: DocumentId; logged: Logged }) => Promise<void>
}

/** A projector with an empty directory and an empty book of keys. */
export function openProjector(
  { identity, roster }: { readonly identity: Identity; readonly roster: Roster },
  hooks: ProjectorHooks,
): Projector {
  const books = openBooks(roster, identity.organisation.id)
  const bench: Bench = { identity, roster, hooks, books }
  return {
    directory: books.directory,
    keyBook: books.keyBook,
    apply: async (tx, at, source) => {
      if (source.isLate && source.isAgain !== true) await hooks.arrived(tx, at.logged)
      if (at.document === KEYS) return foldKeys(tx, bench, { at, source })
      const [event, ...more] = await foldCounted(tx, bench, { at, source })
      if (source.isAgain !== true) for (const one of more) hooks.told(tx, one)
      return event
    },
    reload: books.reload,
  }
}

interface Bench {
  readonly identity: Identity
  readonly roster: Roster
  readonly hooks: ProjectorHooks
  readonly books: Books
}

interface Folding {
  readonly at: FoldedAt
  readonly source: Source
}

async function foldKeys(
  tx: Tx,
  bench: Bench,
  { at, source }: Folding,
): Promise<ViewEvent | undefined> {
  const { books, hooks } = bench
  const news = books.foldKeys(at.logged)
  tellWhy(tx, bench, { ...at, reason: objectionTo(bench, news) })
  await hooks.keysChanged(tx, news, at.logged.entry.content)
  if (books.isOutdated(news)) {
    const before = books.directory()
    await books.reload(tx)
    await hooks.foldedAnew(tx, before)
    await tryHeld(tx, bench, { now: source.now, author: undefined })
  }
  return news.kind === 'nothing' ? undefined : { kind: 'keys', news }
}

/** An entry that is too far ahead of all others is folded when what explains it has come. */
async function foldCounted(
  tx: Tx,
  bench: Bench,
  { at: { document, logged: newest }, source }: Folding,
): Promise<ViewEvent[]> {
  const events: ViewEvent[] = []
  for (const logged of (await tx.log(document)).countedBy(newest)) {
    const event = await foldOne(tx, bench, { at: { document, logged }, source })
    if (event !== undefined) events.push(event)
  }
  return events
}

async function foldOne(
  tx: Tx,
  bench: Bench,
  { at, source }: Folding,
): Promise<ViewEvent | undefined> {
  const { books, hooks, roster, identity } = bench
  const { document, logged } = at
  if (document === DIRECTORY) return foldDirectory(tx, bench, { at, source })
  if (document.startsWith('a.')) await hooks.audited(tx, at)
  const writer = roster.ofActor(logged.actor)?.node
  const withoutEffect = (suspect: WithoutEffect): void => {
    if (source.isAgain !== true) hooks.withoutEffect(tx, suspect)
  }
  // What whoever took a node says it wrote later counts no more here than in the directory.
  if (writer !== undefined && isTooLate(roster, writer, logged)) {
    withoutEffect({ document, actor: logged.actor, reason: 'revoked' })
    return undefined
  }
  const certificate = roster.ofActor(logged.actor)
  const certifiedAt = certificate?.validFrom
  const { kind } = logged.entry.content
  // Nobody else has a say in it (`dictionaries.ts`).
  if (kind === 'dictionary' && certificate?.role !== 'hub')
    withoutEffect({ document, actor: logged.actor, reason: 'not a hub' })
  const directory = books.directory()
  const home = nodePrefix(identity.certificate.node)
  const scene = { tx, document, logged, source, directory, certifiedAt, withoutEffect, home }
  const event = await applyMessage(scene, writer ?? identity.certificate.node)
  if (source.isLate) await tellFiles(tx, hooks, event)
  if (source.isAgain !== true) await tellPurges(tx, bench, { at, isPlaced: event !== undefined })
  return event
}

async function tellFiles(
  tx: Tx,
  { filesCame }: ProjectorHooks,
  event: ViewEvent | undefined,
): Promise<void> {
  if (event?.kind === 'posted' && event.message.files !== undefined)
    await filesCame(tx, event.message)
}

async function tellPurges(
  tx: Tx,
  { hooks }: Bench,
  { at, isPlaced }: Pick<Folding, 'at'> & { readonly isPlaced: boolean },
): Promise<void> {
  if (at.logged.entry.content.kind === 'purge') await hooks.purgeOrdered(tx, at)
  else if (!isPlaced) await hooks.unplaced(tx, at)
}

async function foldDirectory(
  tx: Tx,
  bench: Bench,
  { at, source: { now } }: Folding,
): Promise<ViewEvent | undefined> {
  const { books, hooks } = bench
  const change = books.foldDirectory(at.logged)
  if (change.kind === 'nothing') tellWhy(tx, bench, { ...at, reason: change.why })
  await hooks.directoryChanged(tx, change)
  if (change.kind === 'person') await tryHeld(tx, bench, { now, author: change.person.id })
  return change.kind === 'nothing' ? undefined : { kind: 'directory', change }
}

async function tryHeld(
  tx: Tx,
  { books, hooks }: Bench,
  { now, author }: { readonly now: Instant; readonly author: UserId | undefined },
): Promise<void> {
  for (const amended of await retryHeld({ tx, directory: books.directory(), now }, author))
    hooks.told(tx, { kind: 'amended', ...amended })
}

function objectionTo({ roster }: Bench, news: KeyNews): string | undefined {
  if (news.kind === 'nothing') return news.why
  const isFalse = news.kind === 'certificate' && !roster.introduce(news.certificate)
  return isFalse ? 'not authentic' : undefined
}

function tellWhy(tx: Tx, { hooks }: Bench, { document, logged, reason }: Reasoned): void {
  const { actor } = logged
  if (reason !== undefined) hooks.withoutEffect(tx, { document, actor, reason })
}

interface Reasoned {
  readonly document: DocumentId
  readonly logged: Logged
  readonly reason: string | undefined
}
