/** `holdfast passphrase set|change|remove`: how the store of this node is opened. Works while the node runs, too. */
import { EdgeError } from '#base/errors.ts'
import { readDataFolder } from '#config/data-folder.ts'
import { layoutOf } from '#config/layout.ts'
import { isThere, passphraseIn } from '#config/files.ts'
import { loadConfig } from '#config/load.ts'
import { realWorld } from '#compose/world.ts'
import { releaseOf } from '#compose/release.ts'
import {
  forget,
  removePassphrase,
  setPassphrase,
  unlockAlone,
  unlockBy,
  waysInto,
  type StoreKey,
  type UnlockConfig,
} from '#compose/unlocking.ts'
import { askHidden } from './question.ts'
import { postAnyWay } from './request-any.ts'
import { writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `passphrase` may be told. */
export interface PassphraseOptions extends CommonOptions {
  readonly config?: string
  /** Path of a file with the passphrase that is set now. */
  readonly passphraseFile?: string
  /** Path of a file with the new one. */
  readonly newPassphraseFile?: string
  /** Leaves the key file as a second way. */
  readonly keepKeyFile?: boolean
}

/** What is to be done. */
export type PassphraseDeed = 'set' | 'change' | 'remove'

/** A passphrase that is shorter is guessed, whatever a guess costs. */
const CHARACTERS_MIN = 10
const CHARACTERS_MAX = 1_024

/** Runs the command. */
export async function passphrase(
  deed: PassphraseDeed,
  options: PassphraseOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, random } = surroundings
  const { data } = options
  await readDataFolder(data)
  const hasOne = (await waysInto(data)).includes('passphrase')
  if (hasOne === (deed === 'set')) throw wrongDeed(deed, hasOne)
  const unlock = await unlockConfig(options, surroundings)
  const key = await openedFolder(options, { unlock, hasOne }, surroundings)
  try {
    if (deed === 'remove') await removePassphrase(data, key, { unlock, random })
    else {
      const isKeyFileKept = options.keepKeyFile === true
      const chosen = await newPassphrase(options, surroundings)
      await setPassphrase(data, key, { passphrase: chosen, isKeyFileKept, random })
    }
  } finally {
    forget(key)
  }
  const ways = await waysInto(data)
  if (options.json) writeJson(terminal, { ways })
  else writeLines(terminal, [`The store opens by: ${ways.join(', ')}.`])
}

/** The folder's key, by what is at hand. @throws EdgeError NOT_ALLOWED when nothing is */
export async function openedFolder(
  { data, passphraseFile }: Pick<PassphraseOptions, 'data' | 'passphraseFile'>,
  { unlock, hasOne }: { readonly unlock: UnlockConfig; readonly hasOne: boolean },
  surroundings: Surroundings,
): Promise<StoreKey> {
  const asked =
    passphraseFile !== undefined
      ? await passphraseIn(passphraseFile)
      : hasOne && unlock.passphraseFile === undefined
        ? await askHidden('Passphrase: ', surroundings)
        : undefined
  const key =
    asked === undefined
      ? await unlockReleased(data, unlock, surroundings)
      : await unlockBy(data, asked)
  if (key !== undefined) return key
  throw new EdgeError('NOT_ALLOWED', {
    found: asked === undefined ? 'no key file, and no release' : 'another passphrase',
    do: 'Enter the passphrase that is set, or put the stick with the key file in.',
  })
}

/**
 * The key of a folder whose node is stopped: by what needs no person where it can, otherwise by its passphrase, which is
 * asked for; without one, by release. @throws EdgeError LOCKED, CONFIG_INVALID, STORE_BROKEN
 */
export async function keyHere(data: string, surroundings: Surroundings): Promise<StoreKey> {
  const unlock = await unlockConfig({ data }, surroundings)
  const alone = await unlockAlone(data, unlock)
  if (alone !== undefined) return alone
  const hasOne = (await waysInto(data)).includes('passphrase')
  const { terminal, signal } = surroundings
  const question = { text: 'Passphrase of the store: ', isHidden: true, signal }
  const asked = hasOne ? await terminal.ask?.(question) : undefined
  const key =
    asked === undefined
      ? await unlockReleased(data, unlock, surroundings)
      : await unlockBy(data, asked)
  if (key !== undefined) return key
  throw new EdgeError('LOCKED', {
    dataFolder: data,
    found: asked === undefined ? 'nothing that opens its store' : 'another passphrase',
    wanted: hasOne
      ? 'its passphrase, typed or in `unlock.passphraseFile`'
      : 'its key file, or a hub that releases it',
    do: 'Run the command where that is at hand.',
  })
}

/** By what needs no person, headquarters included. */
async function unlockReleased(
  data: string,
  unlock: UnlockConfig,
  surroundings: Surroundings,
): Promise<StoreKey | undefined> {
  const ports = { ...realWorld('warn'), post: postAnyWay(surroundings) }
  return unlockAlone(data, unlock, await releaseOf(data, unlock, ports))
}

async function newPassphrase(
  { newPassphraseFile }: PassphraseOptions,
  surroundings: Surroundings,
): Promise<string> {
  const isAsked = newPassphraseFile === undefined
  const text = isAsked
    ? await askHidden('New passphrase: ', surroundings)
    : await passphraseIn(newPassphraseFile)
  if (text === undefined) throw refused('nothing', 'a passphrase')
  const again = isAsked ? await askHidden('Once more: ', surroundings) : text
  if (text !== again) throw refused('two different texts', 'the same twice')
  if (text.length < CHARACTERS_MIN || text.length > CHARACTERS_MAX)
    throw refused(`${text.length} characters`, `${CHARACTERS_MIN} to ${CHARACTERS_MAX}`)
  return text
}

async function unlockConfig(
  { data, config }: Pick<PassphraseOptions, 'data' | 'config'>,
  { environment }: Surroundings,
): Promise<UnlockConfig> {
  const usual = layoutOf(data).config
  const file = config ?? ((await isThere(usual)) ? usual : undefined)
  return (await loadConfig({ file, environment, overrides: {} })).unlock
}

function wrongDeed(deed: PassphraseDeed, hasOne: boolean): EdgeError {
  return new EdgeError(hasOne ? 'ALREADY_EXISTS' : 'NOT_FOUND', {
    what: 'passphrase',
    found: hasOne ? 'one' : 'none',
    do: deed === 'set' ? 'Use `holdfast passphrase change`.' : 'Use `holdfast passphrase set`.',
  })
}

function refused(found: string, wanted: string): EdgeError {
  return new EdgeError('INPUT_INVALID', { field: 'passphrase', found, wanted })
}
