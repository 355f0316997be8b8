/**
 * A file with 32 secret bytes: the key file that opens a vault (it may lie on a stick), or what a kit brings to a
 * release. It is never made anew over an existing file, and it reaches the disk before anything hangs on it.
 */
import { link, mkdir, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EdgeError } from '#base/errors.ts'
import type { Random } from '#ports/random.ts'
import { KEY_BYTES } from './seal.ts'
import { storeError } from './store-errors.ts'

/** Codes of file systems that have no hard links (FAT, some network shares). */
const NO_LINK_CODES: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/**
 * The 32 bytes of the key file, which is made, readable by its owner only, when it is not there.
 * @throws EdgeError CONFIG_INVALID when the file has another length or everybody may read it, STORE_FULL,
 *   STORE_BROKEN
 */
export async function loadKeyFile(file: string, random: Random): Promise<Uint8Array> {
  try {
    return (await readKey(file)) ?? (await makeKey(file, random))
  } catch (error) {
    throw storeError(error)
  }
}

/**
 * The 32 bytes of the key file, or undefined when there is none: the stick is not in.
 * @throws EdgeError CONFIG_INVALID when the file has another length or everybody may read it, STORE_BROKEN
 */
export async function readKeyFile(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readKey(file)
  } catch (error) {
    throw storeError(error)
  }
}

async function readKey(file: string): Promise<Uint8Array | undefined> {
  let key: Uint8Array
  try {
    key = await readFile(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  if (key.length !== KEY_BYTES) throw wrongFile('bytes', key.length, KEY_BYTES)
  const { mode } = await stat(file)
  if (process.platform !== 'win32' && (mode & 0o007) !== 0)
    throw wrongFile('mode', (mode & 0o777).toString(8), '600')
  return new Uint8Array(key)
}

function wrongFile(what: string, found: string | number, wanted: string | number): EdgeError {
  return new EdgeError('CONFIG_INVALID', { key: 'unlock.keyFile', what, found, wanted })
}

/** Whoever links its file first has made the key; everybody then reads that one. */
async function makeKey(file: string, random: Random): Promise<Uint8Array> {
  const folder = dirname(file)
  const mark = Buffer.from(random.bytes(8)).toString('hex')
  const draft = `${file}.${mark}.new`
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    await writeSynced(await open(draft, 'wx', 0o600), random.bytes(KEY_BYTES))
    await putInPlace(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
  await syncFolder(folder)
  const key = await readKey(file)
  if (key === undefined) throw new EdgeError('STORE_BROKEN', { reason: 'key file vanished' })
  return key
}

async function writeSynced(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function putInPlace(draft: string, file: string): Promise<void> {
  try {
    await link(draft, file)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return
    if (!NO_LINK_CODES.includes(code)) throw error
    await rename(draft, file)
  }
}

/** Makes the file's name last. Windows cannot open folders and needs no such sync. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
