/** `holdfast start`: runs the node until it is told to stop. The first time it makes everything and asks nothing. */
import { codeOf, type EdgeError } from '#base/errors.ts'
import { readDataFolder } from '#config/data-folder.ts'
import { layoutOf } from '#config/layout.ts'
import { removeUsedNote } from '#config/joining-note.ts'
import { endLife } from '#config/life.ts'
import { invalid, loadConfig } from '#config/load.ts'
import { localUrl } from '#config/run-note.ts'
import type { Config } from '#config/schema.ts'
import { finishWipe, wipeFolder } from '#config/wipe.ts'
import { openHoldfast, type Running } from '#compose.ts'
import { organisationOf, rosterOf } from '#compose/opening.ts'
import { VERSION } from '#compose/version.ts'
import { realWorld, type World } from '#compose/world.ts'
import { waysInto } from '#compose/unlocking.ts'
import type { NodeStatus } from '#app/types.ts'
import { readCertificate } from '#trust/identity.ts'
import { picture, placesOf } from './addresses.ts'
import { newPassword } from './enrolment.ts'
import { found, type FoundingOptions } from './init.ts'
import { isNew } from './new-node.ts'
import { awaitOperator, leaveWord, type Operator } from './operator.ts'
import { keyFor, type Unlocked } from './unlocking.ts'
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

/** Runs the command; resolves when the node has stopped. A node that is locked meanwhile waits to be unlocked. */
export async function start(options: FoundingOptions, surroundings: Surroundings): Promise<void> {
  const { environment, signal } = surroundings
  await finishWipe(options.data)
  const isFirst = await isNew(options.data)
  if (isFirst) await found(options, surroundings)
  const contents = await readDataFolder(options.data)
  await removeUsedNote(options.data)
  const organisation = organisationOf(contents)
  const { authority } = rosterOf(organisation, contents)
  checkOrganisation(options.organisation, organisation.name)
  const file = options.config ?? layoutOf(options.data).config
  const config = await loadConfig({ file, environment, overrides: options })
  const world = realWorld(config.logLevel)
  const canLock = async (): Promise<boolean> =>
    (await waysInto(options.data)).includes('passphrase')
  if (!(await canLock()) && config.unlock.lockAfterMs !== undefined) throw nobodyCouldUnlock(file)
  const name = readCertificate(authority, contents.certificate)?.name ?? config.name ?? ''

  let ended: Ended | undefined
  while (!signal.aborted) {
    const isLockedByPerson = ended === 'locked'
    const folder = { options, name, config, isLockedByPerson }
    const isReborn = ended === 'reborn'
    if (isReborn) await endLife(options.data)
    const unlocked = await keyFor(folder, surroundings, world)
    if (unlocked === undefined) break
    ended = await run(
      { options, config, unlocked, canLock, isFirst: isFirst && ended === undefined },
      surroundings,
      world,
    )
    if (ended === 'wiped') return wipeByOrder(options, surroundings)
  }
  if (!options.json) writeLines(surroundings.terminal, ['Stopping.'])
}

/** The node is closed and has said so; now everything it had goes, keys first. */
async function wipeByOrder(
  { data, json }: FoundingOptions,
  { terminal, clock }: Surroundings,
): Promise<void> {
  const note = await wipeFolder(data, { reason: 'order', at: clock.now() })
  if (json) return writeJson(terminal, { event: 'wiped', ...note })
  writeLines(terminal, ['Headquarters ordered this node to be wiped. It is.'])
}

function nobodyCouldUnlock(file: string): EdgeError {
  const key = 'unlock.lockAfterMs'
  return invalid(file, [`${key}: found a value, wanted none before \`holdfast passphrase set\``])
}

/** Why a node was closed. */
type Ended = 'stopped' | 'locked' | 'reborn' | 'wiped'

interface Run {
  readonly options: FoundingOptions
  readonly config: Config
  readonly unlocked: Unlocked
  readonly isFirst: boolean
  /** Somebody could unlock it again. */
  readonly canLock: () => Promise<boolean>
}

/** Runs the open node until it is told to stop or has to be closed. */
async function run(what: Run, surroundings: Surroundings, world: World): Promise<Ended> {
  const ended = Promise.withResolvers<Ended>()
  try {
    return await runUntil(ended, { ...what, surroundings, world })
  } catch (error) {
    // Who finds its own list damaged while it opens can write nothing there: its life is over before it has begun.
    const hasEnded = await Promise.race([ended.promise, Promise.resolve()])
    if (codeOf(error) === 'STOPPING' && hasEnded === 'reborn') return hasEnded
    throw error
  }
}

async function runUntil(
  ended: PromiseWithResolvers<Ended>,
  {
    options,
    config,
    unlocked,
    isFirst,
    canLock,
    surroundings,
    world,
  }: Run & { readonly surroundings: Surroundings; readonly world: World },
): Promise<Ended> {
  const { terminal, signal, random } = surroundings
  await using stack = new AsyncDisposableStack()
  const running = stack.use(
    await openHoldfast(
      {
        dataFolder: options.data,
        config,
        ...unlocked,
        onLock: () => ended.resolve('locked'),
        canLock,
        onRebirth: () => ended.resolve('reborn'),
        onWipe: () => ended.resolve('wiped'),
      },
      world,
    ),
  )
  const { node, host, port } = running
  const draft = { username: options.admin, password: newPassword(random) }
  void aborted(signal).then(() => ended.resolve('stopped'))
  const over = new AbortController()
  void ended.promise.then(() => over.abort())
  const operator = await awaitOperator(node, draft, { ...world, signal: over.signal })
  if (operator === undefined) return await ended.promise
  const { username } = operator
  const word = { dataFolder: options.data, host, port, username }
  stack.use(await leaveWord(node, word, world))
  const started: Started = {
    status: await node.status(),
    operator,
    url: localUrl({ host, port }),
    places: placesOf(host, port),
    joinCode: isFirst && running.isFounder ? await joinCodeBy(running, username) : undefined,
    isSecure: config.listen.tls !== 'off',
  }
  if (options.json) writeJson(terminal, jsonOf(started))
  else writeLines(terminal, operator.password === undefined ? brief(started) : welcome(started))
  return await ended.promise
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
