/** The folder of one node, `layout.ts`: making it, and reading what is in it. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import {
  isThere,
  makeFolder,
  modeOf,
  PUBLIC_MODE,
  readBytes,
  readText,
  SECRET_FOLDER_MODE,
  SECRET_MODE,
  writeFileWhole,
} from './files.ts'
import { parseJson } from './json.ts'
import { layoutOf, NEEDED_KEYS, noNodeIn, stateOfFolder } from './layout.ts'

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

/** What everybody may know of a node, as raw bytes; whether it fits together is for `#trust` to say. */
export interface PublicContents {
  readonly organisation: FolderOrganisation
  readonly certificate: Uint8Array
  /** Certificate of the node that let this one in; none where the organisation was founded. */
  readonly issuer: Uint8Array | undefined
}

/** Seeds and keys of 32 bytes each; `root` only where the organisation was founded. */
export interface NodeKeys {
  readonly signing: Uint8Array
  readonly organisation: Uint8Array
  readonly root: Uint8Array | undefined
  /** What the organisation sealed under when this node was let in; gone once the store has it. */
  readonly epoch?: Uint8Array | undefined
}

/** What a node is made of. */
export interface FolderContents extends PublicContents {
  readonly keys: NodeKeys
}

/** The files of a new folder that keep its secrets: none of them says anything alone. */
export interface SealedFiles {
  readonly vault: Uint8Array
  readonly secrets: Uint8Array
  /** Content of `keys/store`; undefined when the key file lies elsewhere. */
  readonly keyFile: Uint8Array | undefined
}

/** Something that others on this machine can read and should not. */
export interface OpenMode {
  readonly path: string
  /** In octal, such as `644`. */
  readonly found: string
  readonly wanted: string
}

const FORMAT = 2
/** For the whole folder: others on the machine have no business in it. */
const FOLDER_MODE = 0o750
const ALL_KEYS = [...NEEDED_KEYS, 'store', 'device', 'life', 'operator.token'] as const

const OrganisationFile = z.strictObject({
  format: z.literal(FORMAT),
  name: z.string().min(1).max(200),
  code: z.string().regex(/^[a-z0-9]{1,3}$/i),
  suite: z.union([z.literal(1), z.literal(2)]),
  rootKey: z.string().regex(/^(?:[0-9a-f]{64}|[0-9a-f]{98})$/),
})

/**
 * Makes a node's folder. Keys come first and `organisation.json` last: what a power cut leaves is known as half-made.
 * `config`, the text of `config.json`, is written only when there is none yet.
 * @throws EdgeError ALREADY_EXISTS when a node is in it, STORE_BROKEN when it is half-made
 */
export async function createDataFolder(
  path: string,
  contents: PublicContents,
  { sealed, config }: { readonly sealed: SealedFiles; readonly config: string | undefined },
): Promise<void> {
  const state = await stateOfFolder(path)
  if (state.kind === 'half-made') throw halfMade(path, state.missing)
  if (state.kind === 'wiped') throw wiped(path)
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
  for (const name of ['keyFile', 'vault', 'secrets'] as const) {
    const bytes = sealed[name]
    if (bytes !== undefined) await writeFileWhole(layout[name], bytes, SECRET_MODE)
  }
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
 * What everybody may know of the node in the folder.
 * @throws EdgeError CONFIG_MISSING when none is there, STORE_BROKEN when it is half-made or a file is damaged, WIPED
 */
export async function readDataFolder(path: string): Promise<PublicContents> {
  const state = await stateOfFolder(path)
  if (state.kind === 'half-made') throw halfMade(path, state.missing)
  if (state.kind === 'wiped') throw wiped(path)
  if (state.kind === 'absent') throw noNodeIn(path)
  const layout = layoutOf(path)
  return {
    organisation: await readOrganisation(layout.organisation),
    certificate: await readHex(layout.certificate),
    issuer: (await isThere(layout.issuer)) ? await readHex(layout.issuer) : undefined,
  }
}

/** Puts a later certificate of the same node in place of the one that is there. */
export async function replaceCertificate(path: string, certificate: Uint8Array): Promise<void> {
  await writeHex(layoutOf(path).certificate, certificate, PUBLIC_MODE)
}

/** The bytes of `keys/store.vault` and `keys/secrets`. @throws EdgeError STORE_BROKEN when one is not there */
export async function readSealed(path: string): Promise<Pick<SealedFiles, 'vault' | 'secrets'>> {
  const { vault, secrets } = layoutOf(path)
  return { vault: await bytesOf(vault), secrets: await bytesOf(secrets) }
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
  if (!organisation.success) throw damaged(file, 'format 2 with name, code, suite and rootKey')
  const { name, code, suite, rootKey } = organisation.data
  return { name, code, suite, rootKey: bytesFromHex(rootKey) }
}

async function bytesOf(file: string): Promise<Uint8Array> {
  const bytes = await readBytes(file)
  if (bytes === undefined) throw damaged(file, 'the file')
  return bytes
}

async function readHex(file: string): Promise<Uint8Array> {
  const text = ((await readText(file)) ?? '').trim()
  if (!/^(?:[0-9a-f]{2})+$/.test(text)) throw damaged(file, 'some bytes in hexadecimal')
  return bytesFromHex(text)
}

async function writeHex(file: string, bytes: Uint8Array, mode: number): Promise<void> {
  await writeFileWhole(file, `${hexFromBytes(bytes)}\n`, mode)
}

/** The error of a file of the folder that is not what it has to be. */
export function damaged(file: string, wanted: string): EdgeError {
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

function wiped(path: string): EdgeError {
  return new EdgeError('WIPED', { dataFolder: path })
}
