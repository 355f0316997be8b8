/** The node that runs on this machine, asked over its own HTTP interface with the session it left for us. */
import { EdgeError, ERRORS, type ErrorCode, type Facts } from '#base/errors.ts'
import { noNodeIn, stateOfFolder } from '#config/layout.ts'
import { localUrl, readRunNote, type RunNote } from '#config/run-note.ts'
import { NodeNotRunning } from './explain.ts'
import { requestPatiently } from './patient-request.ts'
import { request } from './request.ts'
import type { Surroundings } from './terminal.ts'

/** A running node. */
export interface LocalNode {
  readonly note: RunNote
  readonly url: string
  /** The JSON answer of the node. @throws EdgeError as the node said, NodeNotRunning */
  readonly ask: (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) => Promise<unknown>
  /** What is answered to a POST that may take minutes. @throws as `ask` */
  readonly askLong: (path: string, body: unknown) => Promise<unknown>
  /** What is answered to a POST, however long that takes, until `stop` aborts: its reason is thrown. @throws as `ask` */
  readonly askUntil: (path: string, body: unknown, stop: AbortSignal) => Promise<unknown>
  /** The bytes that the node answers to a GET, as they come: however many, however long it takes. @throws as `ask` */
  readonly stream: (path: string) => Promise<AsyncIterable<Uint8Array>>
  /** The bytes that the node answers to a GET. @throws as `ask` */
  readonly fetchBytes: (path: string) => Promise<Uint8Array>
}

/**
 * The node that runs on this data folder.
 * @throws NodeNotRunning, EdgeError CONFIG_MISSING when the folder holds no node
 */
export async function findLocalNode(
  dataFolder: string,
  surroundings: Surroundings,
): Promise<LocalNode> {
  const note = await readRunNote(dataFolder)
  if (note === undefined || !isAlive(note.process)) {
    const { kind } = await stateOfFolder(dataFolder)
    if (kind === 'absent') throw noNodeIn(dataFolder)
    throw new NodeNotRunning(dataFolder)
  }
  const url = localUrl(note)
  const bytesOf: BytesOf = async ({ method, path, body, patienceMs }) => {
    const headers = { authorization: `Bearer ${note.token}`, 'content-type': 'application/json' }
    const answer = await request(
      {
        method,
        url: url + path,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        ...(patienceMs === undefined ? {} : { patienceMs }),
      },
      surroundings,
    ).catch((cause: unknown) => {
      if (patienceMs !== undefined && isAlive(note.process)) throw stillAtWork(cause)
      throw new NodeNotRunning(dataFolder, { cause })
    })
    if (answer.status < 300) return answer.body
    throw refusalFrom(answer.status, jsonOf(answer.body))
  }
  return {
    note,
    url,
    ask: async (method, path, body) => jsonOf(await bytesOf({ method, path, body })),
    askLong: async (path, body) =>
      jsonOf(await bytesOf({ method: 'POST', path, body, patienceMs: LONG_MS })),
    askUntil: async (path, body, stop) => {
      const headers = { authorization: `Bearer ${note.token}`, 'content-type': 'application/json' }
      const asked = {
        method: 'POST',
        url: url + path,
        headers,
        body: JSON.stringify(body),
      } as const
      const answer = await requestPatiently(asked, stop).catch((cause: unknown) => {
        stop.throwIfAborted()
        throw new NodeNotRunning(dataFolder, { cause })
      })
      if (answer.status < 300) return jsonOf(answer.body)
      throw refusalFrom(answer.status, jsonOf(answer.body))
    },
    stream: async (path) => {
      const headers = { authorization: `Bearer ${note.token}` }
      const answer = await fetch(url + path, { headers, signal: surroundings.signal })
      if (answer.ok) return partsOf(answer)
      throw refusalFrom(answer.status, await answer.json().catch(() => undefined))
    },
    fetchBytes: (path) => bytesOf({ method: 'GET', path }),
  }
}

/** Whoever reads holds the answer, too: a body whose answer is collected as garbage ends without a word. */
async function* partsOf(answer: Response): AsyncGenerator<Uint8Array, void> {
  yield* answer.body ?? []
}

/** Less than the five minutes after which `fetch` itself gives up on an answer. */
const LONG_MS = 290_000

type BytesOf = (asked: {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: unknown
  readonly patienceMs?: number
}) => Promise<Uint8Array>

function stillAtWork(cause: unknown): EdgeError {
  const found = 'no answer yet; the node goes on with it'
  return new EdgeError('CARRIER_UNREACHABLE', { found, do: 'Look again in a while.' }, { cause })
}

function jsonOf(body: Uint8Array): unknown {
  return JSON.parse(Buffer.from(body).toString('utf8'))
}

/** The error that a node's answer of this status tells of. */
export function refusalFrom(status: number, value: unknown): EdgeError {
  const { id, detailed_error: detail } = (value ?? {}) as {
    readonly id?: unknown
    readonly detailed_error?: unknown
  }
  const name = /^holdfast\.(\w+)\.app_error$/.exec(String(id))?.[1]?.toUpperCase() ?? ''
  return isCode(name)
    ? new EdgeError(name, factsFrom(typeof detail === 'string' ? detail : ''))
    : new EdgeError('CARRIER_UNREACHABLE', {
        found: `answer ${status}`,
        wanted: 'an answer of a Holdfast node',
        do: 'Look at the log of the node, and whether the address is right.',
      })
}

/** The facts of `name=value, name=value`, which is how the node writes them. */
function factsFrom(detail: string): Facts {
  const parts = detail.split(/, (?=\w+=)/).map((part) => /^(\w+)=(.*)$/s.exec(part))
  return Object.fromEntries(parts.flatMap((part) => (part === null ? [] : [[part[1], part[2]]])))
}

/** Whether a process of this number runs; signal 0 asks without a signal. */
export function isAlive(process_: number): boolean {
  try {
    return process.kill(process_, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function isCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERRORS, name)
}
