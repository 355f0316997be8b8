/**
 * When a kit needs a new server certificate, and from when to when it is valid. Pure functions.
 *
 * Phones compare it with their own clocks, which are right; the kit's may say 1970. What a wrong clock says is not
 * used: a certificate is then made from the latest time that is proven to have passed (the organisation's founding,
 * the last certificate made by a good clock), for as long as Apple accepts any (825 days). So a kit that wakes in 1970 is
 * still reachable two years after it last knew the time; and when its clock is set, the next look makes a usual one.
 */
import type { X509Certificate } from 'node:crypto'
import type { Instant } from '#base/ids.ts'
import { EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import { isIssuedBy, validityOf, type Validity } from './certificate.ts'
import { isPermitted, LOCAL_NAMES } from './name-constraints.ts'

/** Why a new certificate is wanted. */
export type LeafReason = 'none' | 'issuer' | 'addresses' | 'age' | 'clock'

/** What the present certificate is looked at with. */
export interface LeafView {
  /** The present one, if there is any. */
  readonly leaf: X509Certificate | undefined
  readonly issuer: X509Certificate
  /** Names and addresses that it has to stand for. */
  readonly hosts: readonly string[]
  readonly now: Instant
}

/** What a kit is called and where it is. */
export interface Whereabouts {
  /** The node's name. */
  readonly name: string
  /** DNS names from the config. */
  readonly names: readonly string[]
  /** Every address of this machine. */
  readonly addresses: readonly string[]
}

const DAY_MS = 24 * 3_600_000
/** How long a usual server certificate is valid (research/wire.md 3). */
export const LEAF_MS = 397 * DAY_MS
/** The longest that Apple accepts: for what a clock that cannot be right has made, and what people install by hand. */
export const LONGEST_MS = 825 * DAY_MS
/** How long an authority is valid. */
export const AUTHORITY_MS = 3_652 * DAY_MS
/** Everything is valid from this long before it was made, for clocks that are a little behind. */
export const TOLERANCE_MS = 2 * DAY_MS
/** Names and addresses in one certificate: more belong to no kit, and a phone has to read them all. */
const HOSTS_MAX = 64

/**
 * Everything by which people reach this kit, sorted. Addresses that mean something else on every machine (fe80::/10
 * wants a zone that no browser takes) and what our authorities may not speak for are left out.
 */
export function hostsOf({ name, names, addresses }: Whereabouts): readonly string[] {
  const own = [
    `${name}.local`,
    `${name}.holdfast.local`,
    'holdfast.local',
    'localhost',
    '127.0.0.1',
    '::1',
  ]
  const usable = addresses
    .map((address) => (address.split('%')[0] ?? '').toLowerCase())
    .filter((address) => !address.startsWith('fe80:') && isPermitted(address, LOCAL_NAMES))
  const [first = '', ...rest] = own
  const more = [...rest, ...names.map((each) => each.toLowerCase()), ...usable.toSorted()]
  return [...new Set([first, ...more])].slice(0, HOSTS_MAX)
}

/** Why a new certificate is wanted now; undefined when the present one will do. */
export function leafIsDue({ leaf, issuer, hosts, now }: LeafView): LeafReason | undefined {
  if (leaf === undefined) return 'none'
  if (!isIssuedBy(leaf, issuer)) return 'issuer'
  if (!standsForAll(leaf, hosts)) return 'addresses'
  const { notBefore, notAfter } = validityOf(leaf)
  const isDated = notAfter - notBefore <= LEAF_MS
  if (isDated !== isCredible(now, validityOf(issuer))) return 'clock'
  if (!isDated) return undefined
  const madeAt = notBefore + TOLERANCE_MS
  if (now < notBefore) return 'clock'
  return now >= madeAt + ((notAfter - madeAt) * 2) / 3 ? 'age' : undefined
}

/** From when to when a certificate made now is valid. `leaf` is the one before, a witness of the time. */
export function leafValidity({ leaf, issuer, now }: Omit<LeafView, 'hosts'>): Validity {
  const authority = validityOf(issuer)
  if (isCredible(now, authority))
    return {
      notBefore: now - TOLERANCE_MS,
      notAfter: Math.min(now - TOLERANCE_MS + LEAF_MS, authority.notAfter),
    }
  const before = leaf === undefined ? 0 : validityOf(leaf).notBefore + TOLERANCE_MS
  const founded = authority.notAfter - AUTHORITY_MS
  const notBefore = Math.max(EARLIEST_CREDIBLE_AT, founded, before) - TOLERANCE_MS
  return { notBefore, notAfter: notBefore + LONGEST_MS }
}

/** A clock is believed between the first moment it can be right and the end of the authority. */
function isCredible(now: Instant, authority: Validity): boolean {
  return now >= EARLIEST_CREDIBLE_AT && now >= authority.notBefore && now < authority.notAfter
}

/** Names and addresses that have gone may stay in it until it is made anew for another reason. */
function standsForAll(leaf: X509Certificate, hosts: readonly string[]): boolean {
  const names = namesIn(leaf)
  return hosts.every((host) => names.has(host))
}

/** What stands in a certificate's subject alternative names; addresses in the form the system writes them. */
export function namesIn(leaf: X509Certificate): ReadonlySet<string> {
  const parts = (leaf.subjectAltName ?? '').split(', ')
  return new Set(parts.map((part) => plain(part.replace(/^(?:DNS|IP Address):/, ''))))
}

/** OpenSSL writes IPv6 without shortening: as a URL it becomes the usual form. */
function plain(host: string): string {
  if (!host.includes(':')) return host.toLowerCase()
  return new URL(`http://[${host}]`).hostname.replace(/^\[|\]$/g, '')
}
