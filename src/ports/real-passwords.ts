/** Passwords by argon2id: 19 MiB, 2 passes, 1 lane (OWASP password storage, 2025). */
import { argon2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { concatBytes } from '#base/bytes.ts'
import type { Passwords } from './passwords.ts'
import type { Random } from './random.ts'

const SALT_BYTES = 16
const HASH_BYTES = 32
const VERSION = 1
const PARAMETERS = { parallelism: 1, tagLength: HASH_BYTES, memory: 19_456, passes: 2 } as const
const compute = promisify(argon2)

/** The real adapter. A hash is 1 byte of version, 16 of salt, 32 of argon2id. */
export function realPasswords(random: Random): Passwords {
  return {
    hash: async (password) => {
      const salt = random.bytes(SALT_BYTES)
      return concatBytes(Uint8Array.of(VERSION), salt, await argon2id(password, salt))
    },
    check: async (password, hash) => {
      if (hash[0] !== VERSION || hash.length !== 1 + SALT_BYTES + HASH_BYTES) return false
      const found = await argon2id(password, hash.subarray(1, 1 + SALT_BYTES))
      return timingSafeEqual(found, hash.subarray(1 + SALT_BYTES))
    },
  }
}

async function argon2id(password: string, salt: Uint8Array): Promise<Uint8Array> {
  const message = Buffer.from(password.normalize('NFC'), 'utf8')
  return compute('argon2id', { ...PARAMETERS, message, nonce: salt })
}
