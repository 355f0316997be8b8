/**
 * Full-text search. The index only proposes: every message is read from the view, and decided upon for whoever asks, before it
 * is shown or counted. So an index that is behind, or wrong, can leave something out and never tell too much.
 */
import type { ChannelId, Instant, PostId, UserId } from '#base/ids.ts'
import type { MessageRecord } from '#model/view.ts'
import {
  QUERY_CHARACTERS_MAX,
  RECORDS_AT_ONCE,
  SEARCH_GAPS_MAX,
  SEARCH_LOOKED_UP_MAX,
  SEARCH_MS_MAX,
  SEARCH_RESULTS_MAX,
} from '#search/limits.ts'
import type { Row } from '#search/block.ts'
import { isEmpty, parseQuery, type Query } from '#search/query.ts'
import { matchesIn } from '#search/matches.ts'
import { channelOfDocument } from '#model/document-id.ts'
import { lookForGaps } from '#sync/gaps.ts'
import { printOf } from '#sync/search-marks.ts'
import { mayRead, type AppContext } from './context.ts'
import { messageFrom } from './present.ts'
import { standing } from './search-fresh.ts'
import type { SearchIndex, Source } from './search-index.ts'
import { scopeOf, type Scope } from './search-scope.ts'
import type { Found, Searching, SearchRequest } from './search-types.ts'

/** The searching part of the app. */
export function openSearching(context: AppContext, index: SearchIndex): Searching {
  return { search: (subject, request) => search(context, index, { subject, request }) }
}

interface Asked {
  readonly subject: UserId
  readonly request: SearchRequest
}

/** One search at work. */
interface Search {
  readonly context: AppContext
  readonly subject: UserId
  readonly query: Query
  readonly scope: Scope
  /** So many results are wanted. */
  readonly wanted: number
  readonly until: Instant
  readonly found: Map<PostId, MessageRecord>
  lookedUp: number
}

async function search(
  context: AppContext,
  index: SearchIndex,
  { subject, request }: Asked,
): Promise<Found> {
  const { isAny, offsetMs, limit } = request
  const query = parseQuery(request.text.slice(0, QUERY_CHARACTERS_MAX), { isAny, offsetMs })
  const scope = await scopeOf(context, subject, { query, withArchived: request.withArchived })
  const first = Math.max(0, request.page) * limit
  const wanted = Math.min(first + limit, SEARCH_RESULTS_MAX)
  const until = context.sync.now() + SEARCH_MS_MAX
  const found = new Map<PostId, MessageRecord>()
  const one: Search = { context, subject, query, scope, wanted, until, found, lookedUp: 0 }
  const isThrough =
    isEmpty(query) || first >= wanted || (await lookInto(one, await index.sources()))
  const records = [...found.values()].slice(first, wanted)
  return {
    messages: records.map(messageFrom),
    matches: new Map(records.map(({ id, body }) => [id, matchesIn(body, query)])),
    isCut: !isThrough || first + limit > SEARCH_RESULTS_MAX,
    isIndexWhole: await index.isWhole(),
    gaps: await gapsIn(context, scope.channels),
  }
}

/** The newest first, until there are enough. False when it had to stop before. */
async function lookInto(one: Search, sources: readonly Source[]): Promise<boolean> {
  let waiting: readonly Row[] = []
  for (const [number, source] of sources.entries()) {
    waiting = [...waiting, ...(await rowsIn(one, source))].toSorted(
      (a, b) => b.at - a.at || (a.id < b.id ? 1 : -1),
    )
    // What no later source can have anything newer than.
    const edge = sources[number + 1]?.newestAt ?? -1
    const ripe = waiting.filter(({ at }) => at > edge)
    waiting = waiting.slice(ripe.length)
    await accept(one, ripe)
    if (one.found.size >= one.wanted) return true
    if (one.lookedUp >= SEARCH_LOOKED_UP_MAX || one.context.sync.now() > one.until) return false
  }
  return true
}

async function rowsIn({ query, scope }: Search, source: Source): Promise<readonly Row[]> {
  const block = await source.open()
  if (block === undefined) return []
  try {
    const rows: Row[] = []
    for (const number of block.matching(query, block.count)) {
      const row = block.row(number)
      if (row !== undefined && scope.includes(row)) rows.push(row)
    }
    return rows
  } finally {
    block.close()
  }
}

/** Takes of these rows, the newest first, what still stands as it was indexed and may be read. */
async function accept(one: Search, rows: readonly Row[]): Promise<void> {
  const { context, scope, found } = one
  for (let from = 0; from < rows.length; from += RECORDS_AT_ONCE) {
    if (found.size >= one.wanted || one.lookedUp >= SEARCH_LOOKED_UP_MAX) return
    const some = rows.slice(from, from + RECORDS_AT_ONCE)
    one.lookedUp += some.length
    const prints = new Map(some.map(({ id, print }) => [id, print]))
    const ids = some.map(({ id }) => id)
    for await (const record of standing(context, ids)) {
      if (found.size >= one.wanted) return
      const isSame = prints.get(record.id) === printOf(record)
      if (isSame && scope.suits(record) && mayRead(context, one.subject, record))
        found.set(record.id, record)
    }
  }
}

async function gapsIn(
  { sync }: AppContext,
  channels: ReadonlySet<ChannelId>,
): Promise<readonly ChannelId[]> {
  const { documents } = await lookForGaps(sync, { skip: 0, limit: SEARCH_GAPS_MAX })
  const incomplete = documents.flatMap(({ document, lacking }) => {
    const channel = lacking && channelOfDocument(document)
    return channel !== undefined && channels.has(channel) ? [channel] : []
  })
  return [...new Set(incomplete)]
}
