/**
 * Reads the config: the file, then the environment, then what the command line says, then all checks at once.
 * Every problem is one line that names the key, what was found and what is wanted.
 */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { EdgeError } from '#base/errors.ts'
import type { Environment } from './environment.ts'
import { parseJson } from './json.ts'
import { readLink } from './links.ts'
import { Config, type NatsConfig } from './schema.ts'

/** What the command line may set for one run. */
export interface Overrides {
  readonly name?: string | undefined
  readonly role?: string | undefined
  readonly host?: string | undefined
  readonly port?: string | undefined
}

/** Where settings come from; later ones win: file, environment, overrides. */
export interface ConfigSource {
  /** Path of the config file; without one, only the other two and the defaults count. */
  readonly file: string | undefined
  readonly environment: Environment
  readonly overrides: Overrides
}

/** The variables that set a config key. */
export const CONFIG_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  HOLDFAST_NAME: ['name'],
  HOLDFAST_ROLE: ['role'],
  HOLDFAST_HOST: ['listen', 'host'],
  HOLDFAST_PORT: ['listen', 'port'],
  HOLDFAST_LOG_LEVEL: ['logLevel'],
}

/** Every other variable with a meaning: two for the command line, the rest for the scripts. */
export const OTHER_VARIABLES = [
  'HOLDFAST_DATA',
  'HOLDFAST_DEBUG',
  'HOLDFAST_NODE',
  'HOLDFAST_NATS_SERVER',
] as const

const FILE_REMEDY = 'Name the file with --config, or copy a sample from edge-config/ to that place.'

const OPTIONS: Readonly<Record<keyof Overrides, readonly string[]>> = {
  name: ['name'],
  role: ['role'],
  host: ['listen', 'host'],
  port: ['listen', 'port'],
}

/**
 * The config, complete, checked and frozen; paths of files in it are absolute (relative ones start at the
 * config file's folder).
 * @throws EdgeError CONFIG_MISSING when the file is not there, CONFIG_INVALID with all problems
 */
export async function loadConfig(source: ConfigSource): Promise<Config> {
  const raw = source.file === undefined ? {} : await readObject(source.file)
  const settings = settingsOf(source)
  const merged = settings.reduce<unknown>((value, { path, text }) => put(value, path, text), raw)
  const outcome = Config.safeParse(merged)
  if (outcome.success)
    return freeze(await withLinks(withAbsolutePaths(outcome.data, dirname(source.file ?? '.'))))
  const origins = new Map(settings.map(({ path, origin }) => [path.join('.'), origin]))
  const lines = outcome.error.issues.flatMap((issue) => describe(issue, merged, origins))
  throw invalid(source.file, lines)
}

/** The error of a config with these problems, one line each. */
export function invalid(file: string | undefined, lines: readonly string[]): EdgeError {
  return new EdgeError('CONFIG_INVALID', { file: file ?? '(none)', problems: lines.join('\n') })
}

async function readObject(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const facts = { file, found: reasonOf(cause), do: FILE_REMEDY }
    throw new EdgeError('CONFIG_MISSING', facts, { cause })
  })
  const parsed = parseJson(text.replace(/^\uFEFF/, ''))
  if (!parsed.ok)
    throw invalid(file, [
      `line ${parsed.line}, column ${parsed.column}: found ${parsed.found}, wanted ${parsed.wanted}`,
    ])
  if (!isObject(parsed.value))
    throw invalid(file, [`(the whole file): found ${show(parsed.value)}, wanted an object {…}`])
  return parsed.value
}

interface Setting {
  readonly path: readonly string[]
  readonly text: string
  readonly origin: string
}

function settingsOf({ environment, overrides }: ConfigSource): readonly Setting[] {
  const fromEnvironment = Object.entries(CONFIG_VARIABLES).map(([origin, path]) => ({
    path,
    text: environment[origin],
    origin,
  }))
  const fromOptions = (Object.keys(OPTIONS) as (keyof Overrides)[]).map((option) => ({
    path: OPTIONS[option],
    text: overrides[option],
    origin: `--${option}`,
  }))
  return [...fromEnvironment, ...fromOptions].flatMap(({ path, text, origin }) =>
    text === undefined || text === '' ? [] : [{ path, text, origin }],
  )
}

