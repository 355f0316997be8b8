/** The report of gaps: sums for everybody who is signed in, single documents for those who may know of them. */
import type { DocumentId, Instant, UserId } from '#base/ids.ts'
import { channelOfDocument, parseDocumentId } from '#model/document-id.ts'
import { LANES, type Lane } from '#model/precedence.ts'
import type { Entry, Range } from '#ports/store.ts'
import { lookForGaps, type DocumentGaps, type Lacking } from '#sync/gaps.ts'
import { range } from '#sync/keys.ts'
import { keptFrom } from '#sync/parking.ts'
import type { LostRecord } from '#sync/mending.ts'
import { unpack } from '#sync/records.ts'
import {
  isAdministrator,
  isMember,
  mayRead,
  namedChannel,
  peerName,
  type AppContext,
} from './context.ts'
import type {
  DocumentGap,
  DocumentKind,
  GapReport,
  KeptEnvelopes,
  LaneGap,
  LostValues,
  NodeGaps,
} from './gap-types.ts'
import type { EdgeNode } from './node.ts'
import { seenBy } from './sight.ts'
import { summaryOf } from './status.ts'

/** The part of the app that tells of gaps. */
export function openGaps(context: AppContext): Pick<EdgeNode, 'gaps'> {
  return { gaps: (subject, page) => reportOf(context, subject, page) }
}

async function reportOf(
  context: AppContext,
  subject: UserId,
  { page, limit }: { readonly page: number; readonly limit: number },
): Promise<GapReport> {
  const { sync } = context
  const { documents, marked } = await lookForGaps(sync, { skip: page * limit, limit })
  const seen = documents.filter(({ document }) => maySee(context, subject, document))
  const told = await Promise.all(seen.map((gaps) => described(context, gaps)))
  const shared = { at: sync.now(), page, pages: Math.max(1, Math.ceil(marked / limit)) }
  // With whom the node has to do, and how much, is none of a guest's business.
  if (seenBy(context, subject) !== undefined)
    return {
      ...shared,
      lacking: lanesOf(seen.flatMap(ownPart)),
      nodes: [],
      documents: told.map(unnamed),
      kept: { early: NONE, withoutKey: NONE, withoutCertificate: NONE, withoutDictionary: NONE },
      lost: [],
    }
  return {
    ...shared,
    lacking: lanesOf(documents.flatMap(ownPart)),
    nodes: nodesOf(context, documents),
    documents: told,
    kept: {
      early: await keptIn(context, range.allWaiting),
      withoutKey: await keptIn(context, range.parkedFor('key')),
      withoutCertificate: await keptIn(context, range.parkedFor('certificate')),
      withoutDictionary: await keptIn(context, range.parkedFor('dictionary')),
    },
    lost: await lostOn(sync.replica.read),
  }
}

const NONE: KeptEnvelopes = { count: 0, bytes: 0, since: 0 }

/** The same without names of nodes. */
function unnamed(gap: DocumentGap): DocumentGap {
  const lacking = gap.lacking && { ...gap.lacking, holders: [], asked: undefined }
  return { ...gap, lacking, lackedBy: [] }
}

async function lostOn(reader: {
  readonly list: (range: Range) => Promise<readonly Entry[]>
}): Promise<readonly LostValues[]> {
  return (await reader.list(range.lost)).flatMap(([place, bytes]) => {
    const record = unpack<LostRecord>(bytes)
    return record === undefined ? [] : [{ what: place.slice(range.lost.from.length), ...record }]
  })
}

/** Something that somebody lacks, in one document. */
interface Part {
  readonly lane: Lane
  readonly changes: number
  readonly bytes: number | undefined
  readonly since: Instant
}

function ownPart({ lane, lacking }: DocumentGaps): readonly Part[] {
  // What nobody has sent yet has no size here.
  return lacking === undefined ? [] : [{ ...lacking, lane, bytes: undefined }]
}

function lanesOf(parts: readonly Part[]): readonly LaneGap[] {
  return LANES.flatMap((lane) => {
    const here = parts.filter((part) => part.lane === lane)
    if (here.length === 0) return []
    const changes = here.reduce((sum, part) => sum + part.changes, 0)
    const isWeighed = here.every(({ bytes }) => bytes !== undefined)
    const bytes = isWeighed ? here.reduce((sum, part) => sum + (part.bytes ?? 0), 0) : undefined
    const since = Math.min(...here.map((part) => part.since))
    return [{ lane, changes, documents: here.length, bytes, since }]
  })
}

function nodesOf({ sync }: AppContext, documents: readonly DocumentGaps[]): readonly NodeGaps[] {
  return sync.roster.all().flatMap((certificate) => {
    const { node } = certificate
    const lacks = documents.flatMap(({ lane, lackedBy }) =>
      lackedBy.filter((one) => one.node === node).map((one) => ({ ...one, lane })),
    )
    const holding = documents.flatMap(({ lacking }) => lacking?.holders ?? [])
    const canGive = holding
      .filter((holder) => holder.node === node)
      .reduce((sum, { changes }) => sum + changes, 0)
    if (lacks.length === 0 && canGive === 0) return []
    const hasLost = lacks.some((one) => one.hasLost)
    const summary = summaryOf(certificate, sync.identity.certificate)
    return [{ node: summary, lacks: lanesOf(lacks), hasLost, canGive }]
  })
}

/** Which channels there is traffic in is for their members and administrators to know. */
function maySee(context: AppContext, subject: UserId, document: DocumentId): boolean {
  const channel = channelOfDocument(document)
  if (isAdministrator(context, subject)) return true
  return (
    channel !== undefined &&
    isMember(context, channel, subject) &&
    mayRead(context, subject, { channel })
  )
}

async function described(context: AppContext, gaps: DocumentGaps): Promise<DocumentGap> {
  const { document, lane, lacking, lackedBy } = gaps
  return {
    kind: kindOf(document),
    lane,
    channel: await namedChannel(context, channelOfDocument(document)),
    lacking: lacking && describedLack(context, lacking),
    lackedBy: lackedBy.map(({ node, changes, bytes, since }) => {
      return { node: peerName(context.sync, node), changes, bytes, since }
    }),
  }
}

function describedLack(
  context: AppContext,
  { changes, since, isDamaged, holders, asked }: Lacking,
): DocumentGap['lacking'] {
  const names = holders.map(({ node }) => peerName(context.sync, node))
  return {
    changes,
    since,
    isDamaged,
    holders: names,
    asked: asked && { at: asked.at, of: peerName(context.sync, asked.of) },
  }
}

function kindOf(document: DocumentId): DocumentKind {
  const name = parseDocumentId(document)
  switch (name?.kind) {
    case 'segment':
      return 'messages'
    case 'channel':
      return 'settings'
    case 'keys':
    case 'audit':
      return name.kind
    case 'directory':
    case undefined:
      return 'directory'
  }
}

/** Envelopes of a kind that are kept: there is a limit to them. */
async function keptIn({ sync }: AppContext, kind: Range): Promise<KeptEnvelopes> {
  const entries = await sync.replica.read.list(kind)
  const kept = entries.map(([, value]: Entry) => keptFrom(value))
  return {
    count: kept.length,
    bytes: kept.reduce((sum, { bytes }) => sum + bytes.length, 0),
    since: kept.reduce((at, { since }) => Math.min(at, since), kept[0]?.since ?? 0),
  }
}
