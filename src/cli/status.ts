/** `holdfast status`: the running node in a few words. */
import type { Link, NodeStatus } from '#app/types.ts'
import { LANES } from '#model/precedence.ts'
import { clockInWords as inWords } from './clock-words.ts'
import { findLocalNode } from './local-node.ts'
import {
  amount,
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

/** Runs the command. */
export async function status(options: CommonOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask, url } = await findLocalNode(options.data, surroundings)
  const answer = (await ask('GET', '/api/holdfast/v1/status')) as NodeStatus
  if (options.json) return writeJson(terminal, { url, ...answer })
  writeLines(terminal, [...about(answer, url), ...nodes(answer), ...links(answer)])
}

function about(answer: NodeStatus, url: string): readonly string[] {
  const { node, organisationName, version, startedAt, channels, messages } = answer
  const clock = answer.clock.state === 'uncertain' ? [['Clock', inWords(answer.clock)]] : []
  const gaps =
    answer.waitingChanges > 0
      ? [['Waiting', `${answer.waitingChanges} for what has not arrived: see holdfast gaps`]]
      : []
  return [
    `${node.name} (${node.role}) of ${organisationName}, Holdfast ${version}`,
    ...table([
      ['Address', url],
      ['Running', `since ${when(startedAt)}`],
      ['Holds', `${messages} messages in ${channels} channels`],
      ...standing(answer),
      ...gaps,
      ...overdue(answer),
      ...disk(answer),
      ...clock,
    ]),
  ]
}

/** Whether the others still take what comes from here. */
function standing({ isRevoked, refusals }: NodeStatus): readonly (readonly string[])[] {
  const shutOut = 'this node is revoked: nothing of it reaches the others any more'
  if (isRevoked) return [['Shut out', shutOut]]
  return refusals.map(({ from, why, since }) => {
    const what = why === 'revoked' ? 'this node is revoked' : 'its certificate has expired'
    return ['Refused', `since ${when(since)}; ${from} says, unproven, that ${what}`]
  })
}

function overdue({ overdue: counts }: NodeStatus): readonly (readonly string[])[] {
  const lanes = LANES.filter((lane) => counts[lane] > 0).map((lane) => `${counts[lane]} ${lane}`)
  if (lanes.length === 0) return []
  return [['Overdue', `${lanes.join(', ')}: not at headquarters in time; look at the links`]]
}

function disk({ disk: { state, freeBytes = 0 } }: NodeStatus): readonly (readonly string[])[] {
  if (state === 'ample') return []
  const what =
    state === 'full'
      ? 'nothing new is taken in until you free some'
      : 'free some before nothing new can be taken in'
  return [['Disk', `${amount(freeBytes)} free: ${what}`]]
}

function nodes(answer: NodeStatus): readonly string[] {
  const rows = answer.nodes.map((each) => [
    String(each.number),
    each.name,
    each.isThisNode ? `${each.role}, this node` : each.role,
  ])
  return ['Nodes', ...table(rows)]
}

function links(answer: NodeStatus): readonly string[] {
  if (answer.links.length === 0) return ['Links: none']
  const rows = answer.links.map((link) => [
    link.carrier,
    link.peer,
    `${link.isUp ? 'up' : 'down'} since ${when(link.since)}`,
    `sent ${amount(link.sentBytes)}, received ${amount(link.receivedBytes)}`,
    waiting(link),
  ])
  return ['Links', ...table(rows)]
}

function waiting({ queued }: Link): string {
  const lanes = LANES.filter((lane) => queued[lane] > 0).map((lane) => `${queued[lane]} ${lane}`)
  return lanes.length === 0 ? 'nothing waits' : `${lanes.join(', ')} wait`
}
