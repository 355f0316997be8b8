/**
 * A node put back from its backup (`backup.ts`), on this machine or another. The folder is made beside its place and moved there
 * at the end: whatever goes wrong leaves nothing half-made. The node begins a new life at its next start, so it uses no number
 * again that others have seen since.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { Decrypter } from 'age-encryption'
import { createTarDecoder, type ParsedTarEntry } from 'modern-tar'
import { z } from 'zod'
import { textFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { stateOfFolder } from '#config/layout.ts'
import { isThere } from '#config/files.ts'
import { parseJson } from '#config/json.ts'
import type { Log } from '#ports/log.ts'
import type { Write } from '#ports/store.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { entriesOf } from '#storage/store-image.ts'
import { BACKUP_FORMAT, syncFolder, type BackupNote } from './backup.ts'
import { openListReader, type BlobReport } from './backup-list.ts'

/** What opens a backup: its passphrase, or the private half of its recipient. */
export type RestoreKey = { readonly passphrase: string } | { readonly identity: string }

/** A backup and where it goes. */
export interface Restoring {
  readonly file: string
  /** A folder that is not there yet. */
  readonly dataFolder: string
  readonly key: RestoreKey
  readonly log: Log
}

/** What was put back. */
export interface RestoreReport extends BackupNote {
  /** What of the files that the node needs is not in its folder; undefined where the backup has no list of them. */
  readonly files: BlobReport | undefined
}

const FOLDER_MODE = 0o750
const INNER_MODE = 0o700
const FILE_MODE_MAX = 0o644
/** Longest note a backup has of itself. */
const NOTE_BYTES_MAX = 65_536
const BATCH_ENTRIES = 64
/** One part of a name inside a backup: nothing that leads elsewhere. */
const SAFE_NAME = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}\/)*[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$/

const Note = z.object({
  format: z.union([z.literal(1), z.literal(BACKUP_FORMAT)]),
  node: z.string().max(64),
  name: z.string().max(200),
  takenAt: z.number(),
})

/**
 * Puts a node back.
 * @throws EdgeError INPUT_INVALID for another passphrase or a damaged file, ALREADY_EXISTS when the folder is there, STORE_FULL
 */
export async function restoreBackup(restoring: Restoring): Promise<RestoreReport> {
  const { file, dataFolder } = restoring
  if (await isThere(dataFolder))
    throw new EdgeError('ALREADY_EXISTS', {
      dataFolder,
      found: 'something in its place',
      wanted: 'a folder that is not there yet',
      do: 'Name another with --data, or move that one away.',
    })
  const unfinished = `${dataFolder}.restoring`
  await rm(unfinished, { recursive: true, force: true })
  let isDone = false
  try {
    await mkdir(unfinished, { recursive: true, mode: FOLDER_MODE })
    const report = await unpack(restoring, unfinished)
    const state = await stateOfFolder(unfinished)
    if (state.kind !== 'complete') throw damaged(file, 'no whole node in it')
    await rename(unfinished, dataFolder)
    await syncFolder(dirname(dataFolder))
    isDone = true
    return report
  } catch (cause) {
    throw explained(file, cause)
  } finally {
    if (!isDone) await rm(unfinished, { recursive: true, force: true })
  }
}

async function unpack({ file, key, log }: Restoring, folder: string): Promise<RestoreReport> {
  await using source = await open(file, 'r')
  const sealed = source.readableWebStream() as ReadableStream<Uint8Array>
  const archive = await decrypterFor(key).decrypt(sealed)
  const entries = archive.pipeThrough(createTarDecoder({ strict: true }))
  await using store = await openLevelStore({ folder: join(folder, 'store'), log })
  const image = new TransformStream<Uint8Array, Uint8Array>()
  const filling = fill(store, image.readable)
  const feed = image.writable.getWriter()
  const list = openListReader()
  const blobs = new Set<string>()
  let note: BackupNote | undefined
  try {
    for await (const entry of entries as AsyncIterable<ParsedTarEntry>) {
      const { name } = entry.header
      if (note === undefined) note = await readNote(file, entry)
      else if (name.startsWith('store/'))
        for await (const part of entry.body) await feed.write(part)
      else if (name.startsWith('files/')) {
        if (!(await list.take(entry.body))) throw damaged(file, `the list ${name}`)
      } else blobs.add(await place(file, folder, entry))
    }
    await feed.close()
  } catch (error) {
    await feed.abort(error).catch(() => undefined)
    await filling.catch(() => undefined)
    throw error
  }
  await filling
  if (note === undefined) throw damaged(file, 'nothing in it')
  return { ...note, files: list.report(blobs) }
}

function decrypterFor(key: RestoreKey): Decrypter {
  const decrypter = new Decrypter()
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase)
  else
    try {
      decrypter.addIdentity(key.identity)
    } catch (cause) {
      const wanted = 'AGE-SECRET-KEY-1…, alone on its line'
      const facts = { field: 'identity', found: 'another text', wanted }
      throw new EdgeError('INPUT_INVALID', facts, { cause })
    }
  return decrypter
}

