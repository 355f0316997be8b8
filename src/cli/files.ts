/** `holdfast files`: which files are on their way to this node, how much of each has come, and what the rest takes; shows one, asks for it, or stops. */
import { findLocalNode } from './local-node.ts'
import { showLost } from './missing-files.ts'
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
  readonly show?: string
  /** Only what was here and is gone. */
  readonly lost?: true
  /** The small picture is meant, not the file. */
  readonly small?: true
}

/** How much of something is here, and what the rest takes, as the node tells it. */
interface ToldState {
  readonly bytes: number
  readonly isHere: boolean
  readonly have: number
  readonly fetch: { readonly isAsked: boolean; readonly source: string } | null
  readonly price: {
    readonly seconds: number | null
    readonly money: number | null
    readonly currency: string
  }
}

/** A file as the node tells it. */
interface ToldFile extends ToldState {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly origin: { readonly name: string }
  readonly small: ToldState | null
}

const AT = '/api/holdfast/v1/files'

/** Runs the command. */
export async function showFiles(options: FilesOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  if (options.lost === true) return showLost(options, surroundings)
  const { ask } = await findLocalNode(options.data, surroundings)
  const { fetch, cancel, show, small } = options
  const quality = small === true ? '?quality=small' : ''
  if (fetch !== undefined) await ask('POST', `${AT}/${encodeURIComponent(fetch)}/fetch${quality}`)
  if (cancel !== undefined)
    await ask('POST', `${AT}/${encodeURIComponent(cancel)}/cancel${quality}`)
  const all = (
    show === undefined
      ? await ask('GET', AT)
      : [await ask('GET', `${AT}/${encodeURIComponent(show)}`)]
  ) as readonly ToldFile[]
  if (options.json) return writeJson(terminal, all)
  writeLines(terminal, linesOf(all))
}

function linesOf(all: readonly ToldFile[]): readonly string[] {
  if (all.length === 0) return ['No files are on their way here.']
  return table(all.flatMap(rowsOf))
}

/** A line for the file, and one for its small picture. */
function rowsOf(file: ToldFile): readonly (readonly string[])[] {
  const { id, name, small, createdAt } = file
  const whole = [id, name, ...stateOf(file, file.origin.name), when(createdAt)]
  return small === null ? [whole] : [whole, ['', 'small', ...stateOf(small, file.origin.name), '']]
}

function stateOf(state: ToldState, origin: string): readonly string[] {
  const { have, bytes, isHere, fetch } = state
  const percent = `${Math.floor((100 * have) / Math.max(1, bytes))} %`
  const much = `${have} of ${bytes} B, ${percent}`
  if (isHere) return [much, 'here', '', '']
  const from = fetch?.source ? `from ${fetch.source}` : `it is on ${origin}`
  const whenLinkIs = fetch === null ? 'not asked for' : 'when a link is fat'
  return [much, fetch?.isAsked === true ? 'asked for' : whenLinkIs, from, restOf(state)]
}

function restOf({ price }: ToldState): string {
  const { money, currency } = price
  const cost = money === null || currency === '' ? '' : `, about ${money.toFixed(2)} ${currency}`
  return `${timeOf(price.seconds)}${cost}`
}

function timeOf(seconds: number | null): string {
  if (seconds === null) return 'nobody can say how long'
  if (seconds < 120) return `${seconds} s to come`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min to come` : `${Math.round(minutes / 60)} h to come`
}
