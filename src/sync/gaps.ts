/**
 * Gaps: what this node lacks of what others have signed for, and what others lack of what is here, as far as they have signed.
 * Only documents that are marked (`gap-marks.ts`) are looked at, a page of them at a time. Nothing is guessed: what cannot be
 * known, such as the size of what nobody has sent yet, is left out.
 */
import type { DocumentId, Instant, NodeId } from '#base/ids.ts'
import { GAPS_WEIGHED_MAX } from '#base/limits.ts'
import { channelOfDocument, laneOfDocument } from '#model/document-id.ts'
import { countBeyond, joinClocks, type Clock } from '#model/log.ts'
import { laneNumber, type Lane } from '#model/precedence.ts'
import { mayHold } from './audience.ts'
import type { SyncContext } from './context.ts'
import {
  announcedOf,
  heldBy,
  othersWith,
  withinEnds,
  type Holder,
  type LessRecord,
} from './gap-marks.ts'
import { holeOf } from './healing.ts'
import { key, range } from './keys.ts'
import { clockOf } from './ledger.ts'
import { keptFrom } from './parking.ts'
import { unpack, type AnnouncedRecord, type QuestionRecord } from './records.ts'
import type { Reader } from './replica.ts'

/** What this node lacks of one document. */
export interface Lacking {
  /** Changes that others have signed for, or that something here goes on from. At least one. */
  readonly changes: number
  readonly since: Instant
  /** Damage on this disk took some of it. */
  readonly isDamaged: boolean
  /** Nodes that have signed for some of it, and how much of it each can give. */
  readonly holders: readonly Holder[]
  /** Whom we asked last, and when. */
  readonly asked: QuestionRecord | undefined
}

/** What another node lacks of one document. */
export interface LackedBy {
  readonly node: NodeId
  readonly changes: number
  /** Since when, at the most: the oldest of it did not come here before. */
  readonly since: Instant
  /** Of the entries themselves, before they are sealed; undefined when they were not looked at. */
  readonly bytes: number | undefined
  /** It had signed for some of it, and says by now that it has it no more. */
  readonly hasLost: boolean
}

/** Who lacks what of one document. */
export interface DocumentGaps {
  readonly document: DocumentId
  readonly lane: Lane
  readonly lacking: Lacking | undefined
  readonly lackedBy: readonly LackedBy[]
}

/** A page of marked documents. */
export interface GapPage {
  /** Those of which somebody really lacks something, the most urgent first. */
  readonly documents: readonly DocumentGaps[]
  /** All marked documents, on this page and on others. */
  readonly marked: number
}

/** What is wanted of a document, beside what others have signed for. */
interface Need {
  readonly since: Instant
  readonly wanted: Clock
  readonly isDamaged: boolean
}

/** Marked documents: those of which others may lack something, and those of which we may. */
interface Marks {
  /** The lane's number, a slash, and the document's name: the most urgent first. */
  readonly places: readonly string[]
  readonly uneven: ReadonlyMap<DocumentId, Instant>
  readonly needs: ReadonlyMap<DocumentId, Need>
}

/** Who lacks what, of a page of documents. Marks that are there for nothing are taken away by the way. */
export async function lookForGaps(
  context: SyncContext,
  page: { readonly skip: number; readonly limit: number },
): Promise<GapPage> {
  const { read } = context.replica
  const marks = await marksOf(read)
  const found: DocumentGaps[] = []
  let left = GAPS_WEIGHED_MAX
  for (const place of marks.places.slice(page.skip, page.skip + page.limit)) {
    const document = place.slice(2) as DocumentId
    const gaps = await gapsOf(read, context, { document, marks })
    if (gaps.lackedBy.length === 0 && marks.uneven.has(document)) await unmark(context, document)
    if (gaps.lacking === undefined && gaps.lackedBy.length === 0) continue
    const isWeighed = left > 0 && gaps.lackedBy.length > 0
    if (isWeighed) left -= 1
    found.push(isWeighed ? await weighed(context, gaps) : gaps)
  }
  return { documents: found, marked: marks.places.length }
}

