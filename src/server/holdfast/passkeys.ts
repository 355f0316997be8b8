/** Passkeys: adding one to an account, signing in with one, and taking one away. Mattermost has no address for these. */
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { Passkey } from '#app/account-types.ts'
import { addressKey } from '#server/address.ts'
import { createChallenges, type Challenges } from '#server/challenge.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, textParam } from '#server/input.ts'
import { FRESH_MS } from '#server/limits.ts'
import {
  challengeIn,
  readRegistration,
  readSignIn,
  registrationOptions,
  signInOptions,
  type Place,
} from '#server/passkey-proof.ts'
import { insistOnPerson } from '#server/rest/personal.ts'
import { OK } from '#server/rest/shapes.ts'
import { welcome, wordsOf } from '#server/rest/sign-in.ts'
import { openRoute, route, type Call, type OpenCall, type Route } from '#server/route.ts'
import { isSameOrigin } from '#server/session.ts'

const base64 = z.string().regex(/^[\w-]*$/, { error: 'base64url' })
/** A new passkey, as the browser gives it. */
export const Registered = z.object({
  name: z.string().min(1).max(255),
  response: z.object({
    id: base64.max(2_048),
    rawId: base64.max(2_048),
    type: z.literal('public-key'),
    response: z.object({
      clientDataJSON: base64.max(8_192),
      attestationObject: base64.max(65_536),
      transports: z.array(z.string().max(32)).max(8).optional(),
    }),
    clientExtensionResults: z.object({}).default({}),
  }),
})
/** A passkey that is shown, as the browser gives it. */
export const Shown = z.object({
  response: z.object({
    id: base64.max(2_048),
    rawId: base64.max(2_048),
    type: z.literal('public-key'),
    response: z.object({
      clientDataJSON: base64.max(8_192),
      authenticatorData: base64.max(8_192),
      signature: base64.max(16_384),
      userHandle: base64.max(256).optional(),
    }),
    clientExtensionResults: z.object({}).default({}),
  }),
})
const SIGN_IN = 'sign in'

/** The routes about passkeys. */
export function passkeyRoutes(door: Door): readonly Route[] {
  const { node } = door
  const challenges = createChallenges(door)
  return [
    route('GET', '/api/holdfast/v1/passkeys', async (call) =>
      (await node.passkeysOf(call.subject)).map(passkeyFrom),
    ),
    route('POST', '/api/holdfast/v1/passkeys/options', (call) => options(door, challenges, call)),
    route('POST', '/api/holdfast/v1/passkeys', (call) => add(door, challenges, call)),
    route('DELETE', '/api/holdfast/v1/passkeys/:credential', async (call) => {
      insistOnPerson(call)
      await node.removePasskey(call.subject, textParam(call, 'credential'))
      return OK
    }),
    openRoute('POST', '/api/holdfast/v1/passkeys/login/options', (call) => {
      const place = placeOf(door, call)
      door.logins.takeTurn(addressKey(call.request.ip))
      return signInOptions(place, challenges.make(SIGN_IN))
    }),
    openRoute('POST', '/api/holdfast/v1/passkeys/login', (call) => login(door, challenges, call)),
  ]
}

async function options(door: Door, challenges: Challenges, call: Call): Promise<object> {
  insistOnFresh(door, call)
  const person = door.people.byId(call.subject)
  if (person === undefined) throw new EdgeError('NOT_FOUND', { what: 'person' })
  return registrationOptions(placeOf(door, call), person, {
    workspace: door.workspace.name,
    challenge: challenges.make(`add ${call.subject}`),
    known: await door.node.passkeysOf(call.subject),
  })
}

async function add(door: Door, challenges: Challenges, call: Call): Promise<object> {
  insistOnFresh(door, call)
  const { name, response } = bodyOf(call, Registered)
  const challenge = challengeIn(response.response.clientDataJSON)
  insistOnOpen(challenges, challenge, `add ${call.subject}`)
  const answer = response as RegistrationResponseJSON
  const draft = await readRegistration(answer, placeOf(door, call), challenge)
  if (!challenges.close(challenge)) throw answered()
  const passkey = await door.node.addPasskey(call.subject, { ...draft, name })
  call.reply.status(201)
  return passkeyFrom(passkey)
}

async function login(door: Door, challenges: Challenges, call: OpenCall): Promise<object> {
  const place = placeOf(door, call)
  door.logins.takeTurn(addressKey(call.request.ip))
  const { response } = bodyOf(call, Shown)
  const challenge = challengeIn(response.response.clientDataJSON)
  insistOnOpen(challenges, challenge, SIGN_IN)
  const prove = async (passkey: Passkey): Promise<{ readonly counter: number }> => {
    const answer = response as AuthenticationResponseJSON
    const proof = await readSignIn(answer, passkey, { ...place, challenge })
    if (!challenges.close(challenge)) throw answered()
    return proof
  }
  const session = await door.node.signInWithPasskey(response.id, prove, wordsOf(call))
  return welcome(door, call, session)
}

/**
 * The page that asks. Its host must be a name of this node, which no other node of the house shares: a browser signs for
 * a name, whoever answers there.
 */
function placeOf(door: Door, { request }: OpenCall): Place {
  const origin = request.headers.origin ?? ''
  const url = URL.parse(origin)
  const { siteUrl, names = [] } = door.options
  const site = siteUrl === undefined ? null : URL.parse(siteUrl)
  const ports = ['', String(request.raw.socket.localPort)]
  const isOurs =
    url !== null &&
    url.protocol === 'https:' &&
    isSameOrigin(request.headers, siteUrl) &&
    (origin === site?.origin || (names.includes(url.hostname) && ports.includes(url.port)))
  if (isOurs) return { origin, host: url.hostname }
  if (!isSameOrigin(request.headers, siteUrl)) door.doorkeeper.turnAway('foreign page')
  throw new EdgeError('NOT_ALLOWED', {
    field: 'Origin',
    found: origin === '' ? 'none' : 'another address',
    wanted: `https and one of the names ${[site?.hostname ?? [], names].flat().join(', ')}`,
  })
}

function insistOnOpen(challenges: Challenges, challenge: string, purpose: string): void {
  if (!challenges.isOpen(challenge, purpose)) throw answered()
}

function answered(): EdgeError {
  return new EdgeError('NOT_SIGNED_IN', {
    found: 'an answer to no open question',
    wanted: 'a new one',
  })
}

/** Whoever finds an open phone must not leave with a key of their own. */
function insistOnFresh({ clock }: Door, call: Call): void {
  insistOnPerson(call)
  if (Math.abs(clock.now() - call.session.createdAt) < FRESH_MS) return
  throw new EdgeError('NOT_ALLOWED', {
    found: 'a session that is older than 15 minutes',
    do: 'Sign in again first.',
  })
}

function passkeyFrom({ credential, name, host, createdAt, usedAt }: Passkey): object {
  return { id: credential, name, host, create_at: createdAt, last_used_at: usedAt }
}
