/** What `init`, `start` and `join` share: from a name to a data folder with a node and its first account in it. */
import { hostname } from 'node:os'
import { createDataFolder, type FolderContents } from '#config/data-folder.ts'
import { layoutOf, stateOfFolder } from '#config/layout.ts'
import { isThere } from '#config/files.ts'
import { loadConfig, type Overrides } from '#config/load.ts'
import { DEFAULT_ROLE, type Config } from '#config/schema.ts'
import { openAlone } from '#compose.ts'
import { realWorld } from '#compose/world.ts'
import { keyOf } from '#compose/opening.ts'
import { sealNewFolder } from '#compose/unlocking.ts'
import type { NodeRole } from '#trust/identity.ts'
import { ensureOperator, type NewAdministrator, type Operator } from './operator.ts'
import type { Surroundings } from './terminal.ts'

/** What a new node is called and does, from the config and the command line. */
export interface NewNode {
  readonly config: Config
  readonly name: string
  readonly role: NodeRole
}

/** Where the config of a node is. */
export interface ConfigPlace {
  readonly data: string
  /** Named by the person; otherwise `config.json` of the data folder. */
  readonly config: string | undefined
}

/** Name of an organisation that nobody named. */
export const DEFAULT_ORGANISATION = 'Holdfast'

/**
 * The config for a node that is about to be made, which need not have a file yet.
 * @throws EdgeError CONFIG_INVALID, CONFIG_MISSING
 */
export async function configOfNewNode(
  place: ConfigPlace,
  overrides: Overrides,
  { environment }: Surroundings,
): Promise<NewNode> {
  const usual = layoutOf(place.data).config
  const file = place.config ?? ((await isThere(usual)) ? usual : undefined)
  const config = await loadConfig({ file, environment, overrides })
  const name = config.name ?? nameFrom(hostname())
  return { config, name, role: config.role ?? DEFAULT_ROLE }
}

/** Makes the data folder; `dial` is whom the new node calls, if its config file is written now. */
export async function makeFolderFor(
  place: ConfigPlace,
  contents: FolderContents,
  { node, dial }: { readonly node: NewNode; readonly dial: readonly string[] },
): Promise<void> {
  const { name, role, config } = node
  const carrier = dial.length === 0 ? { kind: 'lan' } : { kind: 'lan', dial }
  const { host, port, names } = config.listen
  const listen = names.length === 0 ? { host, port } : { host, port, names }
  const content = { name, role, listen, carriers: [carrier] }
  const text = `${JSON.stringify(content, undefined, 2)}\n`
  const sealed = await sealNewFolder(contents.keys, config.unlock, realWorld('warn').random)
  const own = place.config === undefined ? text : undefined
  await createDataFolder(place.data, contents, { sealed, config: own })
}

/** Enrols the first account in a folder whose node is not running. */
export async function enrolFirst(
  { data, config }: { readonly data: string; readonly config: Config },
  draft: NewAdministrator,
): Promise<Operator> {
  const key = await keyOf(data, config.unlock)
  await using alone = await openAlone(data, realWorld('warn'), key)
  return await ensureOperator(alone.node, draft)
}

/** Whether the folder holds no node yet. */
export async function isNew(data: string): Promise<boolean> {
  return (await stateOfFolder(data)).kind === 'absent'
}

/** A machine's name as a node's name: what cannot stay becomes a dash. */
export function nameFrom(machine: string): string {
  const first = machine.split('.')[0] ?? ''
  const name = first
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 32)
    .replace(/^-+|-+$/g, '')
  return name.length < 2 ? 'node' : name
}
