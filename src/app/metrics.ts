/**
 * What programs that watch the node are told, as numbers: gaps, queues, links, envelopes. It is worked out when somebody asks:
 * nothing is counted for nobody. How old something is, is told in seconds, so that an alarm needs no clock but this one.
 */
import type { Instant, UserId } from '#base/ids.ts'
import { GAP_DOCUMENTS_MAX } from '#base/limits.ts'
import { LANES } from '#model/precedence.ts'
import { key } from '#sync/keys.ts'
import { carriersUnderRules } from '#sync/pace.ts'
import { LETTERS } from '#sync/pace-rules.ts'
import { unpack } from '#sync/records.ts'
import { insist, isAdministrator, peerName, type AppContext } from './context.ts'
import type { GapReport, KeptEnvelopes, LaneGap, Metric, Reporting } from './gap-types.ts'
import type { EdgeNode } from './node.ts'
import type { NodeStatus } from './types.ts'

type Sample = Metric['samples'][number]

/** The part of the app that programs watch. */
export function openMetrics(
  context: AppContext,
  about: Pick<EdgeNode, 'status' | 'gaps'>,
): Pick<Reporting, 'metrics'> {
  return {
    metrics: async (subject: UserId) => {
      insist(context, subject, {
        action: 'read metrics',
        isAdministrator: isAdministrator(context, subject),
      })
      const status = await about.status()
      const gaps = await about.gaps(subject, { page: 0, limit: GAP_DOCUMENTS_MAX })
      return [
        ...ofNode(status),
        ...ofLinks(status),
        ...ofGaps(gaps),
        ...ofKept(gaps),
        ...ofLost(gaps),
        ...(await ofEnvelopes(context)),
        ...ofPace(context),
      ]
    },
  }
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name: `holdfast_${name}`, help, type: 'gauge', samples }
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name: `holdfast_${name}_total`, help, type: 'counter', samples }
}

function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }]
}

function ofNode(status: NodeStatus): readonly Metric[] {
  const { node, version, disk, overdue } = status
  const labels = { node: node.name, role: node.role, version }
  return [
    gauge('info', 'The node, and what it runs.', [{ labels, value: 1 }]),
    gauge('started_seconds', 'When it was started, since 1970.', one(status.startedAt / 1_000)),
    gauge('messages', 'Messages on its disk.', one(status.messages)),
    gauge('channels', 'Channels it knows.', one(status.channels)),
    gauge(
      'clock_uncertain',
      '1 when its clock contradicts what it has seen.',
      one(Number(status.clock.state === 'uncertain')),
    ),
    gauge(
      'overdue_messages',
      'Messages written here that are not at headquarters in time.',
      LANES.map((lane) => ({ labels: { lane }, value: overdue[lane] })),
    ),
    gauge(
      'disk_full',
      '1 when nothing new is taken in: less is free than the reserve.',
      one(Number(disk.state === 'full')),
    ),
    gauge(
      'disk_free_bytes',
      'Room on the disk, where the machine says it.',
      disk.freeBytes === undefined ? [] : one(disk.freeBytes),
    ),
  ]
}

function ofLinks({ links }: NodeStatus): readonly Metric[] {
  const named = links.map(({ carrier, peer, ...rest }) => ({ labels: { carrier, peer }, ...rest }))
  const queued = links.flatMap(({ peer, queued: lanes }) =>
    LANES.map((lane) => ({ labels: { peer, lane }, value: lanes[lane] })),
  )
  // Two carriers may lead to one peer.
  const byPeer = [...new Map(queued.map((sample) => [Object.values(sample.labels).join(), sample]))]
  return [
    gauge(
      'link_up',
      '1 while the peer can be reached by this carrier.',
      named.map(({ labels, isUp }) => ({ labels, value: Number(isUp) })),
    ),
    counter(
      'link_sent_bytes',
      'Bytes of envelopes handed over, since the start.',
      named.map(({ labels, sentBytes }) => ({ labels, value: sentBytes })),
    ),
    counter(
      'link_received_bytes',
      'Bytes of envelopes that came, since the start.',
      named.map(({ labels, receivedBytes }) => ({ labels, value: receivedBytes })),
    ),
    gauge(
      'queue_changes',
      'Changes that wait for the peer.',
      byPeer.map(([, sample]) => sample),
    ),
  ]
}

