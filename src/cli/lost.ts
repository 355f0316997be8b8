/** `holdfast revoke` and `holdfast drill capture`: a kit is lost, or one wants to know what it would mean. */
import { EdgeError } from '#base/errors.ts'
import type { CapturedChannel, CaptureReport, NodeStatus, NodeSummary } from '#app/types.ts'
import { findLocalNode, type LocalNode } from './local-node.ts'
import {
  amount,
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

/** What `revoke` may be told. */
export interface RevokeOptions extends CommonOptions {
  /** How long ago it was lost, such as 90m, 6h or 2d; just now unless given. */
  readonly lost?: string
  readonly reason?: string
  /** Also order it to destroy its keys. */
  readonly wipe?: true
}

/** Shuts a node out, and says what its loss means. */
export async function revoke(
  kit: string,
  options: RevokeOptions,
  surroundings: Surroundings,
): Promise<void> {
  const local = await findLocalNode(options.data, surroundings)
  const { id } = await nodeCalled(local, kit)
  const body = {
    ...(options.lost === undefined
      ? {}
      : { since: surroundings.clock.now() - durationFrom(options.lost) }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  }
  const address = `/api/holdfast/v1/nodes/${id}`
  await local.ask('POST', `${address}/revoke`, body)
  if (options.wipe === true) await local.ask('POST', `${address}/wipe`, {})
  await show(local, { id, options, surroundings })
}

/** Says what the loss of a node means, without doing anything. */
export async function drillCapture(
  kit: string,
  options: CommonOptions,
  surroundings: Surroundings,
): Promise<void> {
  const local = await findLocalNode(options.data, surroundings)
  const { id } = await nodeCalled(local, kit)
  await show(local, { id, options, surroundings })
}

interface Showing {
  readonly id: string
  readonly options: CommonOptions
  readonly surroundings: Surroundings
}

async function show(local: LocalNode, { id, options, surroundings }: Showing): Promise<void> {
  const { terminal } = surroundings
  const report = (await local.ask('GET', `/api/holdfast/v1/nodes/${id}/capture`)) as CaptureReport
  if (options.json) return writeJson(terminal, { ...report })
  writeLines(terminal, linesOf(report))
}

/** Nobody can tell which of them it has fetched. */
function filesOf({ files: { count, bytes } }: CaptureReport): string {
  if (count === 0) return 'none in these channels'
  return `some of the ${count} in these channels, ${amount(bytes)} together`
}

/** The report in words. */
function linesOf(report: CaptureReport): readonly string[] {
  const { node, isExercise, revokedSince, people } = report
  const open = report.channels.filter(({ opensNow }) => opensNow)
  const shut = report.channels.filter(({ opensNow }) => !opensNow)
  return [
    isExercise
      ? `Exercise: ${node.name} (${node.role}) is not revoked. If somebody had it:`
      : `${node.name} (${node.role}) is revoked since ${when(revokedSince ?? 0)}.`,
    '',
    `It can read now (${open.length} channels):`,
    ...channelTable(open, isExercise ? 'until new keys are made' : 'no new key made yet'),
    ...(shut.length === 0 ? [] : ['It could read, until new keys were made:']),
    ...channelTable(shut, undefined),
    ...table([
      ['Files', filesOf(report)],
      ['It can speak for', people.length === 0 ? 'nobody' : people.join(', ')],
      ['It may', powersOf(report)],
      ['Its certificate', `ends ${when(report.certificateUntil)}`],
      ['Wipe', wipeOf(report)],
      ...(report.rekeyBytes === 0
        ? []
        : [['New keys cost', `about ${report.rekeyBytes} bytes to all together`]]),
    ]),
    ...unawareLines(report),
  ]
}

function channelTable(
  channels: readonly CapturedChannel[],
  state: string | undefined,
): readonly string[] {
  return table(
    channels.map(({ name, kind, entries, heldThere, rekeyedAt }) => [
      name,
      kind,
      `holds ${heldThere} of ${entries} entries`,
      state ?? `until ${when(rekeyedAt ?? 0)}`,
    ]),
  )
}

function powersOf({ administers, issues }: CaptureReport): string {
  const powers = [administers ? 'administer the organisation' : '', issues ? 'let nodes in' : '']
  const named = powers.filter((power) => power !== '')
  return named.length === 0 ? 'neither administer nor let nodes in' : named.join(' and ')
}

function wipeOf({ isToBeWiped, hasWiped }: CaptureReport): string {
  if (hasWiped) return 'it said that it destroyed its keys'
  return isToBeWiped ? 'ordered, no answer yet' : 'not ordered'
}

function unawareLines({ isExercise, unaware }: CaptureReport): readonly string[] {
  if (isExercise) return []
  if (unaware.length === 0) return ['Every other node has confirmed that it heard.']
  return [
    'Have not confirmed that they heard, and may still believe it:',
    ...table(
      unaware.map(({ name, heardAt }) => [
        name,
        heardAt === undefined ? 'never heard' : `heard last ${when(heardAt)}`,
      ]),
    ),
  ]
}

/** The node of this name, number or id. @throws EdgeError NOT_FOUND */
export async function nodeCalled(local: LocalNode, kit: string): Promise<NodeSummary> {
  const { nodes } = (await local.ask('GET', '/api/holdfast/v1/status')) as NodeStatus
  const found = nodes.filter(
    ({ id, name, number }) => id === kit || name === kit || String(number) === kit,
  )
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  throw new EdgeError('NOT_FOUND', {
    what: 'node',
    name: kit,
    found: found.length === 0 ? 'none called so' : `${found.length} called so`,
    wanted: 'the name, number or id of one node',
    do: '`holdfast status` lists them.',
  })
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** @throws EdgeError INPUT_INVALID */
function durationFrom(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  const ms = UNIT_MS[unit]
  if (count !== undefined && ms !== undefined) return Number(count) * ms
  throw new EdgeError('INPUT_INVALID', {
    field: 'lost',
    found: text,
    wanted: 'minutes, hours or days, such as 90m, 6h or 2d',
  })
}