async function fill(
  store: { readonly write: (writes: readonly Write[]) => Promise<void> },
  image: ReadableStream<Uint8Array>,
): Promise<void> {
  let writes: Write[] = []
  for await (const [key, value] of entriesOf(image)) {
    writes.push({ key, value })
    if (writes.length < BATCH_ENTRIES) continue
    await store.write(writes)
    writes = []
  }
  if (writes.length > 0) await store.write(writes)
}

async function readNote(file: string, { header, body }: ParsedTarEntry): Promise<BackupNote> {
  if (header.name !== 'backup.json' || header.size > NOTE_BYTES_MAX)
    throw damaged(file, 'no backup.json at its beginning')
  const text = textFromBytes(new Uint8Array(await new Response(body).arrayBuffer()))
  const parsed = parseJson(text)
  const note = Note.safeParse(parsed.ok ? parsed.value : undefined)
  if (!note.success) throw damaged(file, 'a backup.json of another version')
  return note.data
}

/**
 * Gives the name of the blob that it is. Whoever knows a recipient can make a backup for it: no name may lead out of the folder.
 */
async function place(
  file: string,
  folder: string,
  { header, body }: ParsedTarEntry,
): Promise<string> {
  const { name, type, mode = 0 } = header
  const inside = /^(?:folder\/|(?=blobs\/))(.*)$/.exec(name)?.[1]
  const isPlain = type === 'file' && inside !== undefined && SAFE_NAME.test(inside)
  if (!isPlain || inside.startsWith('store/')) throw damaged(file, `the name ${name}`)
  const path = join(folder, inside)
  await mkdir(dirname(path), { recursive: true, mode: INNER_MODE })
  await using target = await open(path, 'wx', mode & FILE_MODE_MAX)
  await target.writeFile(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]))
  await target.sync()
  return name.replace(/^blobs\//, '')
}

/** The key in a file as `age-keygen` writes it: comments, and one line with the key. */
export async function identityIn(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim())
  return lines.find((line) => line !== '' && !line.startsWith('#')) ?? ''
}

function explained(file: string, cause: unknown): unknown {
  if (cause instanceof EdgeError || !(cause instanceof Error)) return cause
  if ('code' in cause && cause.code === 'ENOSPC') return new EdgeError('STORE_FULL', {}, { cause })
  if ('code' in cause && typeof cause.code === 'string')
    return new EdgeError(
      'INPUT_INVALID',
      { field: 'file', file, found: cause.code, wanted: 'a backup that can be read' },
      { cause },
    )
  if (/no identity matched/.test(cause.message))
    return new EdgeError(
      'INPUT_INVALID',
      {
        field: 'key',
        found: 'another passphrase or identity',
        wanted: 'the one it was sealed for',
      },
      { cause },
    )
  return damaged(file, 'bytes that do not open', cause)
}

function damaged(file: string, found: string, cause?: unknown): EdgeError {
  const wanted = 'a whole backup of `holdfast backup`'
  const advice = 'Take another copy or an older backup.'
  return new EdgeError(
    'INPUT_INVALID',
    { field: 'file', file, found, wanted, do: advice },
    { cause },
  )
}
