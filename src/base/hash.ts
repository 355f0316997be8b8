/** SHA-256, the one hash of the node: Automerge names its changes by it. */
import { hash } from 'node:crypto'
import { concatBytes } from './bytes.ts'

/** SHA-256 of all `parts` in a row, 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const only = parts[0]
  return hash(
    'sha256',
    parts.length === 1 && only !== undefined ? only : concatBytes(...parts),
    'buffer',
  )
}
