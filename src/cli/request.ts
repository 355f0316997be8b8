/** One HTTP request that ends in time, whatever the other side does. */
import { concatBytes } from '#base/bytes.ts'
import type { Surroundings } from './terminal.ts'

/** What is asked. */
export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array<ArrayBuffer> | undefined
  /** How long the whole answer may take; half a minute unless given. */
  readonly patienceMs?: number
  /** A longer answer is none: for those whom nothing is known of yet. */
  readonly answerBytesMax?: number
}

/** What was answered. */
export interface Answered {
  readonly status: number
  readonly body: Uint8Array
}

/** Longest wait for a whole answer, in milliseconds; argon2id on a small machine is the slowest thing asked for. */
const PATIENCE_MS = 30_000

/** The answer. Rejects when there is none in time. */
export async function request(
  asked: Asked,
  { clock, signal }: Pick<Surroundings, 'clock' | 'signal'>,
): Promise<Answered> {
  const patience = new AbortController()
  const done = new AbortController()
  const waiting = clock
    .sleep(asked.patienceMs ?? PATIENCE_MS, AbortSignal.any([done.signal, signal]))
    .then(() => patience.abort())
  const { method, url, headers, body, answerBytesMax = Number.MAX_SAFE_INTEGER } = asked
  try {
    const init = { method, headers, signal: patience.signal, redirect: 'error' as const }
    const response = await fetch(url, body === undefined ? init : { ...init, body })
    return { status: response.status, body: await bodyOf(response, answerBytesMax) }
  } finally {
    done.abort()
    await waiting
  }
}

async function bodyOf(response: Response, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return concatBytes(...chunks)
}
