/**
 * The list of files in a backup: what lay beside the store, or should have. It stands behind everything else, as lines of JSON
 * in pieces `files/1`, `files/2` and so on, so it may be long; and it is there unless the node was stopped and its key not at
 * hand. Who restores reads what has come, what lies in a bucket, and what is lost.
 */
import { z } from 'zod'
import type { HeldBlob } from '#app/carrying-types.ts'
import { bytesFromText, concatBytes, textFromBytes } from '#base/bytes.ts'
import { parseJson } from '#config/json.ts'

/** What lay beside the store, and where its bytes are now. */
export interface ListedBlob extends Omit<HeldBlob, 'place'> {
  /** In the backup; in the node's bucket, or perhaps, as that could not be reached; nowhere; in the backup, and damaged as it lay here. */
  readonly in: 'backup' | 'bucket' | 'perhaps in the bucket' | 'nowhere' | 'damaged'
}

/** How many there are, and those that are not in the backup. */
export interface BlobReport {
  readonly listed: number
  readonly missing: readonly ListedBlob[]
}

/** Lines of all pieces together that are read at most: a million files. */
const ROWS_MAX = 1_000_000
const ROW_BYTES_MAX = 8_192
const PIECE_ROWS = 1_000
const PIECE_BYTES_MAX = PIECE_ROWS * ROW_BYTES_MAX
/** Of names that others gave, so many characters are told. */
const NAME_CHARACTERS_MAX = 256

const Row = z.object({
  name: z.string().min(1).max(200),
  in: z.enum(['backup', 'bucket', 'perhaps in the bucket', 'nowhere', 'damaged']),
  what: z.enum(['file', 'small picture', 'part of an upload', 'picture']),
  file: z.string().max(1_000).optional(),
  bytes: z.int().min(0).optional(),
  channel: z
    .object({
      id: z.string().max(64),
      kind: z.enum(['public', 'private', 'direct', 'group']),
      name: z.string().max(1_000),
    })
    .optional(),
  isShared: z.boolean(),
})

/** What a backup says of these, when it holds the blobs of these names. */
export function listedBlobs(
  held: readonly HeldBlob[],
  inBackup: ReadonlySet<string>,
): readonly ListedBlob[] {
  return held.map(({ place, file, channel, ...blob }) => ({
    ...blob,
    file: file?.slice(0, NAME_CHARACTERS_MAX),
    channel: channel && { ...channel, name: channel.name.slice(0, NAME_CHARACTERS_MAX) },
    in: inBackup.has(blob.name) && place !== 'damaged' ? 'backup' : WHERE[place],
  }))
}

const WHERE = {
  elsewhere: 'bucket',
  unknown: 'perhaps in the bucket',
  // It went away while the backup was taken.
  here: 'nowhere',
  nowhere: 'nowhere',
  damaged: 'damaged',
} as const

/** The pieces of a list. An empty one has one empty piece: there was somebody to ask. */
export function* piecesOf(list: readonly ListedBlob[]): Generator<Uint8Array, void> {
  for (let at = 0; at === 0 || at < list.length; at += PIECE_ROWS)
    yield bytesFromText(
      list
        .slice(at, at + PIECE_ROWS)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    )
}

/** What is not in a backup, of what its list names. */
export function reportOf(list: readonly ListedBlob[]): BlobReport {
  return { listed: list.length, missing: list.filter((blob) => blob.in !== 'backup') }
}

/** A list as it is read from a backup that anybody may have made. */
export interface ListReader {
  /** False when this is no piece of a list, or the list is too long. */
  readonly take: (piece: AsyncIterable<Uint8Array>) => Promise<boolean>
  /** What of the list is not among `placed`; undefined when there was no list. */
  readonly report: (placed: ReadonlySet<string>) => BlobReport | undefined
}

/** Nothing read yet. */
export function openListReader(): ListReader {
  const list: ListedBlob[] = []
  let isThere = false
  return {
    take: async (piece) => {
      const rows = await rowsIn(piece)
      if (rows === undefined) return false
      isThere = true
      list.push(...rows)
      return list.length <= ROWS_MAX
    },
    report: (placed) => (isThere ? reportOf(list.map((row) => checked(row, placed))) : undefined),
  }
}

/** A list may say that the backup holds what it does not hold. */
function checked(row: ListedBlob, placed: ReadonlySet<string>): ListedBlob {
  if (placed.has(row.name) && row.in !== 'damaged') return { ...row, in: 'backup' }
  return row.in === 'backup' ? { ...row, in: 'nowhere' } : row
}

async function rowsIn(
  piece: AsyncIterable<Uint8Array>,
): Promise<readonly ListedBlob[] | undefined> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of piece) {
    bytes += part.length
    if (bytes > PIECE_BYTES_MAX) return undefined
    parts.push(part)
  }
  const lines = textFromBytes(concatBytes(...parts)).split('\n')
  if (lines.pop() !== '' || lines.length > PIECE_ROWS) return undefined
  const rows = lines.map(rowIn)
  return rows.every((row) => row !== undefined) ? rows : undefined
}

function rowIn(line: string): ListedBlob | undefined {
  if (line.length > ROW_BYTES_MAX) return undefined
  const parsed = parseJson(line)
  const row = Row.safeParse(parsed.ok ? parsed.value : undefined)
  return row.success ? (row.data as ListedBlob) : undefined
}
