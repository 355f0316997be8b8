/**
 * A request whose content proves and seals itself, to a node that may speak TLS only. Its certificate is taken as it
 * comes: who joins does not know the organisation yet, and the join code in the sealed request says what X.509 could.
 */
import { once } from 'node:events'
import { request as secureRequest } from 'node:https'
import { request, type Answered, type Asked } from './request.ts'
import type { Surroundings } from './terminal.ts'

/** Bytes of an answer that are read at most: a certificate, a secret and some names. */
const ANSWER_BYTES_MAX = 1_000_000
const PATIENCE_MS = 30_000

/** The answer to `asked`, by http, or by https where nobody speaks http. Rejects when there is none within a minute. */
export async function requestAnyWay(
  asked: Asked,
  surroundings: Pick<Surroundings, 'clock' | 'signal'>,
): Promise<Answered> {
  return request(asked, surroundings).catch(async (error: unknown) =>
    overTls(asked, surroundings).catch(() => {
      throw error
    }),
  )
}

/** How a locked kit asks hubs, and only as long as `surroundings.signal` lasts. */
export function postAnyWay(
  surroundings: Pick<Surroundings, 'clock' | 'signal'>,
): (url: string, body: Uint8Array) => Promise<Answered> {
  const headers = { 'content-type': 'application/octet-stream' }
  const answerBytesMax = ANSWER_BYTES_MAX
  return (url, body) =>
    requestAnyWay(
      { method: 'POST', url, headers, body: Uint8Array.from(body), answerBytesMax },
      surroundings,
    )
}

async function overTls(
  { method, url, headers, body }: Asked,
  { clock, signal }: Pick<Surroundings, 'clock' | 'signal'>,
): Promise<Answered> {
  const done = new AbortController()
  const over = AbortSignal.any([done.signal, signal])
  const asking = secureRequest(url.replace(/^http:/, 'https:'), {
    method,
    headers,
    signal: over,
    rejectUnauthorized: false,
  })
  const waiting = clock.sleep(PATIENCE_MS, over).then(() => void asking.destroy())
  try {
    asking.end(body)
    const [response] = await once(asking, 'response')
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response) {
      bytes += chunk.length
      if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too long')
      chunks.push(chunk)
    }
    return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) }
  } finally {
    done.abort()
    await waiting
  }
}
