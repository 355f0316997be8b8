/** Files that a node needs and that are not in a backup, or not in a folder that was put back: which, and how each comes back. */
import type { HeldBlob } from '#app/carrying-types.ts'
import type { BlobReport, ListedBlob } from '#compose/backup-list.ts'
import { findLocalNode } from './local-node.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** So many are shown; `--json` has all. */
const SHOWN_MAX = 40

const ORDER: readonly ListedBlob['in'][] = [
  'nowhere',
  'damaged',
  'perhaps in the bucket',
  'bucket',
  'backup',
]

/** What is missing, for people; `from` says of what. */
export function missingLines(
  report: BlobReport | undefined,
  from: 'backup' | 'folder',
): readonly string[] {
  if (report === undefined)
    return [
      'Which files it needs nobody could say, as the node was stopped and its key not at hand: once it runs, `holdfast files --lost` says what is missing.',
    ]
  const { listed, missing } = report
  if (listed === 0) return []
  if (missing.length === 0) return [`All ${listed} files that it needs are in the ${from}.`]
  const order = missing.toSorted((a, b) => ORDER.indexOf(a.in) - ORDER.indexOf(b.in))
  return [
    `Of ${listed} files that it needs, ${missing.length} are not in the ${from}:`,
    ...linesOf(order),
  ]
}

/** What the running node has lost: other nodes are asked for it. */
export async function showLost(options: CommonOptions, surroundings: Surroundings): Promise<void> {
  const { ask } = await findLocalNode(options.data, surroundings)
  const all = (await ask('GET', '/api/holdfast/v1/backup/blobs')) as readonly HeldBlob[]
  const lost = all.flatMap((blob) =>
    blob.place === 'nowhere' || blob.place === 'damaged' ? [{ ...blob, in: blob.place }] : [],
  )
  if (options.json)
    return writeJson(
      surroundings.terminal,
      lost.map(({ in: _in, ...blob }) => blob),
    )
  const lines =
    lost.length === 0 ? [`No file is lost; ${all.length} are where they belong.`] : linesOf(lost)
  const unasked = all.filter(({ place }) => place === 'unknown').length
  const away = `${unasked} may lie in the bucket, which cannot be reached now.`
  writeLines(surroundings.terminal, unasked === 0 ? lines : [...lines, away])
}

function linesOf(missing: readonly ListedBlob[]): readonly string[] {
  const more = missing.length - SHOWN_MAX
  return [
    ...table(missing.slice(0, SHOWN_MAX).map(rowOf)),
    ...(more > 0 ? [`  and ${more} more; \`--json\` names them all`] : []),
  ]
}

function rowOf(blob: ListedBlob): readonly string[] {
  const { what, file, bytes, channel } = blob
  const name = what === 'file' || what === 'small picture' ? (file ?? 'not told by name') : ''
  const about = what === 'file' ? name : name === '' ? what : `${what} of ${name}`
  const size = bytes === undefined ? '' : `${bytes} B`
  return [about, size, channel === undefined ? '' : channelWords(channel), wayBack(blob)]
}

function channelWords({ kind, name }: NonNullable<ListedBlob['channel']>): string {
  if (name !== '') return `in ${name}`
  return kind === 'direct' || kind === 'group' ? 'in a conversation' : 'in a channel'
}

function wayBack({ in: where, what, isShared }: ListedBlob): string {
  switch (where) {
    case 'bucket':
      return 'lies in the bucket; the node takes it from there'
    case 'perhaps in the bucket':
      return 'may lie in the bucket, which could not be reached'
    case 'damaged':
    case 'nowhere':
      if (isShared)
        return `${where === 'damaged' ? 'damaged' : 'lost'} here; the other nodes are asked for it`
      return what === 'picture'
        ? 'gone; it has to be chosen anew'
        : 'gone; it has to be handed in anew'
    case 'backup':
      return 'in the backup'
  }
}
