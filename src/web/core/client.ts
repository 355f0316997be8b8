/** The node's REST API as the client uses it: one way to ask, and one form for what may become of it. */
import { fields, text } from './wire.ts'

/** What came back. `away`: nobody answered, or somebody that is not the node. */
export type Answer =
  | { readonly kind: 'ok'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  | { readonly kind: 'away' }

/** What of an answer is read. */
interface Response {
  readonly status: number
  readonly text: () => Promise<string>
  readonly blob: () => Promise<Blob>
}

/** Effects. */
export interface ClientPorts {
  readonly fetch: (
    url: string,
    init: {
      readonly method: string
      readonly headers: Readonly<Record<string, string>>
      readonly body?: string | Blob
      readonly signal: AbortSignal
    },
  ) => Promise<Response>
  /** The value of the cookie MMCSRF: what only our own pages can read. */
  readonly csrf: () => string
  readonly patience: () => AbortSignal
  /** Whether the browser's session is still that of whoever is shown here: another tab may have let somebody else in. */
  readonly isOurs: () => boolean
  /** The session is over. */
  readonly onSignedOut: () => void
  /** Whether the node answers, and says that it is locked. */
  readonly onLocked: (isLocked: boolean) => void
}

/** Asks the node; a `Blob` goes as it is, all else as JSON. Never rejects. */
export type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>

/** Statuses with which a proxy, or a node that is closing or locked, says: not now. */
const NOT_NOW = new Set([408, 423, 425, 429, 502, 503, 504])

/** A way to ask. */
export function createAsk(ports: ClientPorts): Ask {
  return async (method, path, body) => {
    if (!ports.isOurs()) {
      ports.onSignedOut()
      return refused(401, '')
    }
    const token = ports.csrf()
    const headers = {
      ...(method === 'GET' ? {} : { 'x-csrf-token': token }),
      ...(body === undefined ? {} : { 'content-type': typeOf(body) }),
    }
    try {
      const response = await ports.fetch(path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
        signal: ports.patience(),
      })
      const content = await response.text()
      const answer = answerOf(response.status, content)
      ports.onLocked(isLocked(content))
      const isSession = answer.kind === 'refused' && answer.status === 401
      // What was asked before somebody signed in anew says nothing of that session.
      const isOfNow = ['', token].includes(ports.csrf())
      if (isSession && isOfNow && path !== '/api/v4/users/login') ports.onSignedOut()
      return answer
    } catch {
      return { kind: 'away' }
    }
  }
}

function typeOf(body: unknown): string {
  return body instanceof Blob ? 'application/octet-stream' : 'application/json'
}

/** What a status and a text mean. */
export function answerOf(status: number, content: string): Answer {
  if (NOT_NOW.has(status)) return { kind: 'away' }
  const value = jsonOf(content)
  if (status >= 200 && status < 300) return { kind: 'ok', value: value ?? content }
  // Whatever is not the node's own error comes from something in between.
  if (value === undefined) return status >= 500 ? { kind: 'away' } : refused(status, '')
  return refused(status, text(fields(value).message))
}

/** A locked node answers nothing but this, until somebody unlocks it. */
function isLocked(content: string): boolean {
  return text(fields(jsonOf(content)).id) === 'holdfast.locked.app_error'
}

function refused(status: number, reason: string): Answer {
  return { kind: 'refused', status, reason }
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
