/**
 * An OpenID Connect provider: authorization code with PKCE, everything about the answer checked by a library. A kit's clock
 * may be a few minutes off, and the provider is often out of reach.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  clockTolerance,
  discovery,
  fetchUserInfo,
  type Configuration,
} from 'openid-client'
import { EdgeError } from '#base/errors.ts'
import { CLOCK_TOLERANCE_MS } from '#base/limits.ts'
import type { Log } from '#ports/log.ts'
import type { OpenIdProvider, OutsidePerson } from '#ports/people-source.ts'

/** Which provider, and as whom this node asks there. */
export interface OpenIdOptions {
  /** `https://…`; plain HTTP on this machine only. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  /** Where the provider sends people back to: registered there. */
  readonly callback: string
  readonly scopes: readonly string[]
  readonly usernameClaim: string
}

/** How long the provider has for an answer, in seconds. */
const TIMEOUT_S = 10
const TOO_LATE = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT'])

/** The provider, asked when somebody comes: nothing is fetched before. */
export function openOpenId(options: OpenIdOptions, { log }: { readonly log: Log }): OpenIdProvider {
  let found: Promise<Configuration> | undefined
  const configuration = async (): Promise<Configuration> => {
    found ??= discover(options)
    try {
      return await found
    } catch (error) {
      found = undefined
      throw error
    }
  }
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      const refusal = refusalOf(error, options.issuer)
      log.warn('openid.failed', { code: refusal.code, error: nameOf(error) })
      throw refusal
    }
  }
  return {
    ask: ({ state, nonce, verifier }) =>
      guarded(async () => {
        const url = buildAuthorizationUrl(await configuration(), {
          redirect_uri: options.callback,
          scope: options.scopes.join(' '),
          state,
          nonce,
          code_challenge: await calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        })
        return url.href
      }),
    read: (query, { state, nonce, verifier }) =>
      guarded(async () => {
        const config = await configuration()
        const answer = new URL(query, options.callback)
        const tokens = await authorizationCodeGrant(config, answer, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        })
        const claims: Readonly<Record<string, unknown>> | undefined = tokens.claims()
        const [issuer, subject] = [textIn(claims, 'iss'), textIn(claims, 'sub')]
        if (issuer === undefined || subject === undefined)
          throw new EdgeError('NOT_SIGNED_IN', { found: 'nobody in the answer' })
        const isNamed = textIn(claims, options.usernameClaim) !== undefined
        const more = isNamed ? claims : await fetchUserInfo(config, tokens.access_token, subject)
        return personFrom({ ...claims, ...more }, { issuer, subject, options })
      }),
  }
}

function discover({ issuer, clientId, clientSecret }: OpenIdOptions): Promise<Configuration> {
  const server = new URL(issuer)
  const metadata = {
    ...(clientSecret !== undefined && { client_secret: clientSecret }),
    [clockTolerance]: CLOCK_TOLERANCE_MS / 1_000,
  }
  const execute = server.protocol === 'http:' ? [allowInsecureRequests] : []
  return discovery(server, clientId, metadata, undefined, { execute, timeout: TIMEOUT_S })
}

function personFrom(
  claims: Readonly<Record<string, unknown>>,
  { issuer, subject, options }: { issuer: string; subject: string; options: OpenIdOptions },
): OutsidePerson {
  const username = textIn(claims, options.usernameClaim) ?? textIn(claims, 'email') ?? subject
  return {
    source: 'openid',
    subject: `${issuer} ${subject}`,
    username,
    displayName: textIn(claims, 'name') ?? username,
  }
}

function textIn(
  claims: Readonly<Record<string, unknown>> | undefined,
  name: string,
): string | undefined {
  const value = claims?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** What is out of reach may come again; everything else is an answer that does not fit. */
function refusalOf(error: unknown, issuer: string): EdgeError {
  if (error instanceof EdgeError) return error
  const isLate = error instanceof ClientError && TOO_LATE.has(error.code ?? '')
  if (isLate || (error instanceof TypeError && error.message === 'fetch failed'))
    return new EdgeError('CARRIER_UNREACHABLE', { provider: issuer }, { cause: error })
  return new EdgeError(
    'NOT_SIGNED_IN',
    { found: 'an answer of the provider that does not fit' },
    { cause: error },
  )
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}
