/**
 * Several envelopes in one message of the stream: `03 | block for each`, 2 to 64 of them. What leaves together is acknowledged by one
 * answer, and however a server divides its answers, a burst costs the same. No envelope begins with 03: its version is another.
 */
import { byteReader, byteWriter, equalBytes, MalformedBytes } from '#base/bytes.ts'

/** So many envelopes go into one message. */
export const PACK_ENVELOPES_MAX = 64
const PACK = 3
/** Beside the envelopes: for each, at most. */
const LENGTH_BYTES = 3

/** The envelopes as one message. */
export function packed(envelopes: readonly Uint8Array[]): Uint8Array {
  const writer = byteWriter()
  writer.byte(PACK)
  for (const envelope of envelopes) writer.block(envelope)
  return writer.bytes()
}

/** How many bytes an envelope adds to a message, at most. */
export function bytesInPack(envelope: Uint8Array): number {
  return envelope.length + LENGTH_BYTES
}

/** What a message holds: several envelopes, or it is one. What is neither is handed on, for the node to refuse. */
export function envelopesIn(message: Uint8Array): readonly Uint8Array[] {
  if (message[0] !== PACK) return [message]
  try {
    const reader = byteReader(message.subarray(1))
    const envelopes: Uint8Array[] = []
    while (reader.left() > 0 && envelopes.length < PACK_ENVELOPES_MAX)
      envelopes.push(reader.block())
    return reader.left() > 0 || envelopes.length < 2 ? [message] : envelopes
  } catch (error) {
    if (error instanceof MalformedBytes) return [message]
    throw error
  }
}

/** Whether a message is this envelope, or holds it. */
export function hasEnvelope(message: Uint8Array, envelope: Uint8Array): boolean {
  return envelopesIn(message).some((one) => equalBytes(one, envelope))
}
