/** A client of one node: JSON over HTTP with a session, that is never surprised when the node is down. */

/** What came back; `status` 0 when nothing did. */
export interface Answer {
  readonly status: number
  readonly value: unknown
  readonly header: (name: string) => string | undefined
}

/** What is asked. */
export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly token?: string
  readonly body?: unknown
}

/** Asks a node. Never rejects: no answer is an answer, too. */
export type Ask = (question: Question) => Promise<Answer>

/** How long a client waits for an answer, in milliseconds. */
const PATIENCE_MS = 15_000
const NO_ANSWER: Answer = { status: 0, value: undefined, header: () => undefined }

/** A client of the node at `url`, which may change when the node starts anew. */
export function clientOf(url: () => string, stop: AbortSignal): Ask {
  return async ({ method, path, token, body }) => {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const signal = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)])
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    try {
      const response = await fetch(url() + path, { method, headers, signal, ...content })
      const value: unknown = JSON.parse(await response.text())
      return {
        status: response.status,
        value,
        header: (name) => response.headers.get(name) ?? undefined,
      }
    } catch {
      return NO_ANSWER
    }
  }
}

/** The value of a good answer. Throws for any other. */
export async function must(ask: Ask, question: Question): Promise<unknown> {
  const { status, value } = await ask(question)
  if (status >= 200 && status < 300) return value
  const { method, path } = question
  throw new Error(`${method} ${path} was answered with ${status}: ${JSON.stringify(value)}`)
}
