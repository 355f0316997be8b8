/**
 * Who asks: the token from the Authorization header or the cookie, and the person it belongs to.
 *
 * A cookie goes along with requests that another site made the browser send, so whoever comes by cookie must also
 * show what only our own pages can read (X-CSRF-Token). The header is looked at first: no other site can set it.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { bytesFromText } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import { idFromBytes, type UserId } from '#base/ids.ts'
import type { OpenSession, Session } from '#app/account-types.ts'
import type { EdgeNode } from '#app/node.ts'
import type { Clock } from '#ports/clock.ts'
import { SESSION_CACHE_MS, SESSIONS_CACHED_MAX, TOKEN_CHARACTERS_MAX } from './limits.ts'

/** A token and the way it came. */
export interface Credentials {
  readonly token: string
  readonly by: 'header' | 'cookie'
}

/** Somebody whose session is good. */
export interface Caller {
  readonly subject: UserId
  readonly token: string
  readonly session: OpenSession
}

/** What a request must show. */
export interface Asked {
  readonly method: string
  readonly headers: IncomingHttpHeaders
}

/** Knows the open sessions. */
export interface Doorkeeper {
  /** Who makes this request. @throws EdgeError NOT_SIGNED_IN */
  readonly callerOf: (asked: Asked) => Promise<Caller>
  /** The session of a token, or undefined when there is none. */
  readonly sessionOf: (token: string) => Promise<OpenSession | undefined>
  /** Counts in the audit a request that no client of ours makes. `by` is whose session it came with. */
  readonly turnAway: (reason: 'foreign page' | 'malformed', by?: UserId) => void
  /** Ends the session of `token`, here at once. */
  readonly signOut: (token: string) => Promise<void>
  /** Trusts these sessions no longer: the node says that they are over. */
  readonly forget: (sessions: readonly string[]) => void
}

interface Known {
  readonly session: OpenSession
  readonly at: number
}

/** A doorkeeper that asks `node`, and remembers the answer for SESSION_CACHE_MS. */
export function createDoorkeeper(node: EdgeNode, clock: Clock): Doorkeeper {
  const known = new Map<string, Known>()
  let ended = 0
  const sessionOf: Doorkeeper['sessionOf'] = async (token) => {
    const now = clock.monotonicMs()
    const before = known.get(token)
    if (before !== undefined && now - before.at < SESSION_CACHE_MS) return before.session
    const endedBefore = ended
    const session = await node.sessionOf(token)
    known.delete(token)
    if (session === undefined) return undefined
    if (known.size >= SESSIONS_CACHED_MAX) known.clear()
    if (ended === endedBefore) known.set(token, { session, at: now }) // it may have ended meanwhile
    return session
  }
  const turnAway: Doorkeeper['turnAway'] = (reason, by) =>
    node.noteFound({ deed: 'request refused', result: 'refused', reason, by })
  return {
    sessionOf,
    turnAway,
    callerOf: async (asked) => {
      const credentials = credentialsOf(asked.headers)
      if (credentials === undefined) {
        throw new EdgeError('NOT_SIGNED_IN', { found: 'no token', wanted: 'Authorization: Bearer' })
      }
      const session = await sessionOf(credentials.token)
      if (session === undefined) {
        throw new EdgeError('NOT_SIGNED_IN', { found: 'a token that is unknown or has expired' })
      }
      if (credentials.by === 'cookie' && !isFromOurPage(asked, credentials.token)) {
        turnAway('foreign page', session.person)
        const found = asked.headers['x-csrf-token'] === undefined ? 'nothing' : 'another value'
        const wanted = 'the value of the cookie MMCSRF'
        throw new EdgeError('NOT_SIGNED_IN', { field: 'X-CSRF-Token', found, wanted })
      }
      return { subject: session.person, token: credentials.token, session }
    },
    signOut: async (token) => {
      await node.signOut(token)
      known.delete(token)
    },
    forget: (sessions) => {
      ended += 1
      const over = new Set(sessions)
      for (const [token, { session }] of known) if (over.has(session.id)) known.delete(token)
    },
  }
}

/** The token a request carries, if any. */
export function credentialsOf(headers: IncomingHttpHeaders): Credentials | undefined {
  const header = /^(?:bearer|token) +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  if (header !== undefined) return boundedToken(header, 'header')
  const cookie = cookieOf(headers.cookie ?? '', 'MMAUTHTOKEN')
  return cookie === undefined ? undefined : boundedToken(cookie, 'cookie')
}

/** What a page of ours shows to prove that it is ours: made from the token, gives nothing of it away. */
export function csrfTokenOf(token: string): string {
  return idFromBytes(sha256(bytesFromText(`holdfast csrf\0${token}`)).subarray(0, 16))
}

/**
 * The cookies of a new session, as Mattermost's web app wants them. `now` is the wall clock, as in `expiresAt`; what was
 * given over TLS goes nowhere else.
 */
export function sessionCookies(
  session: Session,
  { now, isOnlySecure }: { readonly now: number; readonly isOnlySecure: boolean },
): readonly string[] {
  const seconds = Math.max(0, Math.floor((session.expiresAt - now) / 1000))
  const common = `Path=/; Max-Age=${seconds}; SameSite=Lax${isOnlySecure ? '; Secure' : ''}`
  return [
    `MMAUTHTOKEN=${session.token}; ${common}; HttpOnly`,
    `MMUSERID=${session.person}; ${common}`,
    `MMCSRF=${csrfTokenOf(session.token)}; ${common}`,
  ]
}

/** Cookies that take a session's cookies away. */
export const NO_SESSION_COOKIES: readonly string[] = ['MMAUTHTOKEN', 'MMUSERID', 'MMCSRF'].map(
  (name) => `${name}=; Path=/; Max-Age=0; SameSite=Lax`,
)

/**
 * Whether a browser sent this from a page of ours, or no browser sent it. Without the Origin header it was no page
 * of another site. `siteUrl` is the address people use when a proxy stands in front.
 */
export function isSameOrigin(headers: IncomingHttpHeaders, siteUrl: string | undefined): boolean {
  const origin = headers.origin
  if (origin === undefined) return true
  const host = URL.parse(origin)?.host
  if (host === undefined || host === '') return false
  if (host === headers.host) return true
  return siteUrl !== undefined && host === URL.parse(siteUrl)?.host
}

function boundedToken(token: string, by: Credentials['by']): Credentials | undefined {
  return token.length > TOKEN_CHARACTERS_MAX ? undefined : { token, by }
}

function isFromOurPage(asked: Asked, token: string): boolean {
  if (asked.method === 'GET' || asked.method === 'HEAD') return true
  const shown = asked.headers['x-csrf-token']
  const wanted = csrfTokenOf(token)
  return (
    typeof shown === 'string' &&
    shown.length === wanted.length &&
    timingSafeEqual(bytesFromText(shown), bytesFromText(wanted))
  )
}

/** The value of a cookie in a Cookie header. */
export function cookieOf(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
