/**
 * People of an LDAP directory: looked up with a name, then their password shown to the directory itself. What a person
 * types goes into a filter as a value and nowhere else; an empty password is never shown, as a directory takes it for a
 * visitor without one and lets anybody in.
 */
import {
  Client,
  EqualityFilter,
  AndFilter,
  FilterParser,
  ResultCodeError,
  type Entry,
} from 'ldapts'
import { EdgeError } from '#base/errors.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { PeopleSource, SourceAnswer } from '#ports/people-source.ts'

/** Where the directory is, and how people stand in it. */
export interface LdapOptions {
  /** `ldap://` or `ldaps://`, host and port. */
  readonly url: string
  /** Goes over to TLS before anything else is said. */
  readonly startTls: boolean
  /** PEM of the authority of its certificate; the system's are trusted without. */
  readonly ca?: string | undefined
  /** Who looks people up; a visitor without a name unless given. */
  readonly bind?: { readonly dn: string; readonly password: string } | undefined
  readonly base: string
  /** Who may sign in at all. */
  readonly filter: string
  readonly loginAttribute: string
  /** What never changes of a person and is never given to another. */
  readonly subjectAttribute: string
  readonly nameAttribute: string
}

/** How long one step may take, in milliseconds: a person waits. */
const STEP_MS = 5_000
/** How long a directory that was out of reach is left alone: others wait behind who asks. */
const REST_MS = 30_000
/** Result codes by which a directory says no to a password (RFC 4511): the rest says that it is not well. */
const REFUSALS = new Set([19, 49, 50, 53])

/** A source that asks the directory each time. */
export function openLdap(
  options: LdapOptions,
  ports: { readonly clock: Clock; readonly log: Log },
): PeopleSource {
  const { clock, log } = ports
  let restUntil = 0
  return {
    check: async (login, password) => {
      if (password === '') return { kind: 'wrong' }
      if (clock.monotonicMs() < restUntil) return { kind: 'unreachable' }
      try {
        return await ask(options, login, password)
      } catch (error) {
        restUntil = clock.monotonicMs() + REST_MS
        log.warn('ldap.unreachable', { peer: options.url, error: nameOf(error) })
        return { kind: 'unreachable' }
      }
    },
  }
}

async function ask(options: LdapOptions, login: string, password: string): Promise<SourceAnswer> {
  const found = await withClient(options, async (client) => {
    if (options.bind !== undefined) await client.bind(options.bind.dn, options.bind.password)
    return find(client, options, login)
  })
  if (found === undefined) return { kind: 'unknown' }
  const isRight = await withClient(options, (client) => isTheirs(client, found.dn, password))
  if (!isRight) return { kind: 'wrong' }
  const subject = textOf(found, options.subjectAttribute)
  if (subject === undefined)
    throw new EdgeError('CONFIG_INVALID', {
      key: 'signIn.ldap.subjectAttribute',
      found: 'nothing',
      wanted: 'an attribute that everybody has',
    })
  const username = textOf(found, options.loginAttribute) ?? login
  const displayName = textOf(found, options.nameAttribute) ?? username
  return { kind: 'right', person: { source: 'ldap', subject, username, displayName } }
}

/** Their entry; nobody's when there are several, since one of them would be the wrong one. */
async function find(
  client: Client,
  { base, filter, loginAttribute, subjectAttribute, nameAttribute }: LdapOptions,
  login: string,
): Promise<Entry | undefined> {
  const called = new EqualityFilter({ attribute: loginAttribute, value: login })
  const { searchEntries } = await client.search(base, {
    scope: 'sub',
    filter: new AndFilter({ filters: [FilterParser.parseString(filter), called] }),
    attributes: [loginAttribute, subjectAttribute, nameAttribute],
    explicitBufferAttributes: [subjectAttribute],
    sizeLimit: 2,
    timeLimit: STEP_MS / 1_000,
  })
  return searchEntries.length === 1 ? searchEntries[0] : undefined
}

async function isTheirs(client: Client, dn: string, password: string): Promise<boolean> {
  try {
    await client.bind(dn, password)
    return true
  } catch (error) {
    if (error instanceof ResultCodeError && REFUSALS.has(error.code)) return false
    throw error
  }
}

async function withClient<T>(
  { url, startTls, ca }: LdapOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  // On a socket that is open already Node would look for `localhost` in the certificate.
  const host = URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? ''
  const tls = { host, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca: [ca] }) } as const
  const isTls = url.startsWith('ldaps:')
  const waits = { timeout: STEP_MS, connectTimeout: STEP_MS }
  const client = new Client({ url, ...waits, ...(isTls && { tlsOptions: tls }) })
  try {
    if (startTls && !isTls) await client.startTLS(tls)
    return await work(client)
  } finally {
    await client.unbind().catch(() => undefined)
  }
}

/** Text as it is; what is no text, such as the GUIDs of Active Directory, in hexadecimal digits. */
function textOf(entry: Entry, attribute: string): string | undefined {
  const at = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase())
  const value = at === undefined ? undefined : [entry[at]].flat()[0]
  if (value === undefined || value.length === 0) return undefined
  if (typeof value === 'string') return value
  const text = value.toString('utf8')
  return Buffer.compare(Buffer.from(text), value) === 0 ? text : value.toString('hex')
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}
