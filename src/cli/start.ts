/** `holdfast start`: runs the node until it is told to stop. The first time it makes everything and asks nothing. */
import { layoutOf, readDataFolder } from '#config/data-folder.ts'
import { invalid, loadConfig } from '#config/load.ts'
import { localUrl } from '#config/run-note.ts'
import { openHoldfast, realWorld, VERSION, type Running } from '#compose.ts'
import type { NodeStatus } from '#app/types.ts'
import { picture, placesOf } from './addresses.ts'
import { newPassword } from './enrolment.ts'
import { found, type FoundingOptions } from './init.ts'
import { isNew } from './new-node.ts'
import { ensureOperator, leaveWord, type Operator } from './operator.ts'
import { table, writeJson, writeLines, type Surroundings } from './terminal.ts'

/** Everything that is told about a node that has just started. */
interface Started {
  readonly status: NodeStatus
  readonly operator: Operator
  /** This machine's own way to it. */
  readonly url: string
  /** Everybody else's ways to it, as `host:port`. */
  readonly places: readonly string[]
  /** Only at the very first start of a node that can let others in. */
  readonly joinCode: string | undefined
  /** Whether people come by https. */
  readonly isSecure: boolean
}

/** Runs the command; resolves when the node has stopped. */
export async function start(options: FoundingOptions, surroundings: Surroundings): Promise<void> {
  const { terminal, environment, signal, random } = surroundings
  const isFirst = await isNew(options.data)
  if (isFirst) await found(options, surroundings)
  const { organisation, keys } = await readDataFolder(options.data)
  checkOrganisation(options.organisation, organisation.name)
  const file = options.config ?? layoutOf(options.data).config
  const config = await loadConfig({ file, environment, overrides: options })
  const world = realWorld(config.logLevel)

  await using stack = new AsyncDisposableStack()
  const running = stack.use(await openHoldfast({ dataFolder: options.data, config }, world))
  const { node, host, port } = running
  const draft = { username: options.admin, password: newPassword(random) }
  const operator = await ensureOperator(node, draft)
  const { username } = operator
  const word = { dataFolder: options.data, host, port, username }
  stack.use(await leaveWord(node, word, world))
  const started: Started = {
    status: await node.status(),
    operator,
    url: localUrl({ host, port }),
    places: placesOf(host, port),
    joinCode: isFirst && keys.root !== undefined ? await joinCodeBy(running, username) : undefined,
    isSecure: config.listen.tls !== 'off',
  }
  if (options.json) writeJson(terminal, jsonOf(started))
  else writeLines(terminal, operator.password === undefined ? brief(started) : welcome(started))
  await aborted(signal)
  if (!options.json) writeLines(terminal, ['Stopping.'])
}

async function joinCodeBy({ node }: Running, username: string): Promise<string | undefined> {
  const person = await node.personByName(username)
  return person === undefined ? undefined : (await node.makeJoinCode(person.id)).code
}

/** An organisation is founded once: another name for a node that has one is a mistake. */
function checkOrganisation(asked: string | undefined, name: string): void {
  if (asked === undefined || asked.trim() === name) return
  throw invalid(undefined, [
    `--organisation: found "${asked}", wanted "${name}", as it was founded`,
  ])
}

function jsonOf({ status, operator, ...rest }: Started): object {
  const { node, organisation, organisationName, version } = status
  return { event: 'started', version, node, organisation, organisationName, ...operator, ...rest }
}

function title({ node, organisationName }: NodeStatus): string {
  return `Holdfast ${VERSION}: node ${node.name} (${node.role}) of ${organisationName}`
}

/** How people type the address. */
function addressOf(place: string, { isSecure }: Started): string {
  return `${isSecure ? 'https' : 'http'}://${place}`
}

function brief(started: Started): readonly string[] {
  const { status, url, places } = started
  const addresses = places.map((each) => addressOf(each, started))
  const others = status.nodes.length - 1
  return [
    title(status),
    ...table([
      ['Address', [...addresses, url].filter(isOnce).join('  ')],
      [
        'Holds',
        `${status.messages} messages in ${status.channels} channels; knows ${others} other nodes`,
      ],
    ]),
    'Running. Ctrl-C stops it.',
  ]
}

function welcome(started: Started): readonly string[] {
  const { status, operator, url, places, joinCode, isSecure } = started
  const first = `http://${places[0] ?? url.replace('http://', '')}${isSecure ? '/trust' : ''}`
  return [
    title(status),
    '',
    ...table([
      [
        'On the network',
        places.map((each) => addressOf(each, started)).join('  ') || 'no network here yet',
      ],
      ['On this machine', url],
      ['Administrator', operator.username],
      ['Password', `${operator.password}   shown only now: note it down`],
    ]),
    '',
    `Phones: scan the picture; the page it opens tells how to connect the Mattermost app.`,
    ...(isSecure ? ['It asks to compare some words: `holdfast trust` shows them here.'] : []),
    '',
    picture(first),
    ...(joinCode === undefined ? [] : joining(places[0], joinCode)),
    'Running. Ctrl-C stops it. In another terminal:',
    '  holdfast post town-square "hello"     holdfast read     holdfast status     holdfast doctor',
  ]
}

function joining(at: string | undefined, code: string): readonly string[] {
  return [
    'One more kit can join within a day; `holdfast invite` makes more codes:',
    `  holdfast join ${at ?? 'HOST:PORT'} ${code} --name NAME`,
    '',
  ]
}

function isOnce(value: string, at: number, all: readonly string[]): boolean {
  return all.indexOf(value) === at
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
