/** `holdfast audit list`, `follow` and `export`: the audits that the running node holds. */
import { writeFile } from 'node:fs/promises'
import { EdgeError } from '#base/errors.ts'
import type { AuditJson } from '#model/audit-line.ts'
import { findLocalNode, type LocalNode } from './local-node.ts'
import {
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

/** What `list` and `follow` may be told. */
export interface AuditOptions extends CommonOptions {
  /** How many entries. */
  readonly limit?: string
  /** Id of a node. */
  readonly node?: string
  /** Names of deeds, commas between. */
  readonly deed?: string
}

/** How often `follow` looks, in milliseconds. */
const FOLLOW_MS = 2_000

/** The newest entries, oldest of them first. */
export async function auditList(options: AuditOptions, surroundings: Surroundings): Promise<void> {
  const node = await findLocalNode(options.data, surroundings)
  const entries = (await page(node, options, {})).toReversed()
  show(entries, options, surroundings)
  if (entries.length === 0 && !options.json) writeLines(surroundings.terminal, ['No entries.'])
}

/** Entries as they come, until Ctrl-C. */
export async function auditFollow(
  options: AuditOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { clock, signal } = surroundings
  const node = await findLocalNode(options.data, surroundings)
  let last = (await page(node, {}, { limit: '1' }))[0]?.number ?? 0
  while (!signal.aborted) {
    const entries = await page(node, options, { after: String(last) })
    show(entries, options, surroundings)
    last = entries.at(-1)?.number ?? last
    if (entries.length === 0) await clock.sleep(FOLLOW_MS, signal)
  }
}

/** Writes a file that `verify` can check anywhere. */
export async function auditExport(
  file: string,
  options: AuditOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal } = surroundings
  const { fetchBytes } = await findLocalNode(options.data, surroundings)
  const bytes = await fetchBytes(`/api/holdfast/v1/audit/export?${query({ node: options.node })}`)
  // Never over an older one: that is what a newer one is compared with.
  await writeFile(file, bytes, { flag: 'wx', mode: 0o600 }).catch((cause: unknown) => {
    throw new EdgeError('INPUT_INVALID', notWritten(file, cause), { cause })
  })
  if (options.json) return writeJson(terminal, { file, bytes: bytes.length })
  writeLines(terminal, [
    `${bytes.length} bytes in ${file}.`,
    'Check it anywhere with `holdfast audit verify FILE --root KEY`; keep the root key apart from the file.',
  ])
}

function notWritten(file: string, cause: unknown): Record<string, string> {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  const found = code === 'EEXIST' ? 'a file of this name' : code
  return { field: 'file', file, found, wanted: 'a new file in a folder that can be written to' }
}

async function page(
  { fetchBytes }: LocalNode,
  { limit, node, deed }: Partial<AuditOptions>,
  more: Readonly<Record<string, string>>,
): Promise<readonly AuditJson[]> {
  const asked = query({ limit, node, deed, ...more })
  const text = Buffer.from(await fetchBytes(`/api/holdfast/v1/audit?${asked}`)).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditJson)
}

function query(values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return new URLSearchParams(Object.fromEntries(given)).toString()
}

function show(
  entries: readonly AuditJson[],
  { json }: AuditOptions,
  { terminal }: Surroundings,
): void {
  if (json) for (const entry of entries) writeJson(terminal, entry)
  else if (entries.length > 0) writeLines(terminal, table(entries.map(row)))
}

function row(entry: AuditJson): readonly string[] {
  const { deed, result, count, by, reason, action, subjects, facts } = entry
  const numbers = Object.entries(facts).map(([name, value]) => `${name} ${value}`)
  const about = subjects.map(({ kind, id }) => `${kind} ${id}`)
  const why = [action, reason].filter((word) => word !== undefined)
  return [
    when(entry.at),
    entry.node.slice(0, 6),
    count === 1 ? deed : `${deed}, ${count} times`,
    result,
    [...why, ...(by === undefined ? [] : [`by ${by}`]), ...about, ...numbers].join(', '),
  ]
}