/** `value` with the text at `path`; a port's digits are a number. What is no object on the way is left for the checks. */
function put(value: unknown, path: readonly string[], text: string): unknown {
  const [key, ...rest] = path
  if (key === undefined) return text
  if (value !== undefined && !isObject(value)) return value
  const inner = key === 'port' && /^\d{1,15}$/.test(text) ? Number(text) : undefined
  return { ...value, [key]: inner ?? put(value?.[key], rest, text) }
}

/** What a failed check says, as far as it is shown. */
interface Issue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
}

/** One line for a problem; one for each key when it is about unknown keys. Values of unknown keys stay unsaid. */
function describe(
  issue: Issue,
  input: unknown,
  origins: ReadonlyMap<string, string>,
): readonly string[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map(
      (key) => `${nameOf([...path, key])}: found an unknown key, wanted ${issue.message}`,
    )
  const origin = origins.get(path.join('.'))
  const name = nameOf(path) + (origin === undefined ? '' : ` (from ${origin})`)
  return [`${name}: found ${show(at(input, path))}, wanted ${issue.message}`]
}

/** `carriers[0].dial[2]`. */
function nameOf(path: readonly string[]): string {
  const name = path.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('')
  return name === '' ? '(the whole file)' : name.replace(/^\./, '')
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      Array.isArray(inner) ? inner[Number(key)] : isObject(inner) ? inner[key] : undefined,
    value,
  )
}

/** A value in a message: short, and without the credentials that somebody put into a URL. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (isObject(value)) return 'an object'
  const text = JSON.stringify(value).replace(/\/\/[^@/]*@/, '//…@')
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The profiles that it names are there and hold. */
async function withLinks(config: Config): Promise<Config> {
  for (const { link } of config.carriers)
    // oxlint-disable-next-line no-await-in-loop -- the first that is wrong is told
    if (link !== undefined) await readLink(config.linkFolder, link)
  return config
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const carriers = config.carriers.map((carrier) =>
    carrier.kind === 'nats' ? withAbsoluteFiles(carrier, folder) : carrier,
  )
  const files = absolute(config.unlock, ['keyFile', 'passphraseFile'], folder)
  const { syslog } = config.audit
  const audit = {
    ...absolute(config.audit, ['file'], folder),
    ...(syslog && { syslog: { ...syslog, ...absolute(syslog, ['caFile'], folder) } }),
  }
  const signIn = signInWithAbsoluteFiles(config.signIn, folder)
  const own = absolute(config, ['linkFolder'], folder)
  const unlock = { ...config.unlock, ...files }
  const kept = filesWithAbsoluteFiles(config.files, folder)
  return { ...config, ...own, unlock, carriers, audit, signIn, files: kept }
}

function filesWithAbsoluteFiles(
  { bucket, ...rest }: Config['files'],
  folder: string,
): Config['files'] {
  if (bucket === undefined) return rest
  return { ...rest, bucket: { ...bucket, ...absolute(bucket, ['accessKeyFile'], folder) } }
}

function signInWithAbsoluteFiles(signIn: Config['signIn'], folder: string): Config['signIn'] {
  const { ldap, openid } = signIn
  return {
    ...signIn,
    ...(ldap && { ldap: { ...ldap, ...absolute(ldap, ['caFile', 'bindPasswordFile'], folder) } }),
    ...(openid && { openid: { ...openid, ...absolute(openid, ['clientSecretFile'], folder) } }),
  }
}

function withAbsoluteFiles(carrier: NatsConfig, folder: string): NatsConfig {
  const { tls } = carrier
  return {
    ...carrier,
    ...absolute(carrier, ['passwordFile', 'nkeySeedFile'], folder),
    ...(tls && { tls: { ...tls, ...absolute(tls, ['caFile', 'certFile', 'keyFile'], folder) } }),
  }
}

function absolute<Key extends string>(
  from: Readonly<Partial<Record<Key, string | undefined>>>,
  keys: readonly Key[],
  folder: string,
): Partial<Record<Key, string>> {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const path = from[key]
      return path === undefined ? [] : [[key, resolve(folder, path)]]
    }),
  ) as Partial<Record<Key, string>>
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return code === 'ENOENT' ? 'no such file' : String(code ?? cause)
}
