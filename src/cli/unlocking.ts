/**
 * How `start` gets the key of a folder: alone where it can, otherwise from headquarters, or from a person at the terminal
 * or at the door, whoever comes first.
 */
import type { Config } from '#config/schema.ts'
import { removeRunNote, writeRunNote } from '#config/run-note.ts'
import { hexFromBytes } from '#base/bytes.ts'
import type { World } from '#compose/world.ts'
import { releaseOf, untilReleased } from '#compose/release.ts'
import { forget, unlockAlone, unlockBy, type Release, type StoreKey } from '#compose/unlocking.ts'
import { openLockedDoor } from '#compose/locked-door.ts'
import { askHidden, hasTerminal } from './question.ts'
import { postAnyWay } from './request-any.ts'
import { localUrl } from '#config/run-note.ts'
import { writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** The folder to open, and how. */
export interface LockedFolder {
  readonly options: CommonOptions
  readonly name: string
  readonly config: Config
  /** It was locked on purpose: what opens it without a person may not. */
  readonly isLockedByPerson: boolean
}

/** The key of an open folder. */
export interface Unlocked {
  readonly key: StoreKey
  /** How many wrong passphrases came before it. */
  readonly wrongTries: number
}

/**
 * The key; undefined when `signal` aborts first.
 * @throws EdgeError PORT_IN_USE, CONFIG_INVALID, STORE_BROKEN
 */
export async function keyFor(
  folder: LockedFolder,
  surroundings: Surroundings,
  world: World,
): Promise<Unlocked | undefined> {
  const { options, config, isLockedByPerson } = folder
  const alone = isLockedByPerson ? undefined : await unlockAlone(options.data, config.unlock)
  if (alone !== undefined) return { key: alone, wrongTries: 0 }
  return keyFromPerson(folder, surroundings, world)
}

async function keyFromPerson(
  { options, name, config, isLockedByPerson }: LockedFolder,
  surroundings: Surroundings,
  world: World,
): Promise<Unlocked | undefined> {
  const { terminal, signal, random } = surroundings
  const { data } = options
  const found = Promise.withResolvers<StoreKey | undefined>()
  const settled = new AbortController()
  let wrongTries = 0
  const attempt = async (passphrase: string): Promise<boolean> => {
    const key = await unlockBy(data, passphrase)
    if (key === undefined) wrongTries += 1
    else found.resolve(key)
    return key !== undefined
  }
  const giveUp = (): void => found.resolve(undefined)
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) giveUp()
  const asking = { ...surroundings, signal: AbortSignal.any([signal, settled.signal]) }
  const post = postAnyWay(asking)
  const release = isLockedByPerson
    ? undefined
    : await releaseOf(data, config.unlock, { ...world, post })
  const waitsForHeadquarters = release !== undefined
  const door = await openLockedDoor(
    { ...config.listen, name, waitsForHeadquarters },
    { ...world, unlock: attempt },
  )
  try {
    const { host, port } = door.address
    await writeRunNote(data, { process: process.pid, host, port }, hexFromBytes(random.bytes(16)))
    const url = localUrl({ host, port })
    if (options.json) writeJson(terminal, { event: 'locked', name, url, waitsForHeadquarters })
    else
      writeLines(terminal, [
        `Node ${name} is locked. Unlock it at ${url} or by \`holdfast unlock\`.`,
        ...(waitsForHeadquarters ? ['It waits for headquarters, and opens by itself then.'] : []),
      ])
    void askHere(attempt, asking)
    if (release !== undefined)
      void awaitRelease({ dataFolder: data, release, signal: asking.signal }, found, world)
    const key = await found.promise
    return key && { key, wrongTries }
  } finally {
    settled.abort()
    signal.removeEventListener('abort', giveUp)
    await door[Symbol.asyncDispose]()
    await removeRunNote(data)
  }
}

interface Awaiting {
  readonly dataFolder: string
  readonly release: Release
  /** Aborts when the node was unlocked otherwise, or is to stop. */
  readonly signal: AbortSignal
}

/** Asks headquarters until it was heard, or somebody unlocked the node elsewhere: then what still comes is forgotten. */
async function awaitRelease(
  { dataFolder, release, signal }: Awaiting,
  found: PromiseWithResolvers<StoreKey | undefined>,
  world: World,
): Promise<void> {
  try {
    const key = await untilReleased({ dataFolder, release }, world, signal)
    if (key !== undefined && signal.aborted) forget(key)
    else if (key !== undefined) found.resolve(key)
  } catch (error) {
    found.reject(error)
  }
}

/** Asks at the terminal, if there is one, until it was right or somebody unlocked the node elsewhere. */
async function askHere(
  attempt: (passphrase: string) => Promise<boolean>,
  surroundings: Surroundings,
): Promise<void> {
  if (!hasTerminal()) return
  for (;;) {
    const passphrase = await askHidden('Passphrase: ', surroundings)
    if (passphrase === undefined || (await attempt(passphrase))) return
    writeLines(surroundings.terminal, ['That is another passphrase.'])
  }
}
