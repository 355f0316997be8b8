/** `holdfast gaps`: what this node lacks, what the others lack of what is here, and who could give it. */
import type { DocumentGap, GapReport, KeptEnvelopes, LaneGap, NodeGaps } from '#app/gap-types.ts'
import { LANES } from '#model/precedence.ts'
import { findLocalNode } from './local-node.ts'
import {
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

/** Most documents that are listed one by one for people. */
const LISTED_MAX = 40

/** Runs the command. */
export async function gaps(options: CommonOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const pages: GapReport[] = []
  for (let page = 0; page === 0 || page < (pages[0]?.pages ?? 0); page += 1)
    pages.push((await ask('GET', `/api/holdfast/v1/gaps?page=${page}`)) as GapReport)
  const report = joined(pages)
  if (options.json) return writeJson(terminal, report)
  writeLines(terminal, linesOf(report))
}

/** The whole report. */
type WholeReport = Omit<GapReport, 'page' | 'pages'>

function joined(all: readonly GapReport[]): WholeReport {
  const [{ page: _, pages: __, ...first } = NOTHING] = all
  const nodes = new Map<string, NodeGaps>()
  for (const one of all.flatMap((page) => page.nodes)) {
    const known = nodes.get(one.node.id)
    nodes.set(one.node.id, {
      node: one.node,
      lacks: sumOf([...(known?.lacks ?? []), ...one.lacks]),
      hasLost: one.hasLost || known?.hasLost === true,
      canGive: one.canGive + (known?.canGive ?? 0),
    })
  }
  return {
    ...first,
    lacking: sumOf(all.flatMap(({ lacking }) => lacking)),
    nodes: [...nodes.values()].toSorted((a, b) => a.node.number - b.node.number),
    documents: all.flatMap(({ documents }) => documents),
  }
}

const NONE: KeptEnvelopes = { count: 0, bytes: 0, since: 0 }
const NOTHING: GapReport = {
  at: 0,
  lacking: [],
  nodes: [],
  documents: [],
  kept: { early: NONE, withoutKey: NONE, withoutCertificate: NONE, withoutDictionary: NONE },
  lost: [],
  page: 0,
  pages: 1,
}

/** One line for each lane. What was not weighed on one page is not known in all. */
function sumOf(parts: readonly LaneGap[]): readonly LaneGap[] {
  return LANES.flatMap((lane) => {
    const [first, ...rest] = parts.filter((part) => part.lane === lane)
    if (first === undefined) return []
    return rest.reduce(
      (sum, part) => ({
        lane,
        changes: sum.changes + part.changes,
        documents: sum.documents + part.documents,
        bytes:
          sum.bytes === undefined || part.bytes === undefined ? undefined : sum.bytes + part.bytes,
        since: Math.min(sum.since, part.since),
      }),
      first,
    )
  })
}

function linesOf(report: WholeReport): readonly string[] {
  const kept = keptLines(report.kept)
  const lost = lostLines(report.lost)
  if (report.lacking.length + report.nodes.length + kept.length + lost.length === 0)
    return [
      'No gaps: every node has signed for all that is here, and nothing is announced that is not.',
    ]
  return [...ownLines(report), ...othersLines(report), ...documentLines(report), ...kept, ...lost]
}

function ownLines({ at, lacking, nodes }: WholeReport): readonly string[] {
  if (lacking.length === 0) return ['This node lacks nothing that others have signed for.']
  const givers = nodes.filter(({ canGive }) => canGive > 0)
  const who = givers.map(({ node, canGive }) => `${node.name} ${canGive}`).join(', ')
  return [
    'This node lacks',
    ...table(
      lacking.map((gap) => [gap.lane, amountOf(gap), 'size not known here', ageOf(at, gap)]),
    ),
    `  It could come from: ${who || 'nobody who is known'}`,
  ]
}

function othersLines({ at, nodes }: WholeReport): readonly string[] {
  const rows = nodes.flatMap(({ node, lacks, hasLost }) =>
    lacks.map((gap) => [
      node.name,
      gap.lane,
      amountOf(gap),
      gap.bytes === undefined ? 'size not looked at' : `${gap.bytes} B`,
      `${ageOf(at, gap)}${hasLost ? ', it has lost what it had' : ''}`,
    ]),
  )
  if (rows.length === 0) return ['The other nodes have signed for all that is here.']
  return ['Others have not signed for', ...table(rows)]
}

function documentLines({ at, documents }: WholeReport): readonly string[] {
  if (documents.length === 0) return []
  const rows = documents
    .slice(0, LISTED_MAX)
    .map((one) => [one.lane, titleOf(one), storyOf(at, one)])
  const rest = documents.length - rows.length
  return ['Where', ...table(rows), ...(rest > 0 ? [`  and ${rest} more: --json has them`] : [])]
}

function titleOf({ kind, channel }: DocumentGap): string {
  return channel === undefined ? kind : `${kind} of ${channel.name || channel.kind}`
}

function storyOf(at: number, { lacking, lackedBy }: DocumentGap): string {
  const theirs = lackedBy.map(({ node, changes }) => `${node} ${changes}`)
  const others = theirs.length === 0 ? [] : [`lacking at ${theirs.join(', ')}`]
  if (lacking === undefined) return others.join('; ')
  const { changes, since, isDamaged, asked } = lacking
  const question =
    asked === undefined ? 'nobody was asked yet' : `asked ${asked.of} ${when(asked.at)}`
  const damage = isDamaged ? 'damaged here, ' : ''
  const own = `${damage}${changes} lacking here ${ageOf(at, { since })}, ${question}`
  return [own, ...others].join('; ')
}

/** What people call the kinds of values that nobody can bring back, and what to do about it. */
const LOST_WORDS: Readonly<Record<string, string>> = {
  acct: 'passwords: their owners cannot sign in; make them new accounts',
  totp: 'second factors: their owners sign in without until they set up another',
  pass: 'passkeys: their owners sign in otherwise and add them again',
  pat: 'access tokens: make new ones for the programs that used them',
  from: 'which directory outside vouches for whom: they sign in once more while it is in reach',
  outside: 'whom a directory outside knows by which name',
  sess: 'sessions: their owners sign in again',
  pref: 'settings of clients',
  once: 'notes that a message was sent: a client that sends it again doubles it',
  allow: 'allowances of urgent messages',
  join: 'join codes: make new ones with `holdfast invite`',
  aside: 'own messages that were to be written again',
  share: 'shares that release other nodes: those ask for a passphrase',
  'own-share': 'the share by which headquarters releases this node',
  hold: 'decisions about releasing nodes: make them again',
  'view-seen': 'marks how far people have read',
  read: 'marks of what was read here',
  time: 'the time that this node has been at work',
}

function lostLines(lost: GapReport['lost']): string[] {
  if (lost.length === 0) return []
  const rows = lost.map(({ what, count, since }) => [
    String(count),
    LOST_WORDS[what] ?? what,
    `found ${when(since)}`,
  ])
  return ['Damage on this disk took, and nobody can bring back', ...table(rows)]
}

function keptLines(kept: GapReport['kept']): string[] {
  const rows = [
    ['for earlier changes', kept.early],
    ['for a key', kept.withoutKey],
    ['for a certificate', kept.withoutCertificate],
    ['for a dictionary', kept.withoutDictionary],
  ] as const
  const there = rows.filter(([, { count }]) => count > 0)
  const lines = there.map(([what, { count, bytes, since }]) => [
    what,
    `${count} envelopes`,
    `${bytes} B`,
    `since ${when(since)}`,
  ])
  return lines.length === 0 ? [] : ['Kept here until they can be used', ...table(lines)]
}

function amountOf({ changes, documents }: LaneGap): string {
  return `${changes} ${changes === 1 ? 'change' : 'changes'} in ${documents}`
}

/** In the two largest units: exact to the minute is enough. */
function ageOf(at: number, { since }: { readonly since: number }): string {
  const minutes = Math.max(0, Math.floor((at - since) / 60_000))
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor(minutes / 60) % 24]
  if (days > 0) return `for ${days} d ${hours} h`
  if (hours > 0) return `for ${hours} h ${minutes % 60} min`
  return minutes > 0 ? `for ${minutes} min` : 'for less than a minute'
}
