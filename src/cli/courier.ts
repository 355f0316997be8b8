/** `holdfast courier export`, `import` and `status`: the running node and a stick that somebody carries. */
import { resolve } from 'node:path'
import type { CourierStatus } from '#app/carrying-types.ts'
import { EdgeError } from '#base/errors.ts'
import type { CourierReport } from '#ports/courier.ts'
import { STUCK_MS, watchProgress } from './courier-progress.ts'
import { findLocalNode } from './local-node.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

const ADDRESS = '/api/holdfast/v1/courier'

/** Writes what the stick does not have yet. */
export async function courierExport(
  folder: string,
  options: CommonOptions,
  surroundings: Surroundings,
): Promise<void> {
  const report = await carry('export', folder, { options, surroundings })
  if (options.json) return writeJson(surroundings.terminal, report)
  const { files, envelopes, bytes } = report
  writeLines(
    surroundings.terminal,
    files === 0
      ? ['Nothing to export: all that is here lies on the stick already.']
      : [
          `Wrote ${count(envelopes, 'envelope')} into ${count(files, 'file')}, ${bytes} bytes.`,
          'It is on the stick. Messages stand as `left this kit` until a receipt comes home.',
        ],
  )
}

/** Takes what lies on the stick. */
export async function courierImport(
  folder: string,
  options: CommonOptions,
  surroundings: Surroundings,
): Promise<void> {
  const report = await carry('import', folder, { options, surroundings })
  if (options.json) return writeJson(surroundings.terminal, report)
  const { files, envelopes, bytes } = report
  writeLines(surroundings.terminal, [
    files === 0
      ? 'Nothing new on the stick.'
      : `Took ${count(envelopes, 'envelope')} out of ${count(files, 'file')}, ${bytes} bytes.`,
    ...refusals(report),
  ])
}

/** Says what lies on the stick, and what of here does not. */
export async function courierStatus(
  folder: string,
  options: CommonOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { ask } = await findLocalNode(options.data, surroundings)
  const asked = new URLSearchParams({ folder: resolve(folder) }).toString()
  const status = (await ask('GET', `${ADDRESS}?${asked}`)) as CourierStatus
  if (options.json) return writeJson(surroundings.terminal, status)
  const { files, bytes, fresh, waiting } = status
  writeLines(surroundings.terminal, [
    ...table([
      ['On the stick', `${count(files, 'courier file')}, ${bytes} bytes`],
      ['To import', count(fresh, 'file')],
      ['To export', waiting === undefined ? 'everything' : count(waiting, 'change')],
    ]),
    ...refusals(status),
  ])
}

async function carry(
  deed: 'export' | 'import',
  folder: string,
  {
    options,
    surroundings,
  }: { readonly options: CommonOptions; readonly surroundings: Surroundings },
): Promise<CourierReport> {
  const { ask, askUntil } = await findLocalNode(options.data, surroundings)
  const over = new AbortController()
  const stuck = new AbortController()
  const visit = { deed, folder: resolve(folder) }
  const watching = watchProgress(ask, visit, {
    ...surroundings,
    ...(options.json && { terminal: { ...surroundings.terminal, error: () => undefined } }),
    over: AbortSignal.any([over.signal, surroundings.signal]),
    onStuck: (waitsFor) => stuck.abort(stillAtWork(waitsFor)),
  })
  try {
    const stop = AbortSignal.any([stuck.signal, surroundings.signal])
    const { folder: place } = visit
    return (await askUntil(`${ADDRESS}/${deed}`, { folder: place }, stop)) as CourierReport
  } finally {
    over.abort()
    await watching
  }
}

function stillAtWork(waitsFor: string): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', {
    found: `nothing has moved for ${STUCK_MS / 1_000} s; it waits for ${waitsFor}`,
    wanted: 'an answer of the node, which goes on with it',
    do: 'Look whether the stick is in and sound; `holdfast courier status` tells what is on it.',
  })
}

/** Why a file or an envelope stays where it is, for people. */
const WHY: Readonly<Record<string, string>> = {
  'does not open': 'not for this organisation, or sealed after this node was shut out, or altered',
  'not authentic': 'altered behind what was taken',
  malformed: 'not a courier file, or altered',
  'unknown version': 'written by a newer version',
  truncated: 'cut short behind what was taken',
  'too large': 'larger than any courier file',
  'not a file': 'a folder, a link or a pipe',
  'too many files': 'more files than are looked at',
  unreadable: 'cannot be read; if the stick was taken out, put it in and import again',
}

function refusals({ refused }: Pick<CourierReport, 'refused'>): readonly string[] {
  if (refused.length === 0) return []
  return [
    'Not taken:',
    ...table(
      refused.map((one) => [
        count(one.count, one.what),
        one.what === 'file' ? (WHY[one.reason] ?? one.reason) : one.reason,
      ]),
    ),
  ]
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
