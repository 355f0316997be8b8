/** One node as a real process, with its own data folder, to start, kill and start again. */
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { must as known } from '#base/assert.ts'
import type { Config } from '#config/schema.ts'
import { layoutOf } from '#config/layout.ts'
import { readRunNote } from '#config/run-note.ts'
import { backUp, putBack } from './backup.ts'
import { command, launch, type Running } from './child.ts'
import { clientOf, type Ask } from './client.ts'

/** What a node is made of. */
export interface NodeOptions {
  readonly name: string
  readonly role: 'kit' | 'hub'
  /** Gets the data folder, the config and the log of this node. */
  readonly folder: string
  /** As in a config file. */
  readonly carriers: readonly object[]
  /** What else stands in its config. */
  readonly config?: Partial<Record<keyof Config, unknown>>
  /** Nothing is asked any more once it aborts. */
  readonly stop: AbortSignal
  /** How much faster than life it lives; as in life unless given. */
  readonly speed?: number
}

/** A node. Disposing it ends its process at once; its folder stays. */
export interface Node extends AsyncDisposable {
  readonly name: string
  readonly role: 'kit' | 'hub'
  readonly dataFolder: string
  readonly logFile: string
  readonly ask: Ask
  /** `http://host:port`, once it has started for the first time. */
  readonly url: () => string
  /** The operator's session: a new one each day, which at some speeds is soon. */
  readonly token: () => string
  readonly isUp: () => boolean
  readonly pid: () => number
  /** Times it ended by itself, with how it did. */
  readonly accidents: () => readonly string[]
  /** Founds the organisation. */
  readonly found: (organisation: string) => Promise<void>
  /** Joins the organisation of a running node. */
  readonly join: (host: Node) => Promise<void>
  /** Starts it on the port it had before, and resolves once it serves. */
  readonly start: () => Promise<void>
  /** The same, no faster than life, whatever its speed: for what asks it at the pace of life. */
  readonly startAsInLife: () => Promise<void>
  /** Ends it as a power loss does. */
  readonly kill: () => Promise<void>
  /** Ends it as an operator does. */
  readonly stop: () => Promise<void>
  /** Backs up its data folder; to be done while it is down. */
  readonly copy: () => Promise<void>
  /** Puts its data folder back to the last backup; to be done while it is down. */
  readonly putBack: () => Promise<void>
}

const Started = z.object({ url: z.string() })
const Invitation = z.object({ at: z.string(), code: z.string() })

interface State {
  running: Running | undefined
  url: string
  token: string
  accidents: string[]
}

/** A node that neither has a data folder yet nor runs. */
export function aNode(options: NodeOptions): Node {
  const { name, role, folder, stop, speed = 1 } = options
  const state: State = { running: undefined, url: '', token: '', accidents: [] }
  const dataFolder = join(folder, name)
  const logFile = join(folder, `${name}.log`)
  const config = join(folder, `${name}.json`)
  const places = { dataFolder, logFile, config }
  const ask = clientOf(() => state.url, stop)
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const { running } = state
    state.running = undefined
    await running?.end(signal)
  }
  return {
    name,
    role,
    dataFolder,
    logFile,
    ask,
    url: () => state.url,
    token: () => (state.url === '' ? '' : tokenIn(dataFolder, state)),
    isUp: () => state.running !== undefined,
    pid: () => known(state.running, 'the node runs').pid,
    accidents: () => state.accidents,
    found: async (organisation) => {
      await putConfig(config, options)
      const where = ['--data', dataFolder, '--config', config]
      await command(['init', ...where, '--organisation', organisation])
    },
    join: async (host) => {
      await putConfig(config, options)
      const { at, code } = Invitation.parse(await command(['invite', '--data', host.dataFolder]))
      await command(['join', at, code, '--data', dataFolder, '--config', config])
    },
    start: () => start(speed, state, places),
    startAsInLife: () => start(1, state, places),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    copy: () => backUp(dataFolder),
    putBack: () => putBack(dataFolder),
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  }
}

interface Places {
  readonly dataFolder: string
  readonly logFile: string
  readonly config: string
}

async function start(speed: number, state: State, places: Places): Promise<void> {
  const { dataFolder, logFile, config } = places
  const port = state.url === '' ? '0' : new URL(state.url).port
  const words = ['start', '--data', dataFolder, '--config', config, '--port', port, '--json']
  const running = await launch({ words, logFile, speed })
  state.running = running
  state.url = Started.parse(JSON.parse(running.firstLine)).url
  state.token = known(await readRunNote(dataFolder), 'a running node leaves word').token
  void noteAccident(state, running)
}

/** What stands in the folder; the last one that stood there while it is being replaced. */
function tokenIn(dataFolder: string, state: State): string {
  try {
    state.token = readFileSync(layoutOf(dataFolder).operatorToken, 'utf8').trim()
  } catch {
    // The node has just been stopped.
  }
  return state.token
}

/** Whoever ends the node forgets its process first; what is still known then ended by itself. */
async function noteAccident(state: State, running: Running): Promise<void> {
  const how = await running.ended
  if (state.running !== running) return
  state.accidents.push(how)
  state.running = undefined
}

async function putConfig(file: string, options: NodeOptions): Promise<void> {
  const { name, role, carriers } = options
  const listen: Partial<Config['listen']> = { host: '127.0.0.1', port: 0 }
  // As many urgent messages as a trial has: what a person may send is tried elsewhere.
  const lanes = { flash: { messagesMax: 1_000 }, immediate: { messagesMax: 1_000 } }
  const own: typeof options.config = { name, role, listen, carriers, lanes }
  const config = { ...own, ...options.config }
  await mkdir(options.folder, { recursive: true })
  await writeFile(file, `${JSON.stringify(config, undefined, 2)}\n`)
}
