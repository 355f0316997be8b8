/** `holdfast backup` and `holdfast restore`: a whole node in one sealed file, and back. */
import { resolve } from 'node:path'
import { EdgeError } from '#base/errors.ts'
import {
  openStoppedStore,
  writeBackup,
  type BackupKey,
  type BackupSource,
} from '#compose/backup.ts'
import { forget, unlockAlone } from '#compose/unlocking.ts'
import { identityIn, restoreBackup, type RestoreKey } from '#compose/restore.ts'
import { isThere, passphraseIn } from '#config/files.ts'
import { realWorld } from '#compose/world.ts'
import { layoutOf } from '#config/layout.ts'
import { loadConfig } from '#config/load.ts'
import { readDataFolder } from '#config/data-folder.ts'
import { readCertificate } from '#trust/identity.ts'
import { organisationOf, rosterOf } from '#compose/opening.ts'
import type { HeldBlob } from '#app/carrying-types.ts'
import { missingLines } from './missing-files.ts'
import { NodeNotRunning } from './explain.ts'
import { findLocalNode } from './local-node.ts'
import { askHidden } from './question.ts'
import { when, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What may be typed behind it. */
export interface BackupOptions extends CommonOptions {
  readonly passphraseFile?: string
  readonly recipient?: string
}

/** What may be typed behind it. */
export interface RestoreOptions extends CommonOptions {
  readonly passphraseFile?: string
  readonly identity?: string
}

const PASSPHRASE_CHARACTERS_MIN = 10

/** Runs the command. */
export async function backup(
  file: string,
  options: BackupOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { data, json } = options
  const contents = await readDataFolder(data)
  const key = await backupKey(options, surroundings)
  const { authority } = rosterOf(organisationOf(contents), contents)
  const certificate = readCertificate(authority, contents.certificate)
  const about = {
    node: certificate?.node ?? '',
    name: certificate?.name ?? '',
    takenAt: surroundings.clock.now(),
  }
  await using store = await imageHere(data, surroundings)
  const target = resolve(file)
  const { image, held } = store
  const report = await writeBackup(target, { dataFolder: data, image, about, held }, key)
  if (json)
    return writeJson(surroundings.terminal, {
      file: target,
      ...report,
      files: report.files ?? null,
      ...about,
    })
  const { bytes, blobs, files } = report
  writeLines(surroundings.terminal, [
    `${about.name} is in ${target}: ${bytes} bytes, ${blobs} ${blobs === 1 ? 'file' : 'files'} of people in it.`,
    ...missingLines(files, 'backup'),
    'It holds the keys of this node: whoever opens it is this node. Keep it where a passphrase can be kept.',
    `Put it back with \`holdfast restore ${file}\`; never while the node itself goes on.`,
  ])
}

async function imageHere(
  data: string,
  surroundings: Surroundings,
): Promise<Pick<BackupSource, 'image' | 'held'> & AsyncDisposable> {
  try {
    const { stream } = await findLocalNode(data, surroundings)
    const image = await stream('/api/holdfast/v1/backup/store')
    const held = async (): Promise<readonly HeldBlob[]> => {
      const parts = await Array.fromAsync(await stream('/api/holdfast/v1/backup/blobs'))
      return JSON.parse(Buffer.concat(parts).toString('utf8')) as readonly HeldBlob[]
    }
    return { image, held, [Symbol.asyncDispose]: async () => undefined }
  } catch (error) {
    if (!(error instanceof NodeNotRunning)) throw error
    return openStopped(data, surroundings)
  }
}

/** Its key is used where it is at hand; nobody is asked for a passphrase, as the rest of a backup needs none. */
async function openStopped(
  data: string,
  { environment }: Surroundings,
): ReturnType<typeof openStoppedStore> {
  const { log, random } = realWorld('warn')
  const usual = layoutOf(data).config
  const file = (await isThere(usual)) ? usual : undefined
  const config = await loadConfig({ file, environment, overrides: {} }).catch(() => undefined)
  const key = config && (await unlockAlone(data, config.unlock).catch(() => undefined))
  if (config === undefined || key === undefined) return openStoppedStore(data, log)
  const store = await openStoppedStore(data, log, { key, config, random })
  return {
    ...store,
    [Symbol.asyncDispose]: async () => {
      forget(key)
      await store[Symbol.asyncDispose]()
    },
  }
}

/** Runs the command. */
export async function restore(
  file: string,
  options: RestoreOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { data, json } = options
  const key = await restoreKey(options, surroundings)
  const { log } = realWorld('warn')
  const { files, ...note } = await restoreBackup({
    file: resolve(file),
    dataFolder: data,
    key,
    log,
  })
  if (json)
    return writeJson(surroundings.terminal, { dataFolder: data, ...note, files: files ?? null })
  writeLines(surroundings.terminal, [
    `${note.name} is in ${data}, as it was at ${when(note.takenAt)}.`,
    ...missingLines(files, 'folder'),
    'Start it with `holdfast start`. It begins a new life, and asks the other nodes for what it has missed.',
    'The node that the backup was taken of must not run again: two of one are taken for a copy, and shut out.',
  ])
}

async function backupKey(options: BackupOptions, surroundings: Surroundings): Promise<BackupKey> {
  const { recipient, passphraseFile } = options
  if (recipient !== undefined) return { recipient }
  const isAsked = passphraseFile === undefined
  const passphrase = isAsked
    ? await askHidden('Passphrase for the backup: ', surroundings)
    : await passphraseIn(passphraseFile)
  const again = isAsked ? await askHidden('Once more: ', surroundings) : passphrase
  if (passphrase === undefined || passphrase !== again)
    throw refused(passphrase === undefined ? 'none' : 'two different texts', 'the same twice')
  if (passphrase.length < PASSPHRASE_CHARACTERS_MIN)
    throw refused(`${passphrase.length} characters`, `at least ${PASSPHRASE_CHARACTERS_MIN}`)
  return { passphrase }
}

async function restoreKey(
  options: RestoreOptions,
  surroundings: Surroundings,
): Promise<RestoreKey> {
  const { identity, passphraseFile } = options
  if (identity !== undefined) return { identity: await identityIn(identity) }
  const passphrase =
    passphraseFile === undefined
      ? await askHidden('Passphrase of the backup: ', surroundings)
      : await passphraseIn(passphraseFile)
  if (passphrase === undefined) throw refused('none', 'that of the backup')
  return { passphrase }
}

function refused(found: string, wanted: string): EdgeError {
  return new EdgeError('INPUT_INVALID', { field: 'passphrase', found, wanted })
}
