/** The checks of `holdfast doctor` that look at the machine: disk, port, and whether other nodes can be reached. */
import { access, constants, statfs } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Environment } from '#config/environment.ts'
import { CONFIG_VARIABLES, OTHER_VARIABLES } from '#config/load.ts'
import type { CarrierConfig, Config } from '#config/schema.ts'
import { failed, fail, ok, warn, type Finding } from './finding.ts'
import type { Surroundings } from './terminal.ts'

const CONNECT_MS = 5_000
const NATS_PORT = 4_222

/** The Node that runs this, against the range this program is tested with. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major === 24 && minor >= 15) return ok('node', `Node ${version}`)
  return warn('node', `Node ${version}, wanted 24.15 or newer, below 25: start by scripts/start`)
}

/** Variables that look like ours and are not. */
export function checkEnvironment(environment: Environment): readonly Finding[] {
  const known: readonly string[] = [...Object.keys(CONFIG_VARIABLES), ...OTHER_VARIABLES]
  return Object.keys(environment)
    .filter((name) => name.startsWith('HOLDFAST_') && !known.includes(name))
    .map((name) => warn('environment', `${name} means nothing here; known are ${known.join(', ')}`))
}

/** Room on the disk that holds `folder`. */
export async function checkDisk(
  folder: string,
  { freeBytesMin, freeBytesLow }: Config['disk'],
): Promise<Finding> {
  return statfs(folder).then(({ bavail, bsize }) => {
    const bytes = bavail * bsize
    const text =
      bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB free` : `${(bytes / 1e9).toFixed(1)} GB free`
    if (bytes < freeBytesMin) return fail('disk', `${text}: free some, or nothing new is taken in`)
    if (bytes < freeBytesLow) return warn('disk', `${text}: free some before it is needed`)
    return ok('disk', text)
  }, failed('disk'))
}

/** Whether the node can listen where it is told to. */
export async function checkPort(
  { host, port }: Pick<Config['listen'], 'host' | 'port'>,
  isRunning: boolean,
): Promise<Finding> {
  if (isRunning) return ok('port', 'in use by the running node')
  const { promise, resolve } = Promise.withResolvers<Finding>()
  const server = createServer()
  server.once('error', (error) => {
    const code = 'code' in error ? String(error.code) : error.message
    const remedy =
      code === 'EADDRINUSE'
        ? 'stop the other program, or choose another port'
        : 'choose another host or port'
    resolve(fail('port', `${port} on ${host}: ${code}: ${remedy}`))
  })
  server.listen({ host, port }, () => server.close(() => resolve(ok('port', `${port} is free`))))
  return promise
}

/** Every file a carrier names, and every place it connects to. Out of reach is no failure: kits often are. */
export async function checkCarriers(
  config: Config,
  surroundings: Surroundings,
): Promise<readonly Finding[]> {
  const checks = config.carriers.map(async (carrier) => [
    ...(await Promise.all(filesOf(carrier).map((file) => checkFile(carrier.kind, file)))),
    ...(await Promise.all(placesIn(carrier).map((place) => checkPlace(place, surroundings)))),
  ])
  const findings = (await Promise.all(checks)).flat()
  if (config.carriers.length === 0)
    return [warn('carriers', 'none: this node talks to no other; add one to the config')]
  return findings.length > 0 ? findings : [ok('carriers', 'lan: waits to be called, calls nobody')]
}

interface Place {
  readonly carrier: string
  readonly host: string
  readonly port: number
}

function filesOf(carrier: CarrierConfig): readonly string[] {
  if (carrier.kind === 'lan') return []
  if (carrier.kind === 'sbd') return [carrier.modem?.device].filter((file) => file !== undefined)
  const { tls, passwordFile, nkeySeedFile } = carrier
  return [tls?.caFile, tls?.certFile, tls?.keyFile, passwordFile, nkeySeedFile].filter(
    (file) => file !== undefined,
  )
}

function placesIn(carrier: CarrierConfig): readonly Place[] {
  return addressesIn(carrier).map((address) => {
    const { hostname, port } = new URL(address.includes('://') ? address : `tcp://${address}`)
    const host = hostname.replace(/^\[|\]$/g, '')
    return { carrier: carrier.kind, host, port: port === '' ? NATS_PORT : Number(port) }
  })
}

function addressesIn(carrier: CarrierConfig): readonly string[] {
  if (carrier.kind === 'lan') return carrier.dial
  if (carrier.kind === 'nats') return carrier.servers
  return [carrier.modem?.address, carrier.gateway?.send].filter((place) => place !== undefined)
}

async function checkFile(carrier: string, file: string): Promise<Finding> {
  return access(file, constants.R_OK).then(
    () => ok(carrier, `${file} can be read`),
    (error: unknown) => failed(carrier)(error),
  )
}

async function checkPlace(
  { carrier, host, port }: Place,
  { clock, signal }: Surroundings,
): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const done = new AbortController()
  const socket = connect({ host, port })
  socket.once('connect', () => resolve(undefined))
  socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message))
  const waiting = clock
    .sleep(CONNECT_MS, AbortSignal.any([signal, done.signal]))
    .then(() => resolve('no answer in 5 s'))
  const reason = await promise
  socket.destroy()
  done.abort()
  await waiting
  const name = `${host}:${port}`
  return reason === undefined
    ? ok(carrier, `${name} answers`)
    : warn(carrier, `${name}: ${reason}; what is for it waits here until it answers`)
}
