/**
 * Signing in at an OpenID provider, at the addresses that Mattermost's clients know. What is asked there follows from a
 * question that the browser keeps in a cookie: nobody finishes in one browser what began in another.
 */
import { timingSafeEqual } from 'node:crypto'
import { bytesFromText } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { Session } from '#app/account-types.ts'
import type { OpenIdProvider, ProviderQuestion } from '#ports/people-source.ts'
import { addressKey } from './address.ts'
import { createChallenges, type Challenges } from './challenge.ts'
import type { Door } from './door.ts'
import { CEREMONY_MS } from './limits.ts'
import { welcome, wordsOf } from './rest/sign-in.ts'
import { openRoute, type OpenCall, type Route } from './route.ts'
import { cookieOf, csrfTokenOf } from './session.ts'

const COOKIE = 'HFOPENID'
/** Where Mattermost's apps take over, and nobody else is sent a token. */
const APPS: readonly string[] = ['mmauth://callback', 'mmauthbeta://callback']
const BROWSER = 'browser'

/** The routes of who signs in at a provider; none without one. */
export function openIdRoutes(door: Door): readonly Route[] {
  const { openId } = door
  if (openId === undefined) return []
  const challenges = createChallenges(door)
  const begin = (purpose: (call: OpenCall) => string) => (call: OpenCall) =>
    send(door, { openId, challenges, call, purpose: purpose(call) })
  return [
    openRoute(
      'GET',
      '/oauth/openid/login',
      begin(() => BROWSER),
    ),
    openRoute('GET', '/oauth/openid/mobile_login', begin(appOf)),
    openRoute('GET', '/oauth/openid/complete', (call) =>
      finish(door, { openId, challenges, call }),
    ),
  ]
}

interface Visit {
  readonly openId: OpenIdProvider
  readonly challenges: Challenges
  readonly call: OpenCall
}

async function send(door: Door, visit: Visit & { readonly purpose: string }): Promise<string> {
  const { openId, challenges, call, purpose } = visit
  door.logins.takeTurn(addressKey(call.request.ip))
  const state = challenges.make(purpose)
  const url = await openId.ask(questionOf(challenges, state))
  const seconds = CEREMONY_MS / 1_000
  const facts = `Path=/oauth/openid; Max-Age=${seconds}; SameSite=Lax; HttpOnly; Secure`
  call.reply.header('set-cookie', `${COOKIE}=${state}; ${facts}`)
  return redirect(call, url)
}

async function finish(door: Door, { openId, challenges, call }: Visit): Promise<string> {
  const { request } = call
  door.logins.takeTurn(addressKey(request.ip))
  const query = URL.parse(request.url, 'http://here')?.search ?? ''
  const state = new URLSearchParams(query).get('state') ?? ''
  const purpose = [BROWSER, ...APPS].find((one) => challenges.isOpen(state, one))
  if (purpose === undefined || !isSame(cookieOf(request.headers.cookie ?? '', COOKIE), state)) {
    door.doorkeeper.turnAway('foreign page')
    throw new EdgeError('NOT_SIGNED_IN', {
      found: 'an answer that this browser did not ask for, or long ago',
      do: 'Begin again.',
    })
  }
  // Before anything else: the same answer is not taken twice, whatever becomes of it.
  if (!challenges.close(state)) throw new EdgeError('NOT_SIGNED_IN', { found: 'an answer again' })
  const person = await openId.read(query, questionOf(challenges, state))
  const session = await door.node.signInFromOutside(person, wordsOf(call))
  await welcome(door, call, session)
  return redirect(call, purpose === BROWSER ? '/' : appAddress(purpose, session))
}

function questionOf(challenges: Challenges, state: string): ProviderQuestion {
  const [nonce, verifier] = ['nonce', 'verifier'].map((one) => challenges.secretOf(state, one))
  return { state, nonce: nonce ?? '', verifier: verifier ?? '' }
}

/** The app that asked, by its own address. */
function appOf({ request }: OpenCall): string {
  const wanted = URL.parse(request.url, 'http://here')?.searchParams.get('redirect_to') ?? ''
  if (APPS.includes(wanted)) return wanted
  throw new EdgeError('INPUT_INVALID', {
    field: 'redirect_to',
    found: 'another address',
    wanted: APPS.join(' or '),
  })
}

function appAddress(app: string, { token }: Session): string {
  const query = new URLSearchParams({ MMAUTHTOKEN: token, MMCSRF: csrfTokenOf(token) })
  return `${app}?${query.toString()}`
}

function redirect({ reply }: OpenCall, url: string): string {
  reply.status(302).header('location', url).header('cache-control', 'no-store')
  reply.header('content-type', 'text/plain; charset=utf-8')
  return ''
}

function isSame(shown: string | undefined, wanted: string): boolean {
  if (shown === undefined || shown.length !== wanted.length) return false
  return timingSafeEqual(bytesFromText(shown), bytesFromText(wanted))
}
