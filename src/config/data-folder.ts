/**
 * A data folder: everything that one node is and has.
 *
 *     config.json         what the operator set
 *     organisation.json   name, code and root key of the organisation; the last file of a new folder, so its seal
 *     certificate         this node's certificate, as the root signed it (hexadecimal, like most keys)
 *     issuer              the certificate of the node that let this one in, where it joined
 *     keys/               0700, every file in it 0600: signing, organisation, root where the organisation
 *                         was founded, epoch until the first start of a node that joined, store (raw bytes, made with the store), life, operator.token while it runs
 *     store/              LevelDB, every value sealed under keys/store
 *     run.json            while the node runs: its process and its address
 */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import {
  isThere,
  makeFolder,
  modeOf,
  PUBLIC_MODE,
  readText,
  removeFile,
  SECRET_FOLDER_MODE,
  SECRET_MODE,
  writeFileWhole,
} from './files.ts'
import { parseJson } from './json.ts'

/** Where things are in the data folder at `path`. */
export interface Layout {
  readonly path: string
  readonly config: string
  readonly organisation: string
  readonly certificate: string
  readonly issuer: string
  readonly keys: string
  readonly store: string
  readonly storeKey: string
  readonly run: string
  readonly life: string
  readonly operatorToken: string
}

/** The organisation as the folder keeps it. */
interface FolderOrganisation {
  readonly name: string
  /** 1 to 3 letters or digits. */
  readonly code: string
  /** Number of the organisation's suite of algorithms. */
  readonly suite: 1 | 2
  /** Public key of the root. */
  readonly rootKey: Uint8Array
}

/** What a node is made of, as raw bytes; whether it fits together is for `#trust` to say. */
export interface FolderContents {
  readonly organisation: FolderOrganisation
  readonly certificate: Uint8Array
  /** Certificate of the node that let this one in; none where the organisation was founded. */
  readonly issuer: Uint8Array | undefined
  /** Seeds and keys of 32 bytes each; `root` only where the organisation was founded. */
  readonly keys: {
    readonly signing: Uint8Array
    readonly organisation: Uint8Array
    readonly root: Uint8Array | undefined
    /** What the organisation sealed under when this node was let in; gone after the first start. */
    readonly epoch?: Uint8Array | undefined
  }
}

/** `absent`: nothing of a node is there. `half-made`: some of it is. */
export type FolderState =
  | { readonly kind: 'absent' | 'complete' }
  | { readonly kind: 'half-made'; readonly missing: readonly string[] }

/** Something that others on this machine can read and should not. */
export interface OpenMode {
  readonly path: string
  /** In octal, such as `644`. */
  readonly found: string
  readonly wanted: string
}

const FORMAT = 1
/** For the whole folder: others on the machine have no business in it. */
const FOLDER_MODE = 0o750
const KEY_BYTES = 32
const NEEDED_KEYS = ['signing', 'organisation'] as const
const ALL_KEYS = [...NEEDED_KEYS, 'store', 'root', 'epoch', 'life', 'operator.token'] as const

const OrganisationFile = z.strictObject({
  format: z.literal(FORMAT),
  name: z.string().min(1).max(200),
  code: z.string().regex(/^[a-z0-9]{1,3}$/i),
  suite: z.union([z.literal(1), z.literal(2)]),
  rootKey: z.string().regex(/^(?:[0-9a-f]{64}|[0-9a-f]{98})$/),
})

/** Where everything of the data folder at `path` stands. */
export function layoutOf(path: string): Layout {
  const keys = join(path, 'keys')
  return {
    path,
    config: join(path, 'config.json'),
    organisation: join(path, 'organisation.json'),
    certificate: join(path, 'certificate'),
    issuer: join(path, 'issuer'),
    keys,
    store: join(path, 'store'),
    storeKey: join(keys, 'store'),
    run: join(path, 'run.json'),
    life: join(keys, 'life'),
    operatorToken: join(keys, 'operator.token'),
  }
}

