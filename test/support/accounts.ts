/** What people have to show at the door. */
import { Secret, TOTP } from 'otpauth'
import type { PasskeyDraft } from '#app/account-types.ts'

/** The six digits that an authenticator with this secret shows at an instant. */
export function codeAt(secret: string, timestamp: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp })
}

/** A passkey to add, as it was checked at the door. */
export function aPasskey(credential: string, part: Partial<PasskeyDraft> = {}): PasskeyDraft {
  const key = { publicKey: Uint8Array.of(1), counter: 0, transports: [], host: 'alpha.local' }
  return { credential, ...key, name: 'a phone', ...part }
}
