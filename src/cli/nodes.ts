/** `holdfast nodes`: the nodes of the organisation, what they may, until when, and when they were last heard. */
import type { KnownNode } from '#app/types.ts'
import { apart } from './clock-words.ts'
import { findLocalNode } from './local-node.ts'
import {
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

/** Runs the command. */
export async function nodes(options: CommonOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const known = (await ask('GET', '/api/holdfast/v1/nodes')) as readonly KnownNode[]
  if (options.json) return writeJson(terminal, known)
  writeLines(terminal, table(known.map(rowOf)))
}

function rowOf(node: KnownNode): readonly string[] {
  const { number, name, role, isThisNode } = node
  return [
    String(number),
    name,
    isThisNode ? `${role}, this node` : role,
    rightsOf(node),
    standingOf(node),
    heard(node),
    clock(node),
  ]
}

function rightsOf({ administers, issues }: KnownNode): string {
  const rights = [...(administers ? ['administers'] : []), ...(issues ? ['issues'] : [])]
  return rights.join(', ') || 'no rights'
}

function standingOf({ revokedSince, validity, validUntil, validFrom }: KnownNode): string {
  if (revokedSince > 0) return `revoked since ${when(revokedSince)}`
  if (validity === 'not yet valid') return `valid from ${when(validFrom)}`
  return validity === 'expired' ? `expired ${when(validUntil)}` : `valid until ${when(validUntil)}`
}

function clock({ clock: { state, aheadMs = 0 } }: KnownNode): string {
  return state === 'differs' ? `time uncertain, clock ${apart(aheadMs)}` : ''
}

function heard({ lastHeardAt, isThisNode }: KnownNode): string {
  if (isThisNode) return ''
  return lastHeardAt === 0 ? 'never heard' : `heard ${when(lastHeardAt)}`
}
