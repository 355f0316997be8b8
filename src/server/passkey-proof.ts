/**
 * What authenticators sign, read and checked by a library. Whatever is wrong with it is one refusal: which part did not
 * fit is nobody's business but the browser's.
 */
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { bytesFromId } from '#base/ids.ts'
import { EdgeError } from '#base/errors.ts'
import type { Passkey, PasskeyDraft } from '#app/account-types.ts'
import type { Person } from '#app/types.ts'
import { CEREMONY_MS } from './limits.ts'

/** Where a browser shows our pages: the origin as it signs it, and the host name that a passkey is made for. */
export interface Place {
  readonly origin: string
  readonly host: string
}

/** EdDSA, ES256, RS256 (COSE): all that authenticators have, and what Node does without calling it an experiment. */
const ALGORITHMS = [-8, -7, -257]

/** What a browser needs to make a passkey. */
export async function registrationOptions(
  { host }: Place,
  person: Person,
  about: {
    readonly workspace: string
    readonly challenge: string
    readonly known: readonly Passkey[]
  },
): Promise<object> {
  return generateRegistrationOptions({
    rpName: about.workspace,
    rpID: host,
    userName: person.username,
    userDisplayName: person.displayName,
    userID: Uint8Array.from(bytesFromId(person.id)),
    challenge: Uint8Array.from(Buffer.from(about.challenge, 'base64url')),
    timeout: CEREMONY_MS,
    attestationType: 'none',
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: about.known
      .filter((one) => one.host === host)
      .map(({ credential: id, transports }) => ({ id, transports: [...transports] })),
    // It stands for name, password and second factor at once.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
}

/** What a browser needs to show a passkey. It names nobody: any of the device's own will do. */
export async function signInOptions({ host }: Place, challenge: string): Promise<object> {
  return generateAuthenticationOptions({
    rpID: host,
    challenge: Uint8Array.from(Buffer.from(challenge, 'base64url')),
    timeout: CEREMONY_MS,
    userVerification: 'required',
  })
}

/** The new passkey in an answer. @throws EdgeError NOT_SIGNED_IN */
export async function readRegistration(
  response: RegistrationResponseJSON,
  place: Place,
  challenge: string,
): Promise<Omit<PasskeyDraft, 'name'>> {
  const outcome = await proven(() =>
    verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: place.origin,
      expectedRPID: place.host,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  )
  if (!outcome.verified) throw unproven()
  const { id, publicKey, counter, transports = [] } = outcome.registrationInfo.credential
  return { credential: id, publicKey, counter, transports, host: place.host }
}

/** The new counter of a passkey that has signed the challenge. @throws EdgeError NOT_SIGNED_IN */
export async function readSignIn(
  response: AuthenticationResponseJSON,
  passkey: Passkey,
  asked: Place & { readonly challenge: string },
): Promise<{ readonly counter: number }> {
  const handle = response.response.userHandle
  const isTheirs =
    handle === undefined ||
    handle === Buffer.from(bytesFromId(passkey.person)).toString('base64url')
  if (!isTheirs || passkey.host !== asked.host) throw unproven()
  const { credential: id, publicKey, counter } = passkey
  const outcome = await proven(() =>
    verifyAuthenticationResponse({
      response,
      expectedChallenge: asked.challenge,
      expectedOrigin: asked.origin,
      expectedRPID: asked.host,
      credential: { id, publicKey: Uint8Array.from(publicKey), counter },
      requireUserVerification: true,
    }),
  )
  return { counter: outcome.authenticationInfo.newCounter }
}

/** The challenge that an answer says it is for; '' when it says none. */
export function challengeIn(clientData: string): string {
  try {
    const read: unknown = JSON.parse(Buffer.from(clientData, 'base64url').toString())
    const said = typeof read === 'object' && read !== null && 'challenge' in read && read.challenge
    return typeof said === 'string' ? said : ''
  } catch {
    return ''
  }
}

/** The library throws at what does not fit, and says no to a signature that is wrong. */
async function proven<T extends { readonly verified: boolean }>(
  check: () => Promise<T>,
): Promise<T> {
  let outcome: T
  try {
    outcome = await check()
  } catch (error) {
    throw unproven(error)
  }
  if (!outcome.verified) throw unproven()
  return outcome
}

function unproven(cause?: unknown): EdgeError {
  return new EdgeError(
    'NOT_SIGNED_IN',
    { found: 'a passkey that does not fit', wanted: 'one made here, and answered now' },
    { cause },
  )
}
