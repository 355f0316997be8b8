/** What no single key of a config shows: keys that say something together. */
import type { Config, NatsConfig, SbdConfig } from './schema.ts'

interface Contradiction {
  readonly path: readonly (string | number)[]
  /** What is wanted, in words. */
  readonly message: string
}

/** What no key can say alone. */
export function contradictions(config: Config): readonly Contradiction[] {
  return [
    ...signInContradictions(config.signIn),
    ...carrierContradictions(config),
    ...paceContradictions(config),
  ]
}

/** Passwords and tokens go over TLS, but to this machine itself. */
function signInContradictions({ ldap, openid }: Config['signIn']): readonly Contradiction[] {
  const found: Contradiction[] = []
  if (ldap?.startTls === false && ldap.url.startsWith('ldap:') && !isLoopback(ldap.url))
    found.push({
      path: ['ldap', 'startTls'],
      message: 'true, or ldaps://, but on this machine itself',
    })
  const { bindDn, bindPasswordFile } = ldap ?? {}
  found.push(
    ...together({ bindDn, bindPasswordFile }).map(({ path, message }) => ({
      path: ['ldap', ...path],
      message,
    })),
  )
  for (const key of ['issuer', 'siteUrl'] as const)
    if (openid?.[key].startsWith('http:') === true && !isLoopback(openid[key]))
      found.push({ path: ['openid', key], message: 'https://, but on this machine itself' })
  if (openid?.scopes.includes('openid') === false)
    found.push({ path: ['openid', 'scopes'], message: 'openid among them' })
  return found.map(({ path, message }) => ({ path: ['signIn', ...path], message }))
}

function isLoopback(url: string): boolean {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(URL.parse(url)?.hostname ?? '')
}

function carrierContradictions(config: Config): readonly Contradiction[] {
  return config.carriers.flatMap((carrier, index) => {
    const earlier = config.carriers.slice(0, index)
    const path = ['carriers', index]
    if (carrier.kind === 'lan')
      return earlier.some((other) => other.kind === 'lan')
        ? [{ path: [...path, 'kind'], message: 'one lan carrier; put all addresses into its dial' }]
        : []
    if (carrier.kind === 'sbd') return sbdContradictions(carrier, { earlier, path })
    const isNamedTwice = earlier.some(
      (other) => other.kind === 'nats' && other.name === carrier.name,
    )
    return [
      ...(isNamedTwice
        ? [
            {
              path: [...path, 'name'],
              message: 'a name no other carrier has (nats when none is given)',
            },
          ]
        : []),
      ...pairs(carrier).map(({ path: key, message }) => ({ path: [...path, ...key], message })),
    ]
  })
}

/** Rules have names of their own, letters their order, and carriers have to be there. */
function paceContradictions({ carriers, pace }: Config): readonly Contradiction[] {
  const known = new Set([
    'courier',
    ...carriers.map((one) => ('name' in one ? one.name : one.kind)),
  ])
  return pace.rules.flatMap(({ name, letters, alsoBy }, index) => {
    const path = ['pace', 'rules', index]
    const found: Contradiction[] = []
    if (pace.rules.findIndex((one) => one.name === name) < index)
      found.push({ path: [...path, 'name'], message: 'a name no other rule has' })
    const order = letters.map(({ letter }) => 'PACE'.indexOf(letter))
    if (order.some((place, at) => at > 0 && place <= (order[at - 1] ?? -1)))
      found.push({
        path: [...path, 'letters'],
        message: 'each letter once, in the order P, A, C, E',
      })
    if (letters.every(({ byHand }) => byHand))
      found.push({ path: [...path, 'letters'], message: 'a letter that is not byHand' })
    const named = letters.flatMap((one, at) =>
      one.carriers.map((carrier) => ({ carrier, at: ['letters', at, 'carriers'] })),
    )
    for (const { carrier, at } of named)
      if (!known.has(carrier))
        found.push({ path: [...path, ...at], message: `one of ${[...known].join(', ')}` })
    if (new Set(named.map(({ carrier }) => carrier)).size < named.length)
      found.push({ path: [...path, 'letters'], message: 'each carrier in one letter' })
    if (named.length > 0 && alsoBy.some((one) => !known.has(one) && one !== 'lan'))
      found.push({ path: [...path, 'alsoBy'], message: `some of ${[...known].join(', ')}` })
    return found
  })
}

/** One end, one modem at it, and one carrier for all. */
function sbdContradictions(
  { modem, gateway }: SbdConfig,
  { earlier, path }: { readonly earlier: Config['carriers']; readonly path: Contradiction['path'] },
): readonly Contradiction[] {
  const found: Contradiction[] = []
  if (earlier.some(({ kind }) => kind === 'sbd'))
    found.push({
      path: [...path, 'kind'],
      message: 'one sbd carrier; put all modems into its gateway',
    })
  if ((modem === undefined) === (gateway === undefined))
    found.push({ path: [...path, 'modem'], message: 'modem or gateway, one of the two' })
  if (modem !== undefined && (modem.device === undefined) === (modem.address === undefined))
    found.push({ path: [...path, 'modem', 'device'], message: 'device or address, one of the two' })
  const imeis = gateway?.modems.map(({ imei }) => imei) ?? []
  if (new Set(imeis).size < imeis.length)
    found.push({ path: [...path, 'gateway', 'modems'], message: 'each imei once' })
  return found
}

/** Keys that make sense only together. */
function pairs({ user, passwordFile, tls }: NatsConfig): readonly Contradiction[] {
  const inTls = together({ certFile: tls?.certFile, keyFile: tls?.keyFile })
  return [
    ...together({ user, passwordFile }),
    ...inTls.map(({ path, message }) => ({ path: ['tls', ...path], message })),
  ]
}

/** A contradiction for each key of `values` that is absent while another is there. */
function together(values: Readonly<Record<string, unknown>>): readonly Contradiction[] {
  const there = Object.keys(values).find((key) => values[key] !== undefined)
  if (there === undefined) return []
  return Object.keys(values)
    .filter((key) => values[key] === undefined)
    .map((key) => ({ path: [key], message: `a value, because ${there} is set` }))
}
