/**
 * Passkeys as browsers have them (WebAuthn), here for the secret that an authenticator keeps (its PRF extension) and nothing else:
 * no node hears of them. Browsers give them to protected pages alone, and only under a name, not under a bare address.
 */
import type { Passkeys } from '#web/state/locking.ts'

/** Patience with somebody who looks for their key, in milliseconds. */
const PATIENCE_MS = 60_000
const CHALLENGE_BYTES = 32
const PERSON_BYTES = 16
/** ES256 and RS256 (RFC 9053, RFC 8812): one of them every authenticator has. */
const ALGORITHMS = [-7, -257]
const ADDRESS = /^[\d.]+$|:/

type Secret = Uint8Array<ArrayBuffer>

/** Those of this browser. */
export function openPasskeys(): Passkeys {
  return { isOffered, make, ask }
}

async function isOffered(): Promise<boolean> {
  if (!isSecureContext || !('PublicKeyCredential' in globalThis)) return false
  if (ADDRESS.test(location.hostname)) return false
  // Whoever cannot be asked what it can do is too old.
  const able: unknown = await PublicKeyCredential.getClientCapabilities?.().catch(() => undefined)
  return (able as Readonly<Record<string, boolean>> | undefined)?.['extension:prf'] === true
}

async function make(salt: Uint8Array): ReturnType<Passkeys['make']> {
  const credential = await quietly(
    navigator.credentials.create({
      publicKey: {
        challenge: chance(CHALLENGE_BYTES),
        rp: { name: 'Holdfast' },
        // What a list of passkeys shows. Whose device it is, it does not say.
        user: { id: chance(PERSON_BYTES), name: location.host, displayName: 'Holdfast' },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        extensions: { prf: { eval: { first: owned(salt) } } },
        timeout: PATIENCE_MS,
      },
    }),
  )
  if (!(credential instanceof PublicKeyCredential)) return 'cancelled'
  if (credential.getClientExtensionResults().prf?.enabled !== true) return 'unfit'
  const id = new Uint8Array(credential.rawId)
  // Some give the secret only when they are asked a second time.
  const secret = secretOf(credential) ?? (await ask(id, salt))
  return secret === undefined ? 'cancelled' : { id, secret }
}

async function ask(id: Uint8Array, salt: Uint8Array): Promise<Secret | undefined> {
  const credential = await quietly(
    navigator.credentials.get({
      publicKey: {
        challenge: chance(CHALLENGE_BYTES),
        allowCredentials: [{ type: 'public-key', id: owned(id) }],
        userVerification: 'required',
        extensions: { prf: { eval: { first: owned(salt) } } },
        timeout: PATIENCE_MS,
      },
    }),
  )
  return credential instanceof PublicKeyCredential ? secretOf(credential) : undefined
}

/** Nobody there, not wanted, not allowed: all the same. */
function quietly(asked: Promise<Credential | null>): Promise<Credential | null> {
  return asked.catch(() => null)
}

function secretOf(credential: PublicKeyCredential): Secret | undefined {
  const first = credential.getClientExtensionResults().prf?.results?.first
  if (first === undefined) return undefined
  return first instanceof ArrayBuffer
    ? new Uint8Array(first)
    : owned(new Uint8Array(first.buffer, first.byteOffset, first.byteLength))
}

function chance(bytes: number): Secret {
  return crypto.getRandomValues(new Uint8Array(bytes))
}

function owned(bytes: Uint8Array): Secret {
  return new Uint8Array(bytes)
}
