/**
 * A data folder: everything that one node is and has.
 *
 *     config.json         what the operator set
 *     organisation.json   name, code and root key of the organisation; the last file of a new folder, so its seal
 *     certificate         this node's certificate, as the root signed it (hexadecimal)
 *     issuer              the certificate of the node that let this one in, where it joined
 *     keys/               0700, every file in it 0600:
 *       store.vault         the store key, wrapped for each way to open it (`#storage/vault.ts`)
 *       secrets             signing, organisation and root keys, and the epoch of a node that has just joined, sealed
 *                           under the store key
 *       store               the key file that opens the vault, unless it lies elsewhere or a passphrase is set
 *       device              what this kit brings to a release by headquarters
 *       life                which life of the store this is (`life.ts`)
 *       operator.token      while the node runs
 *     store/              LevelDB, every value sealed under the store key, ids in its names hidden
 *     blobs/, tray/       files, each sealed (`#storage/blob-folder.ts`); courier files for a browser, emptied at each start
 *     run.json            while the node runs: its process and its address
 *     wiped.json          this node was wiped, or is being wiped (`wipe.ts`)
 */
import { join } from 'node:path'
import { EdgeError } from '#base/errors.ts'
import { isThere } from './files.ts'

/** Where things are in the data folder at `path`. */
export interface Layout {
  readonly path: string
  readonly config: string
  readonly organisation: string
  readonly certificate: string
  readonly issuer: string
  readonly keys: string
  readonly store: string
  readonly blobs: string
  readonly tray: string
  readonly vault: string
  readonly secrets: string
  readonly keyFile: string
  readonly device: string
  readonly run: string
  readonly joining: string
  readonly life: string
  readonly operatorToken: string
  readonly wiped: string
}

/** `absent`: nothing of a node is there. `half-made`: some of it is. `wiped`: a node was, and may not come back. */
export type FolderState =
  | { readonly kind: 'absent' | 'complete' | 'wiped' }
  | { readonly kind: 'half-made'; readonly missing: readonly string[] }

/** Files in `keys` without which there is no node. */
export const NEEDED_KEYS = ['store.vault', 'secrets'] as const

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
    blobs: join(path, 'blobs'),
    tray: join(path, 'tray'),
    vault: join(keys, 'store.vault'),
    secrets: join(keys, 'secrets'),
    keyFile: join(keys, 'store'),
    device: join(keys, 'device'),
    run: join(path, 'run.json'),
    joining: join(path, 'joining.json'),
    life: join(keys, 'life'),
    operatorToken: join(keys, 'operator.token'),
    wiped: join(path, 'wiped.json'),
  }
}

/** Whether a node is in the folder. A `config.json` alone is no node: an operator may put it there first. */
export async function stateOfFolder(path: string): Promise<FolderState> {
  const { keys, store, wiped: note } = layoutOf(path)
  if (await isThere(note)) return { kind: 'wiped' }
  const needed = ['organisation.json', 'certificate', ...NEEDED_KEYS.map((key) => `keys/${key}`)]
  const missing: string[] = []
  for (const name of needed) if (!(await isThere(join(path, name)))) missing.push(name)
  const hasStore = await isThere(store)
  const isAbsent = missing.length === needed.length && !hasStore && !(await isThere(keys))
  if (isAbsent) return { kind: 'absent' }
  return missing.length === 0 ? { kind: 'complete' } : { kind: 'half-made', missing }
}

/** The error of a folder without a node. */
export function noNodeIn(path: string): EdgeError {
  return new EdgeError('CONFIG_MISSING', {
    dataFolder: path,
    found: 'no node in it',
    do: 'Run `holdfast start` or `holdfast init` to make one, `holdfast join` to join an organisation, or name the folder with --data.',
  })
}