/** Whether a node is in the folder. A `config.json` alone is no node: an operator may put it there first. */
export async function stateOfFolder(path: string): Promise<FolderState> {
  const { keys, store, storeKey } = layoutOf(path)
  const needed = ['organisation.json', 'certificate', ...NEEDED_KEYS.map((key) => `keys/${key}`)]
  const missing: string[] = []
  for (const name of needed) if (!(await isThere(join(path, name)))) missing.push(name)
  const hasStore = await isThere(store)
  const isAbsent = missing.length === needed.length && !hasStore && !(await isThere(keys))
  if (isAbsent) return { kind: 'absent' }
  // The store's key is made with the store; a new one beside an old store could open nothing in it.
  if (hasStore && !(await isThere(storeKey))) missing.push('keys/store')
  return missing.length === 0 ? { kind: 'complete' } : { kind: 'half-made', missing }
}

/**
 * Makes a node's folder. Keys come first and `organisation.json` last: what a power cut leaves is known as half-made.
 * `config`, the text of `config.json`, is written only when there is none yet.
 * @throws EdgeError ALREADY_EXISTS when a node is in it, STORE_BROKEN when it is half-made
 */
export async function createDataFolder(
  path: string,
  contents: FolderContents,
  config: string | undefined,
): Promise<void> {
  const state = await stateOfFolder(path)
  if (state.kind === 'half-made') throw halfMade(path, state.missing)
  if (state.kind === 'complete')
    throw new EdgeError('ALREADY_EXISTS', {
      dataFolder: path,
      found: 'a node in it',
      wanted: 'a new or empty folder',
      do: 'Name another folder with --data, or start the node that is there with `holdfast start`.',
    })
  const layout = layoutOf(path)
  await makeFolder(path, FOLDER_MODE)
  await mkdir(layout.keys, { mode: SECRET_FOLDER_MODE }) // Fails when another process makes one, too.
  for (const [name, bytes] of Object.entries(contents.keys))
    if (bytes !== undefined) await writeHex(join(layout.keys, name), bytes, SECRET_MODE)
  if (config !== undefined && !(await isThere(layout.config)))
    await writeFileWhole(layout.config, config, PUBLIC_MODE)
  await writeHex(layout.certificate, contents.certificate, PUBLIC_MODE)
  if (contents.issuer !== undefined) await writeHex(layout.issuer, contents.issuer, PUBLIC_MODE)
  const { name, code, suite, rootKey } = contents.organisation
  const organisation = { format: FORMAT, name, code, suite, rootKey: hexFromBytes(rootKey) }
  await writeFileWhole(
    layout.organisation,
    `${JSON.stringify(organisation, undefined, 2)}\n`,
    PUBLIC_MODE,
  )
}

/**
 * What the node in the folder is made of.
 * @throws EdgeError CONFIG_MISSING when none is there, STORE_BROKEN when it is half-made or a file is damaged
 */
export async function readDataFolder(path: string): Promise<FolderContents> {
  const state = await stateOfFolder(path)
  if (state.kind === 'half-made') throw halfMade(path, state.missing)
  if (state.kind === 'absent')
    throw new EdgeError('CONFIG_MISSING', {
      dataFolder: path,
      found: 'no node in it',
      do: 'Run `holdfast start` or `holdfast init` to make one, `holdfast join` to join an organisation, or name the folder with --data.',
    })
  const layout = layoutOf(path)
  const key = (name: string): Promise<Uint8Array> => readHex(join(layout.keys, name), KEY_BYTES)
  const has = (name: string): Promise<boolean> => isThere(join(layout.keys, name))
  return {
    organisation: await readOrganisation(layout.organisation),
    certificate: await readHex(layout.certificate, undefined),
    issuer: (await isThere(layout.issuer)) ? await readHex(layout.issuer, undefined) : undefined,
    keys: {
      signing: await key('signing'),
      organisation: await key('organisation'),
      root: (await has('root')) ? await key('root') : undefined,
      epoch: (await has('epoch'))
        ? await readHex(join(layout.keys, 'epoch'), undefined)
        : undefined,
    },
  }
}

