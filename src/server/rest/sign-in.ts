/** Coming and going: a password, perhaps with six digits, becomes a session; leaving ends it. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { Session, SignInWords } from '#app/account-types.ts'
import { addressKey } from '#server/address.ts'
import { clientWordsOf } from '#server/client-words.ts'
import type { Door } from '#server/door.ts'
import { bodyOf } from '#server/input.ts'
import { openRoute, type OpenCall, type Route } from '#server/route.ts'
import { credentialsOf, isSameOrigin, NO_SESSION_COOKIES, sessionCookies } from '#server/session.ts'
import { isSecure } from '#server/tls.ts'
import { ownProfileOf } from './profile.ts'
import { OK } from './shapes.ts'

const Login = z.object({
  login_id: z.string().min(1).max(128),
  password: z.string().min(1).max(1_024),
  // Some programs send null for none.
  token: z.string().max(16).nullish(),
  device_id: z.string().max(512).default(''),
})

/** The routes by which people come and go. */
export function signInRoutes(door: Door): readonly Route[] {
  return [
    openRoute('POST', '/api/v4/users/login', (call) => login(door, call)),
    openRoute('POST', '/api/v4/users/logout', (call) => logout(door, call)),
    // Says nothing of anybody: whether digits are wanted is told to who has the password.
    openRoute('POST', '/api/v4/users/mfa', () => ({ mfa_required: false })),
  ]
}

async function login(door: Door, call: OpenCall): Promise<object> {
  refuseForeignPage(door, call)
  const body = bodyOf(call, Login)
  const attempt = {
    account: body.login_id.trim().toLowerCase(),
    address: addressKey(call.request.ip),
  }
  const words = { ...wordsOf(call, body.device_id), code: body.token ?? '' }
  return welcome(door, call, await door.logins.signIn(attempt, body.password, words))
}

/** Another site must not sign a browser in, as somebody of its own choice. */
function refuseForeignPage(door: Door, { request }: OpenCall): void {
  if (isSameOrigin(request.headers, door.options.siteUrl)) return
  door.doorkeeper.turnAway('foreign page')
  throw new EdgeError('NOT_ALLOWED', { field: 'Origin', found: 'another site', wanted: 'ours' })
}

/** What the client says of itself. */
export function wordsOf({ request }: OpenCall, device = ''): SignInWords {
  return { client: clientWordsOf(request.headers), ...(device !== '' && { device }) }
}

/** Hands over a new session: in a header for apps, in cookies for browsers. */
export async function welcome(
  door: Door,
  { request, reply }: OpenCall,
  session: Session,
): Promise<object> {
  const person = door.people.byId(session.person)
  if (person === undefined) throw new EdgeError('NOT_FOUND', { what: 'person' })
  const isOnlySecure = isSecure(request.raw) || door.options.siteUrl?.startsWith('https:') === true
  reply.header('token', session.token)
  reply.header('set-cookie', sessionCookies(session, { now: door.clock.now(), isOnlySecure }))
  door.log.info('session.opened', { person: person.id })
  return ownProfileOf(door, person)
}

/** Answers without a session as well: some clients call it first, to read the version. */
async function logout(door: Door, call: OpenCall): Promise<object> {
  const { headers, method } = call.request
  const token = credentialsOf(headers)?.token
  if (token !== undefined && (await door.doorkeeper.sessionOf(token)) !== undefined) {
    await door.doorkeeper.callerOf({ method, headers })
    await door.doorkeeper.signOut(token)
  }
  call.reply.header('set-cookie', NO_SESSION_COOKIES)
  return OK
}
