/** `holdfast wipe --yes`: destroys the keys of this node and then everything else. */
import { EdgeError } from '#base/errors.ts'
import { readDataFolder } from '#config/data-folder.ts'
import { stateOfFolder } from '#config/layout.ts'
import { readRunNote } from '#config/run-note.ts'
import { wipeFolder } from '#config/wipe.ts'
import { NodeNotRunning } from './explain.ts'
import { findLocalNode, isAlive } from './local-node.ts'
import { when, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `wipe` may be told. */
export interface WipeOptions extends CommonOptions {
  readonly yes?: boolean
}

/** How long a running node gets to close its files, in milliseconds, and how often it is looked at. */
const PATIENCE_MS = 30_000
const LOOK_MS = 50

/** Runs the command. A node that runs on the folder is stopped first. */
export async function wipe(options: WipeOptions, surroundings: Surroundings): Promise<void> {
  const { terminal, clock } = surroundings
  const { data } = options
  const { kind } = await stateOfFolder(data)
  if (kind === 'absent') await readDataFolder(data)
  if (options.yes !== true)
    throw new EdgeError('INPUT_INVALID', {
      field: '--yes',
      found: 'nothing',
      wanted: 'it, to destroy everything of this node for ever',
      do: 'Nothing was touched.',
    })
  await stopNode(data, surroundings)
  const note = await wipeFolder(data, { reason: 'command', at: clock.now() })
  if (options.json) writeJson(terminal, { state: 'wiped', ...note })
  else
    writeLines(terminal, [`Wiped on ${when(note.at)}. Nothing of this node can be read any more.`])
}

async function stopNode(data: string, surroundings: Surroundings): Promise<void> {
  const { clock, signal } = surroundings
  const running = await runningProcess(data, surroundings)
  if (running === undefined) return
  process.kill(running, 'SIGTERM')
  const until = clock.monotonicMs() + PATIENCE_MS
  while (isAlive(running) && clock.monotonicMs() < until) await clock.sleep(LOOK_MS, signal)
  if (!isAlive(running)) return
  // What it still has open is worth nothing without its keys, and it must write no more.
  process.kill(running, 'SIGKILL')
  await clock.sleep(LOOK_MS, signal)
}

/** The process, once it has answered as this node: a number alone may be another program's by now. */
async function runningProcess(
  data: string,
  surroundings: Surroundings,
): Promise<number | undefined> {
  const note = await readRunNote(data)
  if (note === undefined || !isAlive(note.process)) return undefined
  try {
    await (await findLocalNode(data, surroundings)).ask('GET', '/api/holdfast/v1/status')
  } catch (error) {
    if (error instanceof NodeNotRunning) return undefined
    if (!(error instanceof EdgeError)) throw error
  }
  return note.process
}
