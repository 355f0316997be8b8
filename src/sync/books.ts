/**
 * The directory and the book of keys, folded entry by entry as they come, and anew where a revocation or a certificate
 * changes what earlier entries say: nodes with the same entries have the same of both.
 */
import { lifeOfActor, type NodeId, type OrganisationId } from '#base/ids.ts'
import { openDirectory, type Directory, type DirectoryChange } from '#model/directory.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { openKeyBook, type KeyBook, type KeyNews, type Writer } from '#model/key-book.ts'
import type { Order } from '#model/key-content.ts'
import type { Logged } from '#model/log.ts'
import type { Roster } from '#trust/roster.ts'
import { isOrder, isOrdered } from './orders.ts'
import type { Reader } from './replica.ts'

/** Both, in memory. */
export interface Books {
  readonly directory: () => Directory
  readonly keyBook: () => KeyBook
  readonly foldKeys: (logged: Logged) => KeyNews
  readonly foldDirectory: (logged: Logged) => DirectoryChange
  /** Whether what was folded before would be folded otherwise after this. */
  readonly isOutdated: (news: KeyNews) => boolean
  /** Folds both anew from their documents. */
  readonly reload: (reader: Pick<Reader, 'log'>) => Promise<void>
}

const REVOKED = { kind: 'nothing', why: 'revoked' } as const
const FORGED = { kind: 'nothing', why: 'not authentic' } as const

/** Both, empty. */
export function openBooks(roster: Roster, organisation: OrganisationId): Books {
  let directory = openDirectory()
  let keyBook = openKeyBook()
  /** As what the entries of each node were folded. */
  const rights = new Map<NodeId, boolean>()

  const isAdministering = (node: NodeId): boolean =>
    roster.byNode(node)?.rights.administers === true
  const asWriter = (node: NodeId): Writer => {
    const administers = isAdministering(node)
    if (!rights.has(node)) rights.set(node, administers)
    return { node, administers }
  }
  const writerOf = (logged: Logged): Writer | undefined => {
    const { content } = logged.entry
    if (content.kind === 'node') roster.introduce(content.certificate)
    const certificate = roster.ofActor(logged.actor)
    if (certificate === undefined || isTooLate(roster, certificate.node, logged)) return undefined
    return asWriter(certificate.node)
  }
  /** Whether what was folded before would be folded otherwise now. */
  const isOutdated = ({ kind }: KeyNews): boolean =>
    kind === 'revocation' ||
    (kind === 'certificate' &&
      [...rights].some(([node, administers]) => isAdministering(node) !== administers))
  const isOut = ({ actor }: Logged, writer: Writer | undefined): boolean =>
    writer === undefined && roster.ofActor(actor) !== undefined
  const foldKeys = (logged: Logged): KeyNews => {
    const { content } = logged.entry
    if (isOrder(content)) {
      const signer = asWriter(content.by)
      return objectionTo(roster, organisation, content) ?? keyBook.apply(logged, signer)
    }
    const writer = writerOf(logged)
    if (content.kind === 'sealing key' && writer !== undefined)
      roster.learnLife(writer.node, content.generation, lifeOfActor(logged.actor))
    const news = keyBook.apply(logged, writer)
    return news.kind === 'nothing' && isOut(logged, writer) ? REVOKED : news
  }
  const foldDirectory = (logged: Logged): DirectoryChange => {
    const writer = writerOf(logged)
    if (writer !== undefined) return directory.apply(logged, writer)
    return isOut(logged, writer) ? REVOKED : { kind: 'nothing' }
  }

  const reload: Books['reload'] = async (reader) => {
    const keys = (await reader.log(KEYS)).since({})
    const log = await reader.log(DIRECTORY)
    const entries = log.since({}).flatMap(log.countedBy)
    directory = openDirectory()
    keyBook = openKeyBook()
    rights.clear()
    roster.forgetOrders() // one that did not get to the disk, or that was cut, is no order
    introduceAll(roster, keys)
    for (const one of keys.filter(isRevocation)) foldKeys(one)
    for (const { node, since } of keyBook.revocations()) roster.revoke(node, since)
    for (const one of keys) if (!isRevocation(one)) foldKeys(one)
    for (const node of keyBook.wipeOrders()) roster.awaitWipe(node, !keyBook.hasWiped(node))
    for (const one of entries) foldDirectory(one)
  }
  const now = { directory: () => directory, keyBook: () => keyBook }
  return { ...now, foldKeys, foldDirectory, isOutdated, reload }
}

/** Why an order does not count, whatever its signer may do: it is the signer's, whoever says it again. */
function objectionTo(
  roster: Roster,
  organisation: OrganisationId,
  order: Order,
): KeyNews | undefined {
  if (roster.byNode(order.by) === undefined) return { kind: 'nothing' }
  if (!isOrdered(roster, organisation, order)) return FORGED
  // A revocation counts whatever became of its signer since: otherwise two that revoke each other would count or not
  // by which came first. It can be backdated anyway.
  const since = roster.revokedSince(order.by)
  const isLate = order.kind === 'wipe order' && since !== undefined && order.at >= since
  return isLate ? REVOKED : undefined
}

function isRevocation({ entry }: Logged): boolean {
  return entry.content.kind === 'revocation'
}

/** Certificates first, twice: one that a node issued counts once its issuer's does, wherever the two stand. */
function introduceAll(roster: Roster, keys: readonly Logged[]): void {
  for (const _ of ['issuers', 'all'])
    for (const { entry } of keys)
      if (entry.content.kind === 'node') roster.introduce(entry.content.certificate)
}

/** Whether an entry claims to be written after its node was revoked: who took the node wrote it. */
export function isTooLate(roster: Roster, node: NodeId, { entry }: Logged): boolean {
  const since = roster.revokedSince(node)
  if (entry.content.kind === 'wiped') return false // what it was asked to say last
  return since !== undefined && entry.placeAt >= since
}