async function marksOf(reader: Pick<Reader, 'list'>): Promise<Marks> {
  const uneven = new Map<DocumentId, Instant>()
  const needs = new Map<DocumentId, Need>()
  const need = (document: DocumentId, more: Need): void => {
    const known = needs.get(document) ?? more
    const since = Math.min(more.since, known.since)
    const wanted = joinClocks(known.wanted, more.wanted)
    needs.set(document, { since, wanted, isDamaged: more.isDamaged || known.isDamaged })
  }
  for (const [place, bytes] of await reader.list(range.uneven))
    uneven.set(documentIn(place, 2), unpack<Instant>(bytes) ?? 0)
  for (const [place, bytes] of await reader.list(range.announced)) {
    const since = unpack<AnnouncedRecord>(bytes)?.since ?? 0
    need(documentIn(place, 1), { since, wanted: {}, isDamaged: false })
  }
  for (const [place, bytes] of await reader.list(range.holes))
    need(documentIn(place, 1), { ...holeOf(bytes), isDamaged: true })
  for (const [place, bytes] of await reader.list(range.allWaiting)) {
    const { since, wanted } = keptFrom(bytes)
    need(documentIn(place, 1), { since, wanted, isDamaged: false })
  }
  const places = [...new Set([...uneven.keys(), ...needs.keys()])]
    .map((document) => `${laneNumber(laneOfDocument(document))}/${document}`)
    .toSorted()
  return { places, uneven, needs }
}

function documentIn(place: string, part: number): DocumentId {
  return place.split('/')[part] as DocumentId
}

async function gapsOf(
  reader: Pick<Reader, 'get'>,
  context: SyncContext,
  { document, marks }: { readonly document: DocumentId; readonly marks: Marks },
): Promise<DocumentGaps> {
  const need = marks.needs.get(document)
  const markedAt = marks.uneven.get(document)
  const lacking = need && (await lackingOf(reader, context, { document, need }))
  const lackedBy =
    markedAt === undefined ? [] : await lackedByOthers(reader, context, { document, markedAt })
  return { document, lane: laneOfDocument(document), lacking, lackedBy }
}

async function lackingOf(
  reader: Pick<Reader, 'get'>,
  context: SyncContext,
  { document, need }: { readonly document: DocumentId; readonly need: Need },
): Promise<Lacking | undefined> {
  if (!mayHold(context, context.identity.certificate.node, document)) return undefined
  const announced = await announcedOf(reader, context, document)
  const needed = await withinEnds(reader, context, { document, wanted: need.wanted })
  const wanted = joinClocks(announced.wanted, needed)
  const changes = countBeyond(wanted, await clockOf(reader, document))
  if (changes === 0) return undefined
  const { since, isDamaged } = need
  const asked = unpack<QuestionRecord>(await reader.get(key.question(document)))
  return { changes, since, isDamaged, holders: announced.holders, asked }
}

async function lackedByOthers(
  reader: Pick<Reader, 'get'>,
  context: SyncContext,
  { document, markedAt }: { readonly document: DocumentId; readonly markedAt: Instant },
): Promise<readonly LackedBy[]> {
  if (!isOurs(context, document)) return []
  const mine = await clockOf(reader, document)
  const found: LackedBy[] = []
  for (const node of othersWith(context, document)) {
    const changes = countBeyond(mine, await heldBy(reader, node, document))
    if (changes === 0) continue
    const less = unpack<LessRecord>(await reader.get(key.less(node, document)))
    const since = less?.since ?? markedAt
    found.push({ node, changes, since, bytes: undefined, hasLost: less !== undefined })
  }
  return found
}

/** Whether it is for this node to give the document to others: it could seal it. */
function isOurs(context: SyncContext, document: DocumentId): boolean {
  const channel = channelOfDocument(document)
  const isKnown = channel === undefined || context.directory().channel(channel) !== undefined
  return isKnown && mayHold(context, context.identity.certificate.node, document)
}

/** Opens the document, and adds how much it is that others lack, and since when more closely. */
async function weighed(context: SyncContext, gaps: DocumentGaps): Promise<DocumentGaps> {
  const { document } = gaps
  return context.replica.commit(async (tx) => {
    const log = await tx.log(document)
    const lackedBy = gaps.lackedBy.map(async (one) => {
      const changes = log.since(await heldBy(tx, one.node, document))
      const bytes = changes.reduce((sum, { value }) => sum + value.length, 0)
      // What authors claim counts only within what is known here: clocks are wrong.
      const claimed = changes.reduce((at, { entry }) => Math.min(at, entry.placeAt), context.now())
      const since = one.hasLost ? one.since : Math.max(one.since, claimed)
      return { ...one, since, bytes, changes: changes.length }
    })
    const all = await Promise.all(lackedBy)
    return { ...gaps, lackedBy: all.filter(({ changes }) => changes > 0) }
  })
}

/** Nobody lacks anything of a document, unless something has come since. */
async function unmark(context: SyncContext, document: DocumentId): Promise<void> {
  await context.replica.commit(async (tx) => {
    const left = await lackedByOthers(tx, context, { document, markedAt: 0 })
    if (left.length === 0) tx.delete(key.uneven(laneOfDocument(document), document))
  })
}