/** Puts a later certificate of the same node in place of the one that is there. */
export async function replaceCertificate(path: string, certificate: Uint8Array): Promise<void> {
  await writeHex(layoutOf(path).certificate, certificate, PUBLIC_MODE)
}

/** Takes a key out of the folder for good: the root that moved away, an epoch that the store has now. */
export async function dropKey(path: string, name: 'root' | 'epoch'): Promise<void> {
  await removeFile(join(layoutOf(path).keys, name))
}

/**
 * The 4 bytes of this life of the store, or undefined when a new life has to begin: none is noted, or it is noted for
 * another folder than `store/` is now. A copied or restored store is another folder, and in its old life it would use
 * numbers again that were used since the copy was made.
 */
export async function readLife(path: string): Promise<Uint8Array | undefined> {
  const { life, store } = layoutOf(path)
  const text = await readText(life)
  if (text === undefined) return undefined
  const parts = /^([0-9a-f]{8}) (\d+)\n$/.exec(text)
  if (parts === null) throw damaged(life, '4 bytes in hexadecimal and a number')
  const [, bytes = '', folder] = parts
  return folder === (await identityOfFolder(store)) ? bytesFromHex(bytes) : undefined
}

/** Begins a new life of the store that is there; before anything is written to it. */
export async function writeLife(path: string, life: Uint8Array): Promise<void> {
  const layout = layoutOf(path)
  const text = `${hexFromBytes(life)} ${await identityOfFolder(layout.store)}\n`
  await writeFileWhole(layout.life, text, SECRET_MODE)
}

/** What others on this machine could read or change and should not. */
export async function openModes(path: string): Promise<readonly OpenMode[]> {
  const { keys } = layoutOf(path)
  const paths: readonly (readonly [string, number])[] = [
    [keys, SECRET_FOLDER_MODE],
    ...ALL_KEYS.map((name) => [join(keys, name), SECRET_MODE] as const),
  ]
  const found: OpenMode[] = []
  for (const [item, wanted] of paths) {
    const mode = await modeOf(item)
    if (mode !== undefined && (mode & 0o077) !== 0)
      found.push({ path: item, found: mode.toString(8), wanted: wanted.toString(8) })
  }
  return found
}

async function readOrganisation(file: string): Promise<FolderOrganisation> {
  const parsed = parseJson((await readText(file)) ?? '')
  const organisation = OrganisationFile.safeParse(parsed.ok ? parsed.value : undefined)
  if (!organisation.success) throw damaged(file, 'format 1 with name, code, suite and rootKey')
  const { name, code, suite, rootKey } = organisation.data
  return { name, code, suite, rootKey: bytesFromHex(rootKey) }
}

async function readHex(file: string, length: number | undefined): Promise<Uint8Array> {
  const text = ((await readText(file)) ?? '').trim()
  const isRight =
    /^(?:[0-9a-f]{2})+$/.test(text) && (length === undefined || text.length === 2 * length)
  if (!isRight) throw damaged(file, `${length ?? 'some'} bytes in hexadecimal`)
  return bytesFromHex(text)
}

/** The number by which the file system knows a folder: a copy has another one. */
async function identityOfFolder(path: string): Promise<string> {
  return String((await stat(path, { bigint: true })).ino)
}

async function writeHex(file: string, bytes: Uint8Array, mode: number): Promise<void> {
  await writeFileWhole(file, `${hexFromBytes(bytes)}\n`, mode)
}

function damaged(file: string, wanted: string): EdgeError {
  return new EdgeError('STORE_BROKEN', {
    file,
    found: 'something else',
    wanted,
    do: 'Restore this file from a backup.',
  })
}

function halfMade(path: string, missing: readonly string[]): EdgeError {
  return new EdgeError('STORE_BROKEN', {
    dataFolder: path,
    found: `a half-made node without ${missing.join(', ')}`,
    wanted: 'all of it or none',
    do: 'Restore the missing files from a backup. If making the folder was cut short, nothing is lost: move it away and run the command again.',
  })
}