function ofGaps({ at, lacking, nodes, pages }: GapReport): readonly Metric[] {
  const age = (since: Instant): number => Math.max(0, at - since) / 1_000
  const own = lacking.map((gap) => ({ labels: { lane: gap.lane }, gap }))
  const theirs = nodes.flatMap(({ node, lacks }) =>
    lacks.map((gap) => ({ labels: { node: node.name, lane: gap.lane }, gap })),
  )
  type Row = { readonly labels: Sample['labels']; readonly gap: LaneGap }
  const changes = ({ labels, gap }: Row): Sample => ({ labels, value: gap.changes })
  const ages = ({ labels, gap }: Row): Sample => ({ labels, value: age(gap.since) })
  return [
    gauge(
      'lacking_changes',
      'Changes that others have signed for and that are not here.',
      own.map(changes),
    ),
    gauge('lacking_age_seconds', 'Since when the oldest of them is lacking.', own.map(ages)),
    gauge(
      'lacked_changes',
      'Changes that are here and that the node has not signed for.',
      theirs.map(changes),
    ),
    gauge(
      'lacked_age_seconds',
      'Since when, at the most, the oldest of them is lacking there.',
      theirs.map(ages),
    ),
    gauge(
      'gaps_complete',
      `1 when these are all; 0 when more documents differ than the ${GAP_DOCUMENTS_MAX} most urgent that were looked at.`,
      one(Number(pages === 1)),
    ),
  ]
}

function ofLost({ lost }: GapReport): readonly Metric[] {
  const samples = lost.map(({ what, count }) => ({ labels: { what }, value: count }))
  return [counter('lost_values', 'Values that damage took and nobody can bring back.', samples)]
}

function ofKept({ at, kept }: GapReport): readonly Metric[] {
  const kinds: readonly (readonly [string, KeptEnvelopes])[] = [
    ['earlier changes', kept.early],
    ['a key', kept.withoutKey],
    ['a certificate', kept.withoutCertificate],
    ['a dictionary', kept.withoutDictionary],
  ]
  const rows = kinds.map(([missing, envelopes]) => ({ labels: { missing }, envelopes }))
  return [
    gauge(
      'kept_envelopes',
      'Envelopes on the disk that are of no use before something else has come.',
      rows.map(({ labels, envelopes }) => ({ labels, value: envelopes.count })),
    ),
    gauge(
      'kept_envelopes_age_seconds',
      'When the oldest of them came.',
      rows
        .filter(({ envelopes }) => envelopes.count > 0)
        .map(({ labels, envelopes }) => {
          return { labels, value: Math.max(0, at - envelopes.since) / 1_000 }
        }),
    ),
  ]
}

/** Nothing where there are no rules. */
function ofPace({ sync: { pace, now } }: AppContext): readonly Metric[] {
  if (pace.rules.length === 0) return []
  const rules = pace.rules.map(({ name }) => ({ labels: { rule: name }, name }))
  const letterOf = (name: string): number => LETTERS.indexOf(pace.states.get(name)?.letter ?? 'P')
  const proofs = carriersUnderRules(pace).flatMap((carrier) => {
    const at = pace.proofs.get(carrier)?.at
    return at === undefined ? [] : [{ labels: { carrier }, value: Math.max(0, now() - at) / 1_000 }]
  })
  return [
    gauge(
      'pace_letter',
      'Which letter stands: 0 primary, 1 alternate, 2 contingency, 3 emergency.',
      rules.map(({ labels, name }) => ({ labels, value: letterOf(name) })),
    ),
    counter(
      'pace_changes',
      'Changes of letter, since the start.',
      rules.map(({ labels, name }) => ({ labels, value: pace.changes.get(name) ?? 0 })),
    ),
    gauge('pace_proof_age_seconds', 'When a carrier last did its work, in seconds.', proofs),
  ]
}

/** Numbers that the store keeps anyway. */
async function ofEnvelopes({ sync }: AppContext): Promise<readonly Metric[]> {
  const { read } = sync.replica
  const samples: Sample[] = []
  for (const peer of sync.peers) {
    for (const lane of LANES) {
      const value = unpack<number>(await read.get(key.nextNumber(peer, lane))) ?? 0
      samples.push({ labels: { peer: peerName(sync, peer), lane: lane }, value })
    }
  }
  return [counter('parcels', 'Envelopes that were put on their way to the peer.', samples)]
}
