/** `holdfast unlock` and `holdfast lock`: asks the node that runs on this machine. */
import { EdgeError } from '#base/errors.ts'
import { passphraseIn } from '#config/files.ts'
import { askHidden } from './question.ts'
import { findLocalNode } from './local-node.ts'
import { writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `unlock` may be told. */
export interface UnlockOptions extends CommonOptions {
  /** Path of a file with nothing but the passphrase; otherwise it is asked for. */
  readonly passphraseFile?: string
}

/** Runs `unlock`. */
export async function unlock(options: UnlockOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const passphrase =
    options.passphraseFile === undefined
      ? await askHidden('Passphrase: ', surroundings)
      : await passphraseIn(options.passphraseFile)
  if (passphrase === undefined) return
  await ask('POST', '/api/holdfast/v1/unlock', { passphrase }).catch(notLocked)
  if (options.json) writeJson(terminal, { state: 'unlocked' })
  else writeLines(terminal, ['Unlocked; the node starts now.'])
}

/** A node that is open does not know the address. */
function notLocked(error: unknown): never {
  if (!(error instanceof EdgeError) || error.code !== 'NOT_FOUND') throw error
  const facts = {
    found: 'a node that is open',
    wanted: 'one that is locked',
    do: 'Nothing was done.',
  }
  throw new EdgeError('ALREADY_EXISTS', facts, { cause: error })
}

/** Runs `lock`. */
export async function lock(options: CommonOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  await ask('POST', '/api/holdfast/v1/lock', {})
  if (options.json) writeJson(terminal, { state: 'locked' })
  else writeLines(terminal, ['Locked. `holdfast unlock`, or the page of the node, opens it again.'])
}
