/** `holdfast files`: which files are on their way to this node, how much of each has come, and what the rest takes; asks for one, or stops. */
import { findLocalNode } from './local-node.ts'
import {
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

/** What the command may be told. */
export interface FilesOptions extends CommonOptions {
  readonly fetch?: string
  readonly cancel?: string
}

/** A file as the node tells it. */
interface ToldFile {
  readonly id: string
  readonly name: string
  readonly bytes: number
  readonly isHere: boolean
  readonly have: number
  readonly createdAt: number
  readonly origin: { readonly name: string }
  readonly fetch: { readonly isAsked: boolean; readonly source: string } | null
  readonly price: { readonly bytes: number; readonly seconds: number | null }
}

const AT = '/api/holdfast/v1/files'

/** Runs the command. */
export async function showFiles(options: FilesOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const { fetch, cancel } = options
  if (fetch !== undefined) await ask('POST', `${AT}/${encodeURIComponent(fetch)}/fetch`)
  if (cancel !== undefined) await ask('POST', `${AT}/${encodeURIComponent(cancel)}/cancel`)
  const all = (await ask('GET', AT)) as readonly ToldFile[]
  if (options.json) return writeJson(terminal, all)
  writeLines(terminal, linesOf(all))
}

function linesOf(all: readonly ToldFile[]): readonly string[] {
  if (all.length === 0) return ['No files are on their way here.']
  return ['On their way here', ...table(all.map(rowOf))]
}

function rowOf(file: ToldFile): readonly string[] {
  const { id, name, have, bytes, fetch, origin, createdAt } = file
  const percent = `${Math.floor((100 * have) / Math.max(1, bytes))} %`
  const from = fetch?.source ? `from ${fetch.source}` : `it is on ${origin.name}`
  const why = fetch?.isAsked === true ? 'asked for' : 'when a link is fat'
  return [id, name, `${have} of ${bytes} B, ${percent}`, why, from, restOf(file), when(createdAt)]
}

function restOf({ price: { seconds } }: ToldFile): string {
  if (seconds === null) return 'nobody can say how long'
  if (seconds < 120) return `${seconds} s to come`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min to come` : `${Math.round(minutes / 60)} h to come`
}
